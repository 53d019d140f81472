//! Tables, as Markdown for readers and as CSV for programs; JSON.

use std::path::Path;

use serde::Serialize;
use xcebra::files::write_file;

use crate::error::{Error, Result};

/// Rows of words under a header.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self {
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; cells that are missing are left empty.
    pub fn push<S: Into<String>>(&mut self, row: impl IntoIterator<Item = S>) {
        let mut row: Vec<String> = row.into_iter().map(Into::into).collect();
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
    }

    /// The table in Markdown, the first column to the left, the others to the right.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rules: Vec<String> = (0..self.header.len())
            .map(|i| if i == 0 { "---" } else { "---:" }.to_owned())
            .collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.header) + &line(&rules) + &rows
    }

    /// The table as CSV, cells with commas or quotes in quotes.
    pub fn csv(&self) -> String {
        let quoted = |cell: &String| match cell.contains([',', '"', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(quoted).collect();
            cells.join(",") + "\n"
        };
        line(&self.header) + &self.rows.iter().map(line).collect::<String>()
    }

    /// Writes `NAME.csv` into a folder.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write_csv(&self, folder: &Path, name: &str) -> Result<()> {
        let path = folder.join(format!("{name}.csv"));
        Ok(write_file(&path, self.csv().as_bytes())?)
    }
}

/// Writes a file of JSON that appears whole.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(|e| Error::json(path, &e))?;
    Ok(write_file(path, json.as_bytes())?)
}

/// A number for a CSV file: all its digits.
pub(crate) fn exact(value: f64) -> String {
    format!("{value}")
}

/// A probability for readers.
pub(crate) fn probability(p: f64) -> String {
    if p < 1e-4 {
        format!("{p:.0e}")
    } else {
        format!("{p:.4}")
    }
}
