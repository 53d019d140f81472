//! The wire format of protocol buffers: tags, varints, lengths.

use std::sync::Arc;

use super::context::Context;
use crate::error::{OnnxError, Result};

/// The value of one field.
#[derive(Clone, Copy)]
pub enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(Reader<'a>),
    Fixed32(u32),
}

/// Reads the fields of one message.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begins in the file.
    base: usize,
    context: &'a Context,
}

impl<'a> Reader<'a> {
    /// Reads the file of the context.
    pub fn new(context: &'a Context) -> Self {
        Self {
            bytes: &context.file,
            at: 0,
            base: 0,
            context,
        }
    }

    pub fn context(&self) -> &'a Context {
        self.context
    }

    /// All bytes of this message.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The same as a part of the file, which is not copied.
    pub fn stored(&self) -> super::Bytes {
        super::Bytes::part(
            Arc::clone(&self.context.file),
            self.base..self.base + self.bytes.len(),
        )
    }

    pub fn text(&self) -> Result<String> {
        match std::str::from_utf8(self.bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.malformed("a name that is not UTF-8")),
        }
    }

    pub fn malformed(&self, what: &'static str) -> OnnxError {
        OnnxError::Malformed {
            at: self.base + self.at,
            what,
        }
    }

    /// Number and value of the next field; `None` at the end.
    pub fn field(&mut self) -> Result<Option<(u64, Field<'a>)>> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        self.context.count()?;
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take()?)),
            2 => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let base = self.base + self.at;
                Field::Bytes(Reader {
                    bytes: self.slice(length)?,
                    at: 0,
                    base,
                    context: self.context,
                })
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take()?)),
            _ => return Err(self.malformed("an unknown wire type")),
        };
        match tag >> 3 {
            0 => Err(self.malformed("field number 0")),
            number => Ok(Some((number, value))),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let slice = self.slice(N)?;
        let mut array = [0; N];
        array.copy_from_slice(slice);
        Ok(array)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        if length > rest.len() {
            return Err(self.malformed("a field longer than what is left"));
        }
        self.at += length;
        Ok(&rest[..length])
    }
}

impl<'a> Field<'a> {
    /// A message, a text or packed numbers.
    pub fn message(self, within: &Reader<'a>) -> Result<Reader<'a>> {
        match self {
            Field::Bytes(reader) => Ok(reader),
            _ => Err(within.malformed("a number where a message belongs")),
        }
    }

    pub fn integer(self, within: &Reader<'a>) -> Result<i64> {
        match self {
            Field::Varint(value) => Ok(value.cast_signed()),
            _ => Err(within.malformed("something else where an integer belongs")),
        }
    }

    /// Appends one integer, or many when packed.
    pub fn integers(self, within: &Reader<'a>, into: &mut Vec<i64>) -> Result<()> {
        match self {
            Field::Bytes(mut packed) => {
                while !packed.is_empty() {
                    into.push(packed.varint()?.cast_signed());
                }
                Ok(())
            }
            other => {
                into.push(other.integer(within)?);
                Ok(())
            }
        }
    }

    /// Appends one `float`, or many when packed.
    pub fn floats(self, within: &Reader<'a>, into: &mut Vec<f64>) -> Result<()> {
        match self {
            Field::Fixed32(bits) => into.push(f64::from(f32::from_bits(bits))),
            Field::Bytes(packed) => {
                let (chunks, []) = packed.bytes.as_chunks() else {
                    return Err(within.malformed("a packed float that is cut off"));
                };
                into.extend(chunks.iter().map(|&c| f64::from(f32::from_le_bytes(c))));
            }
            _ => return Err(within.malformed("something else where a float belongs")),
        }
        Ok(())
    }

    /// Appends one `double`, or many when packed.
    pub fn doubles(self, within: &Reader<'a>, into: &mut Vec<f64>) -> Result<()> {
        match self {
            Field::Fixed64(bits) => into.push(f64::from_bits(bits)),
            Field::Bytes(packed) => {
                let (chunks, []) = packed.bytes.as_chunks() else {
                    return Err(within.malformed("a packed double that is cut off"));
                };
                into.extend(chunks.iter().map(|&c| f64::from_le_bytes(c)));
            }
            _ => return Err(within.malformed("something else where a double belongs")),
        }
        Ok(())
    }
}
