//! One column of a table as it is read: what its cells are besides numbers.

use super::cells::{Cell, Numbers, may_be_grouped};
use super::moments;

#[derive(Debug, Default)]
pub(super) struct Column {
    /// Cells so far.
    rows: usize,
    /// Row and content of the first cell that is text.
    pub(super) text: Option<(usize, String)>,
    /// Whether the values are seconds, read from dates or times of day.
    pub(super) moments: bool,
    /// Rows up to the last that is not empty.
    pub(super) filled: usize,
    has_numbers: bool,
    has_truths: bool,
    /// Whether a number is more than digits.
    has_signs: bool,
    /// Row and content of the first word for a missing value, and whether there are others.
    missing: Option<(usize, String)>,
    missing_differ: bool,
    grouping: Grouping,
}

/// Whether commas in numbers are decimal signs or group thousands.
#[derive(Debug, Default)]
struct Grouping {
    /// The first number that has a mark where thousands would.
    grouped: Option<String>,
    /// Whether there are numbers below 1000 without a mark.
    plain: bool,
    /// Whether a number has a mark elsewhere, or four digits without one.
    told: bool,
}

/// What the mark in numbers can be, for a whole table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// The decimal sign, where it can be a mark of thousands too.
    pub(super) sign: Option<char>,
    /// Whether numbers with such a mark are suspicious even if all have one.
    pub(super) quoted: bool,
}

impl Column {
    /// The value of the next cell; NaN where it is missing or text.
    pub(super) fn read(
        &mut self,
        cell: &str,
        numbers: Numbers,
        mark: Mark,
        decimals: &mut bool,
    ) -> f64 {
        let row = self.rows;
        self.rows += 1;
        if !cell.is_empty() {
            self.filled = row + 1;
        }
        match numbers.read(cell) {
            Cell::Number(value) => {
                self.has_numbers = true;
                self.has_signs |= !cell.bytes().all(|b| b.is_ascii_digit());
                if let Some(sign) = mark.sign {
                    self.grouping.see(cell, sign, decimals);
                }
                value
            }
            Cell::Truth(truth) => {
                self.has_truths = true;
                f64::from(u8::from(truth))
            }
            Cell::Missing => {
                if !cell.is_empty() {
                    let (_, first) = self.missing.get_or_insert_with(|| (row, cell.to_owned()));
                    self.missing_differ |= first != cell;
                }
                f64::NAN
            }
            Cell::Text => {
                if self.text.is_none() {
                    self.text = Some((row, cell.to_owned()));
                }
                f64::NAN
            }
        }
    }

    /// Row and content of a cell by which the column is text: real text, or a word such as `none`
    /// in a column of words without any number.
    pub(super) fn text(&self) -> Option<&(usize, String)> {
        let words = (self.has_truths || self.missing_differ) && !self.has_numbers;
        self.text
            .as_ref()
            .or(self.missing.as_ref().filter(|_| words))
    }

    /// Whether the column holds numbers of nothing but digits.
    pub(super) fn is_bare(&self) -> bool {
        self.has_numbers && !self.has_signs && self.text().is_none()
    }

    /// Whether the first text is a date or a time of day, and no cell a number.
    pub(super) fn may_be_moments(&self) -> bool {
        let looks = |(_, cell): &(usize, String)| moments::looks(cell);
        !self.has_numbers && !self.has_truths && self.text.as_ref().is_some_and(looks)
    }

    /// A number that may be thousands or have decimals; none if the column tells which, or if
    /// `decimals` were seen elsewhere in the table.
    pub(super) fn ambiguous(&self, mark: Mark, decimals: bool) -> Option<&str> {
        let Grouping {
            grouped,
            plain,
            told,
        } = &self.grouping;
        let unclear = !told && !decimals && (*plain || mark.quoted);
        grouped.as_deref().filter(|_| unclear)
    }
}

impl Grouping {
    fn see(&mut self, cell: &str, sign: char, decimals: &mut bool) {
        if may_be_grouped(cell, sign) {
            if self.grouped.is_none() {
                self.grouped = Some(cell.to_owned());
            }
        } else if cell.contains(sign) {
            *decimals = true;
        } else if cell.bytes().filter(u8::is_ascii_digit).count() > 3 {
            self.told = true;
        } else {
            self.plain = true;
        }
    }
}
