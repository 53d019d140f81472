//! Null maps of a trained encoder, by training others like it.
//!
//! Two questions need trainings of their own. *Is an entry more than error?* Trainings on resampled
//! recordings tell how attributions move where nothing but chance has changed ([`Null::Resampled`]).
//! *Is the map about the labels?* Trainings with labels shifted in time tell what it looks like when
//! they mean nothing ([`Null::ShiftedLabels`]).

mod attributions;
mod compared;
mod nulls;
mod seeds;
mod surrogate;

use std::borrow::Cow;

use ndarray::{Array2, Array3, Axis, Slice};
use thiserror::Error;
use xcebra_attr::{AttrError, Methods};
use xcebra_core::{Config, Encoder, Recording, Trainer, ValidationConfig};
use xcebra_model::{Advice, Kind, Watch};

use nulls::Nulls;

pub(crate) use attributions::Probe;
pub(crate) use compared::{ING, TANGENT, frame};
pub use compared::{blocks, groups};
pub use seeds::{SeedAgreement, across_seeds};
pub(crate) use surrogate::{sessions_of, with_labels};

/// What a map is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Null {
    /// Differences between the encoder and trainings on recordings whose blocks of time are drawn with
    /// replacement, each with a seed of its own: entries as they would be if they were error alone.
    /// See `Deviations` in `xcebra_attr`.
    #[default]
    Resampled,
    /// Maps of trainings whose labels are shifted against the channels, circularly and by a tenth of the
    /// recording at least: what labels that mean nothing would give. Says whether the map is *about
    /// the labels*, not whether a channel is connected: dimensions that have time to go by find
    /// latents without the labels too, and their entries are then as large as ever.
    ShiftedLabels,
}

/// Why null maps cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RetrainError {
    /// A training.
    #[error(transparent)]
    Training(#[from] xcebra_core::CoreError),
    /// An attribution.
    #[error(transparent)]
    Attribution(#[from] AttrError),
    /// The recording or the settings are unsuitable.
    #[error("{problem}")]
    Unfit {
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// It was asked to stop.
    #[error("interrupted after {done} of {total} training steps, and nothing was written")]
    Interrupted {
        /// Steps made.
        done: usize,
        /// All steps.
        total: usize,
    },
}

impl Advice for RetrainError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Training(error) => error.advice(),
            Self::Attribution(error) => error.advice(),
            Self::Unfit { advice, .. } => Some(advice.as_str().into()),
            Self::Interrupted { .. } => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Training(error) => error.kind(),
            Self::Attribution(error) => error.kind(),
            Self::Unfit { .. } => Kind::Data,
            Self::Interrupted { .. } => Kind::Interrupted,
        }
    }
}

impl RetrainError {
    fn unfit(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unfit {
            problem: problem.into(),
            advice: advice.into(),
        }
    }
}

/// How null maps are made.
///
/// The same seed gives the same maps for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retraining {
    null: Null,
    trainings: usize,
    blocks: usize,
    samples: usize,
    subject: usize,
}

/// A map and its null maps, channels × latents, means over lags if there are several.
///
/// Of the inverted neuron gradient these are effects of [blocks] of latents on tangents, channels × blocks, in
/// units of the channels ([`xcebra_attr::comparable`]).
#[derive(Clone, Debug)]
pub struct NullMaps {
    /// Name of the method.
    pub method: String,
    /// The map, over the samples that null maps are over.
    pub map: Array2<f64>,
    /// The null maps.
    pub nulls: Vec<Array2<f64>>,
    /// For each latent, its column of the maps.
    pub columns: Vec<usize>,
}

/// What retraining found.
#[derive(Clone, Debug)]
pub struct Retrained {
    /// One entry a method.
    pub maps: Vec<NullMaps>,
    /// For each latent, how well it is a linear function of those of other trainings (R², mean over
    /// trainings).
    pub agreement: Vec<f64>,
}

impl Retraining {
    /// `trainings` of them; 40 blocks of time, maps over 400 samples.
    pub fn new(null: Null, trainings: usize) -> Self {
        Self {
            null,
            trainings,
            blocks: 40,
            samples: 400,
            subject: 0,
        }
    }

    /// Sets the number of blocks of time that recordings are resampled by.
    #[must_use]
    pub fn blocks(mut self, blocks: usize) -> Self {
        self.blocks = blocks;
        self
    }

    /// Sets over how many samples, evenly spread, maps are compared.
    #[must_use]
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// Sets whose encoder it is, of a recording of several subjects.
    #[must_use]
    pub fn subject(mut self, subject: usize) -> Self {
        self.subject = subject;
        self
    }

    /// Looks whether null maps can be made, without training.
    ///
    /// # Errors
    /// [`RetrainError::Unfit`] says how much is missing.
    pub fn check(&self, config: &Config, recording: &Recording<f32>) -> Result<(), RetrainError> {
        if self.trainings < 2 {
            return Err(RetrainError::unfit(
                format!("{} trainings have no spread", self.trainings),
                "make 2 at least, better 20",
            ));
        }
        match self.null {
            Null::Resampled => surrogate::check_blocks(config, recording, self.blocks)?,
            Null::ShiftedLabels => surrogate::check_labels(config, recording)?,
        }
        Probe::new(&recording.subject(self.subject), config, self.samples)?.require_enough()
    }

    /// Makes null maps of `encoder`, which was trained with `config` on `recording`; of several subjects, all are
    /// trained again.
    ///
    /// Trainings have no validation: their number of steps is that of the settings.
    ///
    /// # Errors
    /// As [`check`](Self::check), those of a training and of an attribution, and
    /// [`RetrainError::Interrupted`] if the watch stops it.
    pub fn run(
        &self,
        encoder: &Encoder<f32>,
        config: &Config,
        recording: &Recording<f32>,
        methods: &Methods<f32>,
        watch: &Watch<'_>,
    ) -> Result<Retrained, RetrainError> {
        let mut nulls = self.begin(encoder, config, recording, methods)?;
        let total = (self.trainings * config.train.steps) as u64;
        watch.progress("significance", (0, total), "");
        for k in 0..self.trainings {
            let (config, surrogate) = self.training(k, config, recording)?;
            let mut others = trained(config, surrogate, (k, self.trainings), watch)?;
            nulls.add(&others.swap_remove(self.subject))?;
        }
        nulls.finish()
    }

    /// Begins to compare trainings with `encoder`.
    ///
    /// # Errors
    /// As [`check`](Self::check), and those of an attribution.
    pub(crate) fn begin<'a>(
        &self,
        encoder: &Encoder<f32>,
        config: &'a Config,
        recording: &Recording<f32>,
        methods: &'a Methods<f32>,
    ) -> Result<Nulls<'a>, RetrainError> {
        self.check(config, recording)?;
        let probe = Probe::new(&recording.subject(self.subject), config, self.samples)?;
        let channels = recording.channels_of(self.subject);
        Nulls::new(self, encoder, (probe, channels), (config, methods))
    }

    /// The settings and the recording of training `k`, which follow from those of the encoder and from `k` alone.
    ///
    /// # Errors
    /// [`RetrainError::Unfit`].
    pub(crate) fn training(
        &self,
        k: usize,
        config: &Config,
        recording: &Recording<f32>,
    ) -> Result<(Config, Recording<f32>), RetrainError> {
        let mut config = config.clone();
        config.validation = ValidationConfig::default();
        config.train.seed = config.train.seed.wrapping_add(1 + k as u64);
        let seed = config.train.seed;
        let surrogate = match self.null {
            Null::Resampled => surrogate::resampled(recording, self.blocks, seed)?,
            Null::ShiftedLabels => surrogate::with_shifted_labels(recording, seed)?,
        };
        Ok((config, surrogate))
    }
}

/// The encoders of training `k` of `trainings` of equally many steps.
fn trained(
    config: Config,
    recording: Recording<f32>,
    (k, trainings): (usize, usize),
    watch: &Watch<'_>,
) -> Result<Vec<Encoder<f32>>, RetrainError> {
    let steps = config.train.steps;
    let total = trainings * steps;
    let mut trainer = Trainer::new(config, recording)?;
    while !trainer.is_done() {
        trainer.step()?;
        let done = k * steps + trainer.steps_made();
        let message = format!("training {} of {trainings}", k + 1);
        watch.progress("significance", (done as u64, total as u64), &message);
        if watch.is_stopped() {
            return Err(RetrainError::Interrupted { done, total });
        }
    }
    Ok(trainer.finish_all()?.0)
}

/// Columns of an array.
fn columns(array: &Array2<f64>, [first, end]: [usize; 2]) -> Array2<f64> {
    array
        .slice_axis(Axis(1), Slice::from(first..end))
        .to_owned()
}

/// The last axis of every sample times a matrix.
fn times(values: &Array3<f64>, matrix: &Array2<f64>) -> Array3<f64> {
    let (samples, inputs, outputs) = values.dim();
    let flat = values.to_shape((samples * inputs, outputs));
    let flat = flat.expect("as many entries").dot(matrix);
    let shape = (samples, inputs, matrix.ncols());
    flat.into_shape_with_order(shape).expect("as many entries")
}
