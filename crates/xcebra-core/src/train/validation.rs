//! The loss on samples that the training does not see, and when to stop.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::Trainer;
use crate::config::ValidationConfig;
use crate::encoder::Trainable;
use crate::error::{CoreError, Result};
use crate::ops;
use crate::ops::Element;
use crate::streams;

/// The loss on held-out blocks of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Step after which it was measured, counted from 0.
    pub step: usize,
    /// Weighted sum of the objectives' losses, without regularisers.
    pub loss: f64,
    /// Weighted sum of the regularisers on the same references; measured only where the training may
    /// stop early, once it counts for `best`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<f64>,
    /// Goodness of fit of each contrastive objective, in bits over chance:
    /// `(ln n − loss) / ln 2` with `n` negatives; 0 for an encoder that maps all to one point.
    pub bits: Vec<f64>,
    /// Whether it is the best so far: the lowest sum of loss and penalty.
    ///
    /// Sums can be compared from the step on at which all weights, of objectives and of regularisers,
    /// are what they are at the last step; no validation before is the best.
    pub best: bool,
}

/// The state of validation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Lowest sum of loss and penalty so far, and its step.
    pub best: Option<(f64, usize)>,
    /// Validations since then.
    pub since: usize,
    /// Whether patience has run out.
    pub stop: bool,
}

impl Progress {
    /// Takes note of a sum of loss and penalty; true if it is the lowest so far.
    pub fn note(&mut self, step: usize, loss: f64, patience: usize) -> bool {
        let better = self.best.is_none_or(|(best, _)| loss < best);
        if better {
            self.best = Some((loss, step));
            self.since = 0;
        } else {
            self.since += 1;
        }
        self.stop = patience > 0 && self.since >= patience;
        better
    }
}

/// A generator of a validation: it draws the same every time, so that two losses differ by the encoder
/// alone.
fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Whether a validation follows a step.
pub fn is_due(config: &ValidationConfig, step: usize, steps: usize) -> bool {
    (step + 1).is_multiple_of(config.every) || step + 1 == steps
}

/// Mean over batches of each term.
fn mean(batches: &[Vec<f64>]) -> Vec<f64> {
    let terms = batches.first().map_or(0, Vec::len);
    let sum = |t: usize| batches.iter().map(|b| b[t]).sum::<f64>();
    (0..terms).map(|t| sum(t) / batches.len() as f64).collect()
}

impl<E: Element, N: Trainable<E>> Trainer<E, N> {
    /// The loss on what is held out, if anything is.
    pub(super) fn validate(&mut self) -> Result<Option<Validation>> {
        let Some(held_out) = &self.held_out else {
            return Ok(None);
        };
        let (step, n) = (self.step - 1, self.config.train.batch);
        let (v, seed) = (&self.config.validation, self.config.train.seed);
        let comparable = self.is_settled(step);
        let mut samples = generator(seed, streams::VALIDATION);
        let mut probes = generator(seed, streams::VALIDATION_PROBES);
        let (mut loss, mut bits) = (0.0, Vec::<Vec<f64>>::new());
        let mut penalty = (v.patience > 0 && comparable).then_some(0.0);
        for _ in 0..v.batches {
            let batch = held_out.sampler.draw(n, &mut samples);
            let shown = self.networks.show(&self.recording, &batch, None);
            if let Some(penalty) = &mut penalty {
                let none = &mut ops::Sum::default();
                *penalty += self.add_penalties(step, &shown, &mut probes, none)?.total;
            }
            let embedded = self.networks.embed(&self.parameters, shown);
            let losses = self.add_losses(step, &batch, &embedded, &mut ops::Sum::default())?;
            loss += losses.loss;
            bits.push(losses.terms.iter().map(|t| t.bits_over_chance()).collect());
        }
        loss /= v.batches as f64;
        let penalty = penalty.map(|sum| sum / v.batches as f64);
        let sum = loss + penalty.unwrap_or(0.0);
        if !sum.is_finite() {
            return Err(CoreError::Diverged {
                step,
                reason: format!("on what is held out, loss and penalty are {sum}"),
                advice: super::watch::CALM,
            });
        }
        let (bits, patience) = (mean(&bits), v.patience);
        let parameters = (patience > 0).then(|| self.parameters.as_vec());
        let Some(held_out) = &mut self.held_out else {
            return Ok(None);
        };
        let best = comparable && held_out.progress.note(step, sum, patience);
        if best {
            held_out.best = parameters;
        }
        Ok(Some(Validation {
            step,
            loss,
            penalty,
            bits,
            best,
        }))
    }

    /// Whether all weights at a step are those of the last step.
    fn is_settled(&self, step: usize) -> bool {
        let last = self.config.train.steps - 1;
        let objectives = self.objectives.iter().map(|o| &o.weight);
        objectives
            .map(|w| [w.at(step), w.at(last)])
            .chain(self.losses.iter().map(|l| [l.weight(step), l.weight(last)]))
            .chain(
                self.regularizers
                    .iter()
                    .map(|r| [r.weight(step), r.weight(last)]),
            )
            .all(|[now, then]| now == then)
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn patience_runs_out_after_so_many_validations_without_a_better_one() {
        let mut progress = Progress::default();
        let losses = [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.95];
        let noted = losses.iter().enumerate().map(|(step, &loss)| {
            let better = progress.note(step, loss, 3);
            (better, progress.since, progress.stop)
        });
        let expected = [
            (true, 0, false),
            (true, 0, false),
            (false, 1, false),
            (true, 0, false),
            (false, 1, false),
            (false, 2, false),
            (false, 3, true),
        ];
        assert_eq!(noted.collect::<Vec<_>>(), expected);
        assert_eq!(progress.best, Some((1.9, 3)));
        let mut patient = Progress::default();
        assert!((0..100).all(|step| {
            patient.note(step, step as f64, 0);
            !patient.stop
        }));
    }
}
