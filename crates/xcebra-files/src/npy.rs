//! Reading one array in numpy's `.npy` format, from a file or from a member of an `.npz`.
//!
//! The reader is its own, not `ndarray-npy`'s, because files from strangers must neither exhaust
//! memory nor overflow the stack: the header is parsed without recursion, its claims are checked
//! against the bytes there are, and memory grows with the bytes that have arrived.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, ArrayViewD, IxDyn, ShapeBuilder};
use ndarray_npy::{WritableElement, WriteNpyExt};

use crate::array::DataArray;
use crate::container::{ArrayInfo, Container, UNNAMED, no_array};
use crate::error::{FileError, Result};
use crate::npy_header::{Element, Header};
use crate::npy_rows::PlainRows;
use crate::on_disk::OnDisk;
use crate::progress::Tracked;
use crate::reading::open_large;
use crate::source::Source;
use crate::values::Values;

/// A `.npy` file.
#[derive(Debug)]
pub(crate) struct NpyFile {
    path: PathBuf,
}

impl NpyFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        File::open(path).map_err(|error| FileError::read(path, error))?;
        Ok(Self {
            path: path.to_path_buf(),
        })
    }

    /// The file behind its header, the header, and the number of bytes that follow.
    fn header(&self) -> Result<(BufReader<Tracked<File>>, Header, u64)> {
        let path = &self.path;
        let (file, length) = open_large(path)?;
        let mut reader = BufReader::new(file);
        let header = Header::read(&mut reader, &path.display().to_string())?;
        let available = length.saturating_sub(header.length);
        Ok((reader, header, available))
    }
}

impl Container for NpyFile {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let (_, header, _) = self.header()?;
        let name = header.element.name();
        Ok(vec![ArrayInfo::new(UNNAMED, name, header.shape)])
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        match name {
            UNNAMED => self.read_only(),
            _ => Err(no_array(&self.path, name, vec![UNNAMED.to_owned()])),
        }
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let (mut reader, header, available) = self.header()?;
        let place = self.path.display().to_string();
        let values = read_values(&mut reader, &header, available, &place)?;
        Ok(DataArray::new(Source::file(&self.path), values))
    }

    fn leave(&mut self, name: &str, more_than: u64) -> Result<Option<DataArray>> {
        let (reader, header, available) = self.header()?;
        let Some(shape) = header.rows_and_columns() else {
            return Ok(None);
        };
        if name != UNNAMED || available <= more_than {
            return Ok(None);
        }
        let place = self.path.display().to_string();
        require_bytes(&header, available, &place)?;
        let from = header.length;
        let rows = PlainRows::new(reader.into_inner(), header, from, &place);
        let values = Values::OnDisk(OnDisk::new(shape, Box::new(rows))?);
        Ok(Some(DataArray::new(Source::file(&self.path), values)))
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Refuses an array that has other bytes than its header says.
pub(crate) fn require_bytes(header: &Header, available: u64, place: &str) -> Result<()> {
    let needed = (header.count(place)? as u64).saturating_mul(header.element.size() as u64);
    if needed == available {
        return Ok(());
    }
    Err(FileError::damaged(
        place,
        format!(
            "shape {:?} of {} needs {needed} bytes, the file has {available}",
            header.shape,
            header.element.name()
        ),
    ))
}

/// Reads the array behind a header.
///
/// `place` names the array in messages; `available` is the number of bytes that follow the header.
pub(crate) fn read_values(
    reader: &mut impl Read,
    header: &Header,
    available: u64,
    place: &str,
) -> Result<Values> {
    require_bytes(header, available, place)?;
    let values = elements(reader, header, place)?;
    expect_end(reader, place)?;
    Ok(values)
}

/// An array as the bytes of an `.npy` file, in C order.
pub fn npy_bytes<A: Copy + WritableElement>(array: &ArrayViewD<'_, A>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = array.as_standard_layout().write_npy(&mut bytes);
    written.expect("memory takes what is written to it");
    bytes
}

/// Reads one array in `.npy` format from a stream, such as a pipe, which may hold more behind it.
///
/// `place` names the stream in messages.
///
/// # Errors
/// [`FileError::Damaged`] if the stream ends early or holds something else.
pub fn read_npy(reader: &mut impl Read, place: &str) -> Result<Values> {
    let header = Header::read(reader, place)?;
    elements(reader, &header, place)
}

/// The elements behind a header.
pub(crate) fn elements(reader: &mut impl Read, header: &Header, place: &str) -> Result<Values> {
    Ok(match header.element {
        Element::F32 => Values::F32(plain(reader, header, place, f32::from_le_bytes)?),
        Element::F64 => Values::F64(plain(reader, header, place, f64::from_le_bytes)?),
        Element::I8 => Values::I8(plain(reader, header, place, i8::from_le_bytes)?),
        Element::U8 => Values::U8(plain(reader, header, place, u8::from_le_bytes)?),
        Element::I16 => Values::I16(plain(reader, header, place, i16::from_le_bytes)?),
        Element::U16 => Values::U16(plain(reader, header, place, u16::from_le_bytes)?),
        Element::I32 => Values::I32(plain(reader, header, place, i32::from_le_bytes)?),
        Element::U32 => Values::U32(plain(reader, header, place, u32::from_le_bytes)?),
        Element::I64 => Values::I64(plain(reader, header, place, i64::from_le_bytes)?),
        Element::U64 => Values::I64(checked(reader, header, place, |bytes| {
            i64::try_from(u64::from_le_bytes(bytes)).map_err(|_| BEYOND)
        })?),
        Element::Bool => Values::Bool(checked(reader, header, place, truth)?),
    })
}

/// What is wrong with a number that only unsigned integers hold.
const BEYOND: &str = "an integer above 2^63 − 1";

fn truth([byte]: [u8; 1]) -> Result<bool, &'static str> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err("a truth value other than 0 and 1"),
    }
}

/// An array of elements that have a value whatever their bytes are.
fn plain<T, const N: usize>(
    reader: &mut impl Read,
    header: &Header,
    place: &str,
    convert: impl Fn([u8; N]) -> T,
) -> Result<ArrayD<T>> {
    decode(reader, header, place, |bytes: &[[u8; N]], values| {
        values.extend(bytes.iter().map(|&bytes| convert(bytes)));
        Ok(())
    })
}

/// An array of elements of which some are refused.
fn checked<T, const N: usize>(
    reader: &mut impl Read,
    header: &Header,
    place: &str,
    convert: impl Fn([u8; N]) -> Result<T, &'static str>,
) -> Result<ArrayD<T>> {
    decode(reader, header, place, |bytes: &[[u8; N]], values| {
        for &bytes in bytes {
            let value = convert(bytes).map_err(|problem| {
                let place = place.to_owned();
                let problem = format!("value {} is {problem}", values.len());
                match problem.ends_with(BEYOND) {
                    true => FileError::Value {
                        place,
                        problem,
                        advice: "save array.astype('float64')".to_owned(),
                    },
                    false => FileError::damaged(place, problem),
                }
            })?;
            values.push(value);
        }
        Ok(())
    })
}

/// Decodes elements of `N` bytes in chunks; memory grows with what has been read.
fn decode<T, const N: usize>(
    reader: &mut impl Read,
    header: &Header,
    place: &str,
    mut convert: impl FnMut(&[[u8; N]], &mut Vec<T>) -> Result<()>,
) -> Result<ArrayD<T>> {
    const CHUNK: usize = 1 << 14;
    let count = header.count(place)?;
    let mut values = Vec::with_capacity(count.min(CHUNK));
    let mut bytes = vec![0; count.min(CHUNK) * N];
    while values.len() < count {
        let chunk = &mut bytes[..(count - values.len()).min(CHUNK) * N];
        reader.read_exact(chunk).map_err(|error| {
            let position = values.len();
            read_error(place, &format!("values {position} to {count}"), &error)
        })?;
        let elements = chunk.as_chunks_mut::<N>().0;
        if header.big_endian {
            elements.iter_mut().for_each(|element| element.reverse());
        }
        convert(elements, &mut values)?;
    }
    let shape = IxDyn(&header.shape).set_f(header.fortran);
    ArrayD::from_shape_vec(shape, values)
        .map_err(|error| FileError::damaged(place, format!("shape {:?}: {error}", header.shape)))
}

/// Reads on to the end, which also lets an archive check its checksum.
fn expect_end(reader: &mut impl Read, place: &str) -> Result<()> {
    match reader.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(FileError::damaged(
            place,
            "there are bytes after the last value",
        )),
        Err(error) => Err(read_error(place, "the end", &error)),
    }
}

pub(crate) fn read_error(place: &str, part: &str, error: &io::Error) -> FileError {
    let problem = match error.kind() {
        ErrorKind::UnexpectedEof => format!("the file ends within {part}"),
        _ => format!("{part} cannot be read: {error}"),
    };
    FileError::damaged(place, problem)
}
