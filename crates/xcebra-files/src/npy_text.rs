//! Arrays of text in numpy's format: the types `<U…` and `|S…`.

use std::io::{self, Read, Write};
use std::sync::Arc;

use ndarray_npy::{WriteNpyError, WriteNpyExt};

use crate::error::{FileError, Result};
use crate::npy::read_error;
use crate::npy_header::TextHeader;

/// Texts that take no bytes in a file, so that it could claim any number of them.
const MOST_EMPTY: usize = 1 << 16;

/// Texts as numpy writes them, `<U` with as many letters as the longest has; `numpy.load` reads them without pickle.
pub(crate) struct Texts<'a>(pub(crate) &'a [String]);

impl WriteNpyExt for Texts<'_> {
    fn write_npy<W: Write>(&self, mut writer: W) -> std::result::Result<(), WriteNpyError> {
        let longest = self.0.iter().map(|text| text.chars().count()).max();
        let letters = longest.unwrap_or(0).max(1);
        let dictionary = format!(
            "{{'descr': '<U{letters}', 'fortran_order': False, 'shape': ({},), }}",
            self.0.len()
        );
        // magic, version and length are ten bytes; data begin at a multiple of 64
        let length = (10 + dictionary.len() + 1).next_multiple_of(64) - 10;
        writer.write_all(b"\x93NUMPY\x01\x00")?;
        writer.write_all(&(length as u16).to_le_bytes())?;
        writeln!(writer, "{dictionary:<width$}", width = length - 1)?;
        for text in self.0 {
            let filled = text.chars().map(u32::from).chain(std::iter::repeat(0));
            for letter in filled.take(letters) {
                writer.write_all(&letter.to_le_bytes())?;
            }
        }
        Ok(())
    }
}

/// The texts behind a header; `place` names the array in messages.
pub(crate) fn read_texts(
    reader: &mut impl Read,
    header: &TextHeader,
    place: &str,
) -> Result<Vec<Arc<str>>> {
    let bytes = header.bytes(place)?;
    let mut raw = Vec::new();
    // memory grows with what is there, not with what the header claims
    reader
        .take(bytes as u64)
        .read_to_end(&mut raw)
        .map_err(|error| read_error(place, "its values", &error))?;
    if raw.len() < bytes {
        let error = io::Error::from(io::ErrorKind::UnexpectedEof);
        return Err(read_error(place, "its values", &error));
    }
    let count = header.shape.iter().product();
    let size = header.letter * header.letters;
    match size {
        0 if count > MOST_EMPTY => {
            let problem = format!("{count} texts without letters are no list of names");
            return Err(FileError::damaged(place, problem));
        }
        0 => return Ok(vec![Arc::from(""); count]),
        _ => {}
    }
    raw.chunks(size)
        .map(|text| text_of(text, header, place))
        .collect()
}

fn text_of(raw: &[u8], header: &TextHeader, place: &str) -> Result<Arc<str>> {
    let text = match header.letter {
        1 => String::from_utf8_lossy(raw).into_owned(),
        _ => {
            let letters = raw.chunks_exact(4).map(|bytes| {
                let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
                char::from_u32(match header.big_endian {
                    true => u32::from_be_bytes(bytes),
                    false => u32::from_le_bytes(bytes),
                })
            });
            let text: Option<String> = letters.collect();
            text.ok_or_else(|| FileError::damaged(place, "it holds what is not a letter"))?
        }
    };
    Ok(Arc::from(text.trim_end_matches('\0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Vec<Arc<str>>>> {
        let mut reader = bytes;
        let header = TextHeader::read(&mut reader, "array `t`")?;
        header
            .map(|header| read_texts(&mut reader, &header, "array `t`"))
            .transpose()
    }

    /// What `numpy.save` of numpy 2 writes for `numpy.array(["Fp1", "Å"])`.
    #[test]
    fn texts_are_written_as_numpy_does() {
        let mut found = Vec::new();
        let texts = ["Fp1", "Å"].map(str::to_owned);
        Texts(&texts).write_npy(&mut found).unwrap();
        let mut expected =
            b"\x93NUMPY\x01\x00v\x00{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }"
                .to_vec();
        expected.resize(127, b' ');
        expected.push(b'\n');
        for letter in ['F', 'p', '1', 'Å', '\0', '\0'] {
            expected.extend(u32::from(letter).to_le_bytes());
        }
        assert_eq!(found, expected);
        assert_eq!(
            *read(&found).unwrap().unwrap(),
            [Arc::from("Fp1"), Arc::from("Å")]
        );
    }

    fn file(descriptor: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let text =
            format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn other_forms_are_read_and_nonsense_is_refused() {
        let read =
            |descriptor: &str, shape: &str, data: &[u8]| read(&file(descriptor, shape, data));
        let big = [0, 0, 0, b'a', 0, 0, 0, 0];
        assert_eq!(
            *read(">U1", "(2,)", &big).unwrap().unwrap(),
            [Arc::from("a"), Arc::from("")]
        );
        let bytes = read("|S2", "(2,)", b"ab\0\0").unwrap().unwrap();
        assert_eq!(*bytes, [Arc::from("ab"), Arc::from("")]);
        assert_eq!(read("<U0", "(2,)", b"").unwrap().unwrap().len(), 2);
        assert_eq!(read("<f8", "(2,)", b"").unwrap(), None);
        for (descriptor, shape, data) in [
            ("<U1", "(2,)", &big[..4]),
            ("<U1", "(1,)", &[255; 4][..]),
            ("<U", "(1,)", &big),
            ("<U0", "(4611686018427387904,)", &big),
            ("<U99999999999999999999", "(1,)", &big),
            ("<U4611686018427387904", "(4,)", &big),
            ("<U1", "(4611686018427387904, 4)", &big),
        ] {
            assert!(
                read(descriptor, shape, data).is_err(),
                "{descriptor} {shape}"
            );
        }
    }
}
