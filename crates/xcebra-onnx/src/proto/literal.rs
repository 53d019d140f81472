//! Tensors that the file contains.

use std::sync::Arc;

use xcebra_model::Scalar;

use super::beside::Place;
use super::element::Element;
use super::wire::Reader;
use super::{Bytes, MOST_AXES};
use crate::error::{AGAIN, Result};
use crate::tensor::Kind;

/// A tensor of a file; whether it can be used is decided where it is used.
#[derive(Clone, Debug)]
pub struct Literal {
    pub name: String,
    pub shape: Vec<usize>,
    content: Content,
}

/// What a tensor holds.
#[derive(Clone, Debug)]
enum Content {
    /// As many numbers as the shape says.
    Stored {
        element: Element,
        bytes: Bytes,
    },
    /// The same in the fields of the message; integers beyond 2⁵³ are rounded.
    Numbers {
        element: Element,
        values: Arc<[f64]>,
    },
    Unusable(Reason),
}

/// A problem and what to do about it.
pub type Reason = (String, Option<&'static str>);

#[derive(Default)]
struct Raw<'a> {
    name: String,
    dims: Vec<i64>,
    code: i64,
    bytes: Option<Reader<'a>>,
    reals: Vec<f64>,
    integers: Vec<i64>,
    external: bool,
    /// Keys and values of where the numbers are.
    place: Vec<(String, String)>,
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
                9 => raw.bytes = Some(field.message(&reader)?),
                10 => field.doubles(&reader, &mut raw.reals)?,
                13 => {
                    raw.external = true;
                    raw.place.push(entry(field.message(&reader)?)?);
                }
                14 => raw.external |= field.integer(&reader)? == 1,
                _ => {}
            }
        }
        let (shape, content) = match raw.content(&reader) {
            Ok(found) => found,
            Err(reason) => (Vec::new(), Content::Unusable(reason)),
        };
        Ok(Self {
            name: raw.name,
            shape,
            content,
        })
    }

    /// A tensor that is not in the file: as many values as the shape says, real numbers or integers.
    pub fn made(name: String, shape: &[usize], values: Vec<f64>, real: bool) -> Self {
        let element = if real { Element::F64 } else { Element::I64 };
        Self {
            name,
            shape: shape.to_vec(),
            content: Content::Numbers {
                element,
                values: values.into(),
            },
        }
    }

    /// What its numbers mean.
    pub fn kind(&self) -> Result<Kind, Reason> {
        match &self.content {
            Content::Stored { element, .. } | Content::Numbers { element, .. } => {
                Ok(element.kind())
            }
            Content::Unusable(reason) => Err(reason.clone()),
        }
    }

    /// Its numbers, in the order of C.
    ///
    /// Nothing is allocated before it is known that there are as many as the shape says.
    pub fn numbers<A: Scalar>(&self) -> Result<Vec<A>, Reason> {
        match &self.content {
            Content::Stored { element, bytes } => {
                let count = self.shape.iter().product();
                let length = element.bytes(count);
                bytes.check(length)?;
                let mut numbers = Vec::new();
                if numbers.try_reserve_exact(count).is_err() {
                    return Err((format!("its {count} numbers do not fit into memory"), None));
                }
                bytes.pieces(length, |piece| element.decode(piece, &mut numbers))?;
                numbers.truncate(count);
                Ok(numbers)
            }
            Content::Numbers { values, .. } => Ok(values.iter().map(|&v| A::of(v)).collect()),
            Content::Unusable(reason) => Err(reason.clone()),
        }
    }

    /// Makes it independent of the bytes of the file and of files beside it.
    pub fn settle(&mut self) {
        if let Content::Stored { element, bytes } = &self.content {
            let length = element.bytes(self.shape.iter().product());
            self.content = match bytes.alone(length) {
                Ok(bytes) => Content::Stored {
                    element: *element,
                    bytes,
                },
                Err(reason) => Content::Unusable(reason),
            };
        }
    }
}

/// `StringStringEntryProto`.
fn entry(mut reader: Reader<'_>) -> Result<(String, String)> {
    let mut entry = (String::new(), String::new());
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => entry.0 = field.message(&reader)?.text()?,
            2 => entry.1 = field.message(&reader)?.text()?,
            _ => {}
        }
    }
    Ok(entry)
}

impl Raw<'_> {
    fn content(&self, reader: &Reader<'_>) -> Result<(Vec<usize>, Content), Reason> {
        let Some(element) = Element::of(self.code) else {
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
        let (Some(shape), Some(length)) = (shape, length.filter(|&n| n <= usize::MAX / 16)) else {
            return Err((format!("impossible shape {:?}", self.dims), Some(AGAIN)));
        };
        let short = |found: usize| {
            (
                format!(
                    "{found} numbers where its shape {shape:?} needs {length}: the file is damaged"
                ),
                Some(AGAIN),
            )
        };
        let content = if self.external {
            let place = self.place(reader)?;
            place.folder.claim(&place.location, length);
            Content::Stored {
                element,
                bytes: Bytes::Beside(place),
            }
        } else if let Some(bytes) = &self.bytes {
            let found = bytes.bytes().len();
            if found != element.bytes(length) {
                return Err(short(element.numbers(found)));
            }
            reader.context().note_numbers(length);
            Content::Stored {
                element,
                bytes: bytes.stored(),
            }
        } else {
            let values = match element.is_wide_float() {
                true => self.reals.clone(),
                false => element.unpack(&self.integers, length),
            };
            if values.len() != length {
                return Err(short(values.len()));
            }
            reader.context().note_numbers(length);
            Content::Numbers {
                element,
                values: values.into(),
            }
        };
        Ok((shape, content))
    }

    /// Where numbers are that the file does not hold.
    fn place(&self, reader: &Reader<'_>) -> Result<Place, Reason> {
        let text = |key: &str| {
            let mut entries = self.place.iter();
            entries.find(|(k, _)| k == key).map(|(_, v)| v.as_str())
        };
        let number = |key: &str| match text(key).map(str::parse::<u64>) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => Err((
                format!("the {key} of its numbers in another file is not a number"),
                Some(AGAIN),
            )),
        };
        let Some(folder) = reader.context().beside.clone() else {
            return Err((
                format!(
                    "its numbers are in another file, '{}', and the model was given as bytes",
                    text("location").unwrap_or_default()
                ),
                Some("give the path of the model's file, or export it with its numbers inside"),
            ));
        };
        Ok(Place {
            folder,
            location: text("location").unwrap_or_default().to_owned(),
            offset: number("offset")?.unwrap_or(0),
            length: number("length")?,
        })
    }
}
