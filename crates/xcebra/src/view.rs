//! A report made from result files alone: nothing is computed again.

mod explained;
mod maps;
mod plain;
mod training;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use xcebra_files::{ArrayInfo, DataFile, FileError, Format};

use crate::report::Report;
use crate::{Problem, Result};

/// Numbers of an array that is drawn; of a larger one only the size is told.
const MOST_NUMBERS: usize = 50_000_000;

/// The arrays of a result file by their names, and what was left out.
struct Arrays {
    by_name: BTreeMap<String, ArrayD<f64>>,
    left_out: Vec<String>,
}

/// A report on what a command has written: a file with arrays, such as `map.npz`, `embedding.npz` or
/// `explained.npz`, or a folder, such as that of `xcebra fit` or `xcebra demo`.
///
/// Which pictures there are depends on the names of the arrays. Arrays with other names are drawn as they are.
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
    let report = Report::new(&name_of(path));
    file(report, path)
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
    let (mut report, mut shown) = training::show(Report::new(&name_of(path)), path)?;
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
    let mut arrays = Arrays::read(path)?;
    // a text without numbers is read as a table that has only names
    if arrays.by_name.values().all(ArrayD::is_empty) && arrays.left_out.is_empty() {
        return Err(Problem::file(
            format!("there are no numbers in {}", path.display()),
            "name a file that a command has written, such as map.npz",
        ));
    }
    let report = maps::show(report, &mut arrays);
    let report = explained::show(report, &mut arrays);
    let report = plain::embedding(report, &mut arrays);
    Ok(plain::show(report, arrays))
}

impl Arrays {
    fn read(path: &Path) -> Result<Self> {
        let mut file = DataFile::open(path)?;
        let (mut by_name, mut left_out) = (BTreeMap::new(), Vec::new());
        for ArrayInfo { name, shape, .. } in file.arrays()? {
            if shape.iter().product::<usize>() > MOST_NUMBERS {
                left_out.push(format!("Not shown: {name} {shape:?} is too large."));
                continue;
            }
            match file.read(&name) {
                Ok(array) => {
                    by_name.insert(name, array.values.to_float::<f64>());
                }
                // complex coefficients, words: the other arrays can still be shown
                Err(error @ FileError::ElementType { .. }) => {
                    left_out.push(format!("Not shown: {error}."));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { by_name, left_out })
    }

    fn take(&mut self, name: &str) -> Option<ArrayD<f64>> {
        self.by_name.remove(name)
    }

    /// The names that end so, without the ending.
    fn stems(&self, ending: &str) -> Vec<String> {
        let names = self.by_name.keys();
        let stems = names.filter_map(|name| name.strip_suffix(ending));
        stems.map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests;
