//! The rows of values in the text of a table, and what else its lines are.

use std::ops::ControlFlow;

use super::dialect::{Dialect, is_blank};

/// Where the rows of values are in a text, and how they are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) dialect: Dialect,
    /// Lines to leave out above the table.
    pub(super) skip: usize,
    /// Records before the first row of values.
    pub(super) records: usize,
    /// Cells of a row.
    pub(super) width: usize,
}

/// A text without what stands above the table: lines to skip, and Excel's line `sep=;`.
pub(super) fn table_of(text: &str, skip: usize) -> (&str, usize, Option<char>) {
    let (mut rest, mut lines) = (text, 0);
    let next = |text: &str| match text.find(['\n', '\r']) {
        Some(end) if text[end..].starts_with("\r\n") => end + 2,
        Some(end) => end + 1,
        None => text.len(),
    };
    for _ in 0..skip {
        rest = &rest[next(rest)..];
        lines += 1;
    }
    let line = &rest[..next(rest)];
    let bare = line.trim_end_matches(['\n', '\r']).trim_matches('"');
    let head = bare.get(..4).unwrap_or_default();
    let mut signs = bare.get(4..).unwrap_or_default().chars();
    match (
        head.eq_ignore_ascii_case("sep="),
        signs.next(),
        signs.next(),
    ) {
        (true, Some(sign), None) if sign.is_ascii() => (&rest[line.len()..], lines + 1, Some(sign)),
        _ => (rest, lines, None),
    }
}

/// Calls `each` with every row of values and its position; an empty line is not a row.
pub(super) fn each_row(
    text: &str,
    rows: Rows,
    mut each: impl FnMut(&::csv::StringRecord) -> ControlFlow<()>,
) -> Result<(), String> {
    let (text, above, _) = table_of(text, rows.skip);
    let prepared = rows.dialect.prepare(text);
    let mut reader = rows.dialect.reader(&prepared);
    let mut record = ::csv::StringRecord::new();
    let mut before = 0;
    while reader.read_record(&mut record).map_err(|e| e.to_string())? {
        if rows.width > 1 && is_blank(&record) {
            continue;
        }
        before += 1;
        if before <= rows.records {
            continue;
        }
        if record.len() != rows.width {
            let at = record
                .position()
                .map_or(0, |position| position.byte() as usize);
            let line = above + line_of(&prepared, at, rows.dialect.comment);
            let (found, expected) = (record.len(), rows.width);
            return Err(format!(
                "line {line} has {found} cells, the lines before have {expected}"
            ));
        }
        if each(&record).is_break() {
            break;
        }
    }
    Ok(())
}

/// The line, counted from 1, of the first record at or behind a position.
fn line_of(text: &str, at: usize, comment: u8) -> usize {
    let (above, below) = text.split_at(at.min(text.len()));
    let passed = |line: &&str| line.trim().is_empty() || line.starts_with(char::from(comment));
    1 + above.matches('\n').count() + below.lines().take_while(passed).count()
}

/// Lines of comments in a text, and the last of those above the table.
pub(super) fn comments(text: &str, mark: u8) -> (usize, Option<&str>) {
    let mark = char::from(mark);
    let lines = || {
        text.split(['\n', '\r'])
            .filter(|line| !line.trim().is_empty())
    };
    let above = lines().take_while(|line| line.starts_with(mark)).last();
    (lines().filter(|line| line.starts_with(mark)).count(), above)
}

/// In a table of one column, a blank line may be a missing value: refused unless at the end.
pub(super) fn blank_line(text: &str) -> Option<usize> {
    let mut blank = None;
    for (line, content) in text
        .lines()
        .enumerate()
        .skip_while(|(_, line)| line.is_empty())
    {
        match (content.trim().is_empty(), blank) {
            (true, None) => blank = Some(line),
            (false, Some(line)) => return Some(line),
            _ => {}
        }
    }
    None
}
