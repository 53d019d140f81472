//! Similarity of two embeddings.

use serde::{Deserialize, Serialize};

use crate::checks::positive;
use crate::error::{CoreError, Result};

/// How two embeddings `u`, `v` are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// `−‖u − v‖²`: identifies the latents up to a rotation and a scale when their transitions
    /// are Gaussian. (CEBRA calls the squared distance "euclidean" too.)
    Euclidean,
    /// `u·v / (‖u‖ ‖v‖)`. (CEBRA's "cosine" is [`Metric::Dot`] on the outputs of a normalising
    /// encoder.)
    Cosine,
    /// `u·v`.
    Dot,
}

impl Metric {
    pub(crate) fn is_dot(self) -> bool {
        matches!(self, Self::Cosine | Self::Dot)
    }
}

/// A metric divided by a temperature: `φ(u, v) = metric(u, v) / τ`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Similarity {
    /// The metric, `kind` in a configuration file; default squared-Euclidean.
    #[serde(rename = "kind")]
    pub metric: Metric,
    /// The temperature τ > 0, or the one to start from; default 1.
    pub temperature: f64,
    /// Whether the temperature is trained along with the encoder, as `log 1/τ`; default not.
    pub learn: bool,
    /// The lowest temperature that training may reach; default 0.01. A lower one would let a few
    /// pairs outweigh all others.
    pub minimum: f64,
}

impl Default for Similarity {
    fn default() -> Self {
        Self::new(Metric::Euclidean, 1.0)
    }
}

impl Similarity {
    /// A metric at a fixed temperature.
    pub fn new(metric: Metric, temperature: f64) -> Self {
        Self {
            metric,
            temperature,
            learn: false,
            minimum: 0.01,
        }
    }

    /// `log 1/τ` at the start of a training, the parameter of a learned temperature.
    pub fn log_inverse_temperature(&self) -> f64 {
        -self.temperature.ln()
    }

    /// The temperature of a parameter `log 1/τ`, not below the minimum, and the derivative of
    /// `log 1/τ` by the parameter: 1, or 0 where the minimum holds it back (as CEBRA's clamp).
    pub fn temperature_at(&self, log_inverse_temperature: f64) -> (f64, f64) {
        let free = (-log_inverse_temperature).exp();
        if free < self.minimum {
            (self.minimum, 0.0)
        } else {
            (free, 1.0)
        }
    }

    /// Checks its numbers; errors name the field alone.
    pub(crate) fn check(&self) -> Result<()> {
        positive("temperature", self.temperature)?;
        positive("minimum", self.minimum)?;
        if self.learn && self.temperature < self.minimum {
            return Err(CoreError::setting(
                "temperature",
                self.temperature,
                format!("at least the similarity's minimum, {}", self.minimum),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Metric, Similarity};

    #[test]
    fn the_parameter_stops_at_the_minimum() {
        let similarity = Similarity {
            minimum: 0.1,
            ..Similarity::new(Metric::Cosine, 0.5)
        };
        let start = similarity.log_inverse_temperature();
        assert!((similarity.temperature_at(start).0 - 0.5).abs() < 1e-15);
        assert_eq!(similarity.temperature_at(0.0), (1.0, 1.0));
        assert_eq!(similarity.temperature_at(2.4), (0.1, 0.0));
        assert_eq!(similarity.temperature_at(800.0), (0.1, 0.0));
    }
}
