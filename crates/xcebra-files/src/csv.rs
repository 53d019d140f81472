//! Tables: `.csv`, and the same with tabs, semicolons or spaces between the cells.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};

use crate::array::{DataArray, Values};
use crate::columns;
use crate::error::{FileError, Result};
use crate::source::Source;

/// A table of numbers, its columns still unchecked: text in a column matters only if it is used.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    rows: usize,
    pub(crate) names: Vec<String>,
    columns: Vec<Column>,
}

#[derive(Debug, Default)]
struct Column {
    values: Vec<f64>,
    /// Row and content of the first cell that is not a number.
    text: Option<(usize, String)>,
}

impl Table {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|error| FileError::read(path, error))?;
        Self::parse(path, &bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let place = path.display().to_string();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.contains(&0) {
            return Err(FileError::damaged(
                place,
                "it holds zero bytes, so it is not a table",
            ));
        }
        let mut reader = reader(path, bytes);
        let mut record = ::csv::ByteRecord::new();
        let mut table = Self {
            path: path.to_path_buf(),
            rows: 0,
            names: Vec::new(),
            columns: Vec::new(),
        };
        while reader
            .read_byte_record(&mut record)
            .map_err(|error| FileError::damaged(&place, row_problem(&error)))?
        {
            let cells = record.iter().map(String::from_utf8_lossy);
            if table.names.is_empty() {
                let cells: Vec<_> = cells.map(Cow::into_owned).collect();
                table.columns.resize_with(cells.len(), Column::default);
                if cells.iter().any(|cell| number(cell).is_none()) {
                    table.names = header(cells);
                    continue;
                }
                table.names = (0..cells.len()).map(|i| i.to_string()).collect();
            }
            for (column, cell) in table.columns.iter_mut().zip(record.iter()) {
                let cell = String::from_utf8_lossy(cell);
                column.values.push(number(&cell).unwrap_or(f64::NAN));
                if column.text.is_none() && number(&cell).is_none() {
                    column.text = Some((table.rows, cell.chars().take(40).collect()));
                }
            }
            table.rows += 1;
        }
        if table.names.is_empty() {
            return Err(FileError::damaged(place, "it is empty"));
        }
        Ok(table)
    }

    /// Number of rows and columns.
    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns.len()]
    }

    /// One column `(rows,)` by its name, or several `(rows, columns)` by a selection.
    pub(crate) fn select(&self, selection: &str) -> Result<DataArray> {
        let source = Source::new(&self.path, selection);
        if let Some(index) = self.names.iter().position(|name| name == selection) {
            let values = Array1::from_vec(self.numbers(index)?.to_vec());
            return Ok(DataArray {
                columns: Some(vec![selection.to_owned()]),
                ..DataArray::new(source, Values::F64(values.into_dyn()))
            });
        }
        let chosen = columns::select(&self.path, &self.names, selection)?;
        let mut values = Array2::zeros((self.rows, chosen.len()));
        for (mut target, &index) in values.columns_mut().into_iter().zip(&chosen) {
            target.assign(&ndarray::aview1(self.numbers(index)?));
        }
        Ok(DataArray {
            columns: Some(chosen.iter().map(|&i| self.names[i].clone()).collect()),
            ..DataArray::new(source, Values::F64(values.into_dyn()))
        })
    }

    /// The cells of a column that holds text, `(rows,)`; none if all are numbers, or if there is no
    /// column of that name. The file is read again, so that tables of numbers take no more memory.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(index) = self.names.iter().position(|n| n == name) else {
            return Ok(None);
        };
        if self.columns[index].text.is_none() {
            return Ok(None);
        }
        let bytes = fs::read(&self.path).map_err(|error| FileError::read(&self.path, error))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut cells = Vec::with_capacity(self.rows);
        for record in reader(&self.path, bytes).byte_records() {
            let place = self.path.display().to_string();
            let record = record.map_err(|e| FileError::damaged(place, row_problem(&e)))?;
            let cell = record.get(index).unwrap_or_default();
            cells.push(String::from_utf8_lossy(cell).into_owned());
        }
        // what stands above the rows are names
        Ok(Some(cells.split_off(cells.len().saturating_sub(self.rows))))
    }

    fn numbers(&self, index: usize) -> Result<&[f64]> {
        match &self.columns[index] {
            Column { text: None, values } => Ok(values),
            Column {
                text: Some((row, text)),
                ..
            } => Err(FileError::Value {
                place: self.path.display().to_string(),
                problem: format!(
                    "column `{}`, row {row} (counting from 0) holds {text:?}, not a number",
                    self.names[index]
                ),
                advice: format!(
                    "replace text by numbers, or leave the column out with \"*,!{}\"",
                    self.names[index]
                ),
            }),
        }
    }
}

fn reader<'a>(path: &Path, bytes: &'a [u8]) -> ::csv::Reader<&'a [u8]> {
    ::csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter(path, bytes))
        .trim(::csv::Trim::All)
        .from_reader(bytes)
}

/// A cell as a number; an empty one is NaN, a missing value.
fn number(cell: &str) -> Option<f64> {
    match cell.to_ascii_lowercase().as_str() {
        "" | "na" | "n/a" | "null" | "none" => Some(f64::NAN),
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => cell.parse().ok(),
    }
}

/// Names of the columns: empty ones become their position, repeated ones get a number.
fn header(cells: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    for (position, cell) in cells.into_iter().enumerate() {
        let cell = match position {
            0 => cell.trim_start_matches('#').trim_start().to_owned(),
            _ => cell,
        };
        let base = if cell.is_empty() {
            position.to_string()
        } else {
            cell
        };
        let mut name = base.clone();
        let mut copy = 0;
        while names.contains(&name) {
            copy += 1;
            name = format!("{base}.{copy}");
        }
        names.push(name);
    }
    names
}

/// What separates the cells of the first line; spaces only in `.txt`, as numpy.savetxt writes it.
fn delimiter(path: &Path, bytes: &[u8]) -> u8 {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let plain_text = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("txt"));
    let candidates: &[u8] = if plain_text { b";\t, " } else { b";\t," };
    let found = candidates.iter().find(|candidate| line.contains(candidate));
    *found.unwrap_or(&b',')
}

fn row_problem(error: &::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, ::csv::Position::line);
            format!("line {line} has {len} cells, the lines before have {expected_len}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn table(text: &str) -> Result<Table> {
        Table::parse(Path::new("d.csv"), text.as_bytes())
    }

    #[test]
    fn a_first_row_of_numbers_is_data() {
        let table = table("1,2\n3,4\n").unwrap();
        assert_eq!(table.names, ["0", "1"]);
        let x = table.select("x").unwrap().matrix::<f64>().unwrap();
        assert_eq!(x, array![[1.0, 2.0], [3.0, 4.0]]);
    }

    #[test]
    fn a_first_row_with_text_names_the_columns() {
        let table = table("\u{feff}# a, b ,a,\n1,2,3,4\n").unwrap();
        assert_eq!(table.names, ["a", "b", "a.1", "3"]);
        let b = table.select("b").unwrap();
        assert_eq!(b.shape(), [1]);
        assert_eq!(b.vector::<f64>().unwrap(), array![2.0]);
    }

    #[test]
    fn other_separators() {
        for separator in [";", "\t", " "] {
            let text = ["a", "b\n1", "2.5\n"].join(separator);
            let table = Table::parse(Path::new("d.txt"), text.as_bytes()).unwrap();
            assert_eq!(table.names, ["a", "b"], "{separator:?}");
            assert_eq!(
                table.select("b").unwrap().vector::<f64>().unwrap(),
                array![2.5]
            );
        }
    }

    #[test]
    fn text_matters_only_where_it_is_used() {
        let table = table("subject,a\nS06,1\nS06,2\n").unwrap();
        assert_eq!(table.select("a").unwrap().shape(), [2]);
        let message = table.select("x").unwrap_err().to_string();
        assert!(message.contains("column `subject`, row 0"), "{message}");
        assert!(message.contains("\"*,!subject\""), "{message}");
        assert_eq!(table.select("*,!subject").unwrap().shape(), [2, 1]);
    }

    #[test]
    fn missing_cells_are_nan() {
        let table = table("a,b\n1,\n,NaN\n").unwrap();
        let x = table.select("x").unwrap().matrix::<f64>().unwrap();
        assert_eq!(x.iter().filter(|v| v.is_nan()).count(), 3);
    }

    #[test]
    fn damaged_tables() {
        for (text, expected) in [
            ("", "empty"),
            ("\n\n", "empty"),
            ("a,b\n1,2\n3\n", "line 3 has 1 cells"),
            ("a,\0\n", "zero bytes"),
        ] {
            let message = table(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
        assert_eq!(table("a,b\n").unwrap().select("x").unwrap().shape(), [0, 2]);
    }
}
