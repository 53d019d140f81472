//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::error::{FileError, Result};

/// How the names of files begin that are not complete.
pub const TEMPORARY: &str = ".xcebra-";

/// A file under a temporary name next to its destination.
///
/// [`commit`](Self::commit) renames it; dropping it removes it.
///
/// The first error of writing is kept and returned by `commit`, later writes are swallowed:
/// writers that flush when dropped, as the zip writer does, then have nothing to complain about.
pub struct AtomicFile {
    destination: PathBuf,
    temporary: TempPath,
    writer: BufWriter<fs::File>,
    failure: Option<io::Error>,
    position: u64,
    end: u64,
}

impl AtomicFile {
    /// Starts a file that is to appear at `path`.
    ///
    /// # Errors
    /// [`FileError::Write`] if the folder does not exist or is not writable, or if `path` is there
    /// and not a writable ordinary file.
    pub fn create(path: &Path) -> Result<Self> {
        let fail = |error| FileError::write(path, error);
        let destination = destination(path).map_err(fail)?;
        let (file, temporary) = beside(&destination).map_err(fail)?.into_parts();
        Ok(Self {
            destination,
            temporary,
            writer: BufWriter::new(file),
            failure: None,
            position: 0,
            end: 0,
        })
    }

    /// Puts the file at its destination, replacing what was there.
    ///
    /// # Errors
    /// [`FileError::Write`]; then nothing has changed at the destination.
    pub fn commit(mut self) -> Result<()> {
        let outcome = match self.failure.take() {
            Some(error) => Err(error),
            None => self.writer.flush(),
        };
        let destination = self.destination;
        let fail = |error| FileError::write(&destination, error);
        outcome.map_err(fail)?;
        self.writer.get_ref().sync_all().map_err(fail)?;
        self.temporary
            .persist(&destination)
            .map_err(|error| fail(error.error))?;
        // the rename itself reaches the disk with the folder; not every system can do that
        if let Ok(folder) = fs::File::open(folder_of(&destination)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Does `action` unless something failed before, and keeps its error.
    fn attempt(&mut self, action: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>) {
        if self.failure.is_none() {
            self.failure = action(&mut self.writer).err();
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|writer| writer.write_all(bytes));
        self.position += bytes.len() as u64;
        self.end = self.end.max(self.position);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(Write::flush);
        Ok(())
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
        };
        let position = position.ok_or(ErrorKind::InvalidInput)?;
        if position != self.position {
            self.attempt(|writer| writer.seek(SeekFrom::Start(position)).map(drop));
            self.position = position;
        }
        Ok(position)
    }
}

/// Writes `bytes` to `path`, whole or not at all.
///
/// # Errors
/// [`FileError::Write`]; then nothing has changed at `path`.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)
        .map_err(|error| FileError::write(path, error))?;
    file.commit()
}

/// Checks that a file can be written at `path`, before the work that fills it.
///
/// # Errors
/// [`FileError::Write`] if the folder does not exist or is not writable, or if `path` is there and
/// not a writable ordinary file.
pub fn ensure_writable(path: &Path) -> Result<()> {
    AtomicFile::create(path).map(drop)
}

/// Makes the folder `path`, with its parents, unless it exists, and checks that files can be
/// written there.
///
/// # Errors
/// [`FileError::Write`].
pub fn ensure_folder(path: &Path) -> Result<()> {
    let fail = |error| FileError::write(path, error);
    if path.exists() && !path.is_dir() {
        let problem = "a file of that name exists";
        return Err(fail(io::Error::new(ErrorKind::NotADirectory, problem)));
    }
    fs::create_dir_all(path).map_err(fail)?;
    beside(&path.join("file")).map(drop).map_err(fail)
}

/// Where a file for `path` is to appear: behind a symbolic link, where the link points.
fn destination(path: &Path) -> io::Result<PathBuf> {
    if path.file_name().is_none() || path.to_string_lossy().ends_with('/') {
        return Err(io::Error::new(
            ErrorKind::IsADirectory,
            "the path names a folder",
        ));
    }
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(path.to_path_buf());
    };
    if metadata.is_dir() {
        return Err(io::Error::new(
            ErrorKind::IsADirectory,
            "a folder of that name exists",
        ));
    }
    if !metadata.is_file() {
        // a rename would replace the device
        return Err(io::Error::other("it exists and is not an ordinary file"));
    }
    if metadata.permissions().readonly() {
        return Err(io::Error::new(
            ErrorKind::PermissionDenied,
            "the file there is read-only",
        ));
    }
    fs::canonicalize(path)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // the usual rights of a new file, less the umask, not those of a secret one
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let folder = folder_of(path);
    builder
        .tempfile_in(folder)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound if !folder.exists() => io::Error::new(
                ErrorKind::NotFound,
                format!("the folder {} does not exist", folder.display()),
            ),
            // without the name of the temporary file, which says nothing to a user
            kind => kind.into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xcebra_model::Advice;

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_appears_whole_on_commit_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(entries(folder.path()), 1);
    }

    #[test]
    fn dropping_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&folder.path().join("a.txt")).unwrap();
        file.write_all(&[0; 100_000]).unwrap();
        drop(file);
        ensure_writable(&folder.path().join("b.txt")).unwrap();
        assert_eq!(entries(folder.path()), 0);
    }

    #[test]
    fn missing_folders_and_folders_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let missing = ensure_writable(&folder.path().join("no/a.npz")).unwrap_err();
        assert!(missing.to_string().contains("does not exist"), "{missing}");
        let there = ensure_writable(folder.path()).unwrap_err();
        assert!(there.to_string().contains("folder"), "{there}");
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(ensure_folder(&folder.path().join("file")).is_err());
        ensure_folder(&folder.path().join("new/deep")).unwrap();
        assert_eq!(entries(&folder.path().join("new/deep")), 0);
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_not_replaced() {
        let error = ensure_writable(Path::new("/dev/null")).unwrap_err();
        assert!(
            error.to_string().contains("not an ordinary file"),
            "{error}"
        );
    }

    /// A file of which nothing ever reaches the disk.
    #[cfg(target_os = "linux")]
    fn full(path: &Path) -> AtomicFile {
        let mut file = AtomicFile::create(path).unwrap();
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        file.writer = BufWriter::new(full);
        file
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        for size in [10, 100_000] {
            let mut file = full(&path);
            file.write_all(&vec![1; size]).unwrap();
            let error = file.commit().unwrap_err();
            assert!(error.to_string().contains("No space left"), "{error}");
            assert!(error.advice().unwrap().contains("enough room"));
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(entries(folder.path()), 1);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_does_not_confuse_the_zip_writer() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ndarray_npy::NpzWriter::new(full(&folder.path().join("a.npz")));
        for name in ["x", "y"] {
            writer
                .add_array(name, &ndarray::Array1::<f64>::zeros(50_000))
                .unwrap();
        }
        assert!(writer.finish().unwrap().commit().is_err());
        assert_eq!(entries(folder.path()), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_keeps_pointing() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("t"), folder.path().join("l"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn new_files_are_not_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, usual) = (folder.path().join("a"), folder.path().join("b"));
        write_file(&ours, b"").unwrap();
        fs::write(&usual, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&usual));
    }
}
