//! How numbers are stored: `TensorProto.DataType`.

use xcebra_model::Scalar;

use crate::tensor::Kind;

/// The type of the numbers of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    F32,
    U8,
    I8,
    U16,
    I16,
    I32,
    I64,
    Bool,
    F16,
    F64,
    U32,
    U64,
    Bf16,
    /// Two in a byte, the first in its lower half.
    U4,
    I4,
    /// Four in a byte.
    U2,
    I2,
}

impl Element {
    pub fn of(code: i64) -> Option<Self> {
        Some(match code {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            4 => Self::U16,
            5 => Self::I16,
            6 => Self::I32,
            7 => Self::I64,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            12 => Self::U32,
            13 => Self::U64,
            16 => Self::Bf16,
            21 => Self::U4,
            22 => Self::I4,
            25 => Self::U2,
            26 => Self::I2,
            _ => return None,
        })
    }

    /// As NumPy and ONNX call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::Bool => "bool",
            Self::F16 => "float16",
            Self::F64 => "float64",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::Bf16 => "bfloat16",
            Self::U4 => "uint4",
            Self::I4 => "int4",
            Self::U2 => "uint2",
            Self::I2 => "int2",
        }
    }

    pub fn kind(self) -> Kind {
        let narrow = |signed, bits| Kind::Narrow { signed, bits };
        match self {
            Self::F32 | Self::F16 | Self::F64 | Self::Bf16 => Kind::Real,
            Self::Bool => Kind::Bool,
            Self::U2 => narrow(false, 2),
            Self::I2 => narrow(true, 2),
            Self::U4 => narrow(false, 4),
            Self::I4 => narrow(true, 4),
            Self::U8 => narrow(false, 8),
            Self::I8 => narrow(true, 8),
            Self::U16 => narrow(false, 16),
            Self::I16 => narrow(true, 16),
            Self::I32 | Self::U32 | Self::I64 | Self::U64 => Kind::Whole,
        }
    }

    /// Whether typed fields hold its numbers as `float` or `double`.
    pub fn is_wide_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// How many numbers share a byte.
    fn shared(self) -> usize {
        match self {
            Self::U4 | Self::I4 => 2,
            Self::U2 | Self::I2 => 4,
            _ => 1,
        }
    }

    fn width(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U4 | Self::I4 | Self::U2 | Self::I2 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::I64 | Self::F64 | Self::U64 => 8,
        }
    }

    /// The number of bytes of this many numbers.
    pub fn bytes(self, count: usize) -> usize {
        count.div_ceil(self.shared()).saturating_mul(self.width())
    }

    /// The number of numbers in this many bytes.
    pub fn numbers(self, bytes: usize) -> usize {
        (bytes / self.width()).saturating_mul(self.shared())
    }

    /// Appends the numbers of little-endian bytes; where they share bytes, the last byte may give too many.
    pub fn decode<A: Scalar>(self, bytes: &[u8], into: &mut Vec<A>) {
        fn all<A: Scalar, const N: usize>(
            bytes: &[u8],
            into: &mut Vec<A>,
            read: impl Fn([u8; N]) -> f64,
        ) {
            into.extend(bytes.as_chunks().0.iter().map(|&chunk| A::of(read(chunk))));
        }
        match self {
            Self::F32 => all(bytes, into, |b| f64::from(f32::from_le_bytes(b))),
            Self::U8 | Self::Bool => all(bytes, into, |[b]| f64::from(b)),
            Self::I8 => all(bytes, into, |b| f64::from(i8::from_le_bytes(b))),
            Self::U16 => all(bytes, into, |b| f64::from(u16::from_le_bytes(b))),
            Self::I16 => all(bytes, into, |b| f64::from(i16::from_le_bytes(b))),
            Self::I32 => all(bytes, into, |b| f64::from(i32::from_le_bytes(b))),
            Self::I64 => all(bytes, into, |b| i64::from_le_bytes(b) as f64),
            Self::F16 => all(bytes, into, |b| half(u16::from_le_bytes(b))),
            Self::F64 => all(bytes, into, f64::from_le_bytes),
            Self::U32 => all(bytes, into, |b| f64::from(u32::from_le_bytes(b))),
            Self::U64 => all(bytes, into, |b| u64::from_le_bytes(b) as f64),
            Self::Bf16 => all(bytes, into, |b| brain(u16::from_le_bytes(b))),
            Self::U4 | Self::I4 | Self::U2 | Self::I2 => {
                let each = |&b: &u8| (0..self.shared()).map(move |i| A::of(self.part(b, i)));
                into.extend(bytes.iter().flat_map(each));
            }
        }
    }

    /// One of the numbers that share a byte, from its lowest bits on.
    fn part(self, byte: u8, place: usize) -> f64 {
        let bits = 8 / self.shared();
        let span = 1 << bits;
        let number = i32::from(byte >> (place * bits)) & (span - 1);
        let signed = matches!(self, Self::I4 | Self::I2);
        f64::from(if signed && number >= span / 2 {
            number - span
        } else {
            number
        })
    }

    /// Numbers of the typed fields, where 16-bit floats are the bits of an integer.
    pub fn unpack(self, integers: &[i64], count: usize) -> Vec<f64> {
        let low = |v: i64| v as u16;
        let number = |&v: &i64| match self {
            Self::F16 => half(low(v)),
            Self::Bf16 => brain(low(v)),
            Self::U64 => v.cast_unsigned() as f64,
            _ => v as f64,
        };
        if self.shared() > 1 && integers.len() == count.div_ceil(self.shared()) {
            let mut values = Vec::new();
            let bytes: Vec<u8> = integers.iter().map(|&v| v as u8).collect();
            self.decode(&bytes, &mut values);
            values.truncate(count);
            return values;
        }
        integers.iter().map(number).collect()
    }
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

    /// The specification packs the first number into the lowest bits of the byte.
    #[test]
    fn parts_of_bytes_are_numbers() {
        let decoded = |element: Element| {
            let mut numbers: Vec<f64> = Vec::new();
            element.decode(&[0x21, 0xf8], &mut numbers);
            numbers
        };
        assert_eq!(decoded(Element::U4), [1.0, 2.0, 8.0, 15.0]);
        assert_eq!(decoded(Element::I4), [1.0, 2.0, -8.0, -1.0]);
        assert_eq!(Element::I4.unpack(&[0x21, 0xf8], 3), [1.0, 2.0, -8.0]);
        let low = [1.0, 0.0, 2.0, 0.0];
        assert_eq!(decoded(Element::U2), [low, [0.0, 2.0, 3.0, 3.0]].concat());
        let low = [1.0, 0.0, -2.0, 0.0];
        assert_eq!(
            decoded(Element::I2),
            [low, [0.0, -2.0, -1.0, -1.0]].concat()
        );
        assert_eq!(Element::I2.bytes(5), 2);
    }
}
