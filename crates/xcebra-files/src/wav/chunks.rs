//! The chunks of a file: where its format and its samples are.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::format::Format;
use crate::error::{FileError, Result};
use crate::signals::{counted, field};

/// The length that stands for "as far as the file goes".
const OPEN: u32 = u32::MAX;
/// Bytes of the name and length of a chunk.
const HEAD: u64 = 8;
/// Bytes of a format that are looked at.
const LONGEST: u64 = 64;

/// Where the samples are.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) format: Format,
    /// First byte, and number of bytes.
    pub(super) from: u64,
    pub(super) length: u64,
    pub(super) notes: Vec<String>,
}

/// A file whose chunks are looked at.
struct Chunks<'a, R> {
    path: &'a Path,
    reader: BufReader<R>,
    /// Bytes of the file.
    size: u64,
    /// Where the reader stands.
    at: u64,
    big_endian: bool,
}

/// Finds format and samples in a file of `size` bytes.
pub(super) fn find<R: Read + Seek>(
    path: &Path,
    reader: BufReader<R>,
    size: u64,
) -> Result<Samples> {
    let mut chunks = Chunks {
        path,
        reader,
        size,
        at: 0,
        big_endian: false,
    };
    let damaged = |problem: &str| FileError::damaged(path.display().to_string(), problem);
    let begin = chunks.bytes(0, 12)?;
    let form: Option<[u8; 4]> = field(&begin, 0);
    let long = form == Some(*b"RF64") || form == Some(*b"BW64");
    chunks.big_endian = form == Some(*b"RIFX");
    let known = long || chunks.big_endian || form == Some(*b"RIFF");
    if !known || field(&begin, 8) != Some(*b"WAVE") {
        return Err(damaged(
            "it does not begin with RIFF, RIFX, RF64 or BW64 and then WAVE",
        ));
    }
    let (mut at, mut format, mut long_length) = (12, None, None);
    while let Some((name, length)) = chunks.head(at)? {
        let body = at + HEAD;
        match &name {
            b"ds64" => long_length = field(&chunks.bytes(body, 16)?, 8).map(u64::from_le_bytes),
            b"fmt " => {
                let bytes = chunks.bytes(body, u64::from(length).min(LONGEST))?;
                format = Some(Format::read(path, &bytes, chunks.big_endian)?);
            }
            b"data" => {
                let format =
                    format.ok_or_else(|| damaged("its samples come before their format"))?;
                let told = match (length, long_length) {
                    (OPEN, Some(told)) if long => Some(told),
                    (OPEN, _) => None,
                    _ => Some(length.into()),
                };
                let mut notes = Vec::new();
                let length = chunks.samples(body, told, &mut notes)?;
                return Ok(Samples {
                    format,
                    from: body,
                    length,
                    notes,
                });
            }
            _ => {}
        }
        at = chunks.next(body, length.into())?;
    }
    Err(damaged("it has no chunk `data` behind a chunk `fmt `"))
}

impl<R: Read + Seek> Chunks<'_, R> {
    /// Bytes from `from` on, fewer if the file ends before.
    fn bytes(&mut self, from: u64, count: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut read = || -> io::Result<()> {
            match i64::try_from(i128::from(from) - i128::from(self.at)) {
                Ok(by) => self.reader.seek_relative(by)?,
                Err(_) => self.reader.seek(SeekFrom::Start(from)).map(|_| ())?,
            }
            (&mut self.reader).take(count).read_to_end(&mut bytes)?;
            Ok(())
        };
        read().map_err(|error| FileError::read(self.path, error))?;
        self.at = from + bytes.len() as u64;
        Ok(bytes)
    }

    /// Name and length of the chunk at `at`; none at the end of the file.
    fn head(&mut self, at: u64) -> Result<Option<([u8; 4], u32)>> {
        if at >= self.size {
            return Ok(None);
        }
        let bytes = self.bytes(at, HEAD)?;
        let length = field(&bytes, 4).map(|b| match self.big_endian {
            true => u32::from_be_bytes(b),
            false => u32::from_le_bytes(b),
        });
        Ok(field(&bytes, 0).zip(length))
    }

    /// Where the chunk behind one of `length` bytes at `body` begins: at an even place, unless the
    /// writer forgot that.
    fn next(&mut self, body: u64, length: u64) -> Result<u64> {
        let end = body.saturating_add(length);
        let even = end.saturating_add(length % 2);
        let forgotten = even != end && !self.is_chunk(even)? && self.is_chunk(end)?;
        Ok(if forgotten { end } else { even })
    }

    /// Whether a chunk with a name in letters and room for its length begins at `at`.
    fn is_chunk(&mut self, at: u64) -> Result<bool> {
        let head = self.head(at)?;
        Ok(head.is_some_and(|(name, length)| {
            name.iter().all(|b| (b' '..=b'~').contains(b))
                && u64::from(length) <= self.size.saturating_sub(at + HEAD)
        }))
    }

    /// Whether nothing but whole chunks follows from `at` on.
    fn only_chunks(&mut self, mut at: u64) -> Result<bool> {
        while at < self.size {
            if !self.is_chunk(at)? {
                return Ok(false);
            }
            let length = self.head(at)?.map_or(0, |(_, length)| length);
            at = self.next(at + HEAD, length.into())?;
        }
        Ok(true)
    }

    /// The number of bytes of samples from `body` on, of which the header tells `told`.
    fn samples(&mut self, body: u64, told: Option<u64>, notes: &mut Vec<String>) -> Result<u64> {
        let rest = self.size.saturating_sub(body);
        match told {
            // a recorder that was switched off leaves 0; no samples at all look the same, but then
            // other chunks may follow
            Some(0) if rest > 0 && !self.only_chunks(body)? => {}
            Some(told) if told <= rest => {
                let end = self.next(body, told)?;
                if !self.only_chunks(end)? {
                    notes.push(format!(
                        "the header accounts for all but the last {}, which were left out",
                        counted(self.size.saturating_sub(end), "byte")
                    ));
                } else if self.has_samples(end)? {
                    notes.push("a second chunk `data` was left out".to_owned());
                }
                return Ok(told);
            }
            Some(told) => {
                notes.push(format!(
                    "the header announces {} of samples, and the file holds {rest}, which are read",
                    counted(told, "byte")
                ));
                return Ok(rest);
            }
            None => {}
        }
        notes.push(format!(
            "the header does not say how many samples there are, and they are read to the end of the file, {}",
            counted(rest, "byte")
        ));
        Ok(rest)
    }

    /// Whether there is a chunk of samples from `at` on.
    fn has_samples(&mut self, mut at: u64) -> Result<bool> {
        while let Some((name, length)) = self.head(at)? {
            if name == *b"data" && length > 0 {
                return Ok(true);
            }
            at = self.next(at + HEAD, length.into())?;
        }
        Ok(false)
    }
}
