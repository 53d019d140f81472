//! Settings of an objective.

use serde::{Deserialize, Serialize};

use crate::encoder::Architecture;
use crate::error::{Error, Result};
use crate::objective::Similarity;
use crate::ops::Head;
use crate::sampling::{VonMises, at_least_one, positive};

/// One `[[objective]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveConfig {
    /// First and last-but-one embedding dimension; default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dims: Option<[usize; 2]>,
    /// The distribution of positives.
    pub positives: PositivesConfig,
    /// The similarity; default squared-Euclidean at temperature 1.
    #[serde(default)]
    pub similarity: Similarity,
    /// Weight in the sum of the losses, default 1.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

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

    fn check(&self, field: impl Fn(&str) -> String) -> Result<()> {
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

impl ObjectiveConfig {
    pub(super) fn check(&self, i: usize, encoder: &Architecture) -> Result<()> {
        let field = |name: &str| format!("objective[{i}].{name}");
        let outputs = encoder.outputs();
        if let Some([first, end]) = self.dims
            && (first >= end || end > outputs)
        {
            return Err(Error::setting(
                field("dims"),
                format!("[{first}, {end}]"),
                format!("[first, end] with first < end ≤ encoder.outputs = {outputs}"),
            ));
        }
        self.positives
            .check(|name| field(&format!("positives.{name}")))?;
        let temperature = self.similarity.temperature;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(Error::setting(
                field("similarity.temperature"),
                temperature,
                "a positive number",
            ));
        }
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return Err(Error::setting(
                field("weight"),
                self.weight,
                "0 or a positive number",
            ));
        }
        let whole = self
            .dims
            .is_none_or(|[first, end]| first == 0 && end == outputs);
        if encoder.head == Head::Normalize && !whole {
            return Err(Error::setting(
                field("dims"),
                format!("{:?}", self.dims.unwrap_or_default()),
                "all dimensions for an encoder whose output is normalised",
            ));
        }
        Ok(())
    }
}
