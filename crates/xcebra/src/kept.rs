//! A training of which the encoder alone is kept: checkpoints until it is done, so that it goes on after a break.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xcebra_core::{Checkpoint, Encoder, Trainer};
use xcebra_files::FileError;
use xcebra_model::{Kind, Watch};

use crate::{Problem, Result};

/// Where a training is kept.
#[derive(Clone, Debug)]
pub struct KeptTraining {
    /// The encoder, once it is trained.
    pub encoder: PathBuf,
    /// Its training until then.
    pub checkpoint: PathBuf,
    /// Time between two checkpoints.
    pub every: Duration,
}

impl KeptTraining {
    /// A training in a folder of its own, which is made.
    ///
    /// # Errors
    /// [`Kind::File`] if the folder cannot be made.
    pub fn in_folder(folder: &Path, every: Duration) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| FileError::write(folder, error))?;
        Ok(Self {
            encoder: folder.join("encoder.safetensors"),
            checkpoint: folder.join("checkpoint.safetensors"),
            every,
        })
    }

    /// The encoder of a subject: read if it is trained, else from the training that `make` begins, or from what is
    /// left of it. `after_step` is told of every step.
    ///
    /// # Errors
    /// [`Problem`] if the training fails or cannot be kept; of the kind [`Interrupted`](Kind::Interrupted), with a
    /// checkpoint, if the watch stops it.
    pub fn trained(
        &self,
        subject: usize,
        make: impl FnOnce() -> Result<Trainer<f32>>,
        mut after_step: impl FnMut(&Trainer<f32>),
        watch: &Watch<'_>,
    ) -> Result<Encoder<f32>> {
        if self.encoder.is_file() {
            return Ok(Encoder::load(&self.encoder)?);
        }
        let mut trainer = make()?;
        if self.checkpoint.is_file() {
            trainer.restore(&Checkpoint::load(&self.checkpoint)?)?;
        }
        let mut last = Instant::now();
        while !trainer.is_done() {
            if watch.is_stopped() {
                trainer.checkpoint().save(&self.checkpoint)?;
                return Err(self.interrupted(&trainer));
            }
            trainer.step()?;
            after_step(&trainer);
            if last.elapsed() >= self.every {
                trainer.checkpoint().save(&self.checkpoint)?;
                last = Instant::now();
            }
        }
        let encoder = trainer.finish_all()?.0.swap_remove(subject);
        encoder.save(&self.encoder)?;
        if self.checkpoint.is_file() {
            let removed = fs::remove_file(&self.checkpoint);
            removed.map_err(|error| FileError::write(&self.checkpoint, error))?;
        }
        Ok(encoder)
    }

    fn interrupted(&self, trainer: &Trainer<f32>) -> Problem {
        Problem::new(
            Kind::Interrupted,
            format!(
                "interrupted after step {} of {}",
                trainer.steps_made(),
                trainer.config().train.steps
            ),
            "run the same command again: it goes on from its checkpoint",
        )
    }
}
