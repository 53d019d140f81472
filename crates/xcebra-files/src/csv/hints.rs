//! Text where a number is expected: what it nearly is, and what helps.

/// What kind of text stands where a number is expected, and what helps.
pub(super) fn hint(cell: &str, place: &str) -> Option<(&'static str, String)> {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let lower = cell.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x")
        && !hex.is_empty()
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
    {
        let advice = "write it in decimal digits".to_owned();
        return Some(("a hexadecimal number", advice));
    }
    if digits == 0 {
        return None;
    }
    let numeric = |extra: &str| {
        cell.chars()
            .all(|c| c.is_ascii_digit() || extra.contains(c))
    };
    if cell.ends_with('%')
        && cell[..cell.len() - 1]
            .trim()
            .bytes()
            .all(|b| !b.is_ascii_alphabetic())
    {
        let advice = "write it as a number without the percent sign".to_owned();
        return Some(("a percentage", advice));
    }
    if numeric("+-.,'\u{2019}\u{a0}\u{202f} ") && cell.contains([',', '.', '\'', '\u{2019}', ' ']) {
        let advice = format!(
            "say how numbers are written, such as {place},decimal=comma or {place},thousands=comma"
        );
        return Some((
            "a number with other decimal or thousands separators",
            advice,
        ));
    }
    if cell.parse::<f64>().is_ok_and(f64::is_infinite) {
        let advice = "divide the column by a power of ten".to_owned();
        return Some(("a number beyond the largest of 64-bit floats", advice));
    }
    let number_first = cell.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c));
    if number_first && cell.ends_with(char::is_alphabetic) && cell.len() < 16 {
        let advice = "write units into the name of the column".to_owned();
        return Some(("a number with a unit or other letters behind it", advice));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_for_what_is_nearly_a_number() {
        for (cell, expected) in [
            ("0x1F", "hexadecimal"),
            ("12 %", "percentage"),
            ("1,234.5", "thousands"),
            ("1,5", "decimal"),
            ("1e400", "largest"),
            ("5 mV", "unit"),
        ] {
            let (what, _) = hint(cell, "d.csv").unwrap();
            assert!(what.contains(expected), "{cell}: {what}");
        }
        assert!(hint("left", "d.csv").is_none() && hint("größe", "d.csv").is_none());
        assert!(hint("5%é%", "d.csv").is_some());
    }
}
