//! Settings of an objective.

use serde::{Deserialize, Serialize};
use xcebra_model::Scalar;

use super::{LabelUse, PositivesConfig};
use crate::encoder::Architecture;
use crate::error::{CoreError, Result};
use crate::objective::{Similarity, Targets};
use crate::ops::Head;
use crate::recording::Recording;
use crate::regularizer::Ramp;

/// One `[[objective]]`: a loss over some embedding dimensions.
///
/// In a file, the fields of the loss are next to those of the objective:
/// `positives = { kind = "time" }`, `similarity = { kind = "cosine", temperature = 0.5 }` for
/// InfoNCE, or `loss = "mse"` or `"cross-entropy"` with `label = "…"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Flat", into = "Flat")]
pub struct ObjectiveConfig {
    /// Embedding dimensions `[first, end]`, the end excluded; default all.
    pub dims: Option<[usize; 2]>,
    /// What is made small.
    pub loss: LossConfig,
    /// Weight in the sum of the losses, default 1.
    pub weight: f64,
    /// First step of the rise of the weight from 0, default 0.
    pub weight_start: usize,
    /// Steps of the rise, default 0.
    pub weight_ramp: usize,
}

/// The loss of an objective.
#[derive(Clone, Debug, PartialEq)]
pub enum LossConfig {
    /// The contrastive loss, `info-nce`; what an objective is without `loss`.
    InfoNce {
        /// The distribution of positives.
        positives: PositivesConfig,
        /// The similarity; default squared-Euclidean at temperature 1.
        similarity: Similarity,
    },
    /// The mean squared error to a label, `mse`; one dimension a column.
    Mse {
        /// Name of a label.
        label: String,
    },
    /// The cross-entropy to a label, `cross-entropy`; one dimension a class, in the order of
    /// their values.
    CrossEntropy {
        /// Name of a discrete label.
        label: String,
    },
}

impl LossConfig {
    /// The labels it needs.
    pub fn labels(&self) -> Vec<LabelUse<'_>> {
        let (name, discrete) = match self {
            Self::InfoNce { positives, .. } => return positives.labels(),
            Self::Mse { label } => (label, false),
            Self::CrossEntropy { label } => (label, true),
        };
        vec![LabelUse { name, discrete }]
    }

    /// The targets of a supervised loss over `dims` embedding dimensions; none for InfoNCE.
    ///
    /// # Errors
    /// As [`Targets::values`] and [`Targets::classes`].
    pub fn targets<E: Scalar>(
        &self,
        recording: &Recording<E>,
        dims: usize,
    ) -> Result<Option<Targets<E>>> {
        Ok(match self {
            Self::InfoNce { .. } => None,
            Self::Mse { label } => Some(Targets::values(recording, label, dims)?),
            Self::CrossEntropy { label } => Some(Targets::classes(recording, label, dims)?),
        })
    }
}

impl ObjectiveConfig {
    /// A loss over all dimensions with weight 1.
    pub fn new(loss: LossConfig) -> Self {
        Self {
            dims: None,
            loss,
            weight: 1.0,
            weight_start: 0,
            weight_ramp: 0,
        }
    }

    /// InfoNCE with the default similarity, over all dimensions with weight 1.
    pub fn info_nce(positives: PositivesConfig) -> Self {
        Self::new(LossConfig::InfoNce {
            positives,
            similarity: Similarity::default(),
        })
    }

    /// Its weight over the steps.
    pub fn schedule(&self) -> Ramp {
        Ramp {
            weight: self.weight,
            start: self.weight_start,
            ramp: self.weight_ramp,
        }
    }

    /// Checks what needs no recording; errors name the field alone.
    pub(super) fn check(&self, encoder: &Architecture) -> Result<()> {
        let outputs = encoder.outputs();
        if let Some([first, end]) = self.dims
            && (first >= end || end > outputs)
        {
            return Err(CoreError::setting(
                "dims",
                format!("[{first}, {end}]"),
                format!("[first, end] with first < end ≤ encoder.outputs = {outputs}"),
            ));
        }
        if let LossConfig::InfoNce {
            positives,
            similarity,
        } = &self.loss
        {
            let within = |path: &'static str| move |e: CoreError| e.within(&path.into());
            positives.check().map_err(within("positives"))?;
            similarity.check().map_err(within("similarity"))?;
        }
        self.schedule().check()?;
        let whole = self
            .dims
            .is_none_or(|[first, end]| first == 0 && end == outputs);
        if encoder.head == Head::Normalize && !whole {
            return Err(CoreError::setting(
                "dims",
                format!("{:?}", self.dims.unwrap_or_default()),
                "all dimensions for an encoder whose output is normalised",
            ));
        }
        Ok(())
    }
}

/// An objective as a file states it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    #[serde(default)]
    loss: Loss,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dims: Option<[usize; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    positives: Option<PositivesConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    similarity: Option<Similarity>,
    #[serde(default = "one")]
    weight: f64,
    #[serde(default)]
    weight_start: usize,
    #[serde(default)]
    weight_ramp: usize,
}

fn one() -> f64 {
    1.0
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Loss {
    #[default]
    InfoNce,
    Mse,
    CrossEntropy,
}

impl TryFrom<Flat> for ObjectiveConfig {
    type Error = String;

    fn try_from(flat: Flat) -> std::result::Result<Self, String> {
        let loss = match (flat.loss, flat.label, flat.positives, flat.similarity) {
            (Loss::InfoNce, None, Some(positives), similarity) => LossConfig::InfoNce {
                positives,
                similarity: similarity.unwrap_or_default(),
            },
            (Loss::InfoNce, None, None, _) => return Err("missing field `positives`".to_owned()),
            (Loss::InfoNce, Some(label), ..) => {
                return Err(format!(
                    "`label` belongs to loss = \"mse\" or \"cross-entropy\", and positives by a label \
                     are positives = {{ kind = \"time-delta\", label = \"{label}\" }}"
                ));
            }
            (Loss::Mse, Some(label), None, None) => LossConfig::Mse { label },
            (Loss::CrossEntropy, Some(label), None, None) => LossConfig::CrossEntropy { label },
            (Loss::Mse | Loss::CrossEntropy, None, ..) => {
                return Err("missing field `label`, which this loss needs".to_owned());
            }
            (Loss::Mse | Loss::CrossEntropy, Some(_), ..) => {
                return Err(
                    "a supervised loss takes neither `positives` nor `similarity`".to_owned(),
                );
            }
        };
        Ok(Self {
            dims: flat.dims,
            loss,
            weight: flat.weight,
            weight_start: flat.weight_start,
            weight_ramp: flat.weight_ramp,
        })
    }
}

impl From<ObjectiveConfig> for Flat {
    fn from(config: ObjectiveConfig) -> Self {
        let (loss, label, positives, similarity) = match config.loss {
            LossConfig::InfoNce {
                positives,
                similarity,
            } => (Loss::InfoNce, None, Some(positives), Some(similarity)),
            LossConfig::Mse { label } => (Loss::Mse, Some(label), None, None),
            LossConfig::CrossEntropy { label } => (Loss::CrossEntropy, Some(label), None, None),
        };
        Self {
            loss,
            dims: config.dims,
            label,
            positives,
            similarity,
            weight: config.weight,
            weight_start: config.weight_start,
            weight_ramp: config.weight_ramp,
        }
    }
}
