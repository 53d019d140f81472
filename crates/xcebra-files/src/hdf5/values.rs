//! The values of a data set in the type of the file.

use std::ops::Range;

use hdf5_reader::datatype_api::{CompoundField, H5Type, VarLenKind};
use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::{Dataset, Datatype, SliceInfo, SliceInfoElem};
use ndarray::ArrayD;

pub(super) use super::failed::failed;
use crate::error::{FileError, Result};
use crate::progress::told;
use crate::values::Values;

/// Elements of a large array that are read together.
const PIECE: u64 = 1 << 24;

/// What the elements of a data set are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Numbers(Number),
    Text,
    /// Fields with names.
    Fields(Vec<CompoundField>),
    /// References to other objects.
    References,
    /// Anything else, in words.
    Other(String),
}

/// Types of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Int {
        size: u8,
        signed: bool,
    },
    Float {
        size: u8,
    },
    /// One byte, 0 or 1.
    Bool,
    /// An enumeration over such integers.
    Enum {
        size: u8,
        signed: bool,
    },
}

impl Number {
    /// Bytes of one.
    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Bool => 1,
            Self::Int { size, .. } | Self::Float { size } | Self::Enum { size, .. } => size.into(),
        }
    }

    /// numpy's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Float { size: 2 } => "float16",
            Self::Float { size: 4 } => "float32",
            Self::Float { .. } => "float64",
            Self::Int { size, signed } | Self::Enum { size, signed } => match (size, signed) {
                (1, true) => "int8",
                (1, false) => "uint8",
                (2, true) => "int16",
                (2, false) => "uint16",
                (4, true) => "int32",
                (4, false) => "uint32",
                (_, true) => "int64",
                (_, false) => "uint64",
            },
        }
    }
}

/// What the elements of this type are.
pub(super) fn kind(datatype: &Datatype) -> Kind {
    match datatype {
        &Datatype::FixedPoint {
            size: size @ (1 | 2 | 4 | 8),
            signed,
            ..
        } => Kind::Numbers(Number::Int { size, signed }),
        &Datatype::FloatingPoint {
            size: size @ (2 | 4 | 8),
            ..
        } => Kind::Numbers(Number::Float { size }),
        Datatype::Enum { base, members } => match **base {
            Datatype::FixedPoint {
                size: size @ (1 | 2 | 4 | 8),
                signed,
                ..
            } => {
                let truth = |name: &str| {
                    name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false")
                };
                let truths = members.len() == 2 && members.iter().all(|m| truth(&m.name));
                Kind::Numbers(match size {
                    1 if truths => Number::Bool,
                    _ => Number::Enum { size, signed },
                })
            }
            _ => Kind::Other("an enumeration".to_owned()),
        },
        Datatype::String { .. } => Kind::Text,
        Datatype::VarLen {
            kind: VarLenKind::String,
            ..
        } => Kind::Text,
        Datatype::VarLen { .. } => Kind::Other("lists of varying length".to_owned()),
        Datatype::Compound { fields, .. } => Kind::Fields(fields.clone()),
        Datatype::Reference { .. } => Kind::References,
        Datatype::Bitfield { size: 1, .. } => Kind::Numbers(Number::Bool),
        Datatype::FixedPoint { size, .. } => Kind::Other(format!("integers of {size} bytes")),
        Datatype::FloatingPoint { size, .. } => Kind::Other(format!("floats of {size} bytes")),
        Datatype::Array { .. } => Kind::Other("arrays".to_owned()),
        Datatype::Bitfield { .. } => Kind::Other("bits".to_owned()),
        Datatype::Opaque { .. } => Kind::Other("bytes without a type".to_owned()),
    }
}

/// Whether fields are the two parts of complex numbers.
pub(super) fn is_complex(fields: &[CompoundField]) -> bool {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    matches!(names[..], ["r", "i"] | ["real", "imag"])
}

/// What elements of this type are called.
pub(super) fn type_name(datatype: &Datatype) -> String {
    match kind(datatype) {
        Kind::Numbers(number) => number.name().to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Fields(fields) if is_complex(&fields) => "complex".to_owned(),
        Kind::Fields(_) => "fields".to_owned(),
        Kind::References => "references".to_owned(),
        Kind::Other(what) => what,
    }
}

/// The bytes of an element, whatever its type.
#[derive(Clone, Copy)]
struct Raw<const N: usize>([u8; N]);

impl<const N: usize> H5Type for Raw<N> {
    fn hdf5_type() -> Datatype {
        Datatype::Opaque {
            size: N as u32,
            tag: String::new(),
        }
    }

    fn from_bytes(bytes: &[u8], _: &Datatype) -> hdf5_reader::error::Result<Self> {
        let bytes = bytes.get(..N).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| Error::InvalidData("an element is cut short".into()))
    }

    fn element_size(_: &Datatype) -> usize {
        N
    }
}

/// Reads the numbers of a data set, or some of its rows.
pub(super) fn read(dataset: &Dataset, place: &str, rows: Option<Range<u64>>) -> Result<Values> {
    if dataset.shape().is_empty() && dataset.num_elements().is_ok_and(|count| count == 0) {
        return Err(FileError::Value {
            place: place.to_owned(),
            problem: "it is empty".to_owned(),
            advice: "name another array".to_owned(),
        });
    }
    let number = match kind(dataset.dtype()) {
        Kind::Numbers(number) => number,
        Kind::Fields(fields) if is_complex(&fields) => {
            return Err(not_numbers(
                place,
                "complex numbers",
                "save their real and imaginary parts, or absolute values, as two arrays",
            ));
        }
        Kind::Text => {
            return Err(not_numbers(
                place,
                "text",
                "use it as a label of classes, or save numbers",
            ));
        }
        Kind::Fields(fields) => {
            let names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
            let advice = format!(
                "name one of its fields behind a slash: {}",
                names.join(", ")
            );
            return Err(not_numbers(place, "several fields", &advice));
        }
        Kind::References => {
            return Err(not_numbers(
                place,
                "references to other objects",
                "name one of these",
            ));
        }
        Kind::Other(what) => return Err(not_numbers(place, &what, "save numbers")),
    };
    let get = Reading {
        dataset,
        place,
        rows,
    };
    Ok(match number {
        Number::Int { size, signed } => match (size, signed) {
            (1, true) => Values::I8(get.array()?),
            (1, false) => Values::U8(get.array()?),
            (2, true) => Values::I16(get.array()?),
            (2, false) => Values::U16(get.array()?),
            (4, true) => Values::I32(get.array()?),
            (4, false) => Values::U32(get.array()?),
            (_, true) => Values::I64(get.array()?),
            (_, false) => Values::I64(narrow(get.array()?, place)?),
        },
        Number::Enum { size, signed } => match (size, signed) {
            (1, true) => Values::I8(get.raw(i8::from_le_bytes)?),
            (1, false) => Values::U8(get.raw(u8::from_le_bytes)?),
            (2, true) => Values::I16(get.raw(i16::from_le_bytes)?),
            (2, false) => Values::U16(get.raw(u16::from_le_bytes)?),
            (4, true) => Values::I32(get.raw(i32::from_le_bytes)?),
            (4, false) => Values::U32(get.raw(u32::from_le_bytes)?),
            (_, true) => Values::I64(get.raw(i64::from_le_bytes)?),
            (_, false) => Values::I64(narrow(get.raw(u64::from_le_bytes)?, place)?),
        },
        Number::Float { size: 4 } => Values::F32(get.array()?),
        Number::Float { size: 8 } => Values::F64(get.array()?),
        Number::Float { .. } => Values::F32(get.raw(half)?),
        Number::Bool => Values::Bool(get.raw(|[byte]| byte != 0)?),
    })
}

struct Reading<'a> {
    dataset: &'a Dataset,
    place: &'a str,
    rows: Option<Range<u64>>,
}

impl Reading<'_> {
    fn array<T: H5Type>(&self) -> Result<ArrayD<T>> {
        let shape = self.dataset.shape();
        let read = match (&self.rows, shape.first()) {
            (Some(rows), Some(&all)) => {
                let (start, end) = (rows.start.min(all), rows.end.min(all));
                self.slice(start..end.max(start))
            }
            (None, Some(&all)) if all > self.rows_at_once() => return self.in_pieces(all),
            _ => self.dataset.read_array(),
        };
        read.map_err(|error| failed(self.place, &error))
    }

    fn slice<T: H5Type>(&self, rows: Range<u64>) -> hdf5_reader::error::Result<ArrayD<T>> {
        let mut selection = SliceInfo::all(self.dataset.shape().len());
        selection.selections[0] = SliceInfoElem::Slice {
            start: rows.start,
            end: rows.end,
            step: 1,
        };
        self.dataset.read_slice(&selection)
    }

    /// Whole chunks of rows that are read together.
    fn rows_at_once(&self) -> u64 {
        let row = self.dataset.shape().iter().skip(1).product::<u64>().max(1);
        let chunk = self.dataset.chunks().and_then(|axes| axes.first().copied());
        let chunk = u64::from(chunk.unwrap_or(1)).max(1);
        (PIECE / row / chunk).max(1) * chunk
    }

    /// All rows of a large array, piece by piece: memory takes it once, and who waits hears of it.
    fn in_pieces<T: H5Type>(&self, all: u64) -> Result<ArrayD<T>> {
        let damaged = |problem: &str| FileError::damaged(self.place, problem);
        let mut shape = Vec::new();
        for &axis in self.dataset.shape() {
            let axis =
                usize::try_from(axis).map_err(|_| damaged("its shape is beyond any memory"))?;
            shape.push(axis);
        }
        let row = self.dataset.shape().iter().skip(1).product::<u64>();
        let width = T::element_size(self.dataset.dtype()) as u64;
        let mut values = Vec::new();
        let mut at = 0;
        while at < all {
            let end = all.min(at + self.rows_at_once());
            let piece = self.slice::<T>(at..end);
            values.extend(piece.map_err(|error| failed(self.place, &error))?);
            told(end * row * width, all * row * width)
                .map_err(|error| damaged(&format!("it cannot be read: {error}")))?;
            at = end;
        }
        ArrayD::from_shape_vec(shape, values).map_err(|error| damaged(&error.to_string()))
    }

    /// Elements of `N` bytes that the library does not convert, from their bytes, the least significant first.
    fn raw<const N: usize, T>(&self, of: impl Fn([u8; N]) -> T) -> Result<ArrayD<T>> {
        let big = is_big(self.dataset.dtype());
        let raw: ArrayD<Raw<N>> = self.array()?;
        Ok(raw.mapv(|raw| of(ordered(raw.0, big))))
    }
}

fn is_big(datatype: &Datatype) -> bool {
    match datatype {
        Datatype::FixedPoint { byte_order, .. } | Datatype::FloatingPoint { byte_order, .. } => {
            *byte_order == ByteOrder::BigEndian
        }
        Datatype::Enum { base, .. } => is_big(base),
        _ => false,
    }
}

/// Bytes from the least significant on.
pub(super) fn ordered<const N: usize>(mut bytes: [u8; N], big: bool) -> [u8; N] {
    if big {
        bytes.reverse();
    }
    bytes
}

/// A float of 16 bits.
fn half(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x3ff);
    sign * match (bits >> 10) & 0x1f {
        0 => fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1024.0 + fraction) * 2f32.powi(i32::from(exponent) - 25),
    }
}

fn narrow(values: ArrayD<u64>, place: &str) -> Result<ArrayD<i64>> {
    if let Some(at) = values
        .iter()
        .position(|&value| i64::try_from(value).is_err())
    {
        return Err(FileError::Value {
            place: place.to_owned(),
            problem: format!("value {at} is an integer above 2^63 − 1"),
            advice: "save array.astype('float64')".to_owned(),
        });
    }
    Ok(values.mapv(|value| value as i64))
}

/// The texts of a data set, in the order of its rows.
pub(super) fn texts(dataset: &Dataset, place: &str) -> Result<Vec<String>> {
    dataset
        .read_strings()
        .map_err(|error| failed(place, &error))
}

/// A field of a data set of records, as numbers; arrays within a record become columns.
pub(super) fn field(dataset: &Dataset, field: &CompoundField, place: &str) -> Result<Values> {
    let (base, columns) = match &field.datatype {
        Datatype::Array { base, dims } => {
            let columns = dims
                .iter()
                .try_fold(1u64, |all, &axis| all.checked_mul(axis));
            (&**base, columns.and_then(|n| usize::try_from(n).ok()))
        }
        base => (base, Some(1)),
    };
    let (Kind::Numbers(number), Some(columns)) = (kind(base), columns) else {
        return Err(not_numbers(place, &type_name(base), "save numbers"));
    };
    let bytes = dataset
        .read_raw_bytes()
        .map_err(|error| failed(place, &error))?;
    let size = dataset
        .raw_element_size()
        .map_err(|error| failed(place, &error))?;
    let short = || FileError::damaged(place, "its records are shorter than their fields");
    let from = field.byte_offset as usize;
    let width = match number {
        Number::Int { size, .. } | Number::Float { size } | Number::Enum { size, .. } => {
            usize::from(size)
        }
        Number::Bool => 1,
    };
    let length = width.checked_mul(columns).ok_or_else(short)?;
    if size == 0 || from.checked_add(length).is_none_or(|end| end > size) {
        return Err(short());
    }
    let rows = bytes.len() / size;
    let big = is_big(base);
    let mut values = Vec::with_capacity(rows * columns);
    for record in bytes.chunks_exact(size) {
        for element in record[from..from + length].chunks_exact(width) {
            values.push(wide(element, number, big));
        }
    }
    let shape = match &field.datatype {
        Datatype::Array { .. } => vec![rows, columns],
        _ => vec![rows],
    };
    let array = ArrayD::from_shape_vec(shape, values).map_err(|_| short())?;
    Ok(match number {
        Number::Bool => Values::Bool(array.mapv(|v| v != 0.0)),
        _ => Values::F64(array),
    })
}

/// A number of any type in double precision.
fn wide(bytes: &[u8], number: Number, big: bool) -> f64 {
    fn of<const N: usize>(bytes: &[u8], big: bool) -> [u8; N] {
        ordered(bytes.try_into().unwrap_or([0; N]), big)
    }
    match number {
        Number::Bool => f64::from(bytes[0]),
        Number::Float { size: 2 } => f64::from(half(of(bytes, big))),
        Number::Float { size: 4 } => f64::from(f32::from_le_bytes(of(bytes, big))),
        Number::Float { .. } => f64::from_le_bytes(of(bytes, big)),
        Number::Int { size, signed } | Number::Enum { size, signed } => match (size, signed) {
            (1, true) => f64::from(i8::from_le_bytes(of(bytes, big))),
            (1, false) => f64::from(bytes[0]),
            (2, true) => f64::from(i16::from_le_bytes(of(bytes, big))),
            (2, false) => f64::from(u16::from_le_bytes(of(bytes, big))),
            (4, true) => f64::from(i32::from_le_bytes(of(bytes, big))),
            (4, false) => f64::from(u32::from_le_bytes(of(bytes, big))),
            (_, true) => i64::from_le_bytes(of(bytes, big)) as f64,
            (_, false) => u64::from_le_bytes(of(bytes, big)) as f64,
        },
    }
}

pub(super) fn not_numbers(place: &str, found: &str, advice: &str) -> FileError {
    FileError::ElementType {
        place: place.to_owned(),
        found: found.to_owned(),
        expected: "numbers",
        advice: advice.to_owned(),
    }
}
