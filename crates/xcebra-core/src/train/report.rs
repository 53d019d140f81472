//! What one step did.

use super::Validation;
use crate::ops::TermValue;

/// What one step did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// The step, counted from 0.
    pub step: usize,
    /// Steps of the whole training.
    pub steps: usize,
    /// Weighted sum of the losses, without the regularisers.
    pub loss: f64,
    /// Each contrastive objective's loss before its weight.
    pub terms: Vec<TermValue>,
    /// Other losses, then regularisers.
    pub parts: Vec<PartValue>,
    /// Learning rate.
    pub learning_rate: f64,
    /// Samples that went through the encoder.
    pub samples: usize,
    /// The validation that followed, if one was due.
    pub validation: Option<Validation>,
}

/// One part of the loss.
#[derive(Clone, Debug, PartialEq)]
pub struct PartValue {
    /// Its name.
    pub name: String,
    /// Its value before the weight; `None` if it was off.
    pub value: Option<f64>,
    /// Its weight.
    pub weight: f64,
}

impl PartValue {
    pub(super) fn new(name: &str, value: Option<f64>, weight: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            weight,
        }
    }
}

impl StepReport {
    /// The part of that name, such as `jacobian`.
    pub fn part(&self, name: &str) -> Option<&PartValue> {
        self.parts.iter().find(|p| p.name == name)
    }
}
