//! Names, types and shapes of values.

use super::wire::Reader;
use crate::error::Result;

/// Name and type of an input or output.
#[derive(Clone, Debug, Default)]
pub struct ValueInfo {
    pub name: String,
    pub form: Form,
    /// Code of the element type, 0 if it is not a tensor or not said.
    pub element: i64,
    pub shape: Option<Vec<Dim>>,
}

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Unknown,
    Tensor,
    /// A list, a map or another.
    Other,
}

/// Length of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Dim {
    Fixed(i64),
    /// A name such as `batch`; empty if the file gives none.
    Symbol(String),
}

impl ValueInfo {
    pub fn parse(mut reader: Reader<'_>) -> Result<Self> {
        let mut info = Self::default();
        while let Some((number, field)) = reader.field()? {
            match number {
                1 => info.name = field.message(&reader)?.text()?,
                2 => {
                    let mut kind = field.message(&reader)?;
                    while let Some((number, field)) = kind.field()? {
                        info.form = match number {
                            1 => {
                                tensor_type(field.message(&kind)?, &mut info)?;
                                Form::Tensor
                            }
                            4 | 5 | 7..=9 => Form::Other,
                            _ => continue,
                        };
                    }
                }
                _ => {}
            }
        }
        Ok(info)
    }
}

fn tensor_type(mut reader: Reader<'_>, info: &mut ValueInfo) -> Result<()> {
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => info.element = field.integer(&reader)?,
            2 => {
                let mut shape = field.message(&reader)?;
                let dims = info.shape.insert(Vec::new());
                while let Some((number, field)) = shape.field()? {
                    if number == 1 {
                        dims.push(dim(field.message(&shape)?)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn dim(mut reader: Reader<'_>) -> Result<Dim> {
    let mut dim = Dim::Symbol(String::new());
    while let Some((number, field)) = reader.field()? {
        match number {
            1 => dim = Dim::Fixed(field.integer(&reader)?),
            2 => dim = Dim::Symbol(field.message(&reader)?.text()?),
            _ => {}
        }
    }
    Ok(dim)
}
