//! The folder of a training that is not finished: what is needed to go on with it.
//!
//! | file | content |
//! |---|---|
//! | `checkpoint.safetensors` | the training as it stands, with its curves; missing before the first step |
//! | `config.toml` | all settings, defaults written out |
//! | `resume.json` | the data files, the number of seeds to compare, and the effort so far |
//! | `.xcebra-lock` | locked by the program that trains |
//! | `.xcebra-next` | settings and inputs of a training that is to replace the run in this folder |
//!
//! The folder appears whole and locked before the data are read, so that a training can be resumed
//! from its first moment. Each file is replaced whole. The training is finished once the folder holds the
//! encoder, which is written after all other results. Where seeds are to be compared, all this stays
//! until they are.
//!
//! A run that is replaced stays usable until the first checkpoint of the new training, which replaces
//! the whole folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xcebra_core::Checkpoint;

use crate::files::{AtomicFolder, FileError, FolderClaim, Source, TEMPORARY, write_file};
use crate::fit::Begin;
use crate::fit::fit_file::FitFile;
use crate::run::{CONFIG, MODEL, read_settings, read_text};
use crate::run_error::RunError;

/// Name of the checkpoint's file.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// Name of the file with the inputs, by which an unfinished training is known.
pub const RESUME: &str = "resume.json";
const NEXT: &str = ".xcebra-next";

/// Which recording a training reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Where relative paths begin, here and in the settings.
    pub folder: PathBuf,
    /// `FILE` or `FILE:ARRAY`, one a session.
    pub data: Vec<String>,
}

impl Inputs {
    /// Sources whose relative paths begin where the program runs.
    ///
    /// # Errors
    /// [`FileError::Read`] if the system does not tell where that is; [`FileError::Value`] if the
    /// folder's name is no text, so that a checkpoint cannot say it.
    pub fn new(data: &[Source]) -> Result<Self, FileError> {
        let folder = std::env::current_dir();
        let folder = folder.map_err(|error| FileError::read(Path::new("."), error))?;
        if folder.to_str().is_none() {
            return Err(FileError::Value {
                place: folder.display().to_string(),
                problem: "the name of this folder is not text (UTF-8)".to_owned(),
                advice: "rename it, or use another folder".to_owned(),
            });
        }
        Ok(Self {
            folder,
            data: data.iter().map(Source::to_string).collect(),
        })
    }

    /// The source a text names.
    ///
    /// # Errors
    /// [`FileError::Source`].
    pub fn source(&self, text: &str) -> Result<Source, FileError> {
        let mut source: Source = text.parse()?;
        source.path = self.path(&source.path);
        Ok(source)
    }

    /// A path as seen from where the program runs.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        // where nothing has changed, messages show the path as it was given
        match is_here(&self.folder) {
            true => path.to_path_buf(),
            false => self.folder.join(path),
        }
    }

    /// The source of the only recording.
    pub(crate) fn only(&self) -> Result<Source, FileError> {
        let only = self.data.first().map_or("", String::as_str);
        self.source(only)
    }
}

fn is_here(folder: &Path) -> bool {
    std::env::current_dir().is_ok_and(|here| here == folder)
}

/// What a training has taken so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Seconds.
    pub seconds: f64,
    /// Samples that went through the encoder.
    pub samples: u64,
    /// The log.
    pub log: String,
}

/// A training that is not finished, but for its checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// The settings.
    pub settings: FitFile,
    /// The recording.
    pub inputs: Inputs,
    /// From how many seeds to train in all, if they are to be compared.
    pub seeds: Option<u16>,
    /// What it has taken so far.
    pub effort: Effort,
    /// What it began with.
    pub begin: Begin,
}

/// The content of `resume.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resume {
    inputs: Inputs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seeds: Option<u16>,
    effort: Effort,
    #[serde(default, skip_serializing_if = "Begin::is_fresh")]
    begin: Begin,
}

impl Unfinished {
    /// Whether a folder holds a training that is not finished.
    pub fn is_in(folder: &Path) -> bool {
        let begun = [CHECKPOINT, RESUME]
            .iter()
            .any(|f| folder.join(f).is_file());
        begun && !folder.join(MODEL).is_file()
    }

    /// Whether a folder holds a training that was to replace its content and has no checkpoint yet.
    pub fn is_next(folder: &Path) -> bool {
        folder.join(NEXT).join(RESUME).is_file()
    }

    /// The command that goes on with the training in a folder, as a shell takes it.
    pub fn command(folder: &Path) -> String {
        let folder = folder.display().to_string();
        let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%".contains(c);
        let word = match (folder.starts_with('-'), folder.chars().all(plain)) {
            (true, true) => format!("./{folder}"),
            (false, true) => folder,
            (dash, false) => {
                let folder = folder.replace('\'', r"'\''");
                format!("'{}{folder}'", if dash { "./" } else { "" })
            }
        };
        format!("xcebra fit --resume {word}")
    }

    /// Whether a folder holds a training that is finished but for the comparison of its seeds.
    pub fn lacks_seeds(folder: &Path) -> bool {
        folder.join(CHECKPOINT).is_file()
            && folder.join(MODEL).is_file()
            && read_resume(folder).is_ok_and(|resume| resume.seeds.is_some())
    }

    /// Makes the folder of a new training, which no other program can claim from then on.
    ///
    /// # Errors
    /// [`RunError::File`]; then nothing has changed.
    pub fn claim(&self, folder: &Path) -> Result<FolderClaim, RunError> {
        let new = AtomicFolder::create(folder, None)?;
        self.begin(new.path())?;
        Ok(new.commit_claimed()?)
    }

    /// Notes in a claimed folder that this training is to replace its content.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub fn announce(&self, folder: &Path) -> Result<(), RunError> {
        let next = folder.join(NEXT);
        Self::withdraw(folder);
        fs::create_dir(&next).map_err(|error| FileError::write(&next, error))?;
        self.begin(&next)
    }

    /// Takes back what [`announce`](Self::announce) noted.
    pub fn withdraw(folder: &Path) {
        // if it is not there, or cannot be removed, nothing else is lost
        let _ = fs::remove_dir_all(folder.join(NEXT));
    }

    /// Replaces the folder, which must hold the file `marker`, with its first checkpoint.
    ///
    /// # Errors
    /// [`RunError::File`] or [`RunError::Encoder`]; then nothing has changed.
    pub fn replace(
        &self,
        folder: &Path,
        marker: &str,
        checkpoint: &Checkpoint<f32>,
    ) -> Result<FolderClaim, RunError> {
        let new = AtomicFolder::create(folder, Some(marker))?;
        self.begin(new.path())?;
        self.update(new.path(), checkpoint)?;
        Ok(new.commit_claimed()?)
    }

    /// Replaces the checkpoint in the folder.
    ///
    /// # Errors
    /// [`RunError::File`] or [`RunError::Encoder`]; then the earlier checkpoint is still there.
    pub fn update(&self, folder: &Path, checkpoint: &Checkpoint<f32>) -> Result<(), RunError> {
        checkpoint.save(folder.join(CHECKPOINT))?;
        self.write_resume(folder)
    }

    /// Writes what is known before the first step; `resume.json`, by which the training is known, last.
    fn begin(&self, folder: &Path) -> Result<(), RunError> {
        let settings = self.settings.to_toml();
        write_file(&folder.join(CONFIG), settings.as_bytes())?;
        self.write_resume(folder)
    }

    fn write_resume(&self, folder: &Path) -> Result<(), RunError> {
        let path = folder.join(RESUME);
        let resume = Resume {
            inputs: self.inputs.clone(),
            seeds: self.seeds,
            effort: self.effort.clone(),
            begin: self.begin.clone(),
        };
        let text = serde_json::to_string_pretty(&resume)
            .map_err(|error| FileError::write(&path, io::Error::other(error)))?;
        Ok(write_file(&path, text.as_bytes())?)
    }

    /// Reads the folder; without a checkpoint the training has made no step.
    ///
    /// # Errors
    /// [`RunError`] if a file is missing or damaged.
    pub fn load(folder: &Path) -> Result<(Self, Option<Checkpoint<f32>>), RunError> {
        let next = folder.join(NEXT);
        let folder = if Self::is_next(folder) { &next } else { folder };
        let settings = read_settings(&folder.join(CONFIG))?;
        let Resume {
            inputs,
            seeds,
            effort,
            begin,
        } = read_resume(folder)?;
        // a checkpoint that was there once must not be missing
        let checkpoint = match effort.samples > 0 || folder.join(CHECKPOINT).exists() {
            true => Some(Checkpoint::load(folder.join(CHECKPOINT))?),
            false => None,
        };
        let unfinished = Self {
            settings,
            inputs,
            seeds,
            effort,
            begin,
        };
        Ok((unfinished, checkpoint))
    }

    /// Takes away what is of no use once the training is finished, and what a killed one left
    /// half-written.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub fn clear(folder: &Path) -> Result<(), RunError> {
        // first, because without it nothing remains to be done
        let checkpoint = folder.join(CHECKPOINT);
        if checkpoint.is_file() {
            fs::remove_file(&checkpoint).map_err(|error| FileError::write(&checkpoint, error))?;
        }
        let entries = fs::read_dir(folder).map_err(|error| FileError::read(folder, error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| FileError::read(folder, error))?
                .path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let ours = [CHECKPOINT, RESUME, TEMPORARY]
                .iter()
                .any(|n| name.starts_with(n));
            if ours && path.is_file() {
                fs::remove_file(&path).map_err(|error| FileError::write(&path, error))?;
            }
        }
        Ok(())
    }
}

fn read_resume(folder: &Path) -> Result<Resume, RunError> {
    let path = folder.join(RESUME);
    serde_json::from_str(&read_text(&path)?).map_err(|error| RunError::Resume {
        path,
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_command_for_any_folder() {
        for (folder, word) in [
            ("run", "run"),
            ("a/größe-2.0", "a/größe-2.0"),
            ("-run", "./-run"),
            ("two words", "'two words'"),
            ("- it's $y", r"'./- it'\''s $y'"),
        ] {
            let command = Unfinished::command(Path::new(folder));
            assert_eq!(command, format!("xcebra fit --resume {word}"));
        }
    }
}
