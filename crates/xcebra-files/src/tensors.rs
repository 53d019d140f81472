//! Tensors by name: `.safetensors`.
//!
//! Source: Hugging Face, "Safetensors", the format of `README.md`.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors};

use crate::array::DataArray;
use crate::container::{ArrayInfo, Container, Role, no_array, only, only_name, place_of};
use crate::error::{FileError, Result};
use crate::reading::read_start;
use crate::source::Source;
use crate::values::Values;

/// A file of tensors, in memory.
#[derive(Debug)]
pub(crate) struct TensorFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl TensorFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let opened = Self {
            path: path.to_path_buf(),
            bytes: read_start(path, u64::MAX)?,
        };
        opened.tensors()?;
        Ok(opened)
    }

    fn tensors(&self) -> Result<SafeTensors<'_>> {
        let place = self.path.display().to_string();
        SafeTensors::deserialize(&self.bytes)
            .map_err(|error| FileError::damaged(place, error.to_string()))
    }

    fn names(&self) -> Result<Vec<String>> {
        let tensors = self.tensors()?;
        let mut names: Vec<String> = tensors
            .names()
            .into_iter()
            .map(ToString::to_string)
            .collect();
        names.sort();
        Ok(names)
    }
}

fn element(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::BOOL => "bool",
        Dtype::U8 => "uint8",
        Dtype::I8 => "int8",
        Dtype::U16 => "uint16",
        Dtype::I16 => "int16",
        Dtype::U32 => "uint32",
        Dtype::I32 => "int32",
        Dtype::I64 => "int64",
        Dtype::F32 => "float32",
        Dtype::F64 => "float64",
        _ => return None,
    })
}

fn array<T, const N: usize>(
    bytes: &[u8],
    shape: &[usize],
    of: impl Fn([u8; N]) -> T,
) -> Option<ArrayD<T>> {
    let values: Vec<T> = bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|&bytes| of(bytes))
        .collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).ok()
}

impl Container for TensorFile {
    fn arrays(&mut self) -> Result<Vec<ArrayInfo>> {
        let tensors = self.tensors()?;
        let mut arrays = Vec::new();
        for name in self.names()? {
            let Ok(tensor) = tensors.tensor(&name) else {
                continue;
            };
            let role = match element(tensor.dtype()) {
                Some(_) => Role::Numbers,
                None => Role::Unusable("its type is not known here".to_owned()),
            };
            let other = format!("{:?}", tensor.dtype()).to_lowercase();
            let element = element(tensor.dtype()).unwrap_or(&other);
            arrays.push(ArrayInfo {
                role,
                ..ArrayInfo::new(&name, element, tensor.shape().to_vec())
            });
        }
        Ok(arrays)
    }

    fn read(&mut self, name: &str) -> Result<DataArray> {
        let tensors = self.tensors()?;
        let Ok(tensor) = tensors.tensor(name) else {
            return Err(no_array(&self.path, name, self.names()?));
        };
        let (bytes, shape) = (tensor.data(), tensor.shape());
        let values = match tensor.dtype() {
            Dtype::BOOL => array(bytes, shape, |[byte]: [u8; 1]| byte != 0).map(Values::Bool),
            Dtype::U8 => array(bytes, shape, u8::from_le_bytes).map(Values::U8),
            Dtype::I8 => array(bytes, shape, i8::from_le_bytes).map(Values::I8),
            Dtype::U16 => array(bytes, shape, u16::from_le_bytes).map(Values::U16),
            Dtype::I16 => array(bytes, shape, i16::from_le_bytes).map(Values::I16),
            Dtype::U32 => array(bytes, shape, u32::from_le_bytes).map(Values::U32),
            Dtype::I32 => array(bytes, shape, i32::from_le_bytes).map(Values::I32),
            Dtype::I64 => array(bytes, shape, i64::from_le_bytes).map(Values::I64),
            Dtype::F32 => array(bytes, shape, f32::from_le_bytes).map(Values::F32),
            Dtype::F64 => array(bytes, shape, f64::from_le_bytes).map(Values::F64),
            other => {
                return Err(FileError::ElementType {
                    place: place_of(&self.path, name),
                    found: format!("{other:?}").to_lowercase(),
                    expected: "32- and 64-bit floats, integers or truth values",
                    advice: "save tensor.float()".to_owned(),
                });
            }
        };
        let damaged = || {
            FileError::damaged(
                place_of(&self.path, name),
                "its bytes do not fill its shape",
            )
        };
        Ok(DataArray::new(
            Source::new(&self.path, name),
            values.ok_or_else(damaged)?,
        ))
    }

    fn read_only(&mut self) -> Result<DataArray> {
        let name = only_name(&self.path, self.names()?)?;
        self.read(&name)
    }

    fn stand_in(&mut self) -> Option<String> {
        only(self.names().ok()?)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
