//! From the bytes of a table to its text: byte order marks, UTF-16, other encodings, line ends.
//!
//! A text is decoded as it is read, as often as it is needed, and never in memory as a whole: it is several
//! times as large as the numbers in it.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{FileError, Result};
use crate::progress::Tracked;

/// Bytes that are read together.
const CHUNK: usize = 1 << 16;
/// Bytes that show the encoding.
const LOOKED_AT: usize = 1 << 12;

/// The text of a file.
#[derive(Debug, Clone)]
pub(super) struct Text {
    path: PathBuf,
    encoding: &'static Encoding,
    /// Bytes of a byte order mark.
    mark: usize,
    /// Whether carriage returns alone end its lines.
    returns: bool,
}

impl Text {
    /// The text of a file, and a note if its encoding had to be assumed.
    ///
    /// A byte order mark decides, then the option, then UTF-16 shows in its zero bytes. What is left is
    /// UTF-8, or Windows-1252 if it is not valid UTF-8.
    pub(super) fn open(path: &Path, encoding: Option<&str>) -> Result<(Self, Option<String>)> {
        let fail = |error| FileError::read(path, error);
        let damaged = |problem: &str| FileError::damaged(path.display().to_string(), problem);
        let mut head = Vec::new();
        let file = File::open(path).map_err(fail)?;
        let even = file.metadata().map_err(fail)?.len().is_multiple_of(2);
        let taken = file.take(LOOKED_AT as u64).read_to_end(&mut head);
        taken.map_err(fail)?;
        if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
            return Err(damaged("it is UTF-32 text, which few programs read"));
        }
        let asked = encoding.and_then(|label| Encoding::for_label(label.as_bytes()));
        let (found, mark) = match Encoding::for_bom(&head) {
            Some((found, mark)) => (Some(found), mark),
            None => (asked.or_else(|| utf16_without_mark(&head, even)), 0),
        };
        let mut text = Self {
            path: path.to_path_buf(),
            encoding: found.unwrap_or(UTF_8),
            mark,
            returns: false,
        };
        let mut note = None;
        let mut facts = text.facts().map_err(fail)?;
        if !facts.valid {
            if found.is_some() {
                return Err(damaged(&format!(
                    "it is not valid {}",
                    text.encoding.name()
                )));
            }
            text.encoding = WINDOWS_1252;
            facts = text.facts().map_err(fail)?;
            note = Some("the file is not UTF-8; it is read as Windows-1252 (Latin-1)".to_owned());
        }
        if facts.zeros {
            return Err(damaged("it holds zero bytes, so it is not a table"));
        }
        text.returns = facts.returns && !facts.feeds;
        Ok((text, note))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the text, as UTF-8 whose lines end with line feeds.
    pub(super) fn reader(&self) -> io::Result<Reader> {
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let mut file = Tracked::new(file, length);
        file.seek(SeekFrom::Start(self.mark as u64))?;
        let decoder = self.encoding.new_decoder_without_bom_handling();
        Ok(Reader {
            file,
            decoder: (self.encoding != UTF_8).then_some(decoder),
            returns: self.returns,
            ended: false,
            valid: true,
            bytes: vec![0; CHUNK],
            text: Vec::new(),
            at: 0,
        })
    }

    /// Looks at the whole text.
    fn facts(&self) -> io::Result<Facts> {
        let mut reader = self.reader()?;
        let mut facts = Facts::default();
        // the bytes of a character that the chunk cuts
        let mut cut = Vec::new();
        facts.valid = true;
        loop {
            let chunk = reader.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            facts.zeros |= chunk.contains(&0);
            facts.feeds |= chunk.contains(&b'\n');
            facts.returns |= chunk.contains(&b'\r');
            if self.encoding == UTF_8 {
                facts.valid &= continues(&mut cut, chunk);
            }
            let len = chunk.len();
            reader.consume(len);
        }
        facts.valid &= reader.valid && cut.is_empty();
        Ok(facts)
    }
}

/// What is to be known of a text before it is read.
#[derive(Default)]
struct Facts {
    valid: bool,
    zeros: bool,
    feeds: bool,
    returns: bool,
}

/// Whether a chunk goes on with valid UTF-8 behind the bytes of a character that was cut; afterwards `cut`
/// holds those that the chunk cuts.
fn continues(cut: &mut Vec<u8>, mut chunk: &[u8]) -> bool {
    while !cut.is_empty() {
        let Some((&next, rest)) = chunk.split_first() else {
            return true;
        };
        cut.push(next);
        chunk = rest;
        match std::str::from_utf8(cut) {
            Ok(_) => cut.clear(),
            Err(error) if error.error_len().is_some() => return false,
            Err(_) => {}
        }
    }
    match std::str::from_utf8(chunk) {
        Ok(_) => true,
        Err(error) => {
            cut.extend_from_slice(&chunk[error.valid_up_to()..]);
            error.error_len().is_none()
        }
    }
}

/// A text as it is read.
pub(super) struct Reader {
    file: Tracked<File>,
    /// None for UTF-8.
    decoder: Option<Decoder>,
    returns: bool,
    ended: bool,
    /// Whether all bytes so far stand for characters.
    valid: bool,
    bytes: Vec<u8>,
    text: Vec<u8>,
    at: usize,
}

impl Reader {
    /// Reads the next chunk of text.
    fn next(&mut self) -> io::Result<()> {
        self.at = 0;
        self.text.clear();
        while self.text.is_empty() && !self.ended {
            let read = match self.file.read(&mut self.bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.ended = read == 0;
            let bytes = &self.bytes[..read];
            match &mut self.decoder {
                None => self.text.extend_from_slice(bytes),
                Some(decoder) => {
                    let most = decoder
                        .max_utf8_buffer_length(read)
                        .unwrap_or(4 * read + 16);
                    self.text.resize(most, 0);
                    let (_, _, written, replaced) =
                        decoder.decode_to_utf8(bytes, &mut self.text, self.ended);
                    self.text.truncate(written);
                    self.valid &= !replaced;
                }
            }
        }
        if self.returns {
            let returns = self.text.iter_mut().filter(|byte| **byte == b'\r');
            returns.for_each(|byte| *byte = b'\n');
        }
        Ok(())
    }
}

impl BufRead for Reader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.text.len() {
            self.next()?;
        }
        Ok(&self.text[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

/// UTF-16 without a byte order mark: in a table most characters are ASCII, so that every other byte
/// is zero; `even` is whether the number of bytes is.
fn utf16_without_mark(head: &[u8], even: bool) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    if pairs.is_empty() || !even {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], encoding: Option<&str>) -> Result<(String, Option<String>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.csv");
        std::fs::write(&path, bytes).unwrap();
        let (text, note) = Text::open(&path, encoding)?;
        let mut all = String::new();
        text.reader().unwrap().read_to_string(&mut all).unwrap();
        Ok((all, note))
    }

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
            let (found, note) = decoded(&bytes, encoding).unwrap();
            assert_eq!((found.as_str(), note.is_some()), (text, noted));
        }
    }

    #[test]
    fn what_is_not_text() {
        for bytes in [
            b"a,\0\n1,2\n".to_vec(),
            b"\xff\xfea\0,\0\x00\xd8".to_vec(),
            b"\xff\xfe\0\0a\0\0\0".to_vec(),
        ] {
            assert!(decoded(&bytes, None).is_err());
        }
        assert!(decoded(b"\xe4,b\n", Some("utf-8")).is_err());
    }

    /// Characters of one to four bytes, wherever a chunk cuts them.
    #[test]
    fn chunks_cut_characters() {
        for before in 0..4 {
            let text = "x".repeat(CHUNK - before) + "é€🜁\nend";
            assert_eq!(decoded(text.as_bytes(), None).unwrap(), (text, None));
        }
        let cut_off = ["x".repeat(CHUNK).as_bytes(), &"€".as_bytes()[..2]].concat();
        let (_, note) = decoded(&cut_off, None).unwrap();
        assert!(note.is_some(), "the end of a character is missing");
    }

    #[test]
    fn carriage_returns_alone_end_lines() {
        assert_eq!(decoded(b"a\r1\r2", None).unwrap().0, "a\n1\n2");
        assert_eq!(decoded(b"a\r\n1\r2\n", None).unwrap().0, "a\r\n1\r2\n");
    }
}
