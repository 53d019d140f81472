//! Notices when a training leaves the rails.

use serde::{Deserialize, Serialize};

use crate::error::{CoreError, Result};

/// By how many more steps a loss may be out of bounds than within: a loss that diverges may jump from one
/// side to the other and be within them now and then.
const PATIENCE: usize = 50;

/// Watches the loss of every step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    first: Option<f64>,
    above: usize,
    below: usize,
}

/// Above this many times the largest goodness of fit that is possible, a training diverges.
///
/// Batches are small samples: a goodness of fit is estimated, and may exceed what is possible by chance.
const CLEARLY: f64 = 2.0;

/// What to do about a loss that rises.
pub(super) const CALM: &str = "try a smaller train.learning_rate or regularizer.weight, a larger temperature, or \
                    standardise the channels";
/// What to do about an embedding that grows.
const LIMIT: &str = "choose an encoder with a limit (clip, tanh or normalize as its head), or a larger \
                     train.batch";

impl Watch {
    /// Looks at the losses and the weighted penalty of a step. `chance` is the loss of an encoder that
    /// maps all to one point, `bits` the goodness of fit of each contrastive objective, and `possible`
    /// the largest there is: the logarithm of the number of samples to base 2.
    ///
    /// # Errors
    /// [`CoreError::Diverged`] if one is not finite, or if lately 50 more steps were out of bounds than within
    /// them: with a loss above three times the larger of the first loss and chance, or with a goodness of
    /// fit more than twice what is possible. The positive is not among the negatives, so that where it is
    /// nearer than every negative the loss falls with the size of the embedding, forever if nothing
    /// limits it.
    pub fn look(
        &mut self,
        step: usize,
        (loss, penalty): (f64, f64),
        chance: f64,
        bits: &[f64],
        possible: f64,
    ) -> Result<()> {
        let diverged = |reason: String, advice: &'static str| {
            Err(CoreError::Diverged {
                step,
                reason,
                advice,
            })
        };
        if !(loss + penalty).is_finite() {
            return diverged(format!("the loss is {loss}, the penalty {penalty}"), CALM);
        }
        let first = *self.first.get_or_insert(loss);
        let bound = 3.0 * first.abs().max(chance);
        let most = bits.iter().copied().fold(0.0, f64::max);
        if loss > bound {
            self.above += 1;
        } else if most > CLEARLY * possible {
            self.below += 1;
        } else {
            let larger = match self.above > self.below {
                true => &mut self.above,
                false => &mut self.below,
            };
            *larger = larger.saturating_sub(1);
        }
        if self.above + self.below < PATIENCE {
            return Ok(());
        }
        // a loss that jumps far above is that of a growing embedding if it is far below in between
        if self.above > 4 * self.below {
            let reason =
                format!("the loss rose from {first:.4}, and is above {bound:.4} in most steps");
            return diverged(reason, CALM);
        }
        let reason = format!(
            "the goodness of fit is above {:.1} bits in many steps, and this many samples can give \
             {possible:.1} at most, so the embedding grows without end",
            CLEARLY * possible
        );
        diverged(reason, LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use xcebra_model::Advice;

    use super::Watch;

    const CHANCE: f64 = 6.2;

    /// A step of one contrastive objective among 1,024 samples: 10 bits at most.
    fn look(watch: &mut Watch, step: usize, loss: f64) -> crate::error::Result<()> {
        let bits = (CHANCE - loss) / std::f64::consts::LN_2;
        watch.look(step, (loss, 0.0), CHANCE, &[0.0, bits], 10.0)
    }

    #[test]
    fn stops_at_nan_and_at_growth() {
        let mut watch = Watch::default();
        let mut look = |step, loss, penalty| watch.look(step, (loss, penalty), CHANCE, &[], 10.0);
        assert!(look(0, 6.0, 0.0).is_ok());
        assert!(look(1, f64::NAN, 0.0).is_err());
        assert!(look(2, f64::INFINITY, 0.0).is_err());
        assert!(look(2, 6.0, f64::NAN).is_err());
        for step in 3..52 {
            assert!(look(step, 19.0, 0.0).is_ok());
        }
        let error = look(52, 19.0, 0.0).unwrap_err();
        let advice = error.advice().unwrap();
        assert!(
            advice.contains("train.learning_rate") && !advice.contains("head"),
            "{advice}"
        );
    }

    #[test]
    fn stops_where_more_is_learned_than_there_is() {
        let mut watch = Watch::default();
        for step in 0..49 {
            assert!(look(&mut watch, step, -10.0).is_ok());
        }
        let error = look(&mut watch, 49, -10.0).unwrap_err();
        let problem = error.to_string();
        for part in ["above 20.0 bits", "10.0 at most", "without end"] {
            assert!(problem.contains(part), "no {part:?} in {problem}");
        }
        let advice = error.advice().unwrap();
        for part in ["train.batch", "head"] {
            assert!(advice.contains(part), "no {part:?} in {advice}");
        }
        // one piece of advice, not two
        assert!(!advice.contains("learning_rate"), "{advice}");
        let mut limited = Watch::default();
        assert!((0..200).all(|step| look(&mut limited, step, -7.6).is_ok()));
        // a supervised loss has no bits
        let mut supervised = Watch::default();
        assert!((0..200).all(|step| supervised.look(step, (-1e9, 0.0), 0.0, &[], 10.0).is_ok()));
    }

    /// A loss may be three times as high as the first, and as chance.
    #[test]
    fn the_bound_is_the_larger_of_two() {
        for (first, low, high) in [
            (1.0, 18.0, 19.0),
            (100.0, 299.0, 301.0),
            (-100.0, 299.0, 301.0),
        ] {
            let steps = |loss: f64| {
                let mut watch = Watch::default();
                look(&mut watch, 0, first).unwrap();
                (1..60).all(|step| look(&mut watch, step, loss).is_ok())
            };
            assert!(steps(low) && !steps(high), "first loss {first}");
        }
    }

    #[test]
    fn a_short_excursion_is_not_divergence() {
        let (mut watch, mut deep) = (Watch::default(), Watch::default());
        for step in 0..200 {
            let (loss, depth) = match step % 40 {
                0..20 => (500.0, -7e4),
                _ => (5.0, 5.0),
            };
            assert!(look(&mut watch, step, loss).is_ok());
            assert!(look(&mut deep, step, depth).is_ok());
        }
    }

    /// From one batch to the next the loss is far above and far below, or within bounds for once.
    #[test]
    fn a_loss_that_jumps_from_side_to_side_diverges() {
        let losses = [-1e9, -1e7, 1e8, 5.0, -1e8];
        let mut watch = Watch::default();
        look(&mut watch, 0, 6.0).unwrap();
        let ended = (1..200).find(|&step| look(&mut watch, step, losses[step % 5]).is_err());
        assert!(ended.is_some_and(|step| step < 100), "{ended:?}");
    }
}
