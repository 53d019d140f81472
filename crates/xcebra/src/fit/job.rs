//! A training from files into a folder, and going on with one.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xcebra_core::{CoreError, Trainer};
use xcebra_files::Source;
use xcebra_model::Watch;

use super::begin::Begin;
use super::data::Data;
use super::fit_file::FitFile;
use super::keeper::Keeper;
use super::result::Fitted;
use super::training::train;
use super::unfinished::{CHECKPOINT, Effort, Inputs, Unfinished};
use super::{note_all, seeds, trainer};
use crate::{MODEL, Problem, Result, Run};

/// A training from files into a folder.
#[derive(Clone, Debug)]
pub struct FitJob {
    /// The data file of each session.
    pub data: Vec<Source>,
    /// The settings.
    pub settings: FitFile,
    /// The folder to write.
    pub out: PathBuf,
    /// Whether to replace an earlier run in that folder, finished or not.
    pub force: bool,
    /// Time between two checkpoints.
    pub checkpoint_every: Duration,
    /// From how many seeds to train in all, to compare the encoders.
    pub seeds: Option<u16>,
    /// What to begin with.
    pub begin: Begin,
}

/// Going on with an unfinished training.
#[derive(Clone, Debug)]
pub struct ResumeJob {
    /// Its folder.
    pub folder: PathBuf,
    /// Where its data are now; where they were if this is empty.
    pub data: Vec<Source>,
    /// Time between two checkpoints.
    pub checkpoint_every: Duration,
}

/// A training that is ready to run.
struct Prepared {
    unfinished: Unfinished,
    data: Data,
    trainer: Trainer<f32>,
}

/// Trains an encoder on files. The folder holds checkpoints while it trains and the results afterwards.
///
/// # Errors
/// [`Problem`]; of the kind [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it, with a
/// checkpoint in the folder.
pub fn fit_files(job: &FitJob, watch: &Watch<'_>) -> Result<Fitted> {
    let begin = job.begin.absolute(&job.out)?;
    let mut settings = job.settings.clone();
    let named = job.data.iter().find_map(|source| source.array.as_ref());
    // the files of an earlier training that are read too have the array of its settings
    if let (Some(array), Begin::Fresh | Begin::From(_)) = (named, &begin) {
        settings.data.x.clone_from(array);
    }
    let unfinished = Unfinished {
        settings,
        inputs: begin.inputs(Inputs::new(&job.data)?)?,
        seeds: job.seeds,
        effort: Effort::default(),
        begin,
    };
    let claim = (&unfinished, job.data.as_slice());
    let keeper = Keeper::of_new(&job.out, job.force, job.checkpoint_every, claim, watch)?;
    let prepared = Prepared::new(watch, unfinished)?;
    complete(prepared, keeper, watch)
}

/// Goes on with the training in a folder, with its settings, to the bytes of a training without a break; none
/// if it is finished.
///
/// # Errors
/// [`Problem`] if there is nothing to go on with, or the settings or data were changed; else as [`fit_files`].
pub fn resume(job: &ResumeJob, watch: &Watch<'_>) -> Result<Option<Fitted>> {
    let folder = &job.folder;
    if is_finished(folder) {
        return finished_already(folder);
    }
    require_unfinished(folder)?;
    let keeper = Keeper::of_unfinished(folder, job.checkpoint_every, watch)?;
    // the program that trained there before may have finished in the meantime
    if is_finished(folder) {
        return finished_already(folder);
    }
    let prepared = take_up(job, watch)?;
    let trainer = &prepared.trainer;
    let (step, steps) = (trainer.steps_made(), trainer.config().train.steps);
    watch.note(&format!("resuming after step {step} of {steps}"));
    complete(prepared, keeper, watch).map(Some)
}

fn complete(prepared: Prepared, mut keeper: Keeper<'_>, watch: &Watch<'_>) -> Result<Fitted> {
    let Prepared {
        unfinished,
        data,
        trainer,
    } = prepared;
    let (mut state, before) = (unfinished.clone(), unfinished.effort);
    let (inputs, begin) = (unfinished.inputs, unfinished.begin);
    let trained = train(watch, trainer, before, |trainer, effort| {
        keeper.after_step(trainer, &mut state, effort)?;
        Ok(ControlFlow::Continue(()))
    })?;
    let mut fitted = Fitted::new(unfinished.settings, data, trained)?;
    fitted.inputs = Some(inputs);
    fitted.goes_on = !begin.is_fresh();
    if let Begin::Adapt(_) = begin {
        fitted.judge_basis()?;
    }
    keeper.finish(|folder| fitted.write(folder))?;
    if let Some(count) = unfinished.seeds {
        seeds::compare_in_folder(&mut fitted, &mut keeper, count.into(), watch)?;
    }
    keeper.clear()?;
    fitted.folder = Some(keeper.folder().to_path_buf());
    Ok(fitted)
}

/// The unfinished training in a folder.
fn take_up(job: &ResumeJob, watch: &Watch<'_>) -> Result<Prepared> {
    let folder = &job.folder;
    let (mut unfinished, checkpoint) = Unfinished::load(folder)?;
    if let Some(checkpoint) = &checkpoint
        && *checkpoint.config() != unfinished.settings.config()
    {
        return Err(Problem::setting(
            format!(
                "the settings in {} were changed since the checkpoint",
                folder.display()
            ),
            "undo the change in its config.toml, or start again with --force",
        ));
    }
    if !job.data.is_empty() {
        unfinished.inputs = unfinished.begin.inputs(Inputs::new(&job.data)?)?;
    }
    let Some(checkpoint) = checkpoint else {
        return Prepared::new(watch, unfinished);
    };
    let mut prepared = Prepared::of(unfinished)?;
    prepared
        .trainer
        .restore(&checkpoint)
        .map_err(|error| match error {
            CoreError::Data { problem, .. } => Problem::data(
                format!(
                    "{} does not match {}: {problem}",
                    folder.join(CHECKPOINT).display(),
                    prepared.data.place
                ),
                "bring the data back as they were, or start again with --force",
            ),
            other => other.into(),
        })?;
    let step = checkpoint.step();
    let log = &mut prepared.unfinished.effort.log;
    log.push_str(&format!("resumed after step {step}\n"));
    Ok(prepared)
}

impl Prepared {
    /// A training from its first step, with its notes.
    fn new(watch: &Watch<'_>, unfinished: Unfinished) -> Result<Self> {
        let mut prepared = Self::of(unfinished)?;
        let Unfinished {
            settings, effort, ..
        } = &mut prepared.unfinished;
        note_all(settings, &prepared.data, watch, effort);
        Ok(prepared)
    }

    fn of(unfinished: Unfinished) -> Result<Self> {
        let (begin, settings) = (&unfinished.begin, &unfinished.settings);
        let data = begin.read(&unfinished.inputs, settings)?;
        let trainer = trainer(settings, &data, begin)?;
        Ok(Self {
            unfinished,
            data,
            trainer,
        })
    }
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
    Err(Problem::file(
        format!("{} does not hold a training to resume", folder.display()),
        "pass a folder in which a training left its checkpoint, or start one with --data and --out",
    ))
}

fn finished_already(folder: &Path) -> Result<Option<Fitted>> {
    Run::load_all(folder)?;
    // the training may have been killed just before it took them away
    Unfinished::clear(folder)?;
    Ok(None)
}
