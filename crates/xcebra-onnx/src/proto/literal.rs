//! Tensors that the file contains.

use super::MOST_AXES;
use super::wire::Reader;
use crate::error::{AGAIN, Result};
use crate::tensor::Kind;

/// A tensor of a file; whether it can be used is decided where it is used.
#[derive(Clone, Debug)]
pub struct Literal {
    pub name: String,
    pub shape: Vec<usize>,
    pub content: Content,
}

/// What a tensor holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Numbers, in the order of C; as many as the shape says. Integers beyond 2⁵³ are rounded.
    Numbers { kind: Kind, values: Vec<f64> },
    /// Something that cannot be used.
    Unusable {
        /// Why not, in words.
        problem: String,
        /// What to do about it.
        advice: Option<&'static str>,
    },
}

/// Problem and advice of [`Content::Unusable`].
type Reason = (String, Option<&'static str>);

/// The element types of `TensorProto.DataType`.
pub fn kind_of(code: i64) -> Option<Kind> {
    match code {
        1 | 10 | 11 | 16 => Some(Kind::Real),
        2 | 4 => Some(Kind::Narrow {
            signed: false,
            bits: if code == 2 { 8 } else { 16 },
        }),
        3 | 5 => Some(Kind::Narrow {
            signed: true,
            bits: if code == 3 { 8 } else { 16 },
        }),
        6 | 7 | 12 | 13 => Some(Kind::Whole),
        9 => Some(Kind::Bool),
        _ => None,
    }
}

#[derive(Default)]
struct Raw<'a> {
    name: String,
    dims: Vec<i64>,
    code: i64,
    bytes: Option<&'a [u8]>,
    reals: Vec<f64>,
    integers: Vec<i64>,
    external: bool,
}

impl Literal {
    pub fn parse(mut reader: Reader<'_>) -> Result<Self> {
        let mut raw = Raw::default();
        while let Some((number, field)) = reader.field()? {
            match number {
                1 => field.integers(&reader, &mut raw.dims)?,
                2 => raw.code = field.integer(&reader)?,
                4 => field.floats(&reader, &mut raw.reals)?,
                5 | 7 | 11 => field.integers(&reader, &mut raw.integers)?,
                8 => raw.name = field.message(&reader)?.text()?,
                9 => raw.bytes = Some(field.message(&reader)?.bytes()),
                10 => field.doubles(&reader, &mut raw.reals)?,
                13 => raw.external = true,
                14 => raw.external |= field.integer(&reader)? == 1,
                _ => {}
            }
        }
        let (shape, content) = match raw.content() {
            Ok((shape, kind, values)) => (shape, Content::Numbers { kind, values }),
            Err((problem, advice)) => (Vec::new(), Content::Unusable { problem, advice }),
        };
        Ok(Self {
            name: raw.name,
            shape,
            content,
        })
    }
}

impl Raw<'_> {
    fn content(&self) -> Result<(Vec<usize>, Kind, Vec<f64>), Reason> {
        if self.external {
            return Err((
                "its numbers are in another file".to_owned(),
                Some("export the model with the data inside"),
            ));
        }
        let Some(kind) = kind_of(self.code) else {
            return Err((
                format!("element type {} is not supported", self.code),
                Some("use floating-point, integer or boolean tensors"),
            ));
        };
        if self.dims.len() > MOST_AXES {
            return Err((
                format!(
                    "{} axes, at most {MOST_AXES} are supported",
                    self.dims.len()
                ),
                None,
            ));
        }
        let shape: Option<Vec<usize>> = self.dims.iter().map(|&d| d.try_into().ok()).collect();
        let length = shape.as_deref().and_then(crate::shape::count);
        let (Some(shape), Some(length)) = (shape, length) else {
            return Err((format!("impossible shape {:?}", self.dims), Some(AGAIN)));
        };
        let values = match self.bytes {
            Some(bytes) => from_bytes(self.code, bytes)?,
            None if matches!(self.code, 1 | 11) => self.reals.clone(),
            None => self.integers_as_numbers(),
        };
        if values.len() != length {
            return Err((
                format!(
                    "{} numbers where its shape {shape:?} needs {length}: the file is damaged",
                    values.len()
                ),
                Some(AGAIN),
            ));
        }
        Ok((shape, kind, values))
    }

    /// The typed fields: 16-bit floats are stored as the bits of an integer.
    fn integers_as_numbers(&self) -> Vec<f64> {
        let low = |v: i64| v as u16;
        let number = |&v: &i64| match self.code {
            10 => half(low(v)),
            16 => brain(low(v)),
            13 => v.cast_unsigned() as f64,
            _ => v as f64,
        };
        self.integers.iter().map(number).collect()
    }
}

/// Little-endian numbers of fixed width.
fn from_bytes(code: i64, bytes: &[u8]) -> Result<Vec<f64>, Reason> {
    fn all<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> Option<Vec<f64>> {
        let (chunks, rest) = bytes.as_chunks();
        rest.is_empty()
            .then(|| chunks.iter().map(|&chunk| read(chunk)).collect())
    }
    let values = match code {
        1 => all(bytes, |b| f64::from(f32::from_le_bytes(b))),
        2 | 9 => all(bytes, |[b]| f64::from(b)),
        3 => all(bytes, |b| f64::from(i8::from_le_bytes(b))),
        4 => all(bytes, |b| f64::from(u16::from_le_bytes(b))),
        5 => all(bytes, |b| f64::from(i16::from_le_bytes(b))),
        6 => all(bytes, |b| f64::from(i32::from_le_bytes(b))),
        7 => all(bytes, |b| i64::from_le_bytes(b) as f64),
        10 => all(bytes, |b| half(u16::from_le_bytes(b))),
        11 => all(bytes, f64::from_le_bytes),
        12 => all(bytes, |b| f64::from(u32::from_le_bytes(b))),
        13 => all(bytes, |b| u64::from_le_bytes(b) as f64),
        16 => all(bytes, |b| brain(u16::from_le_bytes(b))),
        _ => None,
    };
    values.ok_or_else(|| {
        (
            "its bytes are cut off: the file is damaged".to_owned(),
            Some(AGAIN),
        )
    })
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * f64::exp2(-24.0),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * f64::exp2(f64::from(exponent - 15)),
    }
}

/// The upper half of a binary32.
fn brain(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bit_floats_have_their_values() {
        let cases = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x0001, 5.960_464_477_539_063e-8),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits), value);
        }
        assert_eq!(half(0x7c00), f64::INFINITY);
        assert!(half(0x7e00).is_nan());
        assert_eq!(brain(0x3f80), 1.0);
        assert_eq!(brain(0xc040), -3.0);
    }
}
