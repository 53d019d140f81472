//! A comparison with chance on files, in a folder: trainings that are done are kept, and one that is interrupted goes
//! on from its checkpoint.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use xcebra_core::{Checkpoint, Fingerprint, Trainer};
use xcebra_files::{FileError, FolderClaim, Source, write_file};
use xcebra_model::{Kind, Watch};

use super::{Chance, ChanceSettings, Trainings};
use crate::fit::unfinished::Inputs;
use crate::run::read_text;
use crate::{Begin, Data, FitFile, Problem, Result, Shuffle};

/// What the trainings are, and their scores.
const TRAININGS: &str = "trainings.json";
/// The training that is being made.
const CHECKPOINT: &str = "checkpoint.safetensors";
const ANSWER: &str = "chance.json";
const REPORT: &str = "report.html";

/// A comparison with chance on files.
#[derive(Clone, Debug)]
pub struct ChanceJob {
    /// The data file of each session; those of the run if there are none.
    pub data: Vec<Source>,
    /// The folder of a trained run, if the settings are those of one.
    pub run: Option<PathBuf>,
    /// The settings.
    pub settings: FitFile,
    /// What is compared.
    pub how: ChanceSettings,
    /// The folder to write.
    pub out: PathBuf,
    /// Time between two checkpoints.
    pub checkpoint_every: Duration,
}

/// What decides the trainings; how many they are does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    version: String,
    shuffle: String,
    blocks: usize,
    /// As TOML.
    settings: String,
    recording: Fingerprint,
}

/// The trainings that are done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    known: Known,
    scores: Vec<f64>,
}

/// As [`chance`](super::chance), of files into a folder: `chance.json`, `report.html`, and `trainings.json` with the
/// scores of all trainings. The same job goes on where an earlier one ended; with more trainings it makes only those
/// that are missing.
///
/// # Errors
/// As [`chance`](super::chance), and if files cannot be read or the folder holds something else.
pub fn chance_files(job: &ChanceJob, watch: &Watch<'_>) -> Result<Chance> {
    let given = Inputs::new(&job.data)?;
    let inputs = match &job.run {
        Some(run) => Begin::From(run.clone()).inputs(given)?,
        None => given,
    };
    let data = Data::read(&inputs, &job.settings)?;
    data.notes.iter().for_each(|note| watch.note(note));
    let trainings = Trainings::new(&job.settings, &data.recording, &job.how)?;
    fs::create_dir_all(&job.out).map_err(|error| FileError::write(&job.out, error))?;
    let _claim = FolderClaim::take(&job.out)?.ok_or_else(|| {
        Problem::file(
            format!("another program trains in {}", job.out.display()),
            "wait until it has finished, or choose another --out",
        )
    })?;
    let mut done = Done::begun(&job.out, trainings.known(&job.settings))?;
    let checkpoint = job.out.join(CHECKPOINT);
    for k in done.scores.len()..trainings.count() {
        let score = trained(&trainings, k, (&checkpoint, job.checkpoint_every), watch);
        let score = score.map_err(|problem| interrupted(problem, k, &trainings))?;
        done.scores.push(score);
        done.save(&job.out)?;
        if checkpoint.is_file() {
            fs::remove_file(&checkpoint).map_err(|error| FileError::write(&checkpoint, error))?;
        }
    }
    let found = trainings.compared(done.scores[..trainings.count()].to_vec())?;
    let answer = found.answer()?.json;
    write_file(&job.out.join(ANSWER), format!("{answer:#}\n").as_bytes())?;
    found.report().write(&job.out.join(REPORT))?;
    Ok(found)
}

/// The score of training `k`, which is kept in a checkpoint while it is made.
fn trained(
    trainings: &Trainings<'_>,
    k: usize,
    (checkpoint, every): (&Path, Duration),
    watch: &Watch<'_>,
) -> Result<f64> {
    let mut trainer = trainings.begin(k)?;
    if checkpoint.is_file() {
        trainer.restore(&Checkpoint::load(checkpoint)?)?;
    }
    let mut last = Instant::now();
    let keep = |trainer: &Trainer<f32>| {
        if last.elapsed() >= every {
            trainer.checkpoint().save(checkpoint)?;
            last = Instant::now();
        }
        Ok(())
    };
    let score = trainings.score(k, &mut trainer, keep, watch);
    if let Err(problem) = &score
        && problem.kind() == Kind::Interrupted
    {
        trainer.checkpoint().save(checkpoint)?;
    }
    score
}

fn interrupted(problem: Problem, k: usize, trainings: &Trainings<'_>) -> Problem {
    match problem.kind() {
        Kind::Interrupted => Problem::new(
            Kind::Interrupted,
            format!("interrupted in training {} of {}", k + 1, trainings.count()),
            "run the same command again: it goes on where this one ended",
        ),
        _ => problem,
    }
}

impl Trainings<'_> {
    fn known(&self, settings: &FitFile) -> Known {
        Known {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            shuffle: match self.how.shuffle {
                Shuffle::Labels => "labels",
                Shuffle::Columns => "channels",
            }
            .to_owned(),
            blocks: self.blocks,
            settings: settings.to_toml(),
            recording: Fingerprint::of(self.recording),
        }
    }
}

impl Done {
    /// What an earlier job left of these trainings in a folder.
    fn begun(folder: &Path, known: Known) -> Result<Self> {
        let path = folder.join(TRAININGS);
        if path.is_file() {
            let found: Option<Self> = serde_json::from_str(&read_text(&path)?).ok();
            return found.filter(|found| found.known == known).ok_or_else(|| {
                Problem::setting(
                    format!(
                        "{} holds trainings with other settings or data",
                        folder.display()
                    ),
                    "run the command that began it to go on, or choose another --out",
                )
            });
        }
        require_empty(folder)?;
        let begun = Self {
            known,
            scores: Vec::new(),
        };
        begun.save(folder)?;
        Ok(begun)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).expect("plain text and numbers");
        Ok(write_file(
            &folder.join(TRAININGS),
            format!("{text}\n").as_bytes(),
        )?)
    }
}

/// Refuses a folder with other files.
fn require_empty(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| FileError::read(folder, error))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let other = names.map(|name| name.to_string_lossy().into_owned());
    match other.into_iter().find(|name| !name.starts_with('.')) {
        None => Ok(()),
        Some(name) => Err(Problem::file(
            format!("{} holds {name}, and no such trainings", folder.display()),
            "choose another --out",
        )),
    }
}
