//! Encoders in `.safetensors` files.
//!
//! The tensors are named as [`Encoder::layout`] says; the architecture stands as JSON in the
//! file's metadata under `xcebra.architecture`, so that the file needs no other beside it. Files
//! of dense encoders whose metadata lists widths only (`hidden`, `outputs`) are read as well.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::tensor::{SafeTensors, TensorView};

use super::{Architecture, Encoder};
use crate::disk::{self, dtype, from_bytes, to_bytes};
use crate::error::{CoreError, Result};
use crate::ops::Element;

const METADATA: &str = "xcebra.architecture";

/// Largest file that is read: twice the largest encoder in double precision.
const MOST_BYTES: u64 = 1 << 33;

/// What to do about a file that holds no encoder.
const ADVICE: &str = "pass a model written by `fit`";

impl<E: Element> Encoder<E> {
    /// The encoder as the bytes of a `.safetensors` file.
    ///
    /// # Errors
    /// [`CoreError::Engine`] if the format refuses it.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let layout = self.layout();
        let bytes: Vec<Vec<u8>> = layout
            .iter()
            .map(|(_, shape, start)| {
                let len: usize = shape.iter().product();
                to_bytes(&self.parameters[*start..*start + len])
            })
            .collect();
        let views = layout
            .iter()
            .zip(&bytes)
            .map(|((name, shape, _), bytes)| {
                TensorView::new(dtype::<E>(), shape.clone(), bytes).map(|view| (name.clone(), view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| CoreError::Engine(e.to_string()))?;
        let architecture = serde_json::to_string(&self.architecture)
            .map_err(|e| CoreError::Engine(e.to_string()))?;
        let metadata = HashMap::from([(METADATA.to_owned(), architecture)]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| CoreError::Engine(e.to_string()))
    }

    /// Writes the encoder to a `.safetensors` file, beside it first and then in its place.
    ///
    /// # Errors
    /// [`CoreError::File`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        disk::replace(path.as_ref(), &self.to_safetensors()?)
    }

    /// Reads an encoder from a `.safetensors` file; numbers of the other precision are converted.
    ///
    /// # Errors
    /// [`CoreError::File`] if the file cannot be read, is not of this format, or holds no encoder.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_safetensors(&read(path, ADVICE)?).map_err(|e| CoreError::file(path, e, ADVICE))
    }

    /// Reads an encoder from the bytes of a `.safetensors` file.
    ///
    /// # Errors
    /// [`CoreError::Data`] if the bytes are not of this format or hold no encoder.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let foreign = |problem: String| {
            CoreError::data(
                "the model",
                format!("damaged or not an xcebra encoder, {problem}"),
                ADVICE,
            )
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| foreign(e.to_string()))?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(METADATA))
            .ok_or_else(|| foreign(format!("it has no metadata `{METADATA}`")))?;
        let architecture: Architecture = serde_json::from_str(json)
            .map_err(|e| foreign(format!("its architecture cannot be read: {e}")))?;
        architecture.check()?;
        let network = architecture.network();
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| foreign(e.to_string()))?;
        let mut encoder = Self::assemble(architecture, network, Vec::new());
        let mut parameters = Vec::new();
        for (name, shape, _) in encoder.layout() {
            let tensor = tensors
                .tensor(&name)
                .map_err(|_| foreign(format!("the tensor `{name}` is missing")))?;
            if tensor.shape() != shape {
                return Err(foreign(format!(
                    "the tensor `{name}` has shape {:?}, expected {shape:?}",
                    tensor.shape()
                )));
            }
            parameters.extend(
                from_bytes::<E>(tensor.dtype(), tensor.data()).ok_or_else(|| {
                    foreign(format!("the tensor `{name}` is {:?}", tensor.dtype()))
                })?,
            );
        }
        encoder = Self::from_parameters(encoder.architecture, parameters)?;
        Ok(encoder)
    }
}

/// The bytes of a file, as far as an encoder can go.
pub(super) fn read(path: &Path, advice: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
        .map_err(|e| CoreError::file(path, e, advice))?;
    Ok(bytes)
}
