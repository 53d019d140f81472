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
mod numbers;
mod options;
mod parse;
mod rates;
mod roles;
mod rows;
mod spaces;
mod text;
mod units;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ndarray::{Array1, Array2};

pub use options::TableOptions;
pub(crate) use roles::Roles;
#[cfg(feature = "parquet")]
pub(crate) use roles::{Candidate, Values as ColumnValues};

use crate::array::DataArray;
use crate::clock::Clock;
use crate::columns;
use crate::container::{ArrayInfo, Container, Role, Timing};
use crate::error::{FileError, Result};
use crate::signals::annotations::TextLabel;
use crate::source::Source;
use crate::timed::{Series, Times, no_times};
use crate::values::Values;
use column::{Column, Mark};
use numbers::Numbers;
use rows::Rows;
use text::Text;

/// A table of numbers, its columns still unchecked: text in a column matters only if it is used.
#[derive(Debug)]
pub(crate) struct Table {
    text: Text,
    /// The file with its options, as on the command line.
    place: String,
    options: TableOptions,
    rows: Rows,
    numbers: Numbers,
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

impl Table {
    pub(crate) fn open(path: &Path, options: &TableOptions) -> Result<Self> {
        let (text, note) = Text::open(path, options.encoding.as_deref())?;
        Self::parse(text, options, note.into_iter().collect())
    }

    /// Number of rows and columns.
    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.numbers.rows(), self.columns.len()]
    }

    /// One column `(rows,)` by its name, or several `(rows, columns)` by a selection. The file is read again
    /// if values were taken before.
    pub(crate) fn select(&mut self, selection: &str) -> Result<DataArray> {
        if let Some(index) = self.names.iter().position(|name| name == selection) {
            self.check(index)?;
            self.ensure(&[index])?;
            let values = Array1::from_vec(self.numbers.column(index)).into_dyn();
            return Ok(self.array(selection, &[index], Values::F64(values), false));
        }
        let shown = |column: usize| !self.hidden[column];
        let path = self.text.path();
        let (chosen, from_all) = columns::select_shown(path, &self.names, shown, selection)?;
        if let (Some((problem, advice)), true) = (&self.long, from_all) {
            return Err(FileError::Value {
                place: path.display().to_string(),
                problem: problem.clone(),
                advice: advice.clone(),
            });
        }
        chosen.iter().try_for_each(|&index| self.check(index))?;
        self.ensure(&chosen)?;
        let shape = (self.numbers.rows(), chosen.len());
        let values = Array2::from_shape_vec(shape, self.numbers.take(&chosen));
        let values = values
            .expect("a value of each column in each row")
            .into_dyn();
        Ok(self.array(selection, &chosen, Values::F64(values), from_all))
    }

    /// Makes sure that the values of these columns are in memory.
    fn ensure(&mut self, columns: &[usize]) -> Result<()> {
        if self.numbers.hold(columns) {
            return Ok(());
        }
        let path = self.text.path();
        let again = Self::open(path, &self.options)?;
        if again.names != self.names || again.shape() != self.shape() {
            let problem = "it was changed while it was read";
            return Err(FileError::damaged(path.display().to_string(), problem));
        }
        self.numbers = again.numbers;
        Ok(())
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
                    ..Source::new(self.text.path(), selection)
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
        let rows = self.numbers.rows();
        let mut cells = Vec::with_capacity(rows);
        rows::each_row(&self.text, self.rows, |record| {
            if cells.len() == rows {
                return ControlFlow::Break(());
            }
            cells.push(dialect::unquoted(&record[index]).to_owned());
            ControlFlow::Continue(())
        })
        .map_err(|problem| FileError::damaged(self.text.path().display().to_string(), problem))?;
        Ok(Some(cells))
    }

    /// Refuses a column of text, and one of numbers that can be read in two ways.
    fn check(&self, index: usize) -> Result<()> {
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
            return Ok(());
        };
        Err(FileError::Value {
            place: self.text.path().display().to_string(),
            problem,
            advice,
        })
    }
}

impl Container for Table {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let rows = self.shape()[0];
        let start = self.times()?.map_or(0.0, |times| times.at(0));
        let clock = self.roles.sampling_rate;
        let timing = clock.map(|rate| Timing::Steady { start, rate });
        let columns = self.names.iter().zip(&self.columns);
        let info = columns.map(|(name, column)| ArrayInfo {
            timing,
            role: match column.text() {
                Some(_) => Role::Text,
                None => Role::Numbers,
            },
            ..ArrayInfo::new(name, "float64", vec![rows])
        });
        Ok(info.collect())
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        self.select(name)
    }

    fn read_only(&mut self) -> Result<DataArray> {
        self.select("*")
    }

    fn read_text(&self, name: &str, _clock: Option<&Clock>) -> Result<Option<TextLabel>> {
        Ok(self.text(name)?.map(|texts| TextLabel {
            texts: texts.into_iter().map(Arc::from).collect(),
            notes: Vec::new(),
        }))
    }

    fn series(&mut self, name: Option<&str>) -> Result<Vec<Series>> {
        let array = self.select(name.unwrap_or("*"))?;
        match self.times()? {
            Some(times) => Ok(vec![Series::new(array, times)?]),
            None => Err(no_times(&array.place())),
        }
    }

    fn times(&mut self) -> Result<Option<Times>> {
        let Some((column, units_a_second)) = self.roles.clock else {
            return Ok(None);
        };
        self.ensure(&[column])?;
        let times = self.numbers.column(column).into_iter();
        Ok(Some(Times::Listed(
            times.map(|time| time / units_a_second).collect(),
        )))
    }

    fn path(&self) -> &Path {
        self.text.path()
    }
}
