//! Settings of the optimisation.

use serde::{Deserialize, Serialize};

use crate::error::{CoreError, Result};

/// Section `[train]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Steps, default 20000.
    pub steps: usize,
    /// References (and as many negatives and positives of each objective) a step, default 512.
    pub batch: usize,
    /// Adam's step size, default 3e-4.
    pub learning_rate: f64,
    /// Decoupled weight decay, default 0; above 0 Adam becomes AdamW.
    pub weight_decay: f64,
    /// The learning rate over the steps, default constant.
    pub schedule: LearningRateSchedule,
    /// Seed of weights, samples and projections, default 0.
    pub seed: u64,
    /// Steps between two entries of the training curves, default 50.
    pub log_every: usize,
    /// How references and negatives are divided among several subjects, default equally.
    #[serde(skip_serializing_if = "is_default_balance")]
    pub balance: Balance,
    /// Probability with which a channel is hidden from the encoder: it is 0, the mean of a standardised channel, in a
    /// whole window of a training batch, in each window for itself. Default 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub mask_channels: f64,
    /// Share of each window of a training batch that is hidden in the same way, as one block of times at a random
    /// place: at least one sample, and never all of them. Only for encoders that see several samples. Default 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub mask_times: f64,
}

/// How references and negatives are divided among several subjects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// Each subject gives as many as any other.
    #[default]
    Subjects,
    /// In the ratio of their samples.
    Samples,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_default_balance(balance: &Balance) -> bool {
    *balance == Balance::default()
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 20_000,
            batch: 512,
            learning_rate: 3e-4,
            weight_decay: 0.0,
            schedule: LearningRateSchedule::Constant,
            seed: 0,
            log_every: 50,
            balance: Balance::default(),
            mask_channels: 0.0,
            mask_times: 0.0,
        }
    }
}

/// The learning rate over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LearningRateSchedule {
    /// Always `learning_rate`.
    Constant,
    /// From `learning_rate` straight down to 1 % of it at the last step.
    Linear,
    /// A linear rise over the first 2 % of the steps, then half a cosine down to 1 % of
    /// `learning_rate`.
    Cosine,
}

impl TrainConfig {
    /// The learning rate at a step, counted from 0.
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        match self.schedule {
            LearningRateSchedule::Constant => self.learning_rate,
            LearningRateSchedule::Linear => {
                let progress = step as f64 / (self.steps - 1).max(1) as f64;
                self.learning_rate * (1.0 - 0.99 * progress)
            }
            LearningRateSchedule::Cosine => {
                let (step, steps) = (step as f64, self.steps as f64);
                let warm = (0.02 * steps).max(1.0);
                if step < warm {
                    return self.learning_rate * (step + 1.0) / (warm + 1.0);
                }
                let progress = (step - warm) / (steps - warm).max(1.0);
                let wave = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                self.learning_rate * (0.01 + 0.99 * wave)
            }
        }
    }

    /// Checks all of it; errors name the field alone.
    pub(super) fn check(&self) -> Result<()> {
        if self.steps == 0 {
            return Err(CoreError::setting("steps", 0, "at least 1"));
        }
        if self.batch < 2 || self.batch > 1 << 20 {
            return Err(CoreError::setting("batch", self.batch, "from 2 to 1048576"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(CoreError::setting(
                "learning_rate",
                self.learning_rate,
                "a positive number",
            ));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay * self.learning_rate < 1.0) {
            return Err(CoreError::setting(
                "weight_decay",
                self.weight_decay,
                "0 or a positive number whose product with train.learning_rate is below 1",
            ));
        }
        if self.log_every == 0 {
            return Err(CoreError::setting("log_every", 0, "at least 1"));
        }
        for (name, share) in [
            ("mask_channels", self.mask_channels),
            ("mask_times", self.mask_times),
        ] {
            if !(0.0..1.0).contains(&share) {
                return Err(CoreError::setting(name, share, "0 or a share below 1"));
            }
        }
        Ok(())
    }
}
