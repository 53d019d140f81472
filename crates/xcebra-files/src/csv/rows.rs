//! The rows of values in the text of a table, and what else its lines are.

use std::io::{BufRead, Read, Result as IoResult};
use std::ops::ControlFlow;

use super::dialect::{BYTES, Dialect, begins_with_spreadsheet_error, is_blank};
use super::spaces::SingleSpaces;
use super::text::{Reader, Text};

/// Most bytes of the first line: enough for 300,000 columns.
pub(super) const LONGEST_LINE: usize = 1 << 22;

/// Where the rows of values are in a text, and how they are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) dialect: Dialect,
    /// What is left out above the table.
    pub(super) above: Above,
    /// Records before the first row of values.
    pub(super) records: usize,
    /// Cells of a row.
    pub(super) width: usize,
}

/// What stands above a table: lines to skip, and Excel's line `sep=;`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Above {
    bytes: u64,
    pub(super) lines: usize,
    /// What that line says.
    pub(super) separator: Option<char>,
}

impl Above {
    /// What is above a table that begins behind this many lines.
    pub(super) fn of(text: &Text, skip: usize) -> IoResult<Self> {
        let mut reader = text.reader()?;
        let mut above = Self {
            bytes: 0,
            lines: skip,
            separator: None,
        };
        for _ in 0..skip {
            above.bytes += next_line(&mut reader)?.0;
        }
        let (length, line) = next_line(&mut reader)?;
        let line = String::from_utf8_lossy(&line);
        let bare = line.trim_end_matches(['\n', '\r']).trim_matches('"');
        let head = bare.get(..4).unwrap_or_default();
        let mut signs = bare.get(4..).unwrap_or_default().chars();
        if let (true, Some(sign), None) = (
            head.eq_ignore_ascii_case("sep="),
            signs.next().filter(char::is_ascii),
            signs.next(),
        ) {
            above.bytes += length;
            above.lines += 1;
            above.separator = Some(sign);
        }
        Ok(above)
    }

    /// Reads the table below.
    pub(super) fn below(self, text: &Text) -> IoResult<Reader> {
        let mut reader = text.reader()?;
        let mut left = self.bytes;
        while left > 0 {
            let chunk = reader.fill_buf()?.len();
            if chunk == 0 {
                break;
            }
            let passed = left.min(chunk as u64);
            reader.consume(passed as usize);
            left -= passed;
        }
        Ok(reader)
    }

    /// The whole lines at the start of the table; a longer first line as a whole.
    pub(super) fn beginning(self, text: &Text) -> IoResult<String> {
        let mut reader = self.below(text)?;
        let mut bytes = Vec::new();
        (&mut reader)
            .take(BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() > BYTES {
            match bytes[..BYTES].iter().rposition(|b| b"\n\r".contains(b)) {
                Some(end) => bytes.truncate(end + 1),
                None => {
                    let more = LONGEST_LINE as u64;
                    (&mut reader).take(more).read_to_end(&mut bytes)?;
                    let end = bytes.iter().position(|b| b"\n\r".contains(b));
                    bytes.truncate(end.map_or(bytes.len(), |end| end + 1));
                }
            }
        }
        // the last character may be cut where no line ends
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The length of the next line with its end, and its beginning.
fn next_line(reader: &mut impl BufRead) -> IoResult<(u64, Vec<u8>)> {
    const KEPT: usize = 16;
    let (mut length, mut line) = (0, Vec::new());
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok((length, line));
        }
        let end = chunk.iter().position(|b| b"\n\r".contains(b));
        let taken = end.map_or(chunk.len(), |end| end + 1);
        let kept = taken.min(KEPT.saturating_sub(line.len()));
        line.extend_from_slice(&chunk[..kept]);
        let returns = end.is_some_and(|end| chunk[end] == b'\r');
        reader.consume(taken);
        length += taken as u64;
        if returns && reader.fill_buf()?.first() == Some(&b'\n') {
            reader.consume(1);
            length += 1;
        }
        if end.is_some() {
            return Ok((length, line));
        }
    }
}

/// Calls `each` with every row of values and its position; an empty line is not a row.
pub(super) fn each_row(
    text: &Text,
    rows: Rows,
    mut each: impl FnMut(&::csv::StringRecord) -> ControlFlow<()>,
) -> Result<(), String> {
    let prepared = rows.prepared(text).map_err(|e| e.to_string())?;
    let mut reader = rows.dialect.reader(prepared);
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
            let at = record.position().map_or(0, ::csv::Position::byte);
            let line = rows.line_of(text, at).map_err(|e| e.to_string())?;
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

impl Rows {
    /// The table as the reader of records takes it: with single spaces if spaces separate.
    fn prepared(&self, text: &Text) -> IoResult<Box<dyn Read>> {
        let below = self.above.below(text)?;
        Ok(match self.dialect.separates_with(b' ') {
            true => Box::new(SingleSpaces::new(below)),
            false => Box::new(below),
        })
    }

    /// The line, counted from 1, of the first record at or behind a position.
    fn line_of(&self, text: &Text, at: u64) -> IoResult<usize> {
        let mut reader = std::io::BufReader::new(self.prepared(text)?);
        let (mut line, mut passed) = (1 + self.above.lines, 0);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            passed += bytes.len() as u64;
            let ended = bytes.ends_with(b"\n");
            if passed > at {
                // the position may be in the middle of a line
                let from = bytes.len() - (passed - at).min(bytes.len() as u64) as usize;
                let content = String::from_utf8_lossy(&bytes[from..]);
                let comment = char::from(self.dialect.comment);
                if !content.trim().is_empty() && !content.starts_with(comment) {
                    break;
                }
            }
            line += usize::from(ended);
            bytes.clear();
        }
        Ok(line)
    }
}

/// What the lines of a table are besides rows.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Lines that begin with `#` and with `%`.
    marked: [usize; 2],
    /// Whether a line begins with a word such as `#N/A`, and so is not a comment.
    pub(super) spreadsheet_errors: bool,
    /// In a table of one column, a blank line may be a missing value: the first that is not at an end.
    pub(super) blank: Option<usize>,
}

impl Lines {
    /// Looks at all lines of a table.
    pub(super) fn of(text: &Text, above: Above) -> IoResult<Self> {
        let mut reader = above.below(text)?;
        let mut lines = Self::default();
        let (mut begun, mut blank, mut bytes) = (false, None, Vec::new());
        for number in 0.. {
            bytes.clear();
            if reader.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let line = std::str::from_utf8(&bytes).unwrap_or_default();
            for part in line.split('\r').filter(|part| !part.trim().is_empty()) {
                for (count, mark) in lines.marked.iter_mut().zip(['#', '%']) {
                    *count += usize::from(part.starts_with(mark));
                }
                lines.spreadsheet_errors |=
                    part.starts_with('#') && begins_with_spreadsheet_error(part);
            }
            begun |= !line.trim_end_matches(['\n', '\r']).is_empty();
            match (line.trim().is_empty(), blank) {
                (true, None) if begun => blank = Some(number),
                (false, Some(_)) if lines.blank.is_none() => lines.blank = blank,
                _ => {}
            }
        }
        Ok(lines)
    }

    /// Lines of comments.
    pub(super) fn comments(&self, mark: u8) -> usize {
        match mark {
            b'#' => self.marked[0],
            b'%' => self.marked[1],
            _ => 0,
        }
    }
}

/// The last of the lines of comments at the start of a text.
pub(super) fn last_comment_above(text: &str, mark: u8) -> Option<&str> {
    let lines = text
        .split(['\n', '\r'])
        .filter(|line| !line.trim().is_empty());
    lines
        .take_while(|line| line.starts_with(char::from(mark)))
        .last()
}
