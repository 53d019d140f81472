//! Tables of a page.

use maud::{Markup, html};

use crate::figure::number;

/// Rows from which a table stands behind a disclosure.
const LONG: usize = 24;

/// A table of words and numbers; columns of numbers are set right.
///
/// Rows may be shorter than the header.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    caption: String,
}

impl Table {
    /// A table with the names of its columns.
    pub fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
            caption: String::new(),
        }
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// What the table shows.
    pub fn caption(mut self, text: &str) -> Self {
        text.clone_into(&mut self.caption);
        self
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Its first rows, with a sentence that says so.
    pub(super) fn first(mut self, rows: usize) -> Self {
        let count = self.rows.len();
        if count > rows {
            self.rows.truncate(rows);
            let more = format!("The first {rows} of {} rows.", number(count as f64));
            self.caption = format!("{} {more}", self.caption).trim_start().to_owned();
        }
        self
    }

    /// Evenly spaced rows of it, at most this many, with a sentence that says so.
    pub(crate) fn thinned(mut self, most: usize) -> Self {
        let count = self.rows.len();
        let every = count.div_ceil(most.max(1));
        if every > 1 {
            self.rows = self.rows.into_iter().step_by(every).collect();
            let more = format!("One of every {every} of the {} rows.", number(count as f64));
            self.caption = format!("{} {more}", self.caption).trim_start().to_owned();
        }
        self
    }

    /// The table, behind a disclosure if it is long.
    pub(super) fn block(&self) -> Markup {
        if self.rows.len() <= LONG {
            return self.html();
        }
        html! {
            details {
                summary { (self.name()) " (" (number(self.rows.len() as f64)) " rows)" }
                (self.html())
            }
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self.caption.is_empty() {
            true => self.header.join(", "),
            false => self.caption.trim_end_matches('.').to_owned(),
        }
    }

    pub(super) fn html(&self) -> Markup {
        let widest = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let columns = 0..widest.max(self.header.len());
        let numeric: Vec<bool> = columns.map(|column| self.is_numeric(column)).collect();
        let class = |column: usize| numeric[column].then_some("number");
        html! {
            div.wide tabindex="0" role="group" aria-label=(self.label()) {
                table {
                    @if !self.caption.is_empty() { caption { (self.caption) } }
                    thead { tr {
                        @for (j, name) in self.header.iter().enumerate() {
                            @match name.is_empty() {
                                // a column of names has no title of its own
                                true => td {},
                                false => th scope="col" class=[class(j)] { (name) },
                            }
                        }
                    } }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (j, cell) in row.iter().enumerate() { td class=[class(j)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn label(&self) -> String {
        match self.caption.is_empty() {
            true => format!(
                "Table of {}",
                self.header
                    .iter()
                    .filter(|name| !name.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            false => format!("Table: {}", self.caption),
        }
    }

    /// Whether every cell of a column begins like a number.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self
            .rows
            .iter()
            .filter_map(|row| row.get(column))
            .peekable();
        let begins = |cell: &String| {
            let digits = cell.trim_start_matches(['-', '−', '+', '<', '≤', '±', ' ']);
            cell.is_empty() || digits.starts_with(|c: char| c.is_ascii_digit())
        };
        cells.peek().is_some() && cells.all(begins)
    }
}
