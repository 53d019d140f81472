//! Fields of the header: text of a fixed width, filled up with spaces or zero bytes.

/// The text of bytes `at..at + width`: up to the first zero byte, without spaces around it; UTF-8 if
/// it is that, otherwise Latin-1. Empty if the bytes are not there.
pub(super) fn text(bytes: &[u8], at: usize, width: usize) -> String {
    let field = bytes.get(at..at + width).unwrap_or_default();
    let end = field.iter().position(|&b| b == 0).unwrap_or(width);
    decoded(field.get(..end).unwrap_or_default())
        .trim()
        .to_owned()
}

/// Bytes as UTF-8 if they are that, otherwise as Latin-1, which any bytes are.
pub(super) fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}

/// A finite number; a comma may stand for the point.
pub(super) fn number(text: &str) -> Option<f64> {
    let value: f64 = text.replace(',', ".").parse().ok()?;
    value.is_finite().then_some(value)
}

/// A whole number, also when it is written as `64.0`.
pub(super) fn whole(text: &str) -> Option<i64> {
    let exact = |v: &f64| v.fract() == 0.0 && v.abs() < 1e15;
    text.parse()
        .ok()
        .or_else(|| Some(number(text).filter(exact)? as i64))
}

/// Seconds since 1970 of a date `dd.mm.yy` and a time `hh.mm.ss`, whose years are 1985 to 2084.
pub(super) fn seconds_since_1970(date: &str, time: &str) -> Option<f64> {
    let [day, month, year] = three(date)?;
    let [hour, minute, second] = three(time)?;
    let valid = (1..=31).contains(&day) && (1..=12).contains(&month) && year < 100;
    if !(valid && hour < 24 && minute < 60 && second < 61) {
        return None;
    }
    let year = if year >= 85 { 1900 + year } else { 2000 + year };
    // days since 1 March of the year 0, with the leap day as the last of a year
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let seconds = (hour * 60 + minute) * 60 + second;
    Some(((days - 719_468) * 86_400 + seconds) as f64)
}

fn three(text: &str) -> Option<[i64; 3]> {
    let parts: Option<Vec<i64>> = text
        .split(['.', ':', '-', '/'])
        .map(|part| part.trim().parse().ok().filter(|v| *v >= 0))
        .collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_fields() {
        assert_eq!(text(b"  EEG  ", 0, 7), "EEG");
        assert_eq!(text(b"500\0\0junk", 0, 9), "500");
        assert_eq!(text(b"\xb5V      ", 0, 8), "\u{b5}V");
        assert_eq!(text("µV".as_bytes(), 0, 3), "\u{b5}V");
        assert_eq!(text(b"short", 3, 8), "");
    }

    #[test]
    fn numbers_of_fields() {
        assert_eq!(number("-500,5"), Some(-500.5));
        assert_eq!(number("+3e2"), Some(300.0));
        for wrong in ["", "1,000.5", "inf", "nan", "1e999", "12 3"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
        assert_eq!(whole("64"), Some(64));
        assert_eq!(whole("64.0"), Some(64));
        assert_eq!(whole("-1"), Some(-1));
        assert_eq!(whole("64.5"), None);
    }

    /// Against `date -u -d … +%s`.
    #[test]
    fn dates() {
        for (date, time, expected) in [
            ("01.01.70", "00.00.00", 3_155_760_000.0),
            ("01.01.85", "00.00.00", 473_385_600.0),
            ("29.02.00", "23.59.59", 951_868_799.0),
            ("24.04.89", "16.13.00", 609_437_580.0),
            ("31.12.24", "12:30:15", 1_735_648_215.0),
        ] {
            assert_eq!(seconds_since_1970(date, time), Some(expected), "{date}");
        }
        for wrong in ["", "1.1", "32.01.20", "01.13.20", "x.y.z", "-1.1.20"] {
            assert_eq!(seconds_since_1970(wrong, "00.00.00"), None, "{wrong}");
        }
    }
}
