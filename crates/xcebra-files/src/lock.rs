//! Folders that one program at a time works in.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::TEMPORARY;
use crate::error::{FileError, Result};
use crate::folder::Parents;

/// The right to write into a folder that several programs could want; it ends with the value, and
/// with the program, even if that is killed.
///
/// It is a lock on an empty file in the folder. The file stays, and moves with the folder if that is
/// renamed; [`remove`](Self::remove) takes it away. On a system that cannot lock files every program
/// has the right.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
    made: bool,
    locks: bool,
}

impl FolderLock {
    /// Asks for the folder; `None` if another program has it.
    ///
    /// # Errors
    /// [`FileError::Write`] if the folder does not exist or is not writable.
    pub fn take(folder: &Path) -> Result<Option<Self>> {
        Self::take_with(folder, File::try_lock)
    }

    /// As [`take`](Self::take), with what locks a file.
    fn take_with(
        folder: &Path,
        try_lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<Self>> {
        let path = lock_path(folder);
        let fail = |error| FileError::write(folder, error);
        loop {
            let made = !path.exists();
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(fail)?;
            let locks = match try_lock(&file) {
                Err(TryLockError::WouldBlock) => return Ok(None),
                Ok(()) => true,
                // not every file system can lock
                Err(TryLockError::Error(_)) => false,
            };
            // the folder may have been replaced after the file was opened: this would be the lock of
            // the old one
            if is_at(&file, &path) {
                return Ok(Some(Self { file, made, locks }));
            }
        }
    }

    /// Whether another program, or another value in this one, has the folder.
    pub fn is_taken(folder: &Path) -> bool {
        let path = lock_path(folder);
        let file = OpenOptions::new().write(true).open(path);
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Gives the right back and leaves the folder as it was: takes the file away if it was not there
    /// before.
    pub fn remove(self, folder: &Path) {
        let path = lock_path(folder);
        if self.made && is_at(&self.file, &path) {
            // an empty file that is left does no harm
            let _ = fs::remove_file(path);
        }
    }
}

fn lock_path(folder: &Path) -> PathBuf {
    folder.join(format!("{TEMPORARY}lock"))
}

/// Whether an open file is the one that now has this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => id(open) == id(there),
        _ => false,
    }
}

/// Elsewhere a folder with an open file in it cannot be replaced.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// A folder that a program will fill at the end of its work, and that no other program can claim
/// until then.
///
/// Dropping it takes away the lock, and those folders made for it that are still empty.
#[derive(Debug)]
pub struct FolderClaim {
    folder: PathBuf,
    lock: Option<FolderLock>,
    /// Whether an empty folder stood in its place.
    replaced_empty: bool,
    // dropped last, when the lock is gone
    _made: Parents,
}

impl FolderClaim {
    /// Claims a folder, which is made if it does not exist; `None` if another program has it.
    ///
    /// # Errors
    /// [`FileError::Write`] if it cannot be made or is not writable.
    pub fn take(folder: &Path) -> Result<Option<Self>> {
        let fail = |error| FileError::write(folder, error);
        let made = Parents::make(&std::path::absolute(folder).map_err(fail)?).map_err(fail)?;
        let lock = FolderLock::take(folder)?;
        Ok(lock.map(|lock| Self::of_new(folder.to_path_buf(), Some(lock), made, false)))
    }

    /// Claims a folder that exists, as [`take`](Self::take) does.
    ///
    /// # Errors
    /// [`FileError::Write`] if it does not exist or is not writable.
    pub fn of_existing(folder: &Path) -> Result<Option<Self>> {
        let lock = FolderLock::take(folder)?;
        Ok(lock.map(|lock| {
            let none = Parents::default();
            Self::of_new(folder.to_path_buf(), Some(lock), none, false)
        }))
    }

    pub(crate) fn of_new(
        folder: PathBuf,
        lock: Option<FolderLock>,
        made: Parents,
        replaced_empty: bool,
    ) -> Self {
        Self {
            folder,
            lock,
            replaced_empty,
            _made: made,
        }
    }

    /// What a reader should know of the claim, if the file system cannot lock files.
    pub fn note(&self) -> Option<String> {
        let unlocked = self.lock.as_ref().is_some_and(|lock| !lock.locks);
        unlocked.then(|| {
            format!(
                "the file system of {} cannot lock files: make sure that no other program writes to it",
                self.folder.display()
            )
        })
    }

    /// Takes away the folder and all that is in it, as if the claim had never been made.
    pub fn withdraw(self) {
        // what cannot be removed is left
        let _ = fs::remove_dir_all(&self.folder);
        if self.replaced_empty {
            let _ = fs::create_dir(&self.folder);
        }
    }
}

impl Drop for FolderClaim {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.remove(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, TryLockError};
    use std::io::ErrorKind;

    use crate::{FolderClaim, FolderLock};

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        assert!(first.is_some() && FolderLock::is_taken(folder.path()));
        assert!(FolderLock::take(folder.path()).unwrap().is_none());
        drop(first);
        assert!(!FolderLock::is_taken(folder.path()));
        assert!(FolderLock::take(folder.path()).unwrap().is_some());
        assert!(FolderLock::take(&folder.path().join("none")).is_err());
    }

    #[test]
    fn the_lock_moves_with_its_folder() {
        let place = tempfile::tempdir().unwrap();
        let (a, b) = (place.path().join("a"), place.path().join("b"));
        fs::create_dir(&a).unwrap();
        let lock = FolderLock::take(&a).unwrap().unwrap();
        fs::rename(&a, &b).unwrap();
        assert!(FolderLock::is_taken(&b));
        // a new folder of the old name is another folder
        fs::create_dir(&a).unwrap();
        let other = FolderLock::take(&a).unwrap().unwrap();
        lock.remove(&b);
        assert_eq!(fs::read_dir(&b).unwrap().count(), 0);
        other.remove(&b);
        assert!(!FolderLock::is_taken(&a) && a.join(".xcebra-lock").exists());
    }

    /// What NFS without its lock daemon answers.
    #[test]
    fn a_file_system_that_cannot_lock_is_said() {
        let place = tempfile::tempdir().unwrap();
        let broken = |_: &File| Err(TryLockError::Error(ErrorKind::Unsupported.into()));
        let claim =
            |lock| FolderClaim::of_new(place.path().into(), lock, Default::default(), false);
        let lock = FolderLock::take_with(place.path(), broken).unwrap();
        let note = claim(lock).note().unwrap();
        assert!(
            note.contains("cannot lock files") && note.contains(&*place.path().to_string_lossy())
        );
        let taken = |_: &File| Err(TryLockError::WouldBlock);
        assert!(
            FolderLock::take_with(place.path(), taken)
                .unwrap()
                .is_none()
        );
        let lock = FolderLock::take(place.path()).unwrap();
        assert!(lock.is_some());
        assert_eq!(claim(lock).note(), None);
    }

    #[test]
    fn a_file_that_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        drop(FolderLock::take(folder.path()).unwrap());
        let second = FolderLock::take(folder.path()).unwrap().unwrap();
        second.remove(folder.path());
        assert!(folder.path().join(".xcebra-lock").exists());
    }

    #[test]
    fn a_claim_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("deep/deeper");
        let claim = FolderClaim::take(&folder).unwrap();
        assert!(claim.is_some() && folder.is_dir());
        assert!(FolderClaim::take(&folder).unwrap().is_none());
        assert!(folder.is_dir(), "the second must not take it away");
        drop(claim);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
