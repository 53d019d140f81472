//! Where a training is kept: checkpoints while it runs, results when it is done.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xcebra::core::Trainer;
use xcebra::files::{AtomicFolder, FileError, Source};
use xcebra::{CHECKPOINT, Effort, FitFile, MODEL, Unfinished};

use crate::cli::problem::INTERRUPTED;
use crate::cli::{Problem, Result, interrupt};

/// The folder of a training.
pub struct Keeper {
    folder: PathBuf,
    /// The file by which what may be replaced is known.
    marker: Option<&'static str>,
    /// Whether the folder holds this training already.
    begun: bool,
    every: Duration,
    last: Instant,
}

impl Keeper {
    /// A folder that is to appear with the first checkpoint, or with the results.
    pub fn of_new(folder: &Path, force: bool, every: Duration) -> Result<Self> {
        let unfinished = Unfinished::is_in(folder);
        let earlier = if unfinished { CHECKPOINT } else { MODEL };
        let keeper = Self {
            folder: folder.to_path_buf(),
            marker: force.then_some(earlier),
            begun: false,
            every,
            last: Instant::now(),
        };
        let check = AtomicFolder::check(folder, keeper.marker);
        check.map_err(|error| keeper.taken(error))?;
        Ok(keeper)
    }

    /// The folder of a training that goes on.
    pub fn of_unfinished(folder: &Path, every: Duration) -> Self {
        Self {
            folder: folder.to_path_buf(),
            marker: None,
            begun: true,
            every,
            last: Instant::now(),
        }
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

    /// Keeps a checkpoint if it is time for one. After Ctrl-C it always is, and the training ends.
    pub fn after_step(
        &mut self,
        trainer: &Trainer<f32>,
        state: &mut Unfinished,
        effort: &Effort,
    ) -> Result<()> {
        if trainer.is_done() {
            return Ok(());
        }
        let interrupted = interrupt::is_asked();
        if interrupted || self.last.elapsed() >= self.every {
            state.effort.clone_from(effort);
            self.keep(trainer, state)?;
            self.last = Instant::now();
        }
        if !interrupted {
            return Ok(());
        }
        let (step, steps) = (trainer.steps_made(), trainer.config().train.steps);
        Err(Problem::new(
            format!("interrupted after step {step} of {steps}"),
            format!("go on with `{}`", self.go_on()),
        )
        .exit(INTERRUPTED))
    }

    fn keep(&mut self, trainer: &Trainer<f32>, state: &Unfinished) -> Result<()> {
        let checkpoint = trainer.checkpoint();
        if self.begun {
            let kept = state.update(&self.folder, &checkpoint);
            return kept.map_err(|error| self.resumable(error.into()));
        }
        state.create(&self.folder, self.marker, &checkpoint)?;
        self.begun = true;
        Ok(())
    }

    /// Puts the results, which `write` writes into a folder, in their place: all at once, or into
    /// the folder of the checkpoints, which is finished once the encoder is there.
    pub fn finish(&self, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if self.begun {
            write(&self.folder).map_err(|problem| self.resumable(problem))?;
            return Ok(Unfinished::clear(&self.folder)?);
        }
        let new = AtomicFolder::create(&self.folder, self.marker).map_err(|e| self.taken(e))?;
        write(new.path())?;
        Ok(new.commit()?)
    }

    /// A problem that leaves the last checkpoint.
    fn resumable(&self, problem: Problem) -> Problem {
        problem.help(format!("make room, then go on with `{}`", self.go_on()))
    }

    fn go_on(&self) -> String {
        format!("xcebra fit --resume {}", self.folder.display())
    }

    /// Why the folder cannot be used.
    fn taken(&self, error: FileError) -> Problem {
        if self.marker.is_some() {
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
