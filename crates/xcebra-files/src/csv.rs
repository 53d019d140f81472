//! Tables: `.csv`, and the same with tabs, semicolons or spaces between the cells.
//!
//! What programs write differs in more than the separator. Each question has a file: the encoding
//! (`text`), separators and decimal signs (`dialect`), what stands above the values (`header`), what a
//! cell says (`cells`, `moments`), which columns are not channels (`roles`, `clock`, `long`). A note tells
//! what a rule decided. What no rule decides is refused, and an option ([`TableOptions`]) settles it.

mod cells;
mod clock;
mod column;
mod dialect;
mod header;
mod header_rule;
mod hints;
mod long;
mod moments;
mod names;
mod options;
mod parse;
mod rates;
mod roles;
mod rows;
mod text;
mod units;

use std::collections::HashSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};

pub use options::TableOptions;

use crate::array::DataArray;
use crate::columns;
use crate::error::{FileError, Result};
use crate::source::Source;
use crate::values::Values;
use column::{Column, Mark};
use roles::Roles;
use rows::Rows;

/// A table of numbers, its columns still unchecked: text in a column matters only if it is used.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    /// The file with its options, as on the command line.
    place: String,
    options: TableOptions,
    rows: Rows,
    /// Number of rows.
    length: usize,
    pub(crate) names: Vec<String>,
    columns: Vec<Column>,
    /// Columns that `x` and `*` leave out; a name, a pattern or a range still selects them.
    hidden: Vec<bool>,
    roles: Roles,
    /// Why all columns together do not make a recording, and what helps.
    long: Option<(String, String)>,
    mark: Mark,
    /// Whether numbers were seen in which the mark is the decimal sign.
    decimals: bool,
    notes: Vec<String>,
}

fn decoded(path: &Path, options: &TableOptions) -> Result<(String, Option<String>)> {
    let bytes = fs::read(path).map_err(|error| FileError::read(path, error))?;
    text::decode(bytes, options.encoding.as_deref())
        .map_err(|problem| FileError::damaged(path.display().to_string(), problem))
}

impl Table {
    pub(crate) fn open(path: &Path, options: &TableOptions) -> Result<Self> {
        let (text, note) = decoded(path, options)?;
        Self::parse(path, &text, options, note.into_iter().collect())
    }

    /// Number of rows and columns.
    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.length, self.columns.len()]
    }

    /// One column `(rows,)` by its name, or several `(rows, columns)` by a selection.
    pub(crate) fn select(&self, selection: &str) -> Result<DataArray> {
        if let Some(index) = self.names.iter().position(|name| name == selection) {
            let values = Array1::from_vec(self.numbers(index)?.to_vec());
            return Ok(self.array(selection, &[index], Values::F64(values.into_dyn()), false));
        }
        let shown = |column: usize| !self.hidden[column];
        let (chosen, from_all) = columns::select_shown(&self.path, &self.names, shown, selection)?;
        if let (Some((problem, advice)), true) = (&self.long, from_all) {
            return Err(FileError::Value {
                place: self.path.display().to_string(),
                problem: problem.clone(),
                advice: advice.clone(),
            });
        }
        let mut values = Array2::zeros((self.length, chosen.len()));
        for (mut target, &index) in values.columns_mut().into_iter().zip(&chosen) {
            target.assign(&ndarray::aview1(self.numbers(index)?));
        }
        Ok(self.array(selection, &chosen, Values::F64(values.into_dyn()), from_all))
    }

    /// The array of columns, with notes on those that were left out of all.
    fn array(
        &self,
        selection: &str,
        chosen: &[usize],
        values: Values,
        from_all: bool,
    ) -> DataArray {
        let mut notes = self.notes.clone();
        notes.extend(self.roles.notes.iter().cloned());
        if from_all {
            let used: HashSet<usize> = chosen.iter().copied().collect();
            let reasons = self.roles.left_out.iter().enumerate();
            let unused = reasons.filter(|(column, _)| !used.contains(column));
            notes.extend(unused.filter_map(|(_, reason)| reason.clone()));
        }
        DataArray {
            columns: Some(chosen.iter().map(|&i| self.names[i].clone()).collect()),
            sampling_rate: self.roles.sampling_rate,
            breaks: self.roles.breaks.clone(),
            notes,
            ..DataArray::new(
                Source {
                    options: self.options.clone(),
                    ..Source::new(&self.path, selection)
                },
                values,
            )
        }
    }

    /// The cells of a column that holds text, `(rows,)`; none if all are numbers, or if there is no
    /// column of that name. The file is read again, so that tables of numbers take no more memory.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(index) = self.names.iter().position(|n| n == name) else {
            return Ok(None);
        };
        if self.columns[index].text().is_none() {
            return Ok(None);
        }
        let (text, _) = decoded(&self.path, &self.options)?;
        let mut cells = Vec::with_capacity(self.length);
        rows::each_row(&text, self.rows, |record| {
            if cells.len() == self.length {
                return ControlFlow::Break(());
            }
            cells.push(dialect::unquoted(&record[index]).to_owned());
            ControlFlow::Continue(())
        })
        .map_err(|problem| FileError::damaged(self.path.display().to_string(), problem))?;
        Ok(Some(cells))
    }

    fn numbers(&self, index: usize) -> Result<&[f64]> {
        let (column, name) = (&self.columns[index], &self.names[index]);
        let (problem, advice) = if let Some((row, text)) = column.text() {
            let what = hints::hint(text, &self.place);
            let kind = what.as_ref().map_or("not a number", |(kind, _)| kind);
            let shown: String = text.chars().take(40).collect();
            (
                format!("column `{name}`, row {row} (counting from 0) holds {shown:?}, {kind}"),
                what.map_or_else(
                    || {
                        format!(
                            "replace text by numbers, or leave the column out with \"*,!{name}\""
                        )
                    },
                    |(_, advice)| advice,
                ),
            )
        } else if let Some(number) = column.ambiguous(self.mark, self.decimals) {
            let sign = match self.mark.sign {
                Some(',') => "comma",
                _ => "point",
            };
            let place = &self.place;
            (
                format!(
                    "column `{name}` holds {number:?}, in which the {sign} can be a decimal sign or group thousands"
                ),
                format!("say which, with {place},decimal={sign} or {place},thousands={sign}"),
            )
        } else {
            return Ok(&column.values);
        };
        Err(FileError::Value {
            place: self.path.display().to_string(),
            problem,
            advice,
        })
    }
}
