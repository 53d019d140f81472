//! The curves of a training.

use serde::{Deserialize, Serialize};

use super::StepReport;

/// What was reported every `train.log_every` steps, and at the last one; one entry a report in
/// each list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Steps, counted from 0.
    pub step: Vec<usize>,
    /// Weighted sum of the InfoNCE losses, without the regulariser.
    pub loss: Vec<f64>,
    /// Alignment part of each objective (outer list), before its weight.
    pub align: Vec<Vec<f64>>,
    /// Uniformity part of each objective (outer list), before its weight.
    pub uniform: Vec<Vec<f64>>,
    /// `½ E ‖J_f‖²` as the regulariser saw it; `None` while it was off.
    pub penalty: Vec<Option<f64>>,
    /// Weight of the regulariser.
    pub penalty_weight: Vec<f64>,
    /// Learning rate.
    pub learning_rate: Vec<f64>,
}

impl History {
    pub(crate) fn push(&mut self, report: &StepReport) {
        let objectives = report.terms.len();
        self.align.resize(objectives, Vec::new());
        self.uniform.resize(objectives, Vec::new());
        self.step.push(report.step);
        self.loss.push(report.loss);
        for (o, term) in report.terms.iter().enumerate() {
            self.align[o].push(term.align);
            self.uniform[o].push(term.uniform);
        }
        self.penalty.push(report.penalty);
        self.penalty_weight.push(report.penalty_weight);
        self.learning_rate.push(report.learning_rate);
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
