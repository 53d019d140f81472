//! Reading one array in numpy's `.npy` format, from a file or from a member of an `.npz`.
//!
//! The reader is its own, not `ndarray-npy`'s, because files from strangers must neither exhaust
//! memory nor overflow the stack: the header is parsed without recursion, its claims are checked
//! against the bytes there are, and memory grows with the bytes that have arrived.

use std::io::{self, Read};

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::array::Values;
use crate::error::{FileError, Result};
use crate::npy_header::{Element, Header};

/// Reads the array behind a header.
///
/// `place` names the array in messages; `available` is the number of bytes that follow the header.
pub(crate) fn read_values(
    reader: &mut impl Read,
    header: &Header,
    available: u64,
    place: &str,
) -> Result<Values> {
    let count = header.count(place)?;
    let needed = (count as u64).saturating_mul(header.element.size() as u64);
    if needed != available {
        return Err(FileError::damaged(
            place,
            format!(
                "shape {:?} of {} needs {needed} bytes, the file has {available}",
                header.shape,
                header.element.name()
            ),
        ));
    }
    let big = header.big_endian;
    let values = match header.element {
        Element::F32 => Values::F32(arrange(header, place, {
            decode(reader, count, place, big, |b| Ok(f32::from_le_bytes(b)))?
        })?),
        Element::F64 => Values::F64(arrange(header, place, {
            decode(reader, count, place, big, |b| Ok(f64::from_le_bytes(b)))?
        })?),
        Element::Bool => Values::Bool(arrange(header, place, {
            decode(reader, count, place, big, truth)?
        })?),
        integer => Values::I64(arrange(header, place, {
            integers(reader, integer, count, place, big)?
        })?),
    };
    expect_end(reader, place)?;
    Ok(values)
}

/// What is wrong with a number that only unsigned integers hold.
const BEYOND: &str = "an integer above 2^63 − 1";

fn integers(
    reader: &mut impl Read,
    element: Element,
    count: usize,
    place: &str,
    big: bool,
) -> Result<Vec<i64>> {
    match element {
        Element::I8 => decode(reader, count, place, big, |b| {
            Ok(i8::from_le_bytes(b).into())
        }),
        Element::I16 => decode(reader, count, place, big, |b| {
            Ok(i16::from_le_bytes(b).into())
        }),
        Element::I32 => decode(reader, count, place, big, |b| {
            Ok(i32::from_le_bytes(b).into())
        }),
        Element::U8 => decode(reader, count, place, big, |b| {
            Ok(u8::from_le_bytes(b).into())
        }),
        Element::U16 => decode(reader, count, place, big, |b| {
            Ok(u16::from_le_bytes(b).into())
        }),
        Element::U32 => decode(reader, count, place, big, |b| {
            Ok(u32::from_le_bytes(b).into())
        }),
        Element::U64 => decode(reader, count, place, big, |b| {
            i64::try_from(u64::from_le_bytes(b)).map_err(|_| BEYOND)
        }),
        _ => decode(reader, count, place, big, |b| Ok(i64::from_le_bytes(b))),
    }
}

fn truth([byte]: [u8; 1]) -> Result<bool, &'static str> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err("a truth value other than 0 and 1"),
    }
}

fn arrange<T>(header: &Header, place: &str, values: Vec<T>) -> Result<ArrayD<T>> {
    let shape = IxDyn(&header.shape).set_f(header.fortran);
    ArrayD::from_shape_vec(shape, values)
        .map_err(|error| FileError::damaged(place, format!("shape {:?}: {error}", header.shape)))
}

/// Decodes `count` elements of `N` bytes; memory grows with what has been read.
fn decode<T, const N: usize>(
    reader: &mut impl Read,
    count: usize,
    place: &str,
    big_endian: bool,
    convert: impl Fn([u8; N]) -> Result<T, &'static str>,
) -> Result<Vec<T>> {
    const CHUNK: usize = 1 << 16;
    let mut values = Vec::with_capacity(count.min(CHUNK));
    let mut bytes = vec![0; count.min(CHUNK) * N];
    while values.len() < count {
        let chunk = &mut bytes[..(count - values.len()).min(CHUNK) * N];
        reader.read_exact(chunk).map_err(|error| {
            let position = values.len();
            read_error(place, &format!("values {position} to {count}"), &error)
        })?;
        for element in chunk.as_chunks_mut::<N>().0 {
            if big_endian {
                element.reverse();
            }
            let value = convert(*element).map_err(|problem| {
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
    }
    Ok(values)
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
        io::ErrorKind::UnexpectedEof => format!("the file ends within {part}"),
        _ => format!("{part} cannot be read: {error}"),
    };
    FileError::damaged(place, problem)
}
