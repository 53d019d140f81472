//! Everything that decides a training run; serialisable, every field with its default.

mod encoder;
mod objective;
mod positives;
mod regularizer;
mod train;
mod validation;

pub use encoder::{EncoderConfig, Shared};
pub use objective::{LossConfig, ObjectiveConfig};
pub use positives::{LabelUse, PositivesConfig};
pub use regularizer::RegularizerConfig;
pub use train::{Balance, LearningRateSchedule, TrainConfig};
pub use validation::ValidationConfig;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::path::SettingPath;

/// A training run.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The objectives, whose losses add up; empty means one over all dimensions with positives
    /// one sample later.
    pub objective: Vec<ObjectiveConfig>,
    /// The Jacobian regulariser.
    pub regularizer: RegularizerConfig,
    /// The optimisation.
    pub train: TrainConfig,
    /// What is held out of it.
    pub validation: ValidationConfig,
}

impl Config {
    /// The hybrid form of the paper for latents of which the second half is a label: all
    /// dimensions with positives one sample later, the dimensions from ⌈d/2⌉ with positives by
    /// `label` (Schneider et al. 2025, section 4).
    pub fn hybrid(outputs: usize, label: impl Into<String>) -> Self {
        let objective = |dims, positives| ObjectiveConfig {
            dims: Some(dims),
            ..ObjectiveConfig::info_nce(positives)
        };
        Self {
            encoder: EncoderConfig {
                outputs,
                ..EncoderConfig::default()
            },
            objective: vec![
                objective([0, outputs], PositivesConfig::Time { offset: 1 }),
                objective(
                    [outputs.div_ceil(2), outputs],
                    PositivesConfig::TimeDelta {
                        label: label.into(),
                        delta: 1,
                    },
                ),
            ],
            ..Self::default()
        }
    }

    /// The objectives, or the default one.
    pub fn objectives(&self) -> Vec<ObjectiveConfig> {
        if self.objective.is_empty() {
            vec![ObjectiveConfig::info_nce(PositivesConfig::Time {
                offset: 1,
            })]
        } else {
            self.objective.clone()
        }
    }

    /// Checks every setting that needs no recording.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] for the first setting outside its domain.
    pub fn check(&self) -> Result<()> {
        self.encoder.check()?;
        let encoder = self.encoder.architecture(1);
        for (i, objective) in self.objectives().iter().enumerate() {
            let path = SettingPath::objective(i);
            objective.check(&encoder).map_err(|e| e.within(&path))?;
        }
        let section = |name: &str, checked: Result<()>| {
            checked.map_err(|e| e.within(&SettingPath::from(name)))
        };
        section("regularizer", self.regularizer.check())?;
        section("train", self.train.check())?;
        section("validation", self.validation.check())
    }
}
