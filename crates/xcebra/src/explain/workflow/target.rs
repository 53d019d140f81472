//! Which outputs are explained of which signal.

use ndarray::{ArrayD, Axis, Slice};
use xcebra_model::{Model, Watch};

use super::output::{OutputSpec, Outputs};
use super::settings::ExplainSettings;
use super::subject::Subject;
use crate::{Problem, Result};

/// Signals that go through the model together.
const AT_ONCE: usize = 64;

/// Outputs of a given model.
pub enum Target {
    /// One, or a weighted sum.
    Sum(OutputSpec),
    /// Several, each for itself.
    Each(Vec<usize>),
    /// Another one for each signal.
    Predicted(Vec<usize>),
}

impl Target {
    /// The outputs that are asked for of a model with this many; `predicted` is known if it is asked for.
    pub fn of(asked: Outputs, outputs: usize, predicted: Option<Vec<usize>>) -> Self {
        match asked {
            Outputs::Sum(sum) => Self::Sum(sum),
            Outputs::List(list) => Self::Each(list),
            Outputs::All => Self::Each((0..outputs).collect()),
            Outputs::Predicted => Self::Predicted(predicted.expect("it is asked for")),
        }
    }

    /// The outputs, if they are explained each for itself.
    pub fn list(&self) -> Option<Vec<usize>> {
        match self {
            Self::Each(list) => Some(list.clone()),
            _ => None,
        }
    }

    /// The output of each signal, if it is the one that is largest.
    pub fn predicted(&self) -> Option<Vec<usize>> {
        match self {
            Self::Predicted(each) => Some(each.clone()),
            _ => None,
        }
    }

    /// The names of what is explained, one for each row of results.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Sum(sum) => vec![sum.to_string()],
            Self::Each(list) => list.iter().map(ToString::to_string).collect(),
            Self::Predicted(_) => vec!["predicted".to_owned()],
        }
    }
}

impl ExplainSettings {
    /// Checks the outputs asked for; `Predicted` is still without signals.
    pub(super) fn outputs_of(&self, subject: &Subject, notes: &mut Vec<String>) -> Result<Outputs> {
        let outputs = subject.model().output_dim();
        let asked = self.output.clone().unwrap_or_default();
        if self.output.is_none() && outputs > 1 {
            notes.push(format!(
                "the model has {outputs} outputs; output 0 is explained, and --output chooses another"
            ));
        }
        let beyond = match &asked {
            Outputs::Sum(sum) => sum.0.iter().map(|(k, _)| *k).find(|k| *k >= outputs),
            Outputs::List(list) => list.iter().copied().find(|k| *k >= outputs),
            Outputs::All => None,
            Outputs::Predicted if outputs < 2 => {
                return Err(Problem::setting(
                    "--output predicted: the model has one output, and there is nothing to choose",
                    "leave --output out",
                ));
            }
            Outputs::Predicted => None,
        };
        match beyond {
            None => Ok(asked),
            Some(k) => Err(Problem::setting(
                format!("--output {asked}: the model has no output {k}"),
                format!(
                    "its outputs are counted from 0 to {}",
                    outputs.saturating_sub(1)
                ),
            )),
        }
    }
}

/// Of each signal `(n, …)` the output that is largest for it, the first of equal ones.
///
/// # Errors
/// [`Problem`] if the model fails or an output is not finite; of the kind [`Interrupted`](xcebra_model::Kind::Interrupted)
/// if the watch stops it.
pub fn predicted(
    model: &dyn Model<f64>,
    signals: &ArrayD<f64>,
    watch: &Watch<'_>,
) -> Result<Vec<usize>> {
    let n = signals.len_of(Axis(0));
    let mut found = Vec::with_capacity(n);
    for first in (0..n).step_by(AT_ONCE) {
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        let part = Slice::from(first..(first + AT_ONCE).min(n));
        let values = model.forward(signals.slice_axis(Axis(0), part))?;
        for row in values.outer_iter() {
            if let Some(k) = row.iter().position(|value| !value.is_finite()) {
                return Err(Problem::data(
                    format!(
                        "signal {} (counting from 0): output {k} is {}",
                        found.len(),
                        row[k]
                    ),
                    "leave this signal out",
                ));
            }
            let largest = (1..row.len()).fold(0, |best, k| match row[k] > row[best] {
                true => k,
                false => best,
            });
            found.push(largest);
        }
    }
    Ok(found)
}
