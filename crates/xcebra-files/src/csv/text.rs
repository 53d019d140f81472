//! From the bytes of a table to its text: byte order marks, UTF-16, other encodings, runs of spaces.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of a file, and a note if its encoding had to be assumed.
///
/// A byte order mark decides, then the option, then UTF-16 shows in its zero bytes. What is left is
/// UTF-8, or Windows-1252 if it is not valid UTF-8.
pub(super) fn decode(
    bytes: Vec<u8>,
    encoding: Option<&str>,
) -> Result<(String, Option<String>), String> {
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err("it is UTF-32 text, which few programs read".to_owned());
    }
    let asked = encoding.and_then(|label| Encoding::for_label(label.as_bytes()));
    let (found, mark) = match Encoding::for_bom(&bytes) {
        Some((found, mark)) => (Some(found), mark),
        None => (asked.or_else(|| utf16_without_mark(&bytes)), 0),
    };
    if found.is_none_or(|found| found == UTF_8) {
        return match utf8(bytes, mark) {
            Ok(text) => checked(text).map(|text| (text, None)),
            Err(_) if found.is_some() => Err("it is not valid UTF-8".to_owned()),
            Err(bytes) => {
                let (text, _) = WINDOWS_1252.decode_without_bom_handling(&bytes);
                let note = "the file is not UTF-8; it is read as Windows-1252 (Latin-1)".to_owned();
                checked(text.into_owned()).map(|text| (text, Some(note)))
            }
        };
    }
    let encoding = found.unwrap_or(UTF_8);
    let (text, damaged) = encoding.decode_without_bom_handling(&bytes[mark..]);
    if damaged {
        return Err(format!("it is not valid {}", encoding.name()));
    }
    checked(text.into_owned()).map(|text| (text, None))
}

/// The bytes behind the mark as text, without a copy where there is no mark; otherwise the bytes.
fn utf8(mut bytes: Vec<u8>, mark: usize) -> Result<String, Vec<u8>> {
    bytes.drain(..mark);
    String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes)
}

/// The text if it can be a table, with line feeds if it has carriage returns alone.
fn checked(text: String) -> Result<String, String> {
    if text.contains('\0') {
        return Err("it holds zero bytes, so it is not a table".to_owned());
    }
    match text.contains('\n') || !text.contains('\r') {
        true => Ok(text),
        false => Ok(text.replace('\r', "\n")),
    }
}

/// UTF-16 without a byte order mark: in a table most characters are ASCII, so that every other byte
/// is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    const LOOKED_AT: usize = 1 << 12;
    let pairs = bytes[..bytes.len().min(LOOKED_AT)].as_chunks::<2>().0;
    if pairs.is_empty() || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    match (first, second) {
        (0, _) if 2 * second > pairs.len() => Some(UTF_16LE),
        (_, 0) if 2 * first > pairs.len() => Some(UTF_16BE),
        _ => None,
    }
}

/// The text with one space for each run of spaces and tabs between cells, and none at the ends of
/// lines: tables in columns of fixed width have as many as it takes.
pub(super) fn single_spaces(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let (mut quoted, mut waiting) = (false, false);
    for character in text.chars() {
        match character {
            ' ' | '\t' if !quoted => {
                waiting = !result.is_empty() && !result.ends_with(['\n', '\r']);
            }
            '\n' | '\r' if !quoted => {
                waiting = false;
                result.push(character);
            }
            _ => {
                quoted ^= character == '"';
                if waiting {
                    result.push(' ');
                    waiting = false;
                }
                result.push(character);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, mark: bool, little: bool) -> Vec<u8> {
        let units = mark
            .then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16());
        let bytes = |unit: u16| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        };
        units.flat_map(bytes).collect()
    }

    #[test]
    fn encodings() {
        let text = "größe;b\r\n1,5;2\r\n";
        let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
        let mut cases = vec![
            (text.as_bytes().to_vec(), None, false),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), None, false),
            (latin.clone(), None, true),
            (latin, Some("iso-8859-1"), false),
        ];
        for mark in [true, false] {
            cases.push((utf16(text, mark, true), None, false));
            cases.push((utf16(text, mark, false), None, false));
        }
        for (bytes, encoding, noted) in cases {
            let (decoded, note) = decode(bytes, encoding).unwrap();
            assert_eq!((decoded.as_str(), note.is_some()), (text, noted));
        }
    }

    #[test]
    fn what_is_not_text() {
        for bytes in [
            b"a,\0\n1,2\n".to_vec(),
            b"\xff\xfea\0,\0\x00\xd8".to_vec(),
            b"\xff\xfe\0\0a\0\0\0".to_vec(),
        ] {
            assert!(decode(bytes, None).is_err());
        }
        assert!(decode(b"\xe4,b\n".to_vec(), Some("utf-8")).is_err());
    }

    #[test]
    fn runs_of_spaces() {
        let text = "  a \t b\r\n \n\"c  d\"   2  \n";
        assert_eq!(single_spaces(text), "a b\r\n\n\"c  d\" 2\n");
    }
}
