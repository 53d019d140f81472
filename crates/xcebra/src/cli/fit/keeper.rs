//! Where a training is kept: checkpoints while it runs, results when it is done.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xcebra::core::Trainer;
use xcebra::files::{AtomicFolder, FileError, FolderLock, Source};
use xcebra::{CHECKPOINT, Effort, FitFile, MODEL, RunError, Unfinished};

use crate::cli::{Problem, Result, interrupt};

/// The folder of a training.
pub struct Keeper {
    folder: PathBuf,
    /// The file by which what may be replaced is known.
    marker: Option<&'static str>,
    /// Whether the folder holds this training already.
    begun: bool,
    /// That of the folder, or of the training in it that is to be replaced.
    lock: Option<FolderLock>,
    every: Duration,
    last: Instant,
}

impl Keeper {
    /// A folder that is to appear with the first checkpoint, or with the results.
    pub fn of_new(folder: &Path, force: bool, every: Duration) -> Result<Self> {
        let unfinished = Unfinished::is_in(folder);
        let earlier = if unfinished { CHECKPOINT } else { MODEL };
        let mut keeper = Self {
            folder: folder.to_path_buf(),
            marker: force.then_some(earlier),
            begun: false,
            lock: None,
            every,
            last: Instant::now(),
        };
        let check = AtomicFolder::check(folder, keeper.marker);
        check.map_err(|error| keeper.taken(error))?;
        if folder.join(CHECKPOINT).is_file() {
            keeper.lock = Some(lock(folder)?);
        }
        Ok(keeper)
    }

    /// The folder of a training that goes on.
    pub fn of_unfinished(folder: &Path, every: Duration) -> Result<Self> {
        Ok(Self {
            folder: folder.to_path_buf(),
            marker: None,
            begun: true,
            lock: Some(lock(folder)?),
            every,
            last: Instant::now(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Refuses to replace a folder that holds the data.
    pub fn keep_inputs(&self, data: &[Source], settings: &FitFile) -> Result<()> {
        let Ok(folder) = self.folder.canonicalize() else {
            return Ok(());
        };
        let labels = settings.labels().into_values();
        let labels = labels.filter_map(|label| label.parse::<Source>().ok());
        for source in labels.chain(data.iter().cloned()) {
            let path = source.path;
            if path.canonicalize().is_ok_and(|p| p.starts_with(&folder)) {
                return Err(Problem::new(
                    format!(
                        "{} lies in {}, which is to be replaced",
                        path.display(),
                        self.folder.display()
                    ),
                    "choose another --out",
                ));
            }
        }
        Ok(())
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
        let interrupted = interrupt::is_asked();
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

    /// As [`after_step`](Self::after_step), for another of the trainings that are compared, with its
    /// checkpoint in a file of its own.
    pub fn after_step_of_another(&mut self, trainer: &Trainer<f32>, file: &Path) -> Result<()> {
        let interrupted = interrupt::is_asked();
        if interrupted || self.is_time() {
            let kept = trainer.checkpoint().save(file);
            kept.map_err(|error| self.resumable(error.into()))?;
            self.last = Instant::now();
        }
        match interrupted {
            true => Err(self.interrupted("interrupted while other seeds were trained")),
            false => Ok(()),
        }
    }

    fn is_time(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    fn interrupted(&self, what: &str) -> Problem {
        let problem = Problem::new(what, format!("go on with `{}`", self.go_on()));
        problem.exit(interrupt::exit_code())
    }

    fn keep(&mut self, trainer: &Trainer<f32>, state: &Unfinished) -> Result<()> {
        let checkpoint = trainer.checkpoint();
        if self.begun {
            let kept = state.update(&self.folder, &checkpoint);
            return kept.map_err(|error| self.resumable(error.into()));
        }
        let made = state.create(&self.folder, self.marker, &checkpoint);
        made.map_err(|error| match error {
            RunError::File(error) => self.taken(error),
            other => other.into(),
        })?;
        self.begun = true;
        self.lock = Some(lock(&self.folder)?);
        Ok(())
    }

    /// Puts the results, which `write` writes into a folder, in their place: all at once, or into
    /// the folder of the checkpoints, where the encoder comes last.
    pub fn finish(&mut self, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if self.begun {
            return write(&self.folder).map_err(|problem| self.resumable(problem));
        }
        let new = AtomicFolder::create(&self.folder, self.marker).map_err(|e| self.taken(e))?;
        write(new.path())?;
        new.commit().map_err(|error| self.taken(error))
    }

    /// Takes away what only an unfinished training needs.
    pub fn clear(&self) -> Result<()> {
        match self.begun {
            true => Ok(Unfinished::clear(&self.folder)?),
            false => Ok(()),
        }
    }

    /// A problem that leaves the last checkpoint.
    fn resumable(&self, problem: Problem) -> Problem {
        problem.help(format!("make room, then go on with `{}`", self.go_on()))
    }

    fn go_on(&self) -> String {
        Unfinished::command(&self.folder)
    }

    /// Why the folder cannot be used.
    fn taken(&self, error: FileError) -> Problem {
        if self.marker.is_some() || !matches!(error, FileError::Value { .. }) {
            return error.into();
        }
        if Unfinished::is_in(&self.folder) {
            return Problem::new(
                format!("{} holds an unfinished training", self.folder.display()),
                format!("go on with `{}`, or replace it with --force", self.go_on()),
            );
        }
        if self.folder.join(MODEL).is_file() {
            return Problem::new(
                format!("{} holds an earlier run", self.folder.display()),
                "choose another --out, or replace it with --force",
            );
        }
        error.into()
    }
}

/// The right to train in a folder.
fn lock(folder: &Path) -> Result<FolderLock> {
    let found = FolderLock::take(folder)?;
    found.ok_or_else(|| {
        Problem::new(
            format!("another program is training in {}", folder.display()),
            "wait until it has ended, or end it",
        )
    })
}
