//! The curves of a training.

use serde::{Deserialize, Serialize};

use super::{StepReport, Validation};

/// What was reported every `train.log_every` steps, and at the last one; one entry a report in
/// each list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Steps, counted from 0.
    pub step: Vec<usize>,
    /// Weighted sum of the losses, without the regularisers.
    pub loss: Vec<f64>,
    /// Alignment part of each contrastive objective (outer list), before its weight.
    pub align: Vec<Vec<f64>>,
    /// Uniformity part of each contrastive objective (outer list), before its weight.
    pub uniform: Vec<Vec<f64>>,
    /// Temperature of each contrastive objective (outer list).
    pub temperature: Vec<Vec<f64>>,
    /// Other losses and regularisers.
    pub parts: Vec<Curve>,
    /// Learning rate.
    pub learning_rate: Vec<f64>,
    /// Every validation.
    pub validation: Vec<Validation>,
}

/// One part of the loss over the steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Its name, such as `jacobian` for `½ E ‖J_f‖²`.
    pub name: String,
    /// Its value before the weight; `None` while it was off.
    pub value: Vec<Option<f64>>,
    /// Its weight.
    pub weight: Vec<f64>,
}

impl History {
    pub(crate) fn push(&mut self, report: &StepReport) {
        let objectives = report.terms.len();
        self.align.resize(objectives, Vec::new());
        self.uniform.resize(objectives, Vec::new());
        self.temperature.resize(objectives, Vec::new());
        self.step.push(report.step);
        self.loss.push(report.loss);
        for (o, term) in report.terms.iter().enumerate() {
            self.align[o].push(term.align);
            self.uniform[o].push(term.uniform);
            self.temperature[o].push(term.temperature);
        }
        // parts may have equal names; they come in the same order every time
        let new = report.parts.iter().skip(self.parts.len());
        self.parts.extend(new.map(|part| Curve {
            name: part.name.clone(),
            ..Curve::default()
        }));
        for (curve, part) in self.parts.iter_mut().zip(&report.parts) {
            curve.value.push(part.value);
            curve.weight.push(part.weight);
        }
        self.learning_rate.push(report.learning_rate);
    }

    /// The curve of a part.
    pub fn part(&self, name: &str) -> Option<&Curve> {
        self.parts.iter().find(|c| c.name == name)
    }

    /// The validation of the parameters that a training ends with: the best where it may stop early, with some
    /// `patience`, otherwise the last.
    pub fn taken(&self, patience: usize) -> Option<&Validation> {
        let best = self.validation.iter().rfind(|v| patience > 0 && v.best);
        best.or(self.validation.last())
    }

    /// Number of reports.
    pub fn len(&self) -> usize {
        self.step.len()
    }

    /// Whether nothing was reported yet.
    pub fn is_empty(&self) -> bool {
        self.step.is_empty()
    }
}
