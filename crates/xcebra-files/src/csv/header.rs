//! Whether a table begins with names, and what else stands above its first row of values.

use super::cells::{Cell, Numbers};
use super::dialect::{Dialect, Sample, usual_width};
use super::header_rule::{self, Verdict};
use super::moments;
use super::options::TableOptions;
use super::units;

/// What is above and next to the values.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Header {
    /// One name a column, as it is written; none if the table has no names.
    pub(super) names: Option<Vec<String>>,
    /// One unit a column, if there is a row of them.
    pub(super) units: Option<Vec<String>>,
    /// Records before the first row of values.
    pub(super) records: usize,
    /// Cells of a row of values.
    pub(super) width: usize,
    pub(super) notes: Vec<String>,
}

/// Why there is no header: what is wrong, and what to do about it.
pub(super) type Refusal = (String, String);

/// What cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    Number,
    Time,
    Text,
}

/// What a cell is; words for missing and truth values count as text where they stand first.
pub(super) fn kind(cell: &str, numbers: Numbers) -> Kind {
    match numbers.read(cell) {
        _ if cell.is_empty() => Kind::Empty,
        Cell::Number(_) => Kind::Number,
        Cell::Truth(_) | Cell::Missing => Kind::Text,
        Cell::Text if moments::looks(cell) => Kind::Time,
        Cell::Text => Kind::Text,
    }
}

/// What a column is by its cells: text if it has any, words for missing values aside.
fn kind_of_column<'a>(cells: impl Iterator<Item = &'a str>, numbers: Numbers) -> Kind {
    let mut found = Kind::Empty;
    for cell in cells {
        let kind = match numbers.read(cell) {
            Cell::Missing => continue,
            Cell::Number(_) | Cell::Truth(_) => Kind::Number,
            Cell::Text if moments::looks(cell) => Kind::Time,
            Cell::Text => return Kind::Text,
        };
        if found != Kind::Empty && found != kind {
            return Kind::Text;
        }
        found = kind;
    }
    found
}

/// The rows that follow the first, and the kinds of their columns.
pub(super) struct Body<'a> {
    pub(super) rows: &'a [Vec<String>],
    pub(super) kinds: Vec<Kind>,
}

impl<'a> Body<'a> {
    fn new(rows: &'a [Vec<String>], width: usize, numbers: Numbers) -> Self {
        let cells = |column: usize| {
            rows.iter()
                .map(move |row| row.get(column).map_or("", String::as_str))
        };
        Self {
            rows,
            kinds: (0..width)
                .map(|column| kind_of_column(cells(column), numbers))
                .collect(),
        }
    }

    /// The cells of a column.
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .map(move |row| row.get(column).map_or("", String::as_str))
    }
}

/// Finds the header of a table from its first rows and the last comment above them; `place` is how
/// the file is named on the command line.
pub(super) fn decide(
    sample: &Sample,
    comment: Option<&str>,
    dialect: Dialect,
    options: &TableOptions,
    place: &str,
) -> Result<Header, Refusal> {
    let asked = options.header;
    let Some(first) = sample.rows.first() else {
        return Err(("it is empty".to_owned(), String::new()));
    };
    let (mut first, others) = (first.clone(), &sample.rows[1..]);
    let width = match others {
        [] => first.len(),
        others => usual_width(others),
    };
    let mut header = Header {
        width,
        ..Header::default()
    };
    let ends_empty = |row: &Vec<String>| row.len() != width || row[width - 1].is_empty();
    let numbers = dialect.numbers;
    let mut names_rows = false;
    if first.len() == width + 1 && first[width].is_empty() {
        first.pop();
    } else if first.len() + 1 == width {
        let ended = first.last().is_some_and(String::is_empty);
        if others.iter().all(ends_empty) && !ended {
            first.push(String::new());
        } else if names_rows_of(others, numbers) {
            // where R writes names of rows, their column has no name
            first.insert(0, String::new());
            names_rows = true;
        }
    }
    if first.len() != width {
        let problem = format!(
            "its first row has {} cells, and most rows have {width}",
            first.len()
        );
        let skip = options.skip + sample.above;
        let lines = format!("leave out what stands above the table with {place},skip={skip}");
        let name = format!("name the separator, such as {place},separator=semicolon");
        return Err((
            problem,
            if sample.above > 0 {
                format!("{lines}, or {name}")
            } else {
                name
            },
        ));
    }
    let names = comment.and_then(|line| names_in_comment(line, &first, others, dialect));
    if let (Some(names), None | Some(false)) = (&names, asked) {
        header.notes.push(format!(
            "the names of the columns are those of the comment above them: {}",
            names.join(", ")
        ));
        if first.iter().all(|cell| units::is_unit(cell)) {
            header.take_units(first);
        }
        header.names = Some(names.clone());
        return Ok(header);
    }
    if let (Some((names, records)), None | Some(true)) = (levels(&first, others), asked) {
        header.records = records;
        header.names = Some(names);
        return Ok(header);
    }
    let body = Body::new(others, width, numbers);
    let verdict = match asked {
        Some(true) => Verdict::Names(None),
        Some(false) => Verdict::Values(None),
        None if names_rows => Verdict::Names(None),
        None => header_rule::verdict(&first, &body, sample.quoted, numbers, place)?,
    };
    let (named, note) = match verdict {
        Verdict::Names(note) => (true, note),
        Verdict::Values(note) => (false, note),
    };
    header.notes.extend(note);
    if named {
        header.records = 1;
        header.names = Some(first);
        if let Some((second, rest)) = others.split_first()
            && is_row_of_units(second, &Body::new(rest, width, numbers), numbers)
        {
            header.take_units(second.clone());
        }
    }
    Ok(header)
}

/// Names of columns in several rows, which DeepLabCut writes one below another, and how many rows they take. Rows
/// that are the same everywhere, such as the scorer, are left out of the names.
fn levels(first: &[String], others: &[Vec<String>]) -> Option<(Vec<String>, usize)> {
    const LEVELS: [&str; 4] = ["scorer", "individuals", "bodyparts", "coords"];
    let begins = |row: &[String], levels: &[&str]| {
        let cell = row.first().map(|cell| cell.trim().to_lowercase());
        row.len() == first.len() && cell.is_some_and(|cell| levels.contains(&cell.as_str()))
    };
    let below = others.iter().take_while(|row| begins(row, &LEVELS[1..]));
    let rows: Vec<&[String]> = std::iter::once(first)
        .chain(below.map(Vec::as_slice))
        .collect();
    if rows.len() < 2 || !begins(first, &LEVELS[..3]) {
        return None;
    }
    let varies = |row: &&&[String]| row[1..].iter().any(|cell| *cell != row[1]);
    let mut shown: Vec<&&[String]> = rows.iter().filter(varies).collect();
    if shown.is_empty() {
        shown = rows.iter().collect();
    }
    let name = |column: usize| {
        let parts: Vec<&str> = shown.iter().map(|row| row[column].as_str()).collect();
        parts.join(".")
    };
    // the column of the frames has no name
    let names = (0..first.len()).map(|column| match column {
        0 => String::new(),
        column => name(column),
    });
    Some((names.collect(), rows.len()))
}

/// Whether the first cells are names of rows: text, times, or rising whole numbers.
fn names_rows_of(rows: &[Vec<String>], numbers: Numbers) -> bool {
    let cells = || {
        rows.iter()
            .filter_map(|row| row.first().map(String::as_str))
    };
    let values: Vec<f64> = cells()
        .map(|cell| match numbers.read(cell) {
            Cell::Number(value) if value.fract() == 0.0 => value,
            _ => f64::NAN,
        })
        .collect();
    match kind_of_column(cells(), numbers) {
        Kind::Number => {
            values.windows(2).all(|pair| pair[0] < pair[1]) && values.iter().all(|v| v.is_finite())
        }
        kind => kind != Kind::Empty,
    }
}

impl Header {
    fn take_units(&mut self, units: Vec<String>) {
        self.records += 1;
        let mut shown: Vec<&str> = units.iter().map(String::as_str).collect();
        shown.dedup();
        self.notes.push(format!(
            "the row below the names is taken for units: {}",
            shown.join(", ")
        ));
        self.units = Some(units);
    }
}

/// Names in a comment above values, as numpy.savetxt writes them.
fn names_in_comment(
    line: &str,
    first: &[String],
    others: &[Vec<String>],
    dialect: Dialect,
) -> Option<Vec<String>> {
    let text = line.trim_start_matches(['#', '%']).trim();
    let names = dialect.cells(text);
    let numbers = dialect.numbers;
    let values = |cell: &String| !matches!(kind(cell, numbers), Kind::Text);
    let below = first.iter().all(values)
        || !others.is_empty() && first.iter().all(|cell| units::is_unit(cell));
    let words = names.len() == first.len()
        && names.iter().any(|name| kind(name, numbers) == Kind::Text)
        && (names.len() > 1 || !text.contains(['=', ':', ' ']));
    (below && words).then_some(names)
}

/// A row without a number above columns of numbers.
fn is_row_of_units(row: &[String], below: &Body<'_>, numbers: Numbers) -> bool {
    let mut units = 0;
    for (cell, &column) in row.iter().zip(&below.kinds) {
        let kind = kind(cell, numbers);
        match column {
            Kind::Number | Kind::Time => match kind {
                Kind::Text if numbers.read(cell) == Cell::Text || units::is_unit(cell) => {
                    units += 1;
                }
                Kind::Empty | Kind::Text => {}
                Kind::Number | Kind::Time => return false,
            },
            Kind::Empty | Kind::Text if kind == Kind::Number => return false,
            Kind::Empty | Kind::Text => {}
        }
    }
    units > 0
}
