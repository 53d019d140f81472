//! What separates the cells of a table, and how its numbers are written.
//!
//! Sniffers of dialects (csv-nose, qsv-sniffer) were tried on tables of all the programs named in
//! the tests' data: they know no decimal comma and take `1,5;2,25` for three columns. So each
//! separator is tried with each decimal sign, and the pair that makes the most cells numbers or
//! times in rows of equal length is taken.

use std::borrow::Cow;
use std::io::Read;

use super::cells::{Cell, Numbers};
use super::moments;
use super::options::TableOptions;
use super::spaces::single_spaces;

/// Rows that are looked at.
const ROWS: usize = 200;
/// Cells that are rated with each separator.
const CELLS: usize = 20_000;
/// Bytes that are looked at.
pub(super) const BYTES: usize = 1 << 20;
/// Stands for a separator in tables of one column; text that holds zero bytes is refused before.
const NONE: u8 = 0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dialect {
    /// The separator; [`NONE`] for a table of one column.
    separator: u8,
    pub(super) numbers: Numbers,
    /// What comment lines begin with; [`NONE`] if every line is a row.
    pub(super) comment: u8,
}

/// The first rows of a table.
pub(super) struct Sample {
    pub(super) rows: Vec<Vec<String>>,
    /// Whether all cells of the first and of the second row are in quotes.
    pub(super) quoted: [bool; 2],
    /// Lines above the first that is as long as most.
    pub(super) above: usize,
}

impl Dialect {
    /// Finds the dialect of a table by its beginning; what the options or a line `sep=` say is taken as it
    /// is. With `errors`, lines begin with words such as `#N/A`.
    pub(super) fn detect(
        text: &str,
        errors: bool,
        options: &TableOptions,
        separator: Option<char>,
    ) -> Self {
        let first = text.trim_start().bytes().next();
        let comment = match first.filter(|b| b"#%".contains(b)) {
            _ if errors => NONE,
            first => first.unwrap_or(b'#'),
        };
        let separators = match options.separator.or(separator) {
            Some(given) => vec![given as u8, NONE],
            None => vec![b',', b';', b'\t', b'|', b' ', NONE],
        };
        let decimals = match options.decimal {
            Some(given) => vec![given],
            None => vec!['.', ','],
        };
        let mut best: Option<(f64, Self)> = None;
        for &separator in &separators {
            for &decimal in &decimals {
                let dialect = Self {
                    separator,
                    numbers: Numbers {
                        decimal,
                        thousands: options.thousands.filter(|&mark| mark != decimal),
                    },
                    comment,
                };
                let score = dialect.score(text);
                if best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, dialect));
                }
            }
        }
        best.expect("there are separators and decimal signs").1
    }

    /// How well the first rows fit: the share of rows of the usual length, times that of cells that
    /// are numbers, times or missing.
    fn score(self, text: &str) -> f64 {
        const RATED: usize = 50;
        let rows = self.rows(&self.prepare(text), RATED);
        let Some((first, others)) = rows.split_first() else {
            return 0.0;
        };
        let body = if others.is_empty() { &rows } else { others };
        let width = usual_width(body);
        if (self.separator == NONE) != (width == 1) {
            return 0.0;
        }
        let even = body.iter().filter(|row| row.len() == width).count();
        let rated = || body.iter().flatten().take(CELLS);
        let cells = rated().count().max(1) as f64;
        let known: f64 = rated().map(|cell| self.known(cell)).sum();
        let ends_empty = |row: &Vec<String>| row.last().is_some_and(String::is_empty);
        let header = match first.len() {
            // one name does not hold separators, unless it is in quotes
            1 if self.is_list(text, &first[0]) => 0.1,
            n if n == width => 1.0,
            n if n == width + 1 && ends_empty(first) => 1.0,
            n if n + 1 == width && body.iter().all(ends_empty) => 1.0,
            // R leaves out the name of the row names
            n if n + 1 == width && (n > 1 || self.names_rows(text, body)) => 0.95,
            _ => 0.5,
        };
        even as f64 / body.len() as f64 * header * (0.2 + known / cells).max(0.0)
    }

    /// 1 for a number, a time, or nothing; 0 for text; -1 for text that another separator would make
    /// numbers of. A comma before `05` or behind `-0` rather is a decimal sign.
    fn known(self, cell: &str) -> f64 {
        let digits = cell.strip_prefix('-').unwrap_or(cell);
        let padded = digits.len() > 1 && digits.starts_with('0') || cell == "-0";
        if self.separator == b',' && padded && digits.bytes().all(|b| b.is_ascii_digit()) {
            return 0.0;
        }
        if self.numbers.read(cell) != Cell::Text || moments::looks(cell) {
            return 1.0;
        }
        let is_number = |part: &str| matches!(self.numbers.read(part.trim()), Cell::Number(_));
        let others = [';', '\t', '|', ' ']
            .into_iter()
            .filter(|&c| cell.contains(c));
        let splits = others.into_iter().any(|c| cell.split(c).all(is_number));
        if splits { -1.0 } else { 0.0 }
    }

    /// Whether the first line is not a number but a list of cells to another separator.
    fn is_list(self, text: &str, first: &str) -> bool {
        let line = self.lines(text).next().unwrap_or_default();
        let listed = line.contains([',', ';', '\t', '|']) && !line.trim().starts_with('"');
        listed && self.known(first) <= 0.0
    }

    /// Whether the first cells of the rows are names of rows: in quotes, or no numbers. Otherwise a
    /// single name above two numbers is more likely one number with a decimal comma.
    fn names_rows(self, text: &str, body: &[Vec<String>]) -> bool {
        let quoted = self
            .lines(text)
            .nth(1)
            .is_some_and(|line| line.starts_with('"'));
        let is_number = |row: &Vec<String>| {
            row.first()
                .is_some_and(|cell| matches!(self.numbers.read(cell), Cell::Number(_)))
        };
        quoted || !body.iter().any(is_number)
    }

    /// The text as [`reader`](Self::reader) takes it: with single spaces if spaces separate.
    fn prepare(self, text: &str) -> Cow<'_, str> {
        match self.separator {
            b' ' => Cow::Owned(single_spaces(text)),
            _ => Cow::Borrowed(text),
        }
    }

    pub(super) fn separates_with(self, separator: u8) -> bool {
        self.separator == separator
    }

    /// Reads records of a prepared text; comments and blank lines are passed over.
    pub(super) fn reader<R: Read>(self, prepared: R) -> ::csv::Reader<R> {
        ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .comment(Some(self.comment))
            .trim(::csv::Trim::All)
            .buffer_capacity(1 << 16)
            .from_reader(prepared)
    }

    /// Cells of one line, such as a comment that holds the names.
    pub(super) fn cells(self, line: &str) -> Vec<String> {
        let dialect = Self {
            comment: NONE,
            ..self
        };
        let rows = dialect.rows(&dialect.prepare(line), 1);
        rows.into_iter().next().unwrap_or_default()
    }

    /// The first rows of the beginning of a table.
    pub(super) fn sample(self, beginning: &str) -> Sample {
        let rows = self.rows(&self.prepare(beginning), ROWS);
        let mut quoted = [false; 2];
        for ((quoted, line), row) in quoted.iter_mut().zip(self.lines(beginning)).zip(&rows) {
            let quotes = line.bytes().filter(|&b| b == b'"').count();
            let line = line.trim();
            *quoted = line.starts_with('"') && line.ends_with('"') && quotes >= 2 * row.len();
        }
        let width = usual_width(rows.get(1..).unwrap_or_default());
        let is_row = |line: &str| {
            !line.starts_with(char::from(self.comment)) && self.cells(line).len() == width
        };
        let above = beginning.lines().take(ROWS).position(is_row);
        Sample {
            rows,
            quoted,
            above: above.unwrap_or_default(),
        }
    }

    /// Lines that hold rows.
    fn lines(self, text: &str) -> impl Iterator<Item = &str> {
        let comment = char::from(self.comment);
        let holds = move |line: &&str| !line.trim().is_empty() && !line.starts_with(comment);
        text.split(['\n', '\r']).filter(holds)
    }

    fn rows(self, prepared: &str, most: usize) -> Vec<Vec<String>> {
        let records = self.reader(prepared.as_bytes()).into_records();
        let rows = records.map_while(Result::ok).filter(|r| !is_blank(r));
        rows.take(most)
            .map(|record| {
                record
                    .iter()
                    .map(|cell| unquoted(cell).to_owned())
                    .collect()
            })
            .collect()
    }
}

/// Whether a line begins with a word such as `#N/A`, and so is not a comment.
pub(super) fn begins_with_spreadsheet_error(line: &str) -> bool {
    const ERRORS: [&str; 8] = [
        "#n/a", "#na", "#div/0!", "#num!", "#value!", "#ref!", "#name?", "#null!",
    ];
    let begins = |word: &str| {
        let start = line.get(..word.len());
        let ends = |c: char| !c.is_alphanumeric();
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
            && line[word.len()..].chars().next().is_none_or(ends)
    };
    ERRORS.iter().any(|word| begins(word))
}

/// Whether a record is a line of nothing but spaces.
pub(super) fn is_blank(record: &::csv::StringRecord) -> bool {
    record.len() == 1 && record[0].is_empty() && record.as_slice().is_empty()
}

/// A cell without quotes that spaces kept from being seen as such: `1, "a"`.
pub(super) fn unquoted(cell: &str) -> &str {
    let inner = cell
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(cell)
}

/// The length that most rows have.
pub(super) fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let runs = widths.chunk_by(|a, b| a == b);
    let longest = runs.max_by_key(|run| run.len());
    longest.map_or(0, |run| run[0])
}
