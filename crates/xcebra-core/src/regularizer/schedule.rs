//! The weight of a part of the loss over the steps.

use crate::error::{CoreError, Result};

/// 0 before `start`, then a linear rise over `ramp` steps, then `weight`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// The final weight.
    pub weight: f64,
    /// First step of the rise.
    pub start: usize,
    /// Steps the rise takes; with 0 the weight jumps at `start`.
    pub ramp: usize,
}

impl Ramp {
    /// The same weight at every step.
    pub fn constant(weight: f64) -> Self {
        Self {
            weight,
            start: 0,
            ramp: 0,
        }
    }

    /// Checks the final weight; the error names the field alone.
    pub(crate) fn check(&self) -> Result<()> {
        if self.weight.is_finite() && self.weight >= 0.0 {
            return Ok(());
        }
        Err(CoreError::setting(
            "weight",
            self.weight,
            "0 or a positive number",
        ))
    }

    /// The weight at a step, counted from 0.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.start {
            return 0.0;
        }
        let risen = step - self.start;
        if risen >= self.ramp {
            self.weight
        } else {
            self.weight * risen as f64 / self.ramp as f64
        }
    }
}

impl From<f64> for Ramp {
    fn from(weight: f64) -> Self {
        Self::constant(weight)
    }
}

#[cfg(test)]
mod tests {
    use super::Ramp;

    #[test]
    fn rises_linearly() {
        let ramp = Ramp {
            weight: 0.1,
            start: 2500,
            ramp: 2500,
        };
        let values = [0, 2499, 2500, 3750, 5000, 20_000].map(|step| ramp.at(step));
        assert_eq!(values, [0.0, 0.0, 0.0, 0.05, 0.1, 0.1]);
        let jump = Ramp { ramp: 0, ..ramp };
        assert_eq!([2499, 2500].map(|step| jump.at(step)), [0.0, 0.1]);
    }
}
