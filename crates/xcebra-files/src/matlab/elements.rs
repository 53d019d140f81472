//! The elements of a MATLAB file of version 5 to 7.
//!
//! Source: The MathWorks, "MAT-File Format", chapter "Version 5 MAT-File Format".

use std::ops::Range;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::error::{FileError, Result};
use crate::values::Values;

/// Structs within structs.
const DEEPEST: usize = 32;
/// Axes of an array.
const MOST_AXES: usize = 32;

/// A value of a file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) shape: Vec<usize>,
    pub(crate) content: Content,
}

/// What a value holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Numbers: numpy's name of their class, the type they are stored in, and their bytes.
    Numbers {
        class: &'static str,
        stored: u32,
        bytes: Range<usize>,
    },
    Text(String),
    Cell(Vec<Node>),
    /// Names of fields, and for each struct the values of its fields.
    Struct(Vec<String>, Vec<Node>),
    /// What cannot be read, in words.
    Other(&'static str),
}

/// The bytes of a variable, and how to read them.
pub(crate) struct Elements<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) big: bool,
    pub(crate) place: &'a str,
}

/// An element: its type and where its bytes are.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) kind: u32,
    pub(crate) data: Range<usize>,
    /// Where the next element begins.
    pub(crate) next: usize,
}

const MATRIX: u32 = 14;
/// The class of objects of classes.
const OBJECT: u32 = 17;
pub(crate) const COMPRESSED: u32 = 15;

impl Elements<'_> {
    fn damaged(&self, problem: impl Into<String>) -> FileError {
        FileError::damaged(self.place, problem)
    }

    fn word(&self, at: usize) -> Result<u32> {
        let bytes = at.checked_add(4).and_then(|end| self.bytes.get(at..end));
        let bytes = bytes.ok_or_else(|| self.damaged("it ends within an element"))?;
        let bytes = bytes.try_into().unwrap_or([0; 4]);
        Ok(match self.big {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        })
    }

    /// The element at `at`, which ends before `end`.
    pub(crate) fn element(&self, at: usize, end: usize) -> Result<Element> {
        let first = self.word(at)?;
        let (kind, length, from, small) = match first >> 16 {
            0 => (first, self.word(at + 4)? as usize, at + 8, false),
            length => (first & 0xffff, length as usize, at + 4, true),
        };
        let to = from.checked_add(length).filter(|&to| to <= end);
        let Some(to) = to.filter(|_| !small || length <= 4) else {
            return Err(self.damaged("an element is longer than the bytes that are left"));
        };
        let next = match (small, kind) {
            (true, _) => at + 8,
            (_, COMPRESSED) => to,
            _ => to.next_multiple_of(8),
        };
        Ok(Element {
            kind,
            data: from..to,
            next,
        })
    }

    /// The name of a variable, of which these are the first bytes; empty for objects of classes.
    pub(crate) fn name(&self) -> Result<String> {
        // the data end beyond these bytes
        let end = usize::MAX - 8;
        let matrix = self.element(0, end)?;
        let flags = self.element(matrix.data.start, end)?;
        if matrix.kind != MATRIX || self.word(flags.data.start)? & 0xff == OBJECT {
            return Ok(String::new());
        }
        let dims = self.element(flags.next, end)?;
        let name = self.element(dims.next, end)?;
        let bytes = self.bytes.get(name.data);
        let bytes = bytes.ok_or_else(|| self.damaged("it ends within an element"))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A variable with its name.
    pub(crate) fn variable(&self, element: &Element) -> Result<(String, Node)> {
        self.matrix(element, 0)
    }

    fn matrix(&self, element: &Element, depth: usize) -> Result<(String, Node)> {
        let end = element.data.end;
        if element.kind != MATRIX {
            return Err(self.damaged(format!(
                "an element of type {} is not an array",
                element.kind
            )));
        }
        if depth > DEEPEST {
            return Err(self.damaged("its structs are nested too deeply"));
        }
        // an empty matrix
        if element.data.is_empty() {
            return Ok((
                String::new(),
                Node {
                    shape: vec![0, 0],
                    content: Content::Other("empty"),
                },
            ));
        }
        let flags = self.element(element.data.start, end)?;
        let word = self.word(flags.data.start)?;
        let class = word & 0xff;
        let (complex, logical) = (word & 0x0800 != 0, word & 0x0200 != 0);
        // objects of classes have another layout
        if class == OBJECT {
            return Ok((
                String::new(),
                Node {
                    shape: vec![1, 1],
                    content: Content::Other("an object"),
                },
            ));
        }
        let dims = self.element(flags.next, end)?;
        let shape = self.shape(&dims)?;
        let name = self.element(dims.next, end)?;
        let text = String::from_utf8_lossy(&self.bytes[name.data.clone()]).into_owned();
        let at = name.next;
        let count = shape
            .iter()
            .try_fold(1usize, |all, &axis| all.checked_mul(axis));
        let count = count.ok_or_else(|| self.damaged("its shape is beyond any memory"))?;
        let content = match class {
            1 => Content::Cell(self.children(at, end, count, depth)?),
            2 => self.fields(at, end, count, depth)?,
            4 => self.chars(at, end)?,
            5 => Content::Other("a sparse matrix"),
            _ if complex => Content::Other("complex"),
            6..=15 => {
                let data = self.element(at, end)?;
                let size = size_of_type(data.kind).ok_or_else(|| {
                    self.damaged(format!("numbers of type {} are unknown", data.kind))
                })?;
                if data.data.len() != count.saturating_mul(size) {
                    let length = data.data.len();
                    return Err(self.damaged(format!(
                        "shape {shape:?} needs {count} numbers of {size} bytes, and there are {length} bytes"
                    )));
                }
                let class = if logical { "bool" } else { class_name(class) };
                Content::Numbers {
                    class,
                    stored: data.kind,
                    bytes: data.data,
                }
            }
            16 => Content::Other("a function"),
            _ => Content::Other("an object"),
        };
        Ok((text, Node { shape, content }))
    }

    fn shape(&self, dims: &Element) -> Result<Vec<usize>> {
        let axes = dims.data.len() / 4;
        if !(2..=MOST_AXES).contains(&axes) {
            return Err(self.damaged(format!("an array of {axes} axes")));
        }
        let axis = |i| {
            let axis = self.word(dims.data.start + 4 * i)?;
            let axis = i32::from_ne_bytes(axis.to_ne_bytes());
            usize::try_from(axis).map_err(|_| self.damaged(format!("an axis of length {axis}")))
        };
        (0..axes).map(axis).collect()
    }

    fn children(&self, mut at: usize, end: usize, count: usize, depth: usize) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        for _ in 0..count {
            let element = self.element(at, end)?;
            nodes.push(self.matrix(&element, depth + 1)?.1);
            at = element.next;
        }
        Ok(nodes)
    }

    fn fields(&self, at: usize, end: usize, count: usize, depth: usize) -> Result<Content> {
        let length = self.element(at, end)?;
        let width = self.word(length.data.start)? as usize;
        let names = self.element(length.next, end)?;
        if width == 0 {
            return Err(self.damaged("the names of its fields have no length"));
        }
        let names_of = self.bytes[names.data.clone()].chunks_exact(width);
        let names_of: Vec<String> = names_of
            .map(|name| {
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                String::from_utf8_lossy(name).into_owned()
            })
            .collect();
        let values = count.checked_mul(names_of.len());
        let values = values.ok_or_else(|| self.damaged("its shape is beyond any memory"))?;
        let values = self.children(names.next, end, values, depth)?;
        Ok(Content::Struct(names_of, values))
    }

    fn chars(&self, at: usize, end: usize) -> Result<Content> {
        if at >= end {
            return Ok(Content::Text(String::new()));
        }
        let data = self.element(at, end)?;
        let bytes = &self.bytes[data.data.clone()];
        Ok(Content::Text(match data.kind {
            1 | 2 | 16 => String::from_utf8_lossy(bytes).into_owned(),
            4 | 17 => {
                let unit = |pair: &[u8; 2]| match self.big {
                    true => u16::from_be_bytes(*pair),
                    false => u16::from_le_bytes(*pair),
                };
                let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(unit).collect();
                String::from_utf16_lossy(&units)
            }
            _ => return Ok(Content::Other("text in an unknown encoding")),
        }))
    }

    /// The numbers of a value, in the type they are stored in.
    pub(crate) fn values(
        &self,
        shape: &[usize],
        class: &str,
        stored: u32,
        bytes: &Range<usize>,
    ) -> Result<Values> {
        let bytes = &self.bytes[bytes.clone()];
        let shape = IxDyn(shape).f();
        let values = match stored {
            1 => array(bytes, shape, self.big, i8::from_le_bytes).map(Values::I8),
            2 if class == "bool" => {
                array(bytes, shape, self.big, |[byte]: [u8; 1]| byte != 0).map(Values::Bool)
            }
            2 => array(bytes, shape, self.big, u8::from_le_bytes).map(Values::U8),
            3 => array(bytes, shape, self.big, i16::from_le_bytes).map(Values::I16),
            4 => array(bytes, shape, self.big, u16::from_le_bytes).map(Values::U16),
            5 => array(bytes, shape, self.big, i32::from_le_bytes).map(Values::I32),
            6 => array(bytes, shape, self.big, u32::from_le_bytes).map(Values::U32),
            7 => array(bytes, shape, self.big, f32::from_le_bytes).map(Values::F32),
            12 => array(bytes, shape, self.big, i64::from_le_bytes).map(Values::I64),
            13 => {
                let wide = array(bytes, shape, self.big, u64::from_le_bytes);
                if wide
                    .as_ref()
                    .is_some_and(|a| a.iter().any(|&v| i64::try_from(v).is_err()))
                {
                    return Err(FileError::Value {
                        place: self.place.to_owned(),
                        problem: "it holds integers above 2^63 − 1".to_owned(),
                        advice: "save double(x)".to_owned(),
                    });
                }
                wide.map(|a| Values::I64(a.mapv(|v| v as i64)))
            }
            _ => array(bytes, shape, self.big, f64::from_le_bytes).map(Values::F64),
        };
        values.ok_or_else(|| self.damaged("its numbers do not fill its shape"))
    }
}

fn array<T, const N: usize>(
    bytes: &[u8],
    shape: ndarray::Shape<IxDyn>,
    big: bool,
    of: impl Fn([u8; N]) -> T,
) -> Option<ArrayD<T>> {
    let value = |bytes: &[u8; N]| {
        let mut bytes = *bytes;
        if big {
            bytes.reverse();
        }
        of(bytes)
    };
    let values: Vec<T> = bytes.as_chunks::<N>().0.iter().map(value).collect();
    ArrayD::from_shape_vec(shape, values).ok()
}

fn size_of_type(kind: u32) -> Option<usize> {
    Some(match kind {
        1 | 2 => 1,
        3 | 4 => 2,
        5..=7 => 4,
        9 | 12 | 13 => 8,
        _ => return None,
    })
}

fn class_name(class: u32) -> &'static str {
    match class {
        7 => "float32",
        8 => "int8",
        9 => "uint8",
        10 => "int16",
        11 => "uint16",
        12 => "int32",
        13 => "uint32",
        14 => "int64",
        15 => "uint64",
        _ => "float64",
    }
}
