//! `xcebra plan`, `run`, `status` and `gather`: work in pieces.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use xcebra::files::ensure_writable;
use xcebra::study::{self, Planned, RunSettings};
use xcebra::{Answer, Problem, Result};

use super::Session;
use super::attribute::Attribute;
use super::embed::Embed;
use super::explain::Explain;
use super::fit::{Fit, seconds};
use super::require_distinct;
use super::scheduler;
use super::search::Search;

/// Plan a command in pieces, for many processes or machines
///
/// Takes the command with its flags and writes a folder, the study, that says all there is to do. Every process that
/// sees the folder can then run pieces of it with `xcebra run`, and `xcebra gather` writes what the command alone would
/// have written, to the same bytes but for durations. --out names the folder of the study.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Plan {
    #[command(subcommand)]
    command: Command,

    /// Number of pieces, of maps, an embedding or an explanation [default: 100, or as many as it can have]
    ///
    /// Maps are divided by samples, an embedding by stretches of 16,384 samples, and an explanation by signals. A search
    /// has a piece for each choice, a training one for each seed, and a test one for each of its trainings.
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u32).range(1..))]
    pieces: Option<u32>,
}

const EXAMPLES: &str = "\
Examples:
  xcebra plan search --data data.npz --config fit.toml --grid \"encoder.outputs=[3,6]\" --out study
  xcebra plan significance --model run --data data.npz --trainings 100 --out test
  xcebra plan explain --model eeg.onnx --input trials.npz:x --fs 250 --pieces 20 --out maps
  xcebra run study                   # all that is left; start it on as many machines as you like
  xcebra run study --piece 1         # one piece, for a scheduler
  xcebra status study
  xcebra gather study --out search";

#[derive(Debug, Subcommand)]
enum Command {
    Fit(Fit),
    Search(Search),
    Significance(Attribute),
    Attribute(Attribute),
    Embed(Embed),
    Explain(Box<Explain>),
    Nothing(Nothing),
}

/// Pieces that do nothing, to try a scheduler and a file system before the work is put on them
#[derive(Debug, Args)]
pub struct Nothing {
    /// Folder to write
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,
}

impl Plan {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let (planned, out) = match &self.command {
            Command::Fit(command) => {
                let job = command.planned()?;
                let out = job.out.clone();
                (Planned::Fit(job), out)
            }
            Command::Search(command) => {
                let job = command.job()?;
                let out = job.out.clone();
                (Planned::Search(job), out)
            }
            Command::Significance(command) => {
                let (job, test, out) = command.planned()?;
                (Planned::Significance(job, test), out.to_path_buf())
            }
            Command::Attribute(command) => {
                let (job, out) = command.planned_maps()?;
                (Planned::Attribute(job), out.to_path_buf())
            }
            Command::Embed(command) => {
                let (job, out) = command.planned()?;
                (Planned::Embed(job), out.to_path_buf())
            }
            Command::Explain(command) => {
                let (job, out) = command.planned()?;
                (Planned::Explain(Box::new(job)), out.to_path_buf())
            }
            Command::Nothing(command) => (Planned::Nothing, command.out.clone()),
        };
        let pieces = self.pieces.map(|pieces| pieces as usize);
        session.watched("stopping", |watch| {
            study::plan(&planned, pieces, &out, watch)
        })
    }
}

/// Run pieces of a study: one, or all that are left
///
/// A piece that is finished is not run again, and one that was interrupted goes on from its checkpoint, however it was
/// interrupted: the same command can be repeated at any time. Without --piece, pieces that no other process works on are
/// run, one for each thread. SIGTERM leaves checkpoints and exits with 143.
#[derive(Debug, Args)]
pub struct RunPieces {
    /// Folder written by `xcebra plan`
    #[arg(value_name = "STUDY")]
    study: PathBuf,

    /// Number of the piece, from 0
    ///
    /// By default the number that a scheduler gives to a task of an array: `SLURM_ARRAY_TASK_ID`, `PBS_ARRAY_INDEX`,
    /// `AWS_BATCH_JOB_ARRAY_INDEX` or `JOB_COMPLETION_INDEX` (Kubernetes); and `SGE_TASK_ID` or `LSB_JOBINDEX` less one, as
    /// these count from 1. Without any of them all pieces that are left are run.
    #[arg(long, value_name = "K")]
    piece: Option<usize>,

    /// Run all pieces that are left, even in a task of an array
    #[arg(long, conflicts_with = "piece")]
    all: bool,

    /// Also run pieces again that failed
    #[arg(long)]
    retry: bool,

    /// Time between two checkpoints of a piece; 0 for one after every step
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    checkpoint_every: Duration,
}

impl RunPieces {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let piece = match (self.piece, self.all) {
            (Some(piece), _) => Some(piece),
            (None, true) => None,
            (None, false) => scheduler::piece()?,
        };
        let settings = RunSettings {
            piece,
            retry: self.retry,
            checkpoint_every: self.checkpoint_every,
        };
        let ran = session.watched("saving a checkpoint", |watch| {
            study::run(&self.study, &settings, watch)
        })?;
        Ok(ran.answer(&self.study))
    }
}

/// Show how a study stands
///
/// What is done, running, interrupted and left, and what failed, with the command that repeats it.
#[derive(Debug, Args)]
pub struct Status {
    /// Folder written by `xcebra plan`
    #[arg(value_name = "STUDY")]
    study: PathBuf,
}

impl Status {
    pub fn run(&self, _: &Session) -> Result<Answer> {
        Ok(study::status(&self.study)?.answer())
    }
}

/// Gather the pieces of a study into what its command writes
///
/// Names the pieces that are missing, if some are, and writes nothing then.
#[derive(Debug, Args)]
pub struct Gather {
    /// Folder written by `xcebra plan`
    #[arg(value_name = "STUDY")]
    study: PathBuf,

    /// What to write: what --out of the command names
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,

    /// Also write a report with pictures, .html, of maps, an embedding or an explanation
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Gather {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let out = ("--out", self.out.as_path());
        if let Some(report) = &self.report {
            require_distinct(("--report", report), &[out])?;
            ensure_writable(report)?;
        }
        session.watched("stopping", |watch| {
            study::gather(&self.study, &self.out, self.report.as_deref(), watch)
        })
    }
}

/// Refuses a flag that a plan has no use for.
pub fn refuse(set: bool, flag: &str) -> Result<()> {
    match set {
        false => Ok(()),
        true => Err(Problem::setting(
            format!("{flag} has no meaning in a plan"),
            "leave it out; `xcebra gather` writes the results, and a report with --report",
        )),
    }
}
