//! Where the trainings of a test are kept, so that it goes on after a break.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xcebra_core::{Encoder, Fingerprint, Trainer};
use xcebra_files::{FileError, FolderClaim, TEMPORARY, write_file};
use xcebra_model::{Kind, Watch};

use super::significance::Test;
use crate::kept::KeptTraining;
use crate::run::read_text;
use crate::{Null, Problem, Result};

/// By this file the trainings of a test are known.
const TRAININGS: &str = "trainings.json";
/// Time between two checkpoints of a training.
const EVERY: Duration = Duration::from_secs(30);

/// A folder of trainings, which belongs to this process.
pub struct Kept {
    folder: PathBuf,
    /// Given back with the value.
    _claim: FolderClaim,
}

/// What decides the trainings of a test; how many they are does not.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    version: String,
    null: String,
    blocks: usize,
    subject: usize,
    /// As TOML.
    settings: String,
    recording: Fingerprint,
}

impl Kept {
    /// Claims a folder for the trainings of a test; it may hold some of them.
    pub fn of(folder: &Path, test: &Test, settings: String) -> Result<Self> {
        let claim = FolderClaim::take(folder)?.ok_or_else(|| {
            Problem::file(
                format!("another program trains in {}", folder.display()),
                "wait until it has finished, or choose another --out",
            )
        })?;
        let known = Known {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            null: match test.null {
                Null::Resampled => "resampled",
                Null::ShiftedLabels => "shifted-labels",
            }
            .to_owned(),
            blocks: test.asked_blocks,
            subject: test.subject,
            settings,
            recording: Fingerprint::of(&test.recording),
        };
        let path = folder.join(TRAININGS);
        if path.is_file() {
            let found: Option<Known> = serde_json::from_str(&read_text(&path)?).ok();
            if found.as_ref() != Some(&known) {
                return Err(Problem::setting(
                    format!(
                        "{} holds the trainings of a test with other settings or data",
                        folder.display()
                    ),
                    "remove that folder, or choose another --out",
                ));
            }
        } else {
            require_ours(folder)?;
            let text = serde_json::to_string_pretty(&known).expect("plain text");
            write_file(&path, format!("{text}\n").as_bytes())?;
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            _claim: claim,
        })
    }

    /// The encoder of training `k`: read, or trained.
    pub fn encoder(&self, test: &Test, k: usize, watch: &Watch<'_>) -> Result<Encoder<f32>> {
        let kept = KeptTraining::in_folder(&self.folder.join(format!("{k:06}")), EVERY)?;
        let found = test.trained(k, &kept, watch);
        found.map_err(|problem| match problem.kind() {
            Kind::Interrupted => Problem::new(
                Kind::Interrupted,
                format!(
                    "interrupted in training {} of {}; the trainings are kept in {}",
                    k + 1,
                    test.trainings,
                    self.folder.display()
                ),
                "run the same command again: it goes on where this one ended",
            ),
            _ => problem,
        })
    }
}

/// Refuses a folder with other files: once the maps are written, it is removed.
fn require_ours(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| FileError::read(folder, error))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let is_ours = |name: &str| {
        let is_number = name.len() == 6 && name.bytes().all(|byte| byte.is_ascii_digit());
        is_number || name.starts_with(TEMPORARY)
    };
    for name in names {
        let name = name.to_string_lossy();
        if !is_ours(&name) {
            return Err(Problem::file(
                format!("{} holds {name}, which is not a training", folder.display()),
                "remove that folder, or choose another --out",
            ));
        }
    }
    Ok(())
}

impl Test {
    /// The encoder of training `k`, kept in a place.
    pub fn trained(
        &self,
        k: usize,
        kept: &KeptTraining,
        watch: &Watch<'_>,
    ) -> Result<Encoder<f32>> {
        let steps = self.config.train.steps;
        let total = (self.trainings * steps) as u64;
        let begin = || {
            let (config, surrogate) = self.retraining.training(k, &self.config, &self.recording)?;
            Ok(Trainer::new(config, surrogate)?)
        };
        let message = format!("training {} of {}", k + 1, self.trainings);
        let told = |trainer: &Trainer<f32>| {
            let done = k * steps + trainer.steps_made();
            watch.progress("significance", (done as u64, total), &message);
        };
        kept.trained(self.subject, begin, told, watch)
    }
}
