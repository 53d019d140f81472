//! Rows of an array in numpy's format, read when they are asked for.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, copy, sink};
use std::ops::Range;
use std::path::PathBuf;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::error::{FileError, Result};
use crate::npy::{elements, read_error};
use crate::npy_header::Header;
use crate::on_disk::ReadRows;
use crate::progress::Tracked;
use crate::reading::open_large;
use crate::values::Values;

impl Header {
    /// Rows and columns, if rows follow each other in the file.
    pub(crate) fn rows_and_columns(&self) -> Option<[usize; 2]> {
        match *self.shape {
            [rows, columns] if rows > 0 && columns > 0 && !self.fortran => Some([rows, columns]),
            _ => None,
        }
    }

    /// Bytes of a row of a matrix.
    fn row(&self) -> u64 {
        (self.shape[1] * self.element.size()) as u64
    }

    /// The header of a matrix of this many of its rows.
    fn of_rows(&self, rows: usize) -> Self {
        Self {
            shape: vec![rows, self.shape[1]],
            ..self.clone()
        }
    }
}

/// The rows of a matrix whose bytes are in the file as they are.
#[derive(Debug)]
pub(crate) struct PlainRows {
    file: Tracked<File>,
    header: Header,
    /// Where the values begin.
    from: u64,
    place: String,
}

impl PlainRows {
    pub(crate) fn new(file: Tracked<File>, header: Header, from: u64, place: &str) -> Self {
        Self {
            file,
            header,
            from,
            place: place.to_owned(),
        }
    }
}

impl ReadRows for PlainRows {
    fn read(&mut self, rows: Range<usize>) -> Result<Values> {
        let part = self.header.of_rows(rows.len());
        let from = self.from + rows.start as u64 * self.header.row();
        let sought = self.file.seek(SeekFrom::Start(from));
        sought.map_err(|error| read_error(&self.place, "the values", &error))?;
        elements(&mut self.file, &part, &self.place)
    }
}

/// Where the compressed bytes of an array are, and what they must become.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    pub(crate) path: PathBuf,
    pub(crate) from: u64,
    pub(crate) stored: u64,
    pub(crate) checksum: u32,
}

/// The rows of a matrix whose bytes are compressed: they can only be read one after another.
#[derive(Debug)]
pub(crate) struct PackedRows {
    packed: Packed,
    header: Header,
    place: String,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    bytes: Summed<DeflateDecoder<io::Take<Tracked<File>>>>,
    /// The next row.
    row: usize,
}

impl PackedRows {
    pub(crate) fn new(packed: Packed, header: Header, place: &str) -> Self {
        Self {
            packed,
            header,
            place: place.to_owned(),
            stream: None,
        }
    }

    /// A stream at the first row.
    fn open(&self) -> Result<Stream> {
        let fail = |error| read_error(&self.place, "the values", &error);
        let (mut file, _) = open_large(&self.packed.path)?;
        file.seek(SeekFrom::Start(self.packed.from)).map_err(fail)?;
        let mut bytes = Summed {
            inner: DeflateDecoder::new(file.take(self.packed.stored)),
            sum: Crc::new(),
        };
        copy(&mut (&mut bytes).take(self.header.length), &mut sink()).map_err(fail)?;
        Ok(Stream { bytes, row: 0 })
    }
}

impl ReadRows for PackedRows {
    fn read(&mut self, rows: Range<usize>) -> Result<Values> {
        // a stream that fails is not taken up again
        let mut stream = match self.stream.take() {
            Some(stream) if stream.row <= rows.start => stream,
            _ => self.open()?,
        };
        let between = (rows.start - stream.row) as u64 * self.header.row();
        let passed = copy(&mut (&mut stream.bytes).take(between), &mut sink());
        passed.map_err(|error| read_error(&self.place, "the values", &error))?;
        let part = self.header.of_rows(rows.len());
        let values = elements(&mut stream.bytes, &part, &self.place)?;
        stream.row = rows.end;
        if rows.end == self.header.shape[0] && stream.bytes.sum.sum() != self.packed.checksum {
            return Err(FileError::damaged(
                &self.place,
                "its checksum does not fit its bytes",
            ));
        }
        self.stream = Some(stream);
        Ok(values)
    }

    fn position(&self) -> Option<usize> {
        Some(self.stream.as_ref().map_or(0, |stream| stream.row))
    }
}

/// A stream and the checksum of what has come out of it.
#[derive(Debug)]
struct Summed<R> {
    inner: R,
    sum: Crc,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sum.update(&buffer[..count]);
        Ok(count)
    }
}
