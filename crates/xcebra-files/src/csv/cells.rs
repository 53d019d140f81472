//! What a cell of a table says: a number, a truth value, nothing, or text.

/// A cell by its content.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    Number(f64),
    Truth(bool),
    /// Empty, or a word for a missing value.
    Missing,
    Text,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) decimal: char,
    pub(super) thousands: Option<char>,
}

/// Words for a missing value, of pandas, R, Excel, MATLAB, SAS, ARFF and Microsoft's C library.
const MISSING: [&str; 27] = [
    "",
    "na",
    "n/a",
    "nan",
    "+nan",
    "-nan",
    "null",
    "none",
    "nil",
    "nat",
    "<na>",
    "#n/a",
    "#na",
    "#n/a n/a",
    "n.a.",
    "missing",
    "-",
    "--",
    "---",
    ".",
    "?",
    "nan(ind)",
    "-nan(ind)",
    "#div/0!",
    "#num!",
    "#value!",
    "#ref!",
];

impl Numbers {
    /// Reads a cell without spaces around it.
    pub(super) fn read(self, cell: &str) -> Cell {
        if let Some(number) = self.number(cell) {
            return Cell::Number(number);
        }
        let is = |word: &&str| cell.eq_ignore_ascii_case(word);
        if MISSING.iter().any(is) {
            return Cell::Missing;
        }
        if is(&"true") {
            return Cell::Truth(true);
        }
        if is(&"false") {
            return Cell::Truth(false);
        }
        special(cell).unwrap_or(Cell::Text)
    }

    fn number(self, cell: &str) -> Option<f64> {
        if self.decimal == '.' && self.thousands.is_none() && cell.is_ascii() {
            return plain(cell);
        }
        let mut cell = cell.replace('\u{2212}', "-");
        if let Some(mark) = self.thousands {
            cell = without_groups(&cell, mark, self.decimal)?;
        }
        if self.decimal == ',' {
            if cell.contains('.') || cell.ends_with(',') {
                return None;
            }
            cell = cell.replacen(',', ".", 1);
        }
        plain(&cell)
    }
}

/// A number with a decimal point. Rust's parser alone would take `inf` and `nan`, too, and make
/// infinity of what is too large.
fn plain(cell: &str) -> Option<f64> {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let number = match cell.parse::<f64>() {
        Ok(number) => number,
        // Fortran writes the exponents of double precision with a D
        Err(_)
            if digits
                .bytes()
                .all(|b| b.is_ascii_digit() || b".dD+-".contains(&b)) =>
        {
            cell.replacen(['d', 'D'], "e", 1).parse().ok()?
        }
        Err(_) => return None,
    };
    number.is_finite().then_some(number)
}

/// Infinity, and the names that Microsoft's C library gives to what is not a number.
fn special(cell: &str) -> Option<Cell> {
    let (sign, rest) = match cell.chars().next()? {
        '-' | '\u{2212}' => (-1.0, cell.trim_start_matches(['-', '\u{2212}'])),
        '+' => (1.0, &cell[1..]),
        _ => (1.0, cell),
    };
    let lower = rest.to_lowercase();
    if ["inf", "infinity", "∞"].contains(&lower.as_str()) || lower.starts_with("1.#inf") {
        return Some(Cell::Number(sign * f64::INFINITY));
    }
    let missing = ["1.#ind", "1.#qnan", "1.#snan", "1.#nan"];
    missing
        .iter()
        .any(|word| lower.starts_with(word))
        .then_some(Cell::Missing)
}

/// A number without the marks between groups of three digits; none if they stand elsewhere.
fn without_groups(cell: &str, mark: char, decimal: char) -> Option<String> {
    let is_mark = |c: char| c == mark || (mark == ' ' && c.is_whitespace());
    if !cell.contains(is_mark) {
        return Some(cell.to_owned());
    }
    let (whole, rest) = match cell.find(decimal) {
        Some(at) => cell.split_at(at),
        None => (cell, ""),
    };
    let mut groups = whole.trim_start_matches(['+', '-']).split(is_mark);
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next()?;
    let fits = (1..=3).contains(&first.len()) && digits(first);
    if !fits || !groups.all(|group| group.len() == 3 && digits(group)) || rest.contains(is_mark) {
        return None;
    }
    Some(whole.replace(is_mark, "") + rest)
}

/// Whether a number has one mark that may group its thousands: `1,234`, but neither `0,234` nor
/// `12,34`.
pub(super) fn may_be_grouped(cell: &str, mark: char) -> bool {
    let cell = cell.trim_start_matches(['+', '-']);
    let Some((before, after)) = cell.split_once(mark) else {
        return false;
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    (1..=3).contains(&before.len())
        && !before.starts_with('0')
        && after.len() == 3
        && digits(before)
        && digits(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: Numbers = Numbers {
        decimal: '.',
        thousands: None,
    };
    const COMMA: Numbers = Numbers {
        decimal: ',',
        thousands: None,
    };

    #[test]
    fn numbers_as_programs_write_them() {
        for (cell, value) in [
            ("1", 1.0),
            ("+1", 1.0),
            ("-.5", -0.5),
            ("1.", 1.0),
            ("1e5", 1e5),
            ("1E-5", 1e-5),
            ("1d5", 1e5),
            ("-1.25D+02", -125.0),
            ("\u{2212}3", -3.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("-∞", f64::NEG_INFINITY),
            ("1.#INF00", f64::INFINITY),
        ] {
            assert_eq!(POINT.read(cell), Cell::Number(value), "{cell}");
        }
        for cell in [
            "0x1F", "1_000", "1,5", "1e400", "12%", "1.2.3", "e5", "5d", "1 234", "+-1",
        ] {
            assert_eq!(POINT.read(cell), Cell::Text, "{cell}");
        }
        for cell in [
            "NaN", "NA", "#N/A", "-", "1.#IND", "-1.#QNAN", "None", "<NA>", "NaT", ".",
        ] {
            assert_eq!(POINT.read(cell), Cell::Missing, "{cell}");
        }
        assert_eq!(POINT.read("TRUE"), Cell::Truth(true));
    }

    #[test]
    fn decimal_commas_and_groups() {
        assert_eq!(COMMA.read("-1,5e-3"), Cell::Number(-1.5e-3));
        for cell in ["1.5", "1,2,3", "1,"] {
            assert_eq!(COMMA.read(cell), Cell::Text, "{cell}");
        }
        for (mark, decimal, cell, value) in [
            ('.', ',', "1.234.567,5", 1_234_567.5),
            (',', '.', "-1,234.5", -1234.5),
            ('\'', '.', "1'000", 1000.0),
            (' ', ',', "1\u{202f}000,25", 1000.25),
            (',', '.', "12.5", 12.5),
        ] {
            let numbers = Numbers {
                decimal,
                thousands: Some(mark),
            };
            assert_eq!(numbers.read(cell), Cell::Number(value), "{cell}");
        }
        let grouped = Numbers {
            decimal: '.',
            thousands: Some(','),
        };
        for cell in ["1,23", "1234,567", ",123", "1,2345"] {
            assert_eq!(grouped.read(cell), Cell::Text, "{cell}");
        }
    }

    #[test]
    fn what_may_be_thousands() {
        assert!(may_be_grouped("-1,234", ',') && may_be_grouped("999.000", '.'));
        for cell in ["0,234", "1,23", "1234,567", "1234", "1,2345", "1,23a"] {
            assert!(!may_be_grouped(cell, ','), "{cell}");
        }
    }
}
