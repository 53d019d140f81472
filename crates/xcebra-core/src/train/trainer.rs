//! The training loop.

use std::ops::ControlFlow;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::History;
use super::watch::Watch;
use crate::config::Config;
use crate::element::Element;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::objective::Similarity;
use crate::ops::{self, Adam, Penalty, Term, TermValue, Vector};
use crate::recording::Recording;
use crate::sampling::{Positives, References, positives};
use crate::streams;
use crate::window::Window;

/// What one step did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step, counted from 0.
    pub step: usize,
    /// Steps of the whole training.
    pub steps: usize,
    /// Weighted sum of the InfoNCE losses, without the regulariser.
    pub loss: f64,
    /// Each objective's loss before its weight.
    pub terms: Vec<TermValue>,
    /// `½ E ‖J_f‖²` over the references, if the regulariser was on.
    pub penalty: Option<f64>,
    /// Weight of the regulariser.
    pub penalty_weight: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Samples that went through the encoder.
    pub samples: usize,
}

struct Objective {
    dims: std::ops::Range<usize>,
    similarity: Similarity,
    weight: f64,
    positives: Box<dyn Positives>,
}

/// Trains an encoder on a recording.
///
/// A step draws references and, independently, negatives, uniformly over time, and for each
/// objective its own positives; all are embedded in one batch, the losses add up, and Adam makes
/// one step. The same seed gives the same bits whatever the number of threads.
pub struct Trainer<E: Element> {
    config: Config,
    recording: Recording<E>,
    encoder: Encoder<E>,
    parameters: Vector<E>,
    adam: Adam<E>,
    objectives: Vec<Objective>,
    references: References,
    negatives: References,
    samples: ChaCha8Rng,
    probes: ChaCha8Rng,
    step: usize,
    watch: Watch,
    history: History,
}

impl<E: Element> Trainer<E> {
    /// Prepares a training; everything that can be wrong with the settings or the data is found
    /// here, before work starts.
    ///
    /// # Errors
    /// [`Error::Setting`] or [`Error::Data`].
    pub fn new(config: Config, recording: Recording<E>) -> Result<Self> {
        config.check()?;
        let architecture = config.encoder.architecture(recording.channels());
        let encoder = Encoder::new(architecture, config.train.seed)?;
        let outputs = config.encoder.outputs;
        let centers = recording.pieces().centers(Window::SAMPLE)?;
        let objectives = config
            .objectives()
            .iter()
            .map(|o| {
                let [first, end] = o.dims.unwrap_or([0, outputs]);
                Ok(Objective {
                    dims: first..end,
                    similarity: o.similarity,
                    weight: o.weight,
                    positives: positives(&o.positives, &recording, &centers)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let lookahead = objectives
            .iter()
            .map(|o| o.positives.lookahead())
            .max()
            .unwrap_or(0);
        let references = References::new(&centers, lookahead)?;
        let negatives = References::new(&centers, 0)?;
        let stream = |id| {
            let mut rng = ChaCha8Rng::seed_from_u64(config.train.seed);
            rng.set_stream(id);
            rng
        };
        let parameters = ops::vector(encoder.parameters().to_vec());
        Ok(Self {
            adam: Adam::new(encoder.parameters().len())?,
            samples: stream(streams::SAMPLES),
            probes: stream(streams::PROBES),
            config,
            recording,
            encoder,
            parameters,
            objectives,
            references,
            negatives,
            step: 0,
            watch: Watch::default(),
            history: History::default(),
        })
    }

    /// Makes one step.
    ///
    /// # Errors
    /// [`Error::Diverged`] if the loss is not finite or grows without bound.
    pub fn step(&mut self) -> Result<StepReport> {
        let n = self.config.train.batch;
        let mut times = self.references.draw(n, &mut self.samples);
        let negatives = self.negatives.draw(n, &mut self.samples);
        let mut terms = Vec::with_capacity(self.objectives.len());
        let mut positives = Vec::with_capacity(n * self.objectives.len());
        for (i, objective) in self.objectives.iter().enumerate() {
            positives.extend(objective.positives.draw(&times, &mut self.samples));
            terms.push(Term {
                reference: 0..n,
                positive: (2 + i) * n..(3 + i) * n,
                negative: n..2 * n,
                dims: objective.dims.clone(),
                similarity: objective.similarity,
                weight: objective.weight,
            });
        }
        times.extend(negatives);
        times.extend(positives);
        let x = Arc::new(self.recording.gather(&times, Window::SAMPLE));

        let penalty_weight = self.config.regularizer.schedule().at(self.step);
        let penalty = (penalty_weight > 0.0).then(|| {
            let outputs = self.config.encoder.outputs;
            let (probes, factor) =
                self.config
                    .regularizer
                    .probes()
                    .draw(n, outputs, &mut self.probes);
            Penalty {
                samples: n,
                probes,
                factor,
                weight: penalty_weight,
            }
        });
        let mut evaluation =
            ops::evaluate(&self.encoder, &self.parameters, x, &terms, penalty.as_ref())?;

        let penalty = penalty_weight * evaluation.penalty.unwrap_or(0.0);
        let chance: f64 = terms.iter().map(|t| t.weight * (n as f64).ln()).sum();
        self.watch
            .look(self.step, evaluation.loss, penalty, chance)?;
        let learning_rate = self.config.train.learning_rate_at(self.step);
        self.adam.step(
            &mut self.parameters,
            &mut evaluation.gradients,
            learning_rate,
        )?;
        let report = StepReport {
            step: self.step,
            steps: self.config.train.steps,
            loss: evaluation.loss,
            terms: evaluation.terms,
            penalty: evaluation.penalty,
            penalty_weight,
            learning_rate,
            samples: times.len(),
        };
        self.step += 1;
        if report.step.is_multiple_of(self.config.train.log_every)
            || self.step == self.config.train.steps
        {
            self.history.push(&report);
        }
        Ok(report)
    }

    /// Makes all remaining steps, telling `observer` of each; it may stop the training.
    ///
    /// # Errors
    /// As [`step`](Self::step); [`Error::Stopped`] if the observer breaks.
    pub fn run(&mut self, mut observer: impl FnMut(&StepReport) -> ControlFlow<()>) -> Result<()> {
        while self.step < self.config.train.steps {
            let report = self.step()?;
            if observer(&report).is_break() {
                return Err(Error::Stopped { step: self.step });
            }
        }
        Ok(())
    }

    /// The encoder as it stands, and the curves so far.
    ///
    /// # Errors
    /// [`Error::Data`] if a parameter is not finite, which no step that succeeded leaves behind
    /// unless numbers overflowed in it.
    pub fn finish(self) -> Result<(Encoder<E>, History)> {
        let architecture = self.encoder.architecture().clone();
        let encoder = Encoder::from_parameters(architecture, self.parameters.as_vec())?;
        Ok((encoder, self.history))
    }

    /// The recording it trains on.
    pub fn recording(&self) -> &Recording<E> {
        &self.recording
    }
}
