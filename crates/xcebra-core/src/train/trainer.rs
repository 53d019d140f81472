//! The training loop.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use rand_chacha::ChaCha8Rng;

use super::masks::Masks;
use super::networks::Networks;
use super::objectives::Objective;
use super::sampler::Sampler;
use super::validation::{self, Progress};
use super::watch::Watch;
use super::{History, StepReport};
use crate::config::Config;
use crate::encoder::{Encoder, Trainable};
use crate::error::{CoreError, Result};
use crate::fingerprint::Fingerprint;
use crate::objective::Loss;
use crate::ops::Element;
use crate::ops::{self, Adam, Buffers, Engine, Vector};
use crate::recording::Recording;
use crate::regularizer::Regularizer;

/// The temperatures that are learned, as `log 1/τ`.
pub(super) struct Temperatures<E: Element> {
    pub(super) values: Vector<E>,
    pub(super) adam: Adam<E>,
}

/// What is held out, and how the training does on it.
pub(super) struct HeldOut<E> {
    pub(super) sampler: Sampler,
    pub(super) progress: Progress,
    pub(super) best: Option<Vec<E>>,
}

/// Trains an encoder on a recording.
///
/// A step draws references and, independently, negatives, uniformly over time, and for each
/// objective its own positives; all are embedded in one batch, the losses add up, and Adam makes
/// one step. The same seed gives the same bits for any number of threads.
///
/// A recording of several [subjects](Recording::from_subjects) trains an encoder for each, into one embedding:
/// see [`sampling`](crate::sampling) for how their samples meet, and [`Shared`](crate::Shared) for what the
/// encoders have in common.
pub struct Trainer<E: Element, N = Encoder<E>> {
    pub(super) config: Config,
    pub(super) recording: Recording<E>,
    /// That of the recording, once it was asked for.
    pub(super) fingerprint: OnceLock<Fingerprint>,
    pub(super) networks: Networks<N>,
    pub(super) parameters: Vector<E>,
    pub(super) adam: Adam<E>,
    pub(super) temperatures: Option<Temperatures<E>>,
    pub(super) objectives: Vec<Objective<E>>,
    /// That of the first encoder.
    pub(super) engine: Arc<dyn Engine<E>>,
    /// For similarities that are not the engine's.
    pub(super) buffers: Buffers<E>,
    pub(super) sampler: Sampler,
    pub(super) held_out: Option<HeldOut<E>>,
    pub(super) losses: Vec<Box<dyn Loss<E>>>,
    pub(super) regularizers: Vec<Box<dyn Regularizer<E>>>,
    pub(super) samples: ChaCha8Rng,
    pub(super) probes: ChaCha8Rng,
    pub(super) step: usize,
    pub(super) watch: Watch,
    pub(super) history: History,
}

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// Makes one step.
    ///
    /// # Errors
    /// [`CoreError::Diverged`] if the loss is not finite or grows without bound, or if the goodness of fit
    /// is clearly more than the samples can give.
    pub fn step(&mut self) -> Result<StepReport> {
        // enter the thread pool once: each entry from outside puts this thread to sleep and wakes
        // another
        rayon::scope(|_| self.make_step())
    }

    fn make_step(&mut self) -> Result<StepReport> {
        let (n, step) = (self.config.train.batch, self.step);
        let batch = self.sampler.draw(n, &mut self.samples);
        let masks = Masks::new(&self.config.train);
        let hidden = masks.as_ref().map(|masks| (masks, step));
        let shown = self.networks.show(&self.recording, &batch, hidden);

        let mut sum = ops::Sum::default();
        let mut probes = self.probes.clone();
        let penalties = self.add_penalties(step, &shown, &mut probes, &mut sum)?;
        self.probes = probes;
        let embedded = self.networks.embed(&self.parameters, shown);
        let losses = self.add_losses(step, &batch, &embedded, &mut sum)?;
        // where every weight is still 0 there is nothing to learn from
        let gradients = match sum.is_empty() {
            true => None,
            false => Some(sum.backward(embedded)?),
        };

        let chance = |o: &Objective<E>| o.weight.at(step) * o.chance(n);
        let chance = self.objectives.iter().map(chance).sum::<f64>() + losses.own;
        let bits: Vec<f64> = losses.terms.iter().map(|t| t.bits_over_chance()).collect();
        let possible = (self.sampler.centers().len() as f64).log2();
        let seen = (losses.loss, penalties.total);
        self.watch.look(step, seen, chance, &bits, possible)?;
        let learning_rate = self.config.train.learning_rate_at(step);
        if let Some(gradients) = gradients {
            self.update(gradients, learning_rate)?;
        }
        let parts = losses.parts.into_iter().chain(penalties.parts).collect();
        let mut report = StepReport {
            step,
            steps: self.config.train.steps,
            loss: losses.loss,
            terms: losses.terms,
            parts,
            learning_rate,
            samples: batch.times.len(),
            validation: None,
        };
        self.step += 1;
        if validation::is_due(&self.config.validation, step, self.config.train.steps) {
            report.validation = self.validate()?;
        }
        if step.is_multiple_of(self.config.train.log_every) || self.step == report.steps {
            self.history.push(&report);
        }
        self.history.validation.extend(report.validation.clone());
        Ok(report)
    }

    fn update(&mut self, mut gradients: ops::Gradients<E>, learning_rate: f64) -> Result<()> {
        let decay = self.config.train.weight_decay;
        self.adam
            .step(&mut self.parameters, &mut gradients, learning_rate, decay)?;
        if let Some(t) = &mut self.temperatures {
            t.adam
                .step(&mut t.values, &mut gradients, learning_rate, 0.0)?;
        }
        Ok(())
    }

    /// Whether all steps are made, or validation has run out of patience.
    pub fn is_done(&self) -> bool {
        self.step >= self.config.train.steps || self.stopped_early()
    }

    /// Whether validation has run out of patience.
    pub fn stopped_early(&self) -> bool {
        self.held_out.as_ref().is_some_and(|h| h.progress.stop)
    }

    /// Makes all remaining steps. `observer` is called after each of them with the trainer in its present state, so
    /// that it can take a [`checkpoint`](Self::checkpoint), and may stop the training.
    ///
    /// # Errors
    /// As [`step`](Self::step); [`CoreError::Stopped`] if the observer breaks.
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&Self, &StepReport) -> ControlFlow<()>,
    ) -> Result<()> {
        while !self.is_done() {
            let report = self.step()?;
            if observer(self, &report).is_break() {
                return Err(CoreError::Stopped { step: self.step });
            }
        }
        Ok(())
    }

    /// The encoder in its present state, or as it was at the best validation if the training may stop
    /// early, and the curves so far.
    ///
    /// # Errors
    /// [`CoreError::Data`] if a parameter is not finite, which no step that succeeded leaves behind
    /// unless numbers overflowed in it, and if there are several encoders.
    pub fn finish(self) -> Result<(N, History)> {
        let (mut encoders, history) = self.finish_all()?;
        match (encoders.len(), encoders.pop()) {
            (1, Some(encoder)) => Ok((encoder, history)),
            (several, _) => Err(CoreError::data(
                "the training",
                format!("it has {several} encoders, one for each subject"),
                "call `finish_all`, which gives all of them",
            )),
        }
    }

    /// As [`finish`](Self::finish), with the encoder of each subject.
    ///
    /// # Errors
    /// [`CoreError::Data`] if a parameter is not finite.
    pub fn finish_all(self) -> Result<(Vec<N>, History)> {
        let best = self.held_out.and_then(|h| h.best);
        let parameters = best.unwrap_or_else(|| self.parameters.as_vec());
        Ok((self.networks.with(parameters)?, self.history))
    }

    /// The recording it trains on.
    pub fn recording(&self) -> &Recording<E> {
        &self.recording
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Steps that were made.
    pub fn steps_made(&self) -> usize {
        self.step
    }
}
