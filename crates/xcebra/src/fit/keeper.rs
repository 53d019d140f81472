//! Where a training is kept: checkpoints while it runs, results when it is done.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xcebra_core::Trainer;
use xcebra_files::{AtomicFolder, FileError, FolderClaim, FolderLock, Source};
use xcebra_model::{Kind, Watch};

use super::fit_file::FitFile;
use super::unfinished::{Effort, RESUME, Unfinished};
use crate::{MODEL, Problem, Result, RunError};

/// The folder of a training.
pub struct Keeper<'a> {
    watch: Watch<'a>,
    folder: PathBuf,
    /// By this file the run is known that the training is to replace with its first checkpoint.
    replaces: Option<&'static str>,
    /// Whether what is in the folder is worth keeping if the command fails.
    kept: bool,
    /// The right to the folder.
    claim: Option<FolderClaim>,
    every: Duration,
    last: Instant,
}

impl<'a> Keeper<'a> {
    /// Claims the folder of a new training, with everything that is needed to begin it again.
    pub fn of_new(
        folder: &Path,
        force: bool,
        every: Duration,
        (training, data): (&Unfinished, &[Source]),
        watch: &Watch<'a>,
    ) -> Result<Self> {
        let keeper = |claim: FolderClaim, replaces| Self {
            watch: told(&claim, watch),
            folder: folder.to_path_buf(),
            replaces,
            kept: false,
            claim: Some(claim),
            every,
            last: Instant::now(),
        };
        let error = match training.claim(folder) {
            Ok(claim) => return Ok(keeper(claim, None)),
            Err(RunError::File(error)) => error,
            Err(other) => return Err(other.into()),
        };
        if !force {
            return Err(taken(folder, error));
        }
        let earlier = earlier(folder);
        AtomicFolder::check(folder, Some(earlier))?;
        keep_inputs(folder, data, &training.settings)?;
        let claim = FolderClaim::of_existing(folder)?.ok_or_else(|| busy(folder))?;
        let keeper = keeper(claim, Some(earlier));
        training.announce(folder)?;
        Ok(keeper)
    }

    /// Claims the folder of a training that goes on.
    pub fn of_unfinished(folder: &Path, every: Duration, watch: &Watch<'a>) -> Result<Self> {
        let claim = FolderClaim::of_existing(folder)?.ok_or_else(|| busy(folder))?;
        Ok(Self {
            watch: told(&claim, watch),
            folder: folder.to_path_buf(),
            replaces: Unfinished::is_next(folder).then(|| earlier(folder)),
            kept: true,
            claim: Some(claim),
            every,
            last: Instant::now(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps a checkpoint if it is time for one. When the command is asked to end it always is, and the
    /// training ends.
    pub fn after_step(
        &mut self,
        trainer: &Trainer<f32>,
        state: &mut Unfinished,
        effort: &Effort,
    ) -> Result<()> {
        let done = trainer.is_done();
        // what is done is kept only for the sake of what comes after it
        if done && state.seeds.is_none() {
            return Ok(());
        }
        let interrupted = self.watch.is_stopped();
        if interrupted || done || self.is_time() {
            state.effort.clone_from(effort);
            self.keep(trainer, state)?;
            self.last = Instant::now();
        }
        if !interrupted || done {
            return Ok(());
        }
        let (step, steps) = (trainer.steps_made(), trainer.config().train.steps);
        Err(self.interrupted(&format!("interrupted after step {step} of {steps}")))
    }

    /// Time between two checkpoints.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// A problem of another of the trainings that are compared.
    pub fn of_another(&self, problem: Problem) -> Problem {
        match problem.kind() {
            Kind::Interrupted => self.interrupted("interrupted while other seeds were trained"),
            Kind::File => self.resumable(problem),
            _ => problem,
        }
    }

    fn is_time(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    fn interrupted(&self, what: &str) -> Problem {
        let advice = format!("resume with `{}`", self.go_on());
        Problem::new(Kind::Interrupted, what, advice)
    }

    fn keep(&mut self, trainer: &Trainer<f32>, state: &Unfinished) -> Result<()> {
        let checkpoint = trainer.checkpoint();
        if let Some(marker) = self.replaces {
            let made = state.replace(&self.folder, marker, &checkpoint);
            self.claim = Some(made?);
            self.replaces = None;
        } else {
            let kept = state.update(&self.folder, &checkpoint);
            kept.map_err(|error| self.resumable(error.into()))?;
        }
        self.kept = true;
        Ok(())
    }

    /// Puts the results, which `write` writes into a folder, in their place: into the folder of the
    /// training, where the encoder comes last, or all at once in place of an earlier run.
    pub fn finish(&mut self, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let Some(marker) = self.replaces else {
            write(&self.folder).map_err(|problem| self.resumable(problem))?;
            self.kept = true;
            return Ok(());
        };
        let new = AtomicFolder::create(&self.folder, Some(marker))?;
        write(new.path())?;
        new.commit()?;
        (self.replaces, self.kept) = (None, true);
        Ok(())
    }

    /// Takes away what only an unfinished training needs.
    pub fn clear(&self) -> Result<()> {
        Ok(Unfinished::clear(&self.folder)?)
    }

    /// A problem that leaves the last checkpoint, if there is one.
    fn resumable(&self, problem: Problem) -> Problem {
        match self.kept {
            true => problem.advise(format!("make room, then resume with `{}`", self.go_on())),
            false => problem,
        }
    }

    fn go_on(&self) -> String {
        Unfinished::command(&self.folder)
    }
}

impl Drop for Keeper<'_> {
    /// A command that fails before anything is worth keeping leaves the folder as it was.
    fn drop(&mut self) {
        match self.claim.take() {
            Some(claim) if !self.kept && self.replaces.is_none() => claim.withdraw(),
            _ if !self.kept => Unfinished::withdraw(&self.folder),
            _ => {}
        }
    }
}

/// Tells the watch what is to be known of a claim; gives it back.
fn told<'a>(claim: &FolderClaim, watch: &Watch<'a>) -> Watch<'a> {
    if let Some(note) = claim.note() {
        watch.note(&note);
    }
    *watch
}

/// Refuses to replace a folder that holds the data.
fn keep_inputs(folder: &Path, data: &[Source], settings: &FitFile) -> Result<()> {
    let Ok(canonical) = folder.canonicalize() else {
        return Ok(());
    };
    let labels = settings.labels().into_values();
    let labels = labels.filter_map(|label| label.parse::<Source>().ok());
    for source in labels.chain(data.iter().cloned()) {
        let path = source.path;
        if path.canonicalize().is_ok_and(|p| p.starts_with(&canonical)) {
            return Err(Problem::file(
                format!(
                    "{} is in {}, which would be replaced",
                    path.display(),
                    folder.display()
                ),
                "choose another --out",
            ));
        }
    }
    Ok(())
}

/// The file by which the content of a folder is known as an earlier training.
fn earlier(folder: &Path) -> &'static str {
    match Unfinished::is_in(folder) {
        true => RESUME,
        false => MODEL,
    }
}

/// Why a folder cannot be used for a new training.
fn taken(folder: &Path, error: FileError) -> Problem {
    if FolderLock::is_taken(folder) {
        return busy(folder);
    }
    if !matches!(error, FileError::Value { .. }) {
        return error.into();
    }
    if Unfinished::is_in(folder) {
        let go_on = Unfinished::command(folder);
        return Problem::file(
            format!("{} holds an unfinished training", folder.display()),
            format!("resume with `{go_on}`, or replace it with --force"),
        );
    }
    if folder.join(MODEL).is_file() {
        return Problem::file(
            format!("{} holds an earlier run", folder.display()),
            "choose another --out, or replace it with --force",
        );
    }
    error.into()
}

fn busy(folder: &Path) -> Problem {
    Problem::file(
        format!("another program is training in {}", folder.display()),
        "wait until it has finished, or choose another folder",
    )
}
