//! Files that are opened to read them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::{FileError, Result};

/// Opens a file; its length in bytes.
///
/// # Errors
/// [`FileError::Read`] if the system refuses, or for a folder.
pub(crate) fn open_file(path: &Path) -> Result<(File, u64)> {
    let fail = |error| FileError::read(path, error);
    let file = File::open(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    match metadata.is_dir() {
        true => Err(fail(ErrorKind::IsADirectory.into())),
        false => Ok((file, metadata.len())),
    }
}

/// The first bytes of a file, all if there are no more than `most`.
///
/// # Errors
/// As [`open_file`].
pub(crate) fn read_start(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (file, _) = open_file(path)?;
    match file.take(most).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(FileError::read(path, error)),
    }
}
