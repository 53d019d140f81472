//! The folder of a study: which of its pieces are done, and what they left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xcebra_files::{FileError, write_file};

use super::plan::Plan;
use crate::run::read_text;
use crate::{Problem, Result};

/// Where pieces, their claims and their ends are.
const FOLDERS: [&str; 4] = ["pieces", "claims", "done", "failed"];

/// A planned study in its folder.
#[derive(Clone, Debug)]
pub struct Study {
    pub folder: PathBuf,
    pub plan: Plan,
}

/// How a piece came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// What it took.
    pub seconds: f64,
    /// Where it was run.
    pub host: String,
    /// What gathering has to know beside the files of the piece: why a training of a search failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// How a piece failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// What was wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Where it was run.
    pub host: String,
}

impl Study {
    /// Makes the folders of a study in its folder.
    pub fn make_folders(folder: &Path) -> Result<(), FileError> {
        for name in FOLDERS {
            let path = folder.join(name);
            fs::create_dir(&path).map_err(|error| FileError::write(&path, error))?;
        }
        Ok(())
    }

    /// Folder of the claims.
    pub fn claims(&self) -> PathBuf {
        self.folder.join("claims")
    }

    /// What a piece works in.
    pub fn piece(&self, piece: usize) -> PathBuf {
        self.folder.join("pieces").join(format!("{piece:06}"))
    }

    fn mark(&self, kind: &str, piece: usize) -> PathBuf {
        self.folder.join(kind).join(format!("{piece:06}.json"))
    }

    /// Whether a piece is done.
    pub fn is_done(&self, piece: usize) -> bool {
        self.mark("done", piece).is_file()
    }

    /// How a piece came to its end, if it did.
    pub fn done(&self, piece: usize) -> Result<Option<Done>> {
        read(&self.mark("done", piece))
    }

    /// How a piece failed, if it did.
    pub fn failed(&self, piece: usize) -> Result<Option<Failed>> {
        read(&self.mark("failed", piece))
    }

    /// Notes that a piece is done.
    pub fn write_done(&self, piece: usize, done: &Done) -> Result<()> {
        write(&self.mark("done", piece), done)?;
        // it may have failed before
        let _ = fs::remove_file(self.mark("failed", piece));
        Ok(())
    }

    /// Notes that a piece failed.
    pub fn write_failed(&self, piece: usize, failed: &Failed) -> Result<()> {
        write(&self.mark("failed", piece), failed)
    }

    /// The pieces that are done, from one look at the folder.
    pub fn all_done(&self) -> Result<BTreeSet<usize>> {
        self.listed("done")
    }

    /// The pieces that failed when they were last run.
    pub fn all_failed(&self) -> Result<BTreeSet<usize>> {
        self.listed("failed")
    }

    /// The pieces that were claimed once and are not done.
    pub fn all_claimed(&self) -> Result<BTreeSet<usize>> {
        self.listed("claims")
    }

    fn listed(&self, kind: &str) -> Result<BTreeSet<usize>> {
        let folder = self.folder.join(kind);
        let fail = |error| FileError::read(&folder, error);
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let number = name.to_str().and_then(|name| name.split('.').next());
            found.extend(number.and_then(|number| number.parse::<usize>().ok()));
        }
        Ok(found)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if !path.is_file() {
        return Ok(None);
    }
    serde_json::from_str(&read_text(path)?)
        .map(Some)
        .map_err(|error| {
            Problem::file(
                format!("{} is damaged: {error}", path.display()),
                "remove it and run the piece again",
            )
        })
}

fn write(path: &Path, content: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(content).expect("plain text");
    Ok(write_file(path, format!("{text}\n").as_bytes())?)
}
