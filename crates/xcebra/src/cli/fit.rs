//! `xcebra fit`: trains an encoder on a recording.

pub mod data;
mod figures;
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
use xcebra::core::{Error, Trainer};
use xcebra::files::{Source, ensure_folder};
use xcebra::{CHECKPOINT, Effort, Inputs, MODEL, Run, Unfinished};

use super::training::train;
use super::{Outcome, Problem, Result, Session, interrupt};
use data::Data;
use keeper::{Keeper, keep_inputs};
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

    /// Changes one setting, such as train.steps=4000 or "objective.1.dims=[3,6]"; may be repeated
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

const EXAMPLES: &str = "\
Settings (TOML), each with its default unless it says otherwise:
  [data]
  x = \"x\"                       # array (time, channels), or columns of a table: \"acc_*\"
  labels = { z2 = \"z2\" }        # label name = array; empty by default: a label is the
                                # array of its own name. FILE:ARRAY is an array of another
                                # file, for all sessions one after another.
                                # Classes may be text in a table
  standardize = true            # bring each channel to mean 0 and standard deviation 1
  [encoder]
  name = \"offset1-mse-clip\"     # the encoders are below
  outputs = 6                   # embedding dimensions
  clip = 5.0                    # offset1-mse-clip: limit of each output
  hidden = 32                   # hidden units of encoders other than offset1-mse, -clip, -tanh
  [[objective]]                 # any number of them; their losses add up
  dims = [0, 6]                 # embedding dimensions 0 to 5; all by default
  positives = { kind = \"time\", offset = 1 }
  similarity = { kind = \"euclidean\", temperature = 1.0 }   # or cosine, dot
  weight = 1.0
  weight_start = 0              # first step of the rise of the weight from 0
  weight_ramp = 0               # steps of the rise
  [[objective]]
  dims = [3, 6]
  positives = { kind = \"time-delta\", label = \"z2\", delta = 1 }
                                # the kinds of positives are below
  [regularizer]
  weight = 0.1                  # λ of the Jacobian penalty, 0 for none
  start = 2500                  # first step of its rise from 0
  ramp = 2500                   # steps of the rise
  projections = 1               # random projections a sample; 0 = exact
  [train]
  steps = 20000
  batch = 512
  learning_rate = 3e-4
  weight_decay = 0.0            # decoupled, as in AdamW
  schedule = \"constant\"         # or linear: down to 1 %; cosine: a short rise, then down to 1 %
  seed = 0
  log_every = 50                # steps between two points of the training curves
  [validation]
  held_out = 0.0                # fraction of the samples kept from the training, up to 0.5
  blocks = 10                   # blocks of time it is made of
  every = 250                   # steps between two validations
  batches = 4                   # batches a validation draws
  patience = 0                  # validations that are no better after which the training stops
                                # and its best parameters are taken; 0: never. They count from
                                # where objectives and regulariser have their last weights

Positives (the sample that a reference is to be near to):
  { kind = \"time\", offset = 1 }                      offset samples later
  { kind = \"time-delta\", label = \"z\", delta = 1 }    nearest to the reference's label plus a
                                                     change of the label over delta samples
  { kind = \"delta-normal\", label = \"z\", sigma = 0.1 }  nearest to label plus Gaussian noise
  { kind = \"delta-vmf\", label = \"angle\", kappa = 10 }  the same on the circle: radians, von Mises
  { kind = \"discrete\", label = \"state\" }             of the same class
  { kind = \"mixed\", discrete = \"state\", continuous = \"z\", delta = 1 }
                                                     as time-delta, within the same class
  { kind = \"uniform\" }                               any sample

Similarities: kind = euclidean (squared distance), cosine, dot; learn = true trains the temperature,
not below minimum = 0.01. Supervised objectives instead of positives and similarity:
  loss = \"mse\", label = \"z\"              mean squared error, one dimension a column
  loss = \"cross-entropy\", label = \"state\"  one dimension a class, in the order of their values

Encoders (GELU between layers; those without mse normalise their output to unit length):
  one sample: offset1, offset1-v2 … -v5, offset1-mse, offset1-mse-clip, offset1-mse-tanh,
    offset1-mse-v2 and offset1-mse-resnet (depth = 2 hidden layers between the first and the last two)
  convolutions over 5 to 50 samples: offset5, 10, 15, 18, 20, 36, 40, 50, each also with -mse
  custom: layers = [{ outputs = 64, kernel = 3, skip = true }, …], the last with encoder.outputs;
    head = { kind = \"identity\" } (or normalize, tanh, clip with its limit);
    left = samples of the window before the one that is embedded

Several sessions: --data once for each file. A label is the same-named array of each file.

A training that ends early leaves its last checkpoint in the folder, and after Ctrl-C or the SIGTERM
of a batch system a fresh one; `xcebra fit --resume FOLDER` goes on from there, to the same bytes.

Examples:
  xcebra fit --data data.npz --config fit.toml --out run
  xcebra fit --data data.npz --set \"objective.0.positives={kind='time', offset=5}\" --out run
  xcebra fit --data data.npz:traces --set encoder.outputs=3 --set train.steps=4000 --out run
  xcebra fit --data walk.csv:\"ankle_*\" --config gait.toml --out run
  xcebra fit --data monday.npz --data tuesday.npz --config fit.toml --out run
  xcebra fit --resume run";

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
                keep_inputs(out, &self.data, &settings)?;
                let unfinished = Unfinished {
                    settings,
                    inputs: Inputs::new(&self.data)?,
                    seeds: self.seeds,
                    effort: Effort::default(),
                };
                let keeper = Keeper::of_new(out, self.force, self.checkpoint_every, &unfinished)?;
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
        interrupt::listen(session, "saving a checkpoint");
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
        Ok(finished.outcome(keeper.folder()))
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
                Error::Data { problem, .. } => Problem::new(
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
        let read = prepared.data.notes.iter().cloned();
        for note in read.chain(notes::notes(&config, &prepared.data.recording)) {
            session.note(&note);
            prepared.unfinished.effort.log += &format!("note: {note}\n");
        }
        Ok(prepared)
    }

    fn of(unfinished: Unfinished) -> Result<Self> {
        let settings = &unfinished.settings;
        let data = Data::read(&unfinished.inputs, settings)?;
        let trainer = Trainer::new(settings.config(), data.recording.clone())?;
        Ok(Self {
            unfinished,
            data,
            trainer,
        })
    }
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
