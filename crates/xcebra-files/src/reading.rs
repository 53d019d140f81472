//! Files that are opened to read them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::{FileError, Result};
use crate::progress::Tracked;

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

/// As [`open_file`], of a file that may take long to read.
///
/// # Errors
/// As [`open_file`].
pub(crate) fn open_large(path: &Path) -> Result<(Tracked<File>, u64)> {
    let (file, length) = open_file(path)?;
    Ok((Tracked::new(file, length), length))
}

/// The first bytes of a file, all if there are no more than `most`.
///
/// # Errors
/// As [`open_file`].
pub(crate) fn read_start(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (file, _) = open_large(path)?;
    match file.take(most).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(FileError::read(path, error)),
    }
}
