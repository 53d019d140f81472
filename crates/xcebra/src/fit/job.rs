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
use crate::read::reading;
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
    fit_inputs(job, Inputs::new(&job.data)?, Seeds::Compared, watch)
}

/// What becomes of other seeds once the first training is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seeds {
    /// They are trained and compared.
    Compared,
    /// They are left for later.
    Left,
}

/// As [`fit_files`], on inputs whose relative paths may begin elsewhere.
pub(crate) fn fit_inputs(
    job: &FitJob,
    inputs: Inputs,
    seeds: Seeds,
    watch: &Watch<'_>,
) -> Result<Fitted> {
    let begin = job.begin.absolute(&job.out)?;
    let unfinished = Unfinished {
        settings: job.settings_of_data(),
        inputs: begin.inputs(inputs)?,
        seeds: job.seeds,
        effort: Effort::default(),
        begin,
    };
    let claim = (&unfinished, job.data.as_slice());
    let keeper = Keeper::of_new(&job.out, job.force, job.checkpoint_every, claim, watch)?;
    let prepared = Prepared::new(watch, unfinished)?;
    complete(prepared, keeper, seeds, watch)
}

/// Goes on with the training in a folder, with its settings, to the bytes of a training without a break; none
/// if it is finished.
///
/// # Errors
/// [`Problem`] if there is nothing to go on with, or the settings or data were changed; else as [`fit_files`].
pub fn resume(job: &ResumeJob, watch: &Watch<'_>) -> Result<Option<Fitted>> {
    resume_seeds(job, Seeds::Compared, watch)
}

/// As [`resume`], and perhaps no further than the first training.
pub(crate) fn resume_seeds(
    job: &ResumeJob,
    seeds: Seeds,
    watch: &Watch<'_>,
) -> Result<Option<Fitted>> {
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
    if !trainer.is_done() {
        watch.note(&format!("resuming after step {step} of {steps}"));
    }
    complete(prepared, keeper, seeds, watch).map(Some)
}

/// Trains an encoder on files, or goes on with the training of the same settings in the job's folder; none if that is
/// finished. So one command starts, resumes and repeats.
///
/// # Errors
/// As [`fit_files`] and [`resume`], and if the folder holds a training with other settings.
pub fn fit_or_resume(job: &FitJob, watch: &Watch<'_>) -> Result<Option<Fitted>> {
    let folder = &job.out;
    let begun = Unfinished::is_in(folder) || Unfinished::is_next(folder);
    let before = match (begun || Unfinished::lacks_seeds(folder), folder.join(MODEL)) {
        (true, _) => {
            let (unfinished, _) = Unfinished::load(folder)?;
            require_same(folder, "number of seeds", unfinished.seeds == job.seeds)?;
            unfinished.settings
        }
        (false, model) if model.is_file() => Run::load_all(folder)?.swap_remove(0).settings,
        (false, _) => return fit_files(job, watch).map(Some),
    };
    require_same(folder, "settings", before == job.settings_of_data())?;
    let job = ResumeJob {
        folder: folder.clone(),
        data: job.data.clone(),
        checkpoint_every: job.checkpoint_every,
    };
    resume(&job, watch)
}

fn require_same(folder: &Path, what: &str, same: bool) -> Result<()> {
    if same {
        return Ok(());
    }
    Err(Problem::setting(
        format!("{} holds a training with other {what}", folder.display()),
        "go on with what it was begun with, or choose another --out",
    ))
}

impl FitJob {
    /// The settings, with the array that its data name. The files of an earlier training that are read too have the
    /// array of its settings.
    pub(crate) fn settings_of_data(&self) -> FitFile {
        let settings = self.settings.clone();
        match self.begin {
            Begin::Fresh | Begin::From(_) => settings.reading(&self.data),
            Begin::Adapt(_) => settings,
        }
    }
}

fn complete(
    prepared: Prepared,
    mut keeper: Keeper<'_>,
    others: Seeds,
    watch: &Watch<'_>,
) -> Result<Fitted> {
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
    fitted.folder = Some(keeper.folder().to_path_buf());
    if others == Seeds::Left && unfinished.seeds.is_some() {
        return Ok(fitted);
    }
    if let Some(count) = unfinished.seeds {
        seeds::compare_in_folder(&mut fitted, &mut keeper, count.into(), watch)?;
    }
    keeper.clear()?;
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
    let mut prepared = Prepared::of(watch, unfinished)?;
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
    // a training that lacks only the comparison of its seeds makes no step
    if !prepared.trainer.is_done() {
        let step = checkpoint.step();
        let log = &mut prepared.unfinished.effort.log;
        log.push_str(&format!("resumed after step {step}\n"));
    }
    Ok(prepared)
}

impl Prepared {
    /// A training from its first step, with its notes.
    fn new(watch: &Watch<'_>, unfinished: Unfinished) -> Result<Self> {
        let mut prepared = Self::of(watch, unfinished)?;
        let Unfinished {
            settings, effort, ..
        } = &mut prepared.unfinished;
        note_all(settings, &prepared.data, watch, effort);
        Ok(prepared)
    }

    fn of(watch: &Watch<'_>, unfinished: Unfinished) -> Result<Self> {
        let (begin, settings) = (&unfinished.begin, &unfinished.settings);
        let data = reading(watch, || begin.read(&unfinished.inputs, settings))?;
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
