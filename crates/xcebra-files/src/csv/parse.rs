//! From the text of a table to its columns.

use super::Table;
use super::column::{Column, Mark};
use super::dialect::{Dialect, unquoted};
use super::header::{self, Header};
use super::moments::Moments;
use super::numbers::Numbers;
use super::options::TableOptions;
use super::roles::{Candidate, Roles, Values};
use super::rows::{Above, LONGEST_LINE, Lines, Rows, each_row, last_comment_above};
use super::text::Text;
use super::{clock, long, names};
use crate::error::{FileError, Result};

impl Table {
    pub(super) fn parse(
        text: Text,
        options: &TableOptions,
        mut notes: Vec<String>,
    ) -> Result<Self> {
        let path = text.path().to_path_buf();
        let place = format!("{}{options}", path.display());
        let refused = |(problem, advice): (String, String)| match advice.is_empty() {
            true => FileError::damaged(path.display().to_string(), problem),
            false => FileError::Value {
                place: path.display().to_string(),
                problem,
                advice,
            },
        };
        let damaged = |problem: String| refused((problem, String::new()));
        let fail = |error| FileError::read(&path, error);
        let above = Above::of(&text, options.skip).map_err(fail)?;
        let separator = above.separator;
        let beginning = above.beginning(&text).map_err(fail)?;
        let first_line = beginning.find(['\n', '\r']).unwrap_or(beginning.len());
        // a name takes more memory than a byte of a file of nothing but separators
        if first_line > LONGEST_LINE {
            return Err(damaged(format!(
                "its first line has more than {LONGEST_LINE} bytes"
            )));
        }
        let lines = Lines::of(&text, above).map_err(fail)?;
        let errors = lines.spreadsheet_errors;
        let dialect = Dialect::detect(&beginning, errors, options, separator);
        let count = lines.comments(dialect.comment);
        let comment = last_comment_above(&beginning, dialect.comment);
        let sample = dialect.sample(&beginning);
        let header = header::decide(&sample, comment, dialect, options, &place).map_err(refused)?;
        drop(sample);
        if count > 0 {
            let mark = char::from(dialect.comment);
            notes.push(match count {
                1 => format!("1 line that begins with `{mark}` is left out as a comment"),
                _ => format!("{count} lines that begin with `{mark}` are left out as comments"),
            });
        }
        if dialect.numbers.decimal == ',' && options.decimal.is_none() {
            notes.push(format!(
                "numbers have a decimal comma; if commas group thousands, write {place},thousands=comma"
            ));
        }
        if header.width == 1
            && let Some(line) = lines.blank
        {
            return Err(refused((
                format!(
                    "line {} is blank, which can be a missing value",
                    above.lines + line + 1
                ),
                "write NaN for a missing value, or take the line out".to_owned(),
            )));
        }
        let Header {
            names: written,
            units,
            records,
            width,
            notes: found,
        } = header;
        notes.extend(found);
        let rows = Rows {
            dialect,
            above,
            records,
            width,
        };
        let mark = Mark {
            sign: match dialect.numbers.decimal {
                _ if options.decimal.is_some() || options.thousands.is_some() => None,
                ',' => Some(','),
                _ => dialect.separates_with(b';').then_some('.'),
            },
            quoted: dialect.separates_with(b','),
        };
        let mut columns: Vec<Column> = Vec::new();
        columns.resize_with(width, Column::default);
        let (mut decimals, mut values) = (false, Vec::new());
        each_row(&text, rows, |record| {
            for (column, cell) in columns.iter_mut().zip(record) {
                values.push(column.read(unquoted(cell), dialect.numbers, mark, &mut decimals));
            }
            std::ops::ControlFlow::Continue(())
        })
        .map_err(damaged)?;
        let named = written.is_some();
        if !named
            && let [_, last] = columns.as_slice()
            && dialect.separates_with(b',')
            && last.is_bare()
            && options.separator.or(separator).is_none()
        {
            notes.push(format!(
                "the table is read as two columns; if its commas are decimal commas, write {place},decimal=comma"
            ));
        }
        let mut table = Self {
            text,
            place,
            options: options.clone(),
            rows,
            numbers: Numbers::new(values, width),
            names: match &written {
                Some(written) => names::unique(written, &mut notes),
                None => (0..width).map(|position| position.to_string()).collect(),
            },
            hidden: vec![false; width],
            columns,
            roles: Roles::default(),
            long: None,
            mark,
            decimals,
            notes,
        };
        let written = written.unwrap_or_else(|| vec![String::new(); width]);
        table.leave_out_empty(&written);
        table.read_moments().map_err(damaged)?;
        table.give_roles(&written, units.as_deref(), named);
        Ok(table)
    }

    /// Leaves out rows of nothing at the end, as spreadsheets write, and columns of nothing without
    /// a name, as separators at the end of each line make.
    fn leave_out_empty(&mut self, written: &[String]) {
        let filled = self.columns.iter().map(|column| column.filled).max();
        let filled = filled.unwrap_or_default();
        let rows = self.numbers.rows();
        if self.columns.len() > 1 && filled < rows {
            self.notes.push(format!(
                "the last {} rows are empty: they are left out",
                rows - filled
            ));
            self.numbers.truncate(filled);
        }
        let empty = |j: &usize| written[*j].is_empty() && self.columns[*j].filled == 0;
        let empty: Vec<usize> = (0..self.columns.len()).filter(empty).collect();
        if self.numbers.rows() == 0 || empty.is_empty() || empty.len() == self.columns.len() {
            return;
        }
        self.notes.push(format!(
            "{} column{} without a name and without values {} left out",
            empty.len(),
            if empty.len() == 1 { "" } else { "s" },
            if empty.len() == 1 { "is" } else { "are" },
        ));
        for &j in &empty {
            self.hidden[j] = true;
        }
    }

    /// Columns of dates and times of day become seconds from their first.
    fn read_moments(&mut self) -> Result<(), String> {
        let mut readers: Vec<(usize, Option<Moments>)> = (0..self.columns.len())
            .filter(|&j| self.columns[j].may_be_moments())
            .map(|j| (j, Some(Moments::default())))
            .collect();
        if readers.is_empty() {
            return Ok(());
        }
        let (numbers, mut left) = (self.rows.dialect.numbers, self.numbers.rows());
        each_row(&self.text, self.rows, |record| {
            if left == 0 {
                return std::ops::ControlFlow::Break(());
            }
            left -= 1;
            for (j, reader) in &mut readers {
                let cell = unquoted(&record[*j]);
                let missing = numbers.read(cell) == super::cells::Cell::Missing;
                if reader.as_mut().is_some_and(|r| !r.push(cell, missing)) {
                    *reader = None;
                }
            }
            std::ops::ControlFlow::Continue(())
        })?;
        for (j, reader) in readers {
            let Some(mut readings) = reader.map(Moments::finish) else {
                continue;
            };
            let mut chosen = 0;
            if let [first, second] = readings.as_slice()
                && self.numbers.rows() > 1
            {
                let spreads = [first, second].map(|times| clock::spread(times));
                chosen = usize::from(spreads[1] < spreads[0]);
                self.notes.push(format!(
                    "dates in column `{}` can be day/month or month/day: {}, which makes them more even, is taken",
                    self.names[j],
                    ["day/month", "month/day"][chosen]
                ));
            }
            if !readings.is_empty() {
                self.numbers.replace(j, &readings.swap_remove(chosen));
                let column = &mut self.columns[j];
                column.text = None;
                column.moments = true;
            }
        }
        Ok(())
    }

    fn give_roles(&mut self, written: &[String], units: Option<&[String]>, named: bool) {
        let shown: Vec<usize> = (0..self.columns.len())
            .filter(|&j| !self.hidden[j])
            .collect();
        let (numbers, rows) = (&self.numbers, self.numbers.rows());
        let of = |column: usize| numbers.column(column);
        let candidates: Vec<Candidate<'_>> = shown
            .iter()
            .map(|&j| Candidate {
                called: &self.names[j],
                name: &written[j],
                unit: units.and_then(|units| units.get(j)).map(String::as_str),
                values: match self.columns[j].text() {
                    None => Some(Values {
                        of: &of,
                        column: j,
                        rows,
                    }),
                    Some(_) => None,
                },
                moments: self.columns[j].moments,
            })
            .collect();
        let long = long::refusal(&candidates);
        let mut roles = Roles::of(&candidates, named);
        drop(candidates);
        let mut left_out = vec![None; self.columns.len()];
        for (&j, reason) in shown.iter().zip(std::mem::take(&mut roles.left_out)) {
            self.hidden[j] = reason.is_some();
            left_out[j] = reason;
        }
        roles.left_out = left_out;
        (self.roles, self.long) = (roles, long);
    }
}
