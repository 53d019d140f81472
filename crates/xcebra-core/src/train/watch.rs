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
}

impl Watch {
    /// Looks at the InfoNCE loss and the weighted penalty of a step; `chance` is the loss of an encoder that maps all to one point.
    ///
    /// # Errors
    /// [`Error::Diverged`] if one is not finite, or the loss has been above three times the larger of
    /// the first loss and chance for 50 steps.
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
    fn a_short_excursion_is_no_divergence() {
        let mut watch = Watch::default();
        for step in 0..200 {
            let loss = if step % 40 == 39 { 5.0 } else { 500.0 };
            assert!(step == 0 || watch.look(step, loss, 0.0, 6.2).is_ok());
            if step == 0 {
                watch.look(0, 5.0, 0.0, 6.2).unwrap();
            }
        }
    }
}
