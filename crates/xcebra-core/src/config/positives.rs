//! Settings of the distribution of positives.

use serde::{Deserialize, Serialize};
use xcebra_model::Scalar;

use crate::checks::{at_least_one, positive};
#[cfg(doc)]
use crate::error::CoreError;
use crate::error::Result;
use crate::recording::{Pieces, Recording};
use crate::sampling::{
    DeltaNormal, DeltaVmf, Discrete, Mixed, Positives, Time, TimeDelta, Uniform, VonMises,
};

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

    /// The distribution over `centers` of the recording.
    ///
    /// # Errors
    /// [`CoreError::Setting`] or [`CoreError::Data`] if the recording cannot serve it. They name the
    /// field alone; [`CoreError::within`] puts the path of the objective in front.
    pub fn distribution<E: Scalar>(
        &self,
        recording: &Recording<E>,
        centers: &Pieces,
    ) -> Result<Box<dyn Positives>> {
        Ok(match self {
            Self::Time { offset } => Box::new(Time::new(*offset)?),
            Self::TimeDelta { label, delta } => {
                Box::new(TimeDelta::new(recording, centers, label, *delta)?)
            }
            Self::DeltaNormal { label, sigma } => {
                Box::new(DeltaNormal::new(recording, centers, label, *sigma)?)
            }
            Self::DeltaVmf { label, kappa } => {
                Box::new(DeltaVmf::new(recording, centers, label, *kappa)?)
            }
            Self::Discrete { label } => Box::new(Discrete::new(recording, centers, label)?),
            Self::Mixed {
                discrete,
                continuous,
                delta,
            } => Box::new(Mixed::new(
                recording, centers, discrete, continuous, *delta,
            )?),
            Self::Uniform {} => Box::new(Uniform::of_subjects(recording, centers)?),
        })
    }

    /// Checks what needs no recording; errors name the field alone.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Time { offset } => at_least_one("offset", *offset),
            Self::TimeDelta { delta, .. } | Self::Mixed { delta, .. } => {
                at_least_one("delta", *delta)
            }
            Self::DeltaNormal { sigma, .. } => positive("sigma", *sigma),
            Self::DeltaVmf { kappa, .. } => VonMises::new(*kappa).map(|_| ()),
            Self::Discrete { .. } | Self::Uniform {} => Ok(()),
        }
    }
}
