//! `xcebra fit`: trains an encoder on a recording.

pub mod data;
mod figures;
mod help;
mod keeper;
mod labels;
mod notes;
mod result;
mod seeds;
mod settings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use xcebra::core::{Config, CoreError, Trainer};
use xcebra::files::{Source, ensure_folder};
use xcebra::{CHECKPOINT, Effort, Inputs, MODEL, Run, Unfinished};

use super::training::train;
use super::{Outcome, Problem, Result, Session, interrupt};
use data::Data;
use help::EXAMPLES;
use keeper::Keeper;
use result::Finished;
use settings::read_settings;

/// Train an encoder on a recording
///
/// The recording is an array (time, channels) of the data file, the labels are arrays with one
/// value or one row for each of its samples. The run's folder holds the model, its settings, the
/// training curves, a log, and a report with pictures.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Fit {
    /// Recording and labels: .npz, .npy, .csv, .edf, .bdf or .wav; once for each session
    ///
    /// An array named here replaces that of the settings. With --resume it says where the data now
    /// are.
    #[arg(long, value_name = "FILE[:ARRAY]", required_unless_present = "resume")]
    data: Vec<Source>,

    /// Settings, .toml [default: one objective, positives one sample later]
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    config: Option<PathBuf>,

    /// Changes one setting, such as train.steps=4000 or "objective.0.dims=[3,6]"; may be repeated
    #[arg(long, value_name = "FIELD=VALUE", conflicts_with = "resume")]
    set: Vec<String>,

    /// Folder to write
    #[arg(
        long,
        short,
        value_name = "FOLDER",
        required_unless_present = "resume",
        conflicts_with = "resume"
    )]
    out: Option<PathBuf>,

    /// Replace the folder if it holds an earlier run, finished or not
    #[arg(long, conflicts_with = "resume")]
    force: bool,

    /// Go on with the unfinished training in this folder, with its settings and data
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,

    /// Time between two checkpoints in the folder; 0 for one after every step
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    checkpoint_every: Duration,

    /// Also train from K seeds in all, to report how alike embeddings and maps are; K times the cost
    ///
    /// The folder holds the first training, that of train.seed; the others, from the seeds after it, are
    /// compared and forgotten.
    #[arg(long, value_name = "K", conflicts_with = "resume", value_parser = clap::value_parser!(u16).range(2..=100))]
    seeds: Option<u16>,

    /// Also write each picture of the report, NAME.svg and NAME.png, into this folder
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,
}

/// From fewer windows nothing can be learned: positives and negatives are the same few.
const FEWEST_WINDOWS: usize = 10;

/// How a line of the log begins that is a note.
pub const NOTE: &str = "note: ";

/// A training that is ready to run.
struct Prepared {
    unfinished: Unfinished,
    data: Data,
    trainer: Trainer<f32>,
}

impl Fit {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        if let Some(figures) = &self.figures {
            ensure_folder(figures)?;
        }
        // before the folder is claimed, so that an interrupt never leaves it without a word
        interrupt::listen(session, "saving a checkpoint");
        match (&self.resume, &self.out) {
            (Some(folder), _) => {
                if is_finished(folder) {
                    return finished_already(folder);
                }
                require_unfinished(folder)?;
                let keeper = Keeper::of_unfinished(folder, self.checkpoint_every)?;
                // the program that trained there before may have finished in the meantime
                if is_finished(folder) {
                    return finished_already(folder);
                }
                let prepared = self.take_up(session, folder)?;
                let (step, steps) = (prepared.trainer.steps_made(), steps(&prepared.trainer));
                session.note(&format!("going on after step {step} of {steps}"));
                self.train(session, prepared, keeper)
            }
            (None, Some(out)) => {
                let mut settings = read_settings(self.config.as_deref(), &self.set)?;
                if let Some(array) = self.data.iter().find_map(|source| source.array.as_ref()) {
                    settings.data.x.clone_from(array);
                }
                let unfinished = Unfinished {
                    settings,
                    inputs: Inputs::new(&self.data)?,
                    seeds: self.seeds,
                    effort: Effort::default(),
                };
                let keeper = Keeper::of_new(
                    out,
                    self.force,
                    self.checkpoint_every,
                    (&unfinished, &self.data),
                )?;
                let prepared = Prepared::new(session, unfinished)?;
                self.train(session, prepared, keeper)
            }
            (None, None) => Err(Problem::new(
                "there is no --out",
                "name the folder to write",
            )),
        }
    }

    fn train(&self, session: &Session, prepared: Prepared, mut keeper: Keeper) -> Result<Outcome> {
        let Prepared {
            unfinished,
            data,
            trainer,
        } = prepared;
        let (mut state, before) = (unfinished.clone(), unfinished.effort);
        let trained = train(session, trainer, before, |trainer, effort| {
            keeper.after_step(trainer, &mut state, effort)
        })?;
        let mut finished = Finished::new(unfinished.settings, data, trained)?;
        keeper.finish(|folder| finished.write(folder))?;
        if let Some(count) = unfinished.seeds {
            seeds::compare(session, &mut finished, &mut keeper, count.into())?;
        }
        keeper.clear()?;
        if let Some(folder) = &self.figures {
            for picture in finished.pictures() {
                picture.write(folder)?;
            }
        }
        finished.outcome(keeper.folder())
    }

    /// The unfinished training in a folder.
    fn take_up(&self, session: &Session, folder: &Path) -> Result<Prepared> {
        let (mut unfinished, checkpoint) = Unfinished::load(folder)?;
        if let Some(checkpoint) = &checkpoint
            && *checkpoint.config() != unfinished.settings.config()
        {
            return Err(Problem::new(
                format!(
                    "the settings in {} were changed since the checkpoint",
                    folder.display()
                ),
                "undo the change in its config.toml, or train anew with --force",
            ));
        }
        if !self.data.is_empty() {
            unfinished.inputs = Inputs::new(&self.data)?;
        }
        let Some(checkpoint) = checkpoint else {
            return Prepared::new(session, unfinished);
        };
        let mut prepared = Prepared::of(unfinished)?;
        prepared
            .trainer
            .restore(&checkpoint)
            .map_err(|error| match error {
                CoreError::Data { problem, .. } => Problem::new(
                    format!(
                        "{} does not go with {}: {problem}",
                        folder.join(CHECKPOINT).display(),
                        prepared.data.place
                    ),
                    "bring the data back as they were, or train anew with --force",
                ),
                other => other.into(),
            })?;
        let step = checkpoint.step();
        let log = &mut prepared.unfinished.effort.log;
        log.push_str(&format!("resumed after step {step}\n"));
        Ok(prepared)
    }
}

impl Prepared {
    /// A training from its first step, with its notes.
    fn new(session: &Session, unfinished: Unfinished) -> Result<Self> {
        let mut prepared = Self::of(unfinished)?;
        let config = prepared.unfinished.settings.config();
        let data = &prepared.data;
        let likely = notes::notes(&config, &data.recording, data.files.len());
        for note in data.notes.iter().cloned().chain(likely) {
            session.note(&note);
            let note = note.replace('\n', " ");
            prepared.unfinished.effort.log += &format!("{NOTE}{note}\n");
        }
        Ok(prepared)
    }

    fn of(unfinished: Unfinished) -> Result<Self> {
        let settings = &unfinished.settings;
        let data = Data::read(&unfinished.inputs, settings)?;
        let trainer = Trainer::new(settings.config(), data.recording.clone())?;
        require_trainable(&data, &settings.config())?;
        Ok(Self {
            unfinished,
            data,
            trainer,
        })
    }
}

/// Refuses recordings from which nothing can be learned.
fn require_trainable(data: &Data, config: &Config) -> Result<()> {
    let architecture = config.encoder.architecture(data.recording.channels());
    let window = architecture.window.len();
    let sessions = data.recording.sessions().iter();
    let windows: usize = sessions
        .map(|session| (session.len() + 1).saturating_sub(window))
        .sum();
    if windows >= FEWEST_WINDOWS {
        return Ok(());
    }
    let (place, samples) = (&data.place, data.recording.len());
    let found = match window {
        1 => format!("{place} has {samples} samples"),
        _ => format!("{place} has {windows} windows of {window} samples"),
    };
    Err(Problem::new(
        format!("{found}, too few to train on: at least {FEWEST_WINDOWS} are needed"),
        "pass a longer recording, and check that its rows are moments in time",
    ))
}

fn steps(trainer: &Trainer<f32>) -> usize {
    trainer.config().train.steps
}

/// Whether nothing remains to be done in a folder.
fn is_finished(folder: &Path) -> bool {
    let begun = Unfinished::is_next(folder) || Unfinished::lacks_seeds(folder);
    folder.join(MODEL).is_file() && !begun
}

fn require_unfinished(folder: &Path) -> Result<()> {
    let is = [
        Unfinished::is_in,
        Unfinished::is_next,
        Unfinished::lacks_seeds,
    ];
    if is.iter().any(|is| is(folder)) {
        return Ok(());
    }
    Err(Problem::new(
        format!("{} holds no training to go on with", folder.display()),
        "pass a folder in which a training left its checkpoint, or begin with --data and --out",
    ))
}

/// What there is to say of a folder that needs no training.
fn finished_already(folder: &Path) -> Result<Outcome> {
    Run::load(folder)?;
    // the training may have been killed just before it took them away
    Unfinished::clear(folder)?;
    let out = folder.display().to_string();
    Ok(Outcome {
        text: format!("{out}: this training is finished"),
        json: json!({ "out": out, "finished": true }),
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "it is no time in seconds".to_owned())
}
