//! Numbers and files.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use safetensors::Dtype;

use crate::error::{CoreError, Result};
use xcebra_model::Scalar;

/// Writes a file beside its place and renames it, so that it is there whole or not at all.
///
/// A checkpoint has one writer, so that one fixed name beside it is enough. Files with several possible
/// writers, locks and folders are the business of `xcebra-files`, whose readers this crate does not need.
///
/// # Errors
/// [`CoreError::File`] if the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = Path::new(&beside);
    let write = || {
        let mut file = File::create(beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(beside, path)
    };
    write().map_err(|e| {
        // the half-written file is useless; if it does not exist, that is not another error
        let _ = std::fs::remove_file(beside);
        CoreError::file(
            path,
            e,
            "check that the folder exists, is writable and has room",
        )
    })
}

/// The type in a `.safetensors` file.
pub fn dtype<E: Scalar>() -> Dtype {
    if size_of::<E>() == size_of::<f64>() {
        Dtype::F64
    } else {
        Dtype::F32
    }
}

/// The type's name in the state of a checkpoint: `F32` or `F64`.
pub fn name<E: Scalar>() -> &'static str {
    match dtype::<E>() {
        Dtype::F64 => "F64",
        _ => "F32",
    }
}

/// Little-endian bytes of numbers.
pub fn to_bytes<E: Scalar>(values: &[E]) -> Vec<u8> {
    if dtype::<E>() == Dtype::F64 {
        values
            .iter()
            .flat_map(|v| v.as_f64().to_le_bytes())
            .collect()
    } else {
        values
            .iter()
            .flat_map(|v| (v.as_f64() as f32).to_le_bytes())
            .collect()
    }
}

/// Numbers of either precision from little-endian bytes.
pub fn from_bytes<E: Scalar>(dtype: Dtype, bytes: &[u8]) -> Option<Vec<E>> {
    match dtype {
        Dtype::F32 => Some(
            bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| E::of(f64::from(f32::from_le_bytes(*b))))
                .collect(),
        ),
        Dtype::F64 => Some(
            bytes
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| E::of(f64::from_le_bytes(*b)))
                .collect(),
        ),
        _ => None,
    }
}
