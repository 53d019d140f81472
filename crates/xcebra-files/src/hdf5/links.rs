//! Links to objects in other files.
//!
//! They are followed into files of the same folder, or below it. What is elsewhere is not opened for a file that a
//! stranger may have written.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::error::Result;
use hdf5_reader::{ExternalLinkResolver, FileStorage, Hdf5File};

use super::tree::options;
use crate::reading::open_file;

/// The files beside a file.
#[derive(Default)]
pub(super) struct Beside {
    folder: PathBuf,
    files: Mutex<BTreeMap<String, std::result::Result<Hdf5File, String>>>,
}

impl Beside {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            folder: path.parent().unwrap_or(Path::new("")).to_path_buf(),
            files: Mutex::default(),
        }
    }

    /// Files that links name and that cannot be read, and why.
    pub(super) fn broken(&self) -> Vec<(String, String)> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let broken = files.iter().filter_map(|(name, file)| {
            let problem = file.as_ref().err()?;
            Some((name.clone(), problem.clone()))
        });
        broken.collect()
    }

    fn open(&self, name: &str) -> std::result::Result<Hdf5File, String> {
        let relative = Path::new(name);
        let within = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !relative.components().all(within) {
            return Err("it is not in the same folder, and is not opened".to_owned());
        }
        let path = self.folder.join(relative);
        let opened = open_file(&path).map_err(|error| error.to_string())?;
        // links in a linked file are not followed
        let storage = FileStorage::open(&path).map_err(|error| error.to_string())?;
        Hdf5File::from_storage_with_options(Arc::new(storage), options(opened.1))
            .map_err(|error| error.to_string())
    }
}

impl ExternalLinkResolver for Beside {
    fn resolve_external_link(&self, name: &str) -> Result<Option<Hdf5File>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = files
            .entry(name.to_owned())
            .or_insert_with(|| self.open(name));
        Ok(file.as_ref().ok().cloned())
    }
}
