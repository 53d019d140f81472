//! A report made from result files alone: nothing is computed again.

mod arrays;
mod coefficients;
mod explained;
mod maps;
mod plain;
mod signals;
mod training;

use std::fs;
use std::path::{Path, PathBuf};

use xcebra_files::Format;

use crate::report::Report;
use crate::{Problem, Result};
use arrays::Arrays;

/// A report on what a command has written: a file with arrays, such as `map.npz`, `embedding.npz` or
/// `explained.npz`, or a folder, such as that of `xcebra fit` or `xcebra demo`.
///
/// Which pictures there are depends on the names of the arrays. Arrays with other names are drawn as they are. Where the
/// file holds the names of channels, they are used, and those of electrodes have maps of the head; a file without names in
/// the folder of a training has those of the training.
///
/// # Errors
/// [`Problem`] if there is no such file, if it cannot be read, or if it holds nothing to show.
pub fn view(path: &Path) -> Result<Report> {
    if path.is_dir() {
        return folder(path);
    }
    if !path.exists() {
        return Err(Problem::file(
            format!("{} does not exist", path.display()),
            "name a file that a command has written, such as map.npz, or the folder of `xcebra fit`",
        ));
    }
    file(begun(path), path)
}

fn begun(path: &Path) -> Report {
    let name = name_of(path);
    let elsewhere = format!("{name} holds all numbers.");
    Report::new(&name).elsewhere(&elsewhere)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Everything in a folder that can be shown: curves, what is known of the encoder, arrays.
fn folder(path: &Path) -> Result<Report> {
    let unreadable = |error: std::io::Error| {
        Problem::file(
            format!("cannot read the folder {}: {error}", path.display()),
            "check its permissions",
        )
    };
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()
        .map_err(unreadable)?;
    files.sort();
    let (mut report, mut shown) = training::show(begun(path), path)?;
    for found in &files {
        if matches!(Format::of(found), Ok(Format::Npz)) {
            report = file(report.heading(&name_of(found)), found)?;
            shown = true;
        }
    }
    if shown {
        return Ok(report);
    }
    Err(Problem::file(
        format!("there is nothing to show in the folder {}", path.display()),
        "name a folder that `xcebra fit` or `xcebra demo` has written, or one with .npz files",
    ))
}

/// Adds what an array file holds.
fn file(report: Report, path: &Path) -> Result<Report> {
    let mut arrays = Arrays::open(path)?;
    if arrays.is_empty() {
        return Err(Problem::file(
            format!("there are no numbers in {}", path.display()),
            "name a file that a command has written, such as map.npz",
        ));
    }
    let report = maps::show(report, &mut arrays)?;
    let (report, explained) = explained::show(report, &mut arrays)?;
    let report = signals::show(report, &mut arrays, explained)?;
    let report = plain::embedding(report, &mut arrays)?;
    plain::show(report, arrays)
}

#[cfg(test)]
mod tests;
