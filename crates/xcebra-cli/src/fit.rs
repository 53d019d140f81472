//! `xcebra fit`: trains an encoder on a recording.

mod help;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use xcebra::files::{Source, ensure_folder};
use xcebra::{
    Answer, Begin, FitFile, FitJob, Problem, Result, ResumeJob, Run, fit_files, fit_or_resume,
    read_settings, resume, with_labels,
};

use super::Session;
use super::clock::ClockArguments;
use super::figures::Figures;
use super::study::refuse;
use help::EXAMPLES;

/// Train an encoder on a recording
///
/// The recording is an array (time, channels) of the data file. Labels are arrays with one
/// value or one row for each of its samples. The folder of the run holds the model, its settings, the
/// training curves, a log, and a report with pictures.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Fit {
    /// Recording and labels, of any format that `xcebra files` lists; repeat for each session
    ///
    /// An array named here replaces the one in the settings. With --resume it says where the data are
    /// now.
    #[arg(long, value_name = "FILE[:ARRAY]", required_unless_present_any = ["resume", "from"])]
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

    /// Replace the folder even if it holds an earlier run, finished or not
    #[arg(long, conflicts_with = "resume")]
    force: bool,

    /// Start the training, or go on with it if the folder of --out holds it, or say that it is finished: one command for
    /// a job that may be started again at any time
    #[arg(long = "continue", conflicts_with_all = ["resume", "force"])]
    go_on: bool,

    /// Resume the unfinished training in this folder, with its settings and data
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,

    /// Train the encoders of this run further, with its settings and --set, and its data unless --data is given
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["resume", "config", "seeds"])]
    from: Option<PathBuf>,

    /// Add a new subject, whose sessions --data gives, to this run, and leave its encoders as they are
    ///
    /// The new encoder is trained with the settings of the run and --set against the embeddings of the other
    /// sessions, so that its dimensions mean the same. With encoder.shared = "trunk" only its first layer is
    /// trained. The folder that is written holds the encoders of all sessions.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["resume", "config", "seeds", "from"])]
    adapt: Option<PathBuf>,

    /// Time between two checkpoints in the folder; 0 for one after every step
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    checkpoint_every: Duration,

    /// Train from K seeds in all and report how similar embeddings and maps are; takes K times as long
    ///
    /// The folder holds the first training, that of train.seed. The others, from the seeds after it, are
    /// compared and discarded.
    #[arg(long, value_name = "K", conflicts_with = "resume", value_parser = clap::value_parser!(u16).range(2..=100))]
    seeds: Option<u16>,

    /// Belongs to a search, which the message then says
    #[arg(long, value_name = "FIELD=[VALUE,…]", hide = true)]
    grid: Vec<String>,

    #[command(flatten)]
    clock: ClockArguments,

    #[command(flatten)]
    figures: Figures,
}

impl Fit {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        self.refuse_grid("xcebra search")?;
        if let Some(figures) = self.figures.folder() {
            ensure_folder(figures)?;
        }
        let fitted = match (&self.resume, &self.out) {
            (Some(folder), _) => {
                let job = ResumeJob {
                    folder: folder.clone(),
                    data: self.data.clone(),
                    checkpoint_every: self.checkpoint_every,
                };
                session.watched(KEEPING, |watch| resume(&job, watch))?
            }
            (None, Some(out)) => {
                let job = self.job(out)?;
                match self.go_on {
                    true => session.watched(KEEPING, |watch| fit_or_resume(&job, watch))?,
                    false => Some(session.watched(KEEPING, |watch| fit_files(&job, watch))?),
                }
            }
            (None, None) => {
                return Err(Problem::setting(
                    "there is no --out",
                    "name the folder to write",
                ));
            }
        };
        let Some(fitted) = fitted else {
            let out = self
                .resume
                .as_ref()
                .or(self.out.as_ref())
                .map(|folder| folder.display().to_string());
            let out = out.unwrap_or_default();
            return Ok(Answer {
                text: format!("{out}: this training is finished"),
                json: json!({ "out": out, "finished": true }),
            });
        };
        self.figures
            .write(|| fitted.pictures().cloned().collect())?;
        fitted.answer()
    }
}

impl Fit {
    /// What is to be done, into a folder.
    fn job(&self, out: &Path) -> Result<FitJob> {
        let begin = match (&self.from, &self.adapt) {
            (Some(folder), _) => Begin::From(folder.clone()),
            (None, Some(folder)) => Begin::Adapt(folder.clone()),
            (None, None) => Begin::Fresh,
        };
        Ok(FitJob {
            data: self.data.clone(),
            settings: self.settings(&begin)?,
            out: out.to_path_buf(),
            force: self.force,
            checkpoint_every: self.checkpoint_every,
            seeds: self.seeds,
            begin,
        })
    }

    /// Several values of a setting are several trainings, which another command makes.
    fn refuse_grid(&self, command: &str) -> Result<()> {
        match self.grid.is_empty() {
            true => Ok(()),
            false => Err(Problem::setting(
                "--grid tries several values of a setting, and `fit` trains with one",
                format!("use `{command}`, which takes --data, --config, --set, --grid and --out"),
            )),
        }
    }

    /// The job of a plan, whose folder is that of the study.
    pub fn planned(&self) -> Result<FitJob> {
        self.refuse_grid("xcebra plan search")?;
        let flags = [
            (self.resume.is_some(), "--resume"),
            (self.force, "--force"),
            (self.go_on, "--continue"),
            (self.figures.folder().is_some(), "--figures"),
        ];
        for (set, flag) in flags {
            refuse(set, flag)?;
        }
        self.job(self.out.as_deref().unwrap_or(Path::new("")))
    }

    /// The settings: those of the run that is gone on from, or of the file that was given, with changes.
    fn settings(&self, begin: &Begin) -> Result<FitFile> {
        let mut settings = match begin {
            Begin::Fresh => read_settings(self.config.as_deref(), &self.set)?,
            Begin::From(run) | Begin::Adapt(run) => {
                Run::load_all(run)?;
                read_settings(Some(&run.join("config.toml")), &self.set)?
            }
        };
        let (Some(clock), [first, ..]) = (self.clock.config()?, self.data.as_slice()) else {
            return Ok(settings);
        };
        settings.data.clock = Some(clock);
        with_labels(settings, first, &self.clock.label)
    }
}

/// What an interrupt starts.
const KEEPING: &str = "saving a checkpoint";

/// A time in seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a time in seconds".to_owned())
}
