//! Folders that one program at a time works in.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::TEMPORARY;
use crate::error::{FileError, Result};

/// The right to write into a folder that several programs could take for theirs; it ends with the
/// value, and with the program, killed or not.
///
/// It is a lock on an empty file in the folder, which stays: who takes it away has to be sure that
/// nobody will want the lock any more. On a system that cannot lock files everybody has the right.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Asks for the folder; `None` if another program has it.
    ///
    /// # Errors
    /// [`FileError::Write`] if the folder is not there or not writable.
    pub fn take(folder: &Path) -> Result<Option<Self>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(format!("{TEMPORARY}lock")))
            .map_err(|error| FileError::write(folder, error))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(None),
            // not every file system can lock
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(Self { _file: file })),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::FolderLock;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(FolderLock::take(folder.path()).unwrap().is_none());
        drop(first);
        assert!(FolderLock::take(folder.path()).unwrap().is_some());
        assert!(FolderLock::take(&folder.path().join("none")).is_err());
    }
}
