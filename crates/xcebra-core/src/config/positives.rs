//! Settings of the distribution of positives.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::sampling::{VonMises, at_least_one, positive};

fn one_sample() -> usize {
    1
}

/// The distribution of positives, by its `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PositivesConfig {
    /// The sample `offset` samples later.
    Time {
        /// Default 1.
        #[serde(default = "one_sample")]
        offset: usize,
    },
    /// The reference's label plus a label difference over `delta` samples, then the nearest label.
    TimeDelta {
        /// Name of a continuous label.
        label: String,
        /// Default 1.
        #[serde(default = "one_sample")]
        delta: usize,
    },
    /// The reference's label plus Gaussian noise, then the nearest label.
    DeltaNormal {
        /// Name of a continuous label.
        label: String,
        /// Standard deviation of the noise, in units of the label.
        sigma: f64,
    },
    /// The reference's angles plus von Mises noise, then the nearest on the circle.
    DeltaVmf {
        /// Name of a continuous label whose columns are angles in radians.
        label: String,
        /// Concentration κ of the noise; for large κ its variance is 1/κ.
        kappa: f64,
    },
    /// A sample of the same class.
    Discrete {
        /// Name of a discrete label.
        label: String,
    },
    /// As `time-delta` by one label, among the samples of the same class of another.
    Mixed {
        /// Name of a discrete label.
        discrete: String,
        /// Name of a continuous label.
        continuous: String,
        /// Default 1.
        #[serde(default = "one_sample")]
        delta: usize,
    },
    /// Any sample.
    Uniform {},
}

/// A label that a configuration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelUse<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it must hold classes.
    pub discrete: bool,
}

impl PositivesConfig {
    /// The labels it needs.
    pub fn labels(&self) -> Vec<LabelUse<'_>> {
        let real = |name| LabelUse {
            name,
            discrete: false,
        };
        let class = |name| LabelUse {
            name,
            discrete: true,
        };
        match self {
            Self::Time { .. } | Self::Uniform {} => Vec::new(),
            Self::TimeDelta { label, .. }
            | Self::DeltaNormal { label, .. }
            | Self::DeltaVmf { label, .. } => vec![real(label)],
            Self::Discrete { label } => vec![class(label)],
            Self::Mixed {
                discrete,
                continuous,
                ..
            } => vec![class(discrete), real(continuous)],
        }
    }

    /// How many samples must follow one somewhere in its piece: up to the positive, or for a difference of labels.
    pub fn span(&self) -> usize {
        match self {
            Self::Time { offset } => *offset,
            Self::TimeDelta { delta, .. } | Self::Mixed { delta, .. } => *delta,
            Self::DeltaNormal { .. }
            | Self::DeltaVmf { .. }
            | Self::Discrete { .. }
            | Self::Uniform {} => 0,
        }
    }

    pub(super) fn check(&self, field: impl Fn(&str) -> String) -> Result<()> {
        match self {
            Self::Time { offset } => at_least_one(&field("offset"), *offset),
            Self::TimeDelta { delta, .. } | Self::Mixed { delta, .. } => {
                at_least_one(&field("delta"), *delta)
            }
            Self::DeltaNormal { sigma, .. } => positive(&field("sigma"), *sigma),
            Self::DeltaVmf { kappa, .. } => VonMises::new(&field("kappa"), *kappa).map(|_| ()),
            Self::Discrete { .. } | Self::Uniform {} => Ok(()),
        }
    }
}
