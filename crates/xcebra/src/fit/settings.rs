//! The settings of a training, from a file and from the command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::FitFile;

use crate::{Problem, Result};

/// No settings are longer; a device that never ends is.
const MOST_BYTES: u64 = 1 << 20;
/// Longer lines, such as those of a data file, are not shown.
const LONGEST_LINE: usize = 200;

/// Settings from a file, or the defaults, with changes.
pub fn read_settings(path: Option<&Path>, set: &[String]) -> Result<FitFile> {
    let Some(path) = path else {
        return Ok(FitFile::parse("", set)?);
    };
    let name = path.display().to_string();
    let unreadable = |reason: String| {
        Problem::file(
            format!("cannot read {name}: {reason}"),
            "pass a TOML file, as `xcebra fit --help` shows it",
        )
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
        .map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 == MOST_BYTES {
        return Err(unreadable("it is longer than any settings".to_owned()));
    }
    FitFile::parse(&text, set).map_err(|error| match error.span.clone() {
        Some(_) if text.lines().any(|line| line.len() > LONGEST_LINE) => unreadable(error.message),
        Some(span) => Problem::setting(error.message, error.advice).in_text(&name, &text, span),
        None => error.into(),
    })
}
