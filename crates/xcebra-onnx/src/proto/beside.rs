//! Numbers in files beside the model, as PyTorch writes them: `model.onnx` with `model.onnx.data`.
//!
//! A model may come from anyone, and the names of these files are part of it. Only regular files inside the folder of the
//! model are read, through no link that leads out of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::literal::Reason;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 18;

const FOLDER: &str = "put the file into the folder of the model, or export the model again";
const DAMAGED: &str = "copy the model together with the files beside it again, or export it again";

/// The folder of a model.
#[derive(Debug)]
pub struct Beside {
    folder: PathBuf,
    /// Numbers claimed of each file that was named, at most its bytes.
    claimed: Mutex<HashMap<String, Claim>>,
}

#[derive(Debug)]
struct Claim {
    bytes: u64,
    numbers: u64,
}

/// A part of a file beside the model.
#[derive(Clone, Debug)]
pub struct Place {
    pub folder: Arc<Beside>,
    /// As the model has it.
    pub location: String,
    pub offset: u64,
    pub length: Option<u64>,
}

impl Beside {
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            claimed: Mutex::default(),
        }
    }

    /// Notes that a tensor of this many numbers is said to be in a file.
    pub fn claim(&self, location: &str, numbers: usize) {
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        let claim = claimed.entry(location.to_owned()).or_insert_with(|| {
            let length = self.find(location).and_then(|path| length(&path));
            Claim {
                bytes: length.unwrap_or(0),
                numbers: 0,
            }
        });
        claim.numbers = claim.numbers.saturating_add(numbers as u64);
    }

    /// Numbers claimed so far, of each file no more than it has bytes.
    pub fn numbers(&self) -> usize {
        let claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        let all = claimed.values().map(|c| c.numbers.min(c.bytes));
        let all = all.fold(0_u64, u64::saturating_add);
        usize::try_from(all).unwrap_or(usize::MAX)
    }

    /// The files that were named so far and that the model may name, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        let claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        let files = claimed.keys().filter_map(|name| self.find(name).ok());
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        files
    }

    /// The file that is meant, if the model may name it.
    fn find(&self, location: &str) -> Result<PathBuf, Reason> {
        let mut parts = Path::new(location).components().peekable();
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        // what Windows takes for a separator or a drive is refused everywhere
        if parts.peek().is_none() || !parts.all(inside) || location.contains(['\\', ':', '\0']) {
            return Err((
                format!(
                    "its numbers are in '{location}', which is not a path inside the model's folder"
                ),
                Some(FOLDER),
            ));
        }
        let folder = match self.folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => &self.folder,
        };
        let path = folder.join(location);
        let failed = |error: io::Error| {
            (
                format!(
                    "its numbers are in {}, which cannot be read: {error}",
                    path.display()
                ),
                Some("put this file, which was written together with the model, into its folder"),
            )
        };
        let real = path.canonicalize().map_err(failed)?;
        if !real.starts_with(folder.canonicalize().map_err(failed)?) {
            return Err((
                format!(
                    "its numbers are in {}, a link that leads out of the model's folder",
                    path.display()
                ),
                Some(FOLDER),
            ));
        }
        if !real.metadata().map_err(failed)?.is_file() {
            return Err((
                format!("its numbers are in {}, which is not a file", path.display()),
                Some(FOLDER),
            ));
        }
        Ok(real)
    }
}

fn length(path: &Path) -> Result<u64, Reason> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) => Err(broken(path, &error)),
    }
}

fn broken(path: &Path, error: &io::Error) -> Reason {
    (
        format!("{} cannot be read: {error}", path.display()),
        Some(DAMAGED),
    )
}

impl Place {
    /// The file, if it has `needed` bytes at this place.
    pub fn check(&self, needed: usize) -> Result<PathBuf, Reason> {
        let path = self.folder.find(&self.location)?;
        let needed = needed as u64;
        let problem = match (self.length, length(&path)?) {
            (Some(length), _) if length != needed => {
                format!(
                    "it has {length} bytes in {}, but its shape needs {needed}",
                    self.location
                )
            }
            (_, whole)
                if self
                    .offset
                    .checked_add(needed)
                    .is_none_or(|end| end > whole) =>
            {
                format!(
                    "it needs {needed} bytes from byte {} of {}, which has {whole}",
                    self.offset, self.location
                )
            }
            _ => return Ok(path),
        };
        Err((problem, Some(DAMAGED)))
    }

    /// Reads `needed` bytes piece by piece.
    pub fn pieces(&self, needed: usize, mut take: impl FnMut(&[u8])) -> Result<(), Reason> {
        let path = self.check(needed)?;
        let mut read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            let mut piece = vec![0; PIECE.min(needed)];
            let mut left = needed;
            while left > 0 {
                let size = PIECE.min(left);
                file.read_exact(&mut piece[..size])?;
                take(&piece[..size]);
                left -= size;
            }
            Ok(())
        };
        read().map_err(|error: io::Error| broken(&path, &error))
    }
}
