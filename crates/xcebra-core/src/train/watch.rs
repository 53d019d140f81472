//! Notices when a training leaves the rails.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Steps in a row that a loss may stay out of bounds.
const PATIENCE: usize = 50;

/// Watches the loss of every step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    first: Option<f64>,
    above: usize,
    below: usize,
}

/// A loss this many times chance below zero is that of an embedding that grows without end.
const ENDLESS: f64 = 1e4;

impl Watch {
    /// Looks at the InfoNCE loss and the weighted penalty of a step; `chance` is the loss of an encoder that maps all to one point.
    ///
    /// # Errors
    /// [`Error::Diverged`] if one is not finite, or if for 50 steps the loss has been above three
    /// times the larger of the first loss and chance, or more than 10,000 times chance below zero:
    /// the positive is not among the negatives, so that where it lies nearer than every negative
    /// the loss falls with the size of the embedding, for ever if nothing limits it.
    pub fn look(&mut self, step: usize, loss: f64, penalty: f64, chance: f64) -> Result<()> {
        if !(loss + penalty).is_finite() {
            return Err(Error::Diverged {
                step,
                reason: format!("the loss is {loss}, the penalty {penalty}"),
            });
        }
        let first = *self.first.get_or_insert(loss);
        let bound = 3.0 * first.abs().max(chance);
        self.above = if loss > bound { self.above + 1 } else { 0 };
        if self.above >= PATIENCE {
            let reason = format!(
                "the loss rose from {first:.4} to {loss:.4}, above {bound:.4} for {PATIENCE} steps"
            );
            return Err(Error::Diverged { step, reason });
        }
        let endless = chance > 0.0 && loss < -ENDLESS * chance;
        self.below = if endless { self.below + 1 } else { 0 };
        if self.below >= PATIENCE {
            let reason = format!(
                "the loss fell to {loss:.3e}, because the embedding grows without end; an encoder \
                 with a limit (clip, tanh or normalize as its head) or a larger train.batch \
                 prevents it"
            );
            return Err(Error::Diverged { step, reason });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;

    #[test]
    fn stops_at_nan_and_at_growth() {
        let mut watch = Watch::default();
        assert!(watch.look(0, 6.0, 0.0, 6.2).is_ok());
        assert!(watch.look(1, f64::NAN, 0.0, 6.2).is_err());
        assert!(watch.look(2, f64::INFINITY, 0.0, 6.2).is_err());
        assert!(watch.look(2, 6.0, f64::NAN, 6.2).is_err());
        for step in 3..52 {
            assert!(watch.look(step, 19.0, 0.0, 6.2).is_ok());
        }
        assert!(watch.look(52, 19.0, 0.0, 6.2).is_err());
    }

    #[test]
    fn stops_where_the_embedding_grows_without_end() {
        let mut watch = Watch::default();
        for step in 0..49 {
            assert!(watch.look(step, -7e4, 0.0, 6.2).is_ok());
        }
        let error = watch.look(49, -7e4, 0.0, 6.2).unwrap_err().to_string();
        assert!(
            error.contains("without end") && error.contains("train.batch"),
            "{error}"
        );
        let mut limited = Watch::default();
        assert!((0..200).all(|step| limited.look(step, -6e4, 0.0, 6.2).is_ok()));
        // a supervised loss of zero has no chance to be compared with
        assert!((0..200).all(|step| limited.look(step, -1.0, 0.0, 0.0).is_ok()));
    }

    /// A loss may lie three times as high as the first, and as chance.
    #[test]
    fn the_bound_is_the_larger_of_two() {
        for (first, low, high) in [
            (1.0, 18.0, 19.0),
            (100.0, 299.0, 301.0),
            (-100.0, 299.0, 301.0),
        ] {
            let look = |loss: f64| {
                let mut watch = Watch::default();
                watch.look(0, first, 0.0, 6.2).unwrap();
                (1..60).all(|step| watch.look(step, loss, 0.0, 6.2).is_ok())
            };
            assert!(look(low) && !look(high), "first loss {first}");
        }
    }

    #[test]
    fn a_short_excursion_is_no_divergence() {
        let (mut watch, mut deep) = (Watch::default(), Watch::default());
        for step in 0..200 {
            let (loss, depth) = match step % 40 {
                0 => (5.0, 5.0),
                _ => (500.0, -7e4),
            };
            assert!(watch.look(step, loss, 0.0, 6.2).is_ok());
            assert!(deep.look(step, depth, 0.0, 6.2).is_ok());
        }
    }
}
