//! Folders that appear whole or not at all.

use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::TEMPORARY;
use crate::error::{FileError, Result};
use crate::lock::{FolderClaim, FolderLock};

/// A folder under a temporary name next to its destination.
///
/// [`commit`](Self::commit) renames it; dropping it removes it and all that was put there, and the
/// folders above it that were made for it.
#[derive(Debug)]
pub struct AtomicFolder {
    destination: PathBuf,
    marker: Option<String>,
    // dropped before the folders that contain it
    folder: TempDir,
    parents: Parents,
}

impl AtomicFolder {
    /// Starts a folder that is to appear at `path`; folders above it are made.
    ///
    /// An existing folder is replaced only if it is empty or holds a file called `marker`, by which
    /// an earlier output is known. Files of this program's own, such as its lock, do not count.
    ///
    /// # Errors
    /// [`FileError::Write`] if the place is not writable; [`FileError::Value`] if it is taken by
    /// something else.
    pub fn create(path: &Path, marker: Option<&str>) -> Result<Self> {
        let fail = |error| FileError::write(path, error);
        let destination = std::path::absolute(path).map_err(fail)?;
        let (Some(parent), Some(name)) = (destination.parent(), destination.file_name()) else {
            return Err(fail(Error::new(
                ErrorKind::InvalidInput,
                "it is not a valid name for a new folder",
            )));
        };
        refuse_taken(path, marker)?;
        let parents = Parents::make(parent).map_err(fail)?;
        let prefix = format!(".{}-", name.to_string_lossy());
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".tmp")
            .tempdir_in(parent)
            // without the name of the temporary folder, which says nothing to a user
            .map_err(|error| fail(error.kind().into()))?;
        Ok(Self {
            destination,
            marker: marker.map(str::to_owned),
            folder,
            parents,
        })
    }

    /// Checks that a folder can be made at `path`, before the work that fills it.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn check(path: &Path, marker: Option<&str>) -> Result<()> {
        Self::create(path, marker).map(drop)
    }

    /// Where the files are to be put.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts the folder at its destination.
    ///
    /// # Errors
    /// As [`create`](Self::create); what was at the destination is then there still.
    pub fn commit(self) -> Result<()> {
        self.put().map(drop)
    }

    /// As [`commit`](Self::commit), for a folder in which this program goes on working: no other program
    /// can claim it from the moment it appears.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_claimed(self) -> Result<FolderClaim> {
        let place = self.destination.clone();
        // elsewhere a folder with an open file in it cannot be renamed
        let before = cfg!(unix)
            .then(|| FolderLock::take(self.path()))
            .transpose()?;
        let (parents, empty) = self.put()?;
        let lock = match before {
            Some(lock) => lock,
            None => FolderLock::take(&place)?,
        };
        Ok(FolderClaim::of_new(place, lock, parents, empty))
    }

    /// Gives the folders made above it, and whether an empty folder stood in its place.
    fn put(self) -> Result<(Parents, bool)> {
        // in this order, so that on failure the parents are dropped after the folder
        let Self {
            parents,
            destination,
            marker,
            folder,
        } = self;
        let fail = |error| FileError::write(&destination, error);
        refuse_taken(&destination, marker.as_deref())?;
        share(folder.path()).map_err(fail)?;
        let parent = destination.parent().unwrap_or(Path::new("."));
        // an empty folder is not moved aside: another program may have filled it just now
        let empty = fs::remove_dir(&destination).is_ok();
        let old = match !empty && destination.exists() {
            true => {
                refuse_taken(&destination, marker.as_deref())?;
                let aside = tempfile::tempdir_in(parent).map_err(fail)?;
                fs::rename(&destination, aside.path().join("old")).map_err(fail)?;
                Some(aside)
            }
            false => None,
        };
        if let Err(error) = fs::rename(folder.path(), &destination) {
            if let Some(aside) = old {
                fs::rename(aside.path().join("old"), &destination).map_err(fail)?;
            }
            return Err(fail(error));
        }
        // it has been renamed: there is nothing left to remove
        let _ = folder.keep();
        Ok((parents, empty))
    }
}

/// Folders that were made for something inside them; when dropped, those still empty are removed.
#[derive(Debug, Default)]
pub(crate) struct Parents(Vec<PathBuf>);

impl Parents {
    /// Makes `path` and what is missing above it.
    pub(crate) fn make(path: &Path) -> io::Result<Self> {
        let mut missing: Vec<&Path> = path.ancestors().take_while(|p| !p.exists()).collect();
        let there = path.ancestors().nth(missing.len());
        if let Some(file) = there.filter(|there| !there.is_dir()) {
            return Err(Error::new(
                ErrorKind::NotADirectory,
                format!("{} is not a folder", file.display()),
            ));
        }
        missing.reverse();
        let mut made = Self(Vec::new());
        for folder in missing {
            match fs::create_dir(folder) {
                Ok(()) => made.0.push(folder.to_path_buf()),
                // somebody else made it in the meantime, and may keep it
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // fails, as it should, once there is something in it
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Fails if something stands at `path` that must not be replaced.
fn refuse_taken(path: &Path, marker: Option<&str>) -> Result<()> {
    let taken = |problem: String| FileError::Value {
        place: path.display().to_string(),
        problem,
        advice: "choose the name of a new folder".to_owned(),
    };
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    if !metadata.is_dir() {
        return Err(taken("a file of that name exists".to_owned()));
    }
    let entries = fs::read_dir(path).map_err(|error| FileError::read(path, error))?;
    let own = |name: std::ffi::OsString| name.to_string_lossy().starts_with(TEMPORARY);
    let mut others = entries.filter(|entry| !entry.as_ref().is_ok_and(|e| own(e.file_name())));
    if others.next().is_none() {
        return Ok(());
    }
    match marker {
        Some(marker) if path.join(marker).is_file() => Ok(()),
        Some(marker) => Err(taken(format!(
            "the folder exists, is not empty, and has no {marker} by which an earlier result is known"
        ))),
        None => Err(taken("the folder exists and is not empty".to_owned())),
    }
}

/// Temporary folders are private; results have the permissions of ordinary folders.
#[cfg(unix)]
fn share(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // a folder made in the ordinary way shows which permissions those are
    let sample = path.join(".permissions");
    fs::create_dir(&sample)?;
    let mode = fs::metadata(&sample)?.permissions().mode();
    fs::remove_dir(&sample)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn share(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_folder_appears_whole() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/run");
        let folder = AtomicFolder::create(&path, None).unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        assert!(!path.exists());
        folder.commit().unwrap();
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "1");
        assert_eq!(names(path.parent().unwrap()), ["run"]);
    }

    #[test]
    fn nothing_is_left_of_what_was_not_committed() {
        let place = tempfile::tempdir().unwrap();
        let folder = AtomicFolder::create(&place.path().join("deep/deeper/run"), None).unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        drop(folder);
        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn what_appeared_in_the_meantime_is_not_replaced() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("new/run");
        let folder = AtomicFolder::create(&path, None).unwrap();
        fs::create_dir(&path).unwrap();
        fs::write(path.join("precious"), "").unwrap();
        assert!(folder.commit().is_err());
        assert_eq!(names(&path), ["precious"]);
        assert_eq!(names(&place.path().join("new")), ["run"]);
    }

    #[test]
    fn a_file_is_no_folder() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        let error = AtomicFolder::check(&place.path().join("file/deep/run"), None).unwrap_err();
        assert!(
            error.to_string().contains("file is not a folder"),
            "{error}"
        );
        assert_eq!(names(place.path()), ["file"]);
    }

    #[test]
    fn only_what_is_known_is_replaced() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("old"), "").unwrap();
        assert!(AtomicFolder::create(&path, None).is_err());
        let error = AtomicFolder::create(&path, Some("model")).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        fs::write(path.join("model"), "").unwrap();
        let folder = AtomicFolder::create(&path, Some("model")).unwrap();
        fs::write(folder.path().join("new"), "").unwrap();
        folder.commit().unwrap();
        assert_eq!(names(&path), ["new"]);
        assert_eq!(names(place.path()), ["run"]);
        assert!(AtomicFolder::create(&path.join("new"), None).is_err());
    }
}
