//! Settings of validation.

use serde::{Deserialize, Serialize};

use crate::error::{CoreError, Result};

/// Section `[validation]`: blocks of time that are kept from the training, on which the loss is
/// measured now and then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Fraction of the samples held out, default 0: no validation.
    pub held_out: f64,
    /// Blocks of time it is made of, spread over the recording, default 10.
    pub blocks: usize,
    /// Steps between two validations, default 250.
    pub every: usize,
    /// Batches a validation draws, the same each time, default 4.
    pub batches: usize,
    /// Validations without a lower sum of loss and penalty after which the training stops, and its best
    /// parameters are taken; default 0: it never stops early, and the last parameters are taken.
    ///
    /// Sums can be compared once all weights are final: validations count from the step on at which
    /// objectives and regulariser have the weights of the last step.
    pub patience: usize,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self {
            held_out: 0.0,
            blocks: 10,
            every: 250,
            batches: 4,
            patience: 0,
        }
    }
}

impl ValidationConfig {
    /// Whether anything is held out.
    pub fn is_on(&self) -> bool {
        self.held_out > 0.0
    }

    /// Checks all of it; errors name the field alone.
    pub(super) fn check(&self) -> Result<()> {
        if !(self.held_out >= 0.0 && self.held_out <= 0.5) {
            return Err(CoreError::setting(
                "held_out",
                self.held_out,
                "from 0 (none) to 0.5",
            ));
        }
        for (field, value) in [
            ("blocks", self.blocks),
            ("every", self.every),
            ("batches", self.batches),
        ] {
            if value == 0 {
                return Err(CoreError::setting(field, value, "at least 1"));
            }
        }
        if self.patience > 0 && !self.is_on() {
            return Err(CoreError::setting(
                "patience",
                self.patience,
                "0 unless validation.held_out is above 0",
            ));
        }
        Ok(())
    }
}
