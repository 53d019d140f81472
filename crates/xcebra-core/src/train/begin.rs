//! How a training begins: with which encoders, and what of them is trained.

use std::sync::OnceLock;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::networks::Networks;
use super::sampler::Sampler;
use super::split::split;
use super::trainer::HeldOut;
use super::validation::Progress;
use super::watch::Watch;
use super::{History, Trainer};
use crate::config::{Config, Shared};
use crate::encoder::{Encoder, Trainable};
use crate::error::{CoreError, Result};
use crate::ops::{self, Adam, Buffers, Element};
use crate::recording::{Pieces, Recording};
use crate::regularizer::{JacobianNorm, Regularizer};
use crate::streams;

impl<E: Element> Trainer<E> {
    /// Prepares a training of the configuration's encoder; everything that can be wrong with the
    /// settings or the data is found here, before work starts.
    ///
    /// # Errors
    /// [`CoreError::Setting`] or [`CoreError::Data`].
    pub fn new(config: Config, recording: Recording<E>) -> Result<Self> {
        config.check()?;
        let encoders = fresh(&config, &recording)?;
        Self::with_encoders(config, recording, encoders)
    }
}

/// The encoders of a configuration, one for each subject.
fn fresh<E: Element>(config: &Config, recording: &Recording<E>) -> Result<Vec<Encoder<E>>> {
    let mut encoders: Vec<Encoder<E>> = Vec::new();
    for subject in 0..recording.subjects() {
        let architecture = config.encoder.architecture(recording.channels_of(subject));
        let encoder = Encoder::of_subject(architecture, config.train.seed, subject)?;
        encoders.push(match (config.encoder.shared, encoders.first()) {
            (Shared::Trunk, Some(first)) => encoder.with_trunk_of(first)?,
            _ => encoder,
        });
    }
    Ok(encoders)
}

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// Prepares a training of your own encoder, from the parameters it has; the
    /// configuration's section on the encoder is not looked at, except for the number of outputs.
    ///
    /// # Errors
    /// As [`new`](Trainer::new); [`CoreError::Data`] if the encoder takes another number of channels.
    pub fn with_encoder(config: Config, recording: Recording<E>, encoder: N) -> Result<Self> {
        Self::with_encoders(config, recording, vec![encoder])
    }

    /// As [`with_encoder`](Self::with_encoder), of one encoder for each subject of the recording. What they
    /// share, the configuration says.
    ///
    /// # Errors
    /// As [`with_encoder`](Self::with_encoder); [`CoreError::Data`] if there are not as many encoders as
    /// subjects, or if they cannot be trained together.
    pub fn with_encoders(
        config: Config,
        recording: Recording<E>,
        encoders: Vec<N>,
    ) -> Result<Self> {
        let shared = config.encoder.shared;
        Self::of(config, recording, Networks::new(encoders, shared)?)
    }

    /// As [`with_encoders`](Self::with_encoders), but only the encoder of the last subject is trained, or its
    /// own layers where encoders share a trunk. All else keeps its bits: the other subjects lend their
    /// embeddings as positives and negatives, so that the new one finds its place among them.
    ///
    /// # Errors
    /// As [`with_encoders`](Self::with_encoders).
    pub fn adapting(config: Config, recording: Recording<E>, encoders: Vec<N>) -> Result<Self> {
        let shared = config.encoder.shared;
        Self::of(config, recording, Networks::adapting(encoders, shared)?)
    }

    fn of(
        mut config: Config,
        recording: Recording<E>,
        (networks, parameters): (Networks<N>, Vec<E>),
    ) -> Result<Self> {
        config.encoder.outputs = networks.of(0).outputs();
        config.check()?;
        networks.require_fitting(&recording)?;
        let subjects = recording.subjects();
        if config.train.batch < subjects {
            return Err(CoreError::setting(
                "train.batch",
                config.train.batch,
                format!("at least {subjects}, one reference for each subject"),
            ));
        }
        recording.require_trainable()?;
        let window = networks.window();
        if config.train.mask_times > 0.0 && window.len() == 1 {
            return Err(CoreError::setting(
                "train.mask_times",
                config.train.mask_times,
                "0 for an encoder that sees one sample at a time",
            ));
        }
        let (training, held_out) = split(&config.validation, &recording)?;
        let sampler = |pieces: Pieces| {
            Sampler::new(&recording, pieces.centers(window)?, config.train.balance)
        };
        let held_out = match held_out {
            Some(pieces) => Some(HeldOut {
                sampler: sampler(pieces)?,
                progress: Progress::default(),
                best: None,
            }),
            None => None,
        };
        let stream = |id| {
            let mut rng = ChaCha8Rng::seed_from_u64(config.train.seed);
            rng.set_stream(id);
            rng
        };
        let mut regularizers: Vec<Box<dyn Regularizer<E>>> = Vec::new();
        if config.regularizer.weight > 0.0 {
            regularizers.push(Box::new(JacobianNorm {
                schedule: config.regularizer.schedule(),
                probes: config.regularizer.probes(),
            }));
        }
        let mut trainer = Self {
            adam: Adam::new(parameters.len())?,
            samples: stream(streams::SAMPLES),
            probes: stream(streams::PROBES),
            sampler: sampler(training)?,
            held_out,
            config,
            fingerprint: OnceLock::new(),
            engine: networks.of(0).engine(),
            parameters: ops::vector(parameters),
            networks,
            recording,
            temperatures: None,
            objectives: Vec::new(),
            buffers: Buffers::default(),
            losses: Vec::new(),
            regularizers,
            step: 0,
            watch: Watch::default(),
            history: History::default(),
        };
        for objective in trainer.config.objectives() {
            trainer.add_configured(&objective)?;
        }
        Ok(trainer)
    }
}
