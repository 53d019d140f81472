//! Settings of the Jacobian regulariser.

use serde::{Deserialize, Serialize};

use crate::error::{CoreError, Result};
use crate::regularizer::{Probes, Ramp};

/// Section `[regularizer]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegularizerConfig {
    /// λ, default 0.1; 0 turns the regulariser off.
    pub weight: f64,
    /// First step of the rise of λ from 0, default 2500.
    pub start: usize,
    /// Steps of the rise, default 2500.
    pub ramp: usize,
    /// Random projections a sample, default 1; 0 is exact.
    pub projections: usize,
}

impl Default for RegularizerConfig {
    fn default() -> Self {
        Self {
            weight: 0.1,
            start: 2500,
            ramp: 2500,
            projections: 1,
        }
    }
}

impl RegularizerConfig {
    /// Its weight over the steps.
    pub fn schedule(&self) -> Ramp {
        Ramp {
            weight: self.weight,
            start: self.start,
            ramp: self.ramp,
        }
    }

    /// Its probes.
    pub fn probes(&self) -> Probes {
        Probes::from_count(self.projections)
    }

    /// Checks all of it; errors name the field alone.
    pub(super) fn check(&self) -> Result<()> {
        self.schedule().check()?;
        if self.projections > 1000 {
            return Err(CoreError::setting(
                "projections",
                self.projections,
                "at most 1000",
            ));
        }
        Ok(())
    }
}
