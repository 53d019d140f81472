//! Similarity of two embeddings.

use serde::{Deserialize, Serialize};

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
#[serde(deny_unknown_fields)]
pub struct Similarity {
    /// The metric, `kind` in a configuration file.
    #[serde(rename = "kind", default = "euclidean")]
    pub metric: Metric,
    /// The temperature τ > 0, default 1.
    #[serde(default = "one")]
    pub temperature: f64,
}

fn euclidean() -> Metric {
    Metric::Euclidean
}

fn one() -> f64 {
    1.0
}

impl Default for Similarity {
    fn default() -> Self {
        Self {
            metric: Metric::Euclidean,
            temperature: 1.0,
        }
    }
}
