//! Where paths begin: one baseline for each signal, or several over which explanations are averaged.

use cdig::Baseline;
use cdig::expected::draw_baselines;
use ndarray::{ArrayD, Axis};

use super::settings::{BaselineSource, ExplainSettings};
use super::subject::Subject;
use crate::{Problem, Result};

/// Baselines in the shape of the signals.
pub enum Start {
    /// One for each signal.
    One(Baseline<f64>),
    /// Those of each signal `(n, …)`.
    Each(ArrayD<f64>),
    /// Several `(m, …)`, the same for all signals.
    Several(ArrayD<f64>),
}

impl Start {
    /// The baseline of a signal, if it has one.
    pub fn of(&self, signal: usize) -> Baseline<f64> {
        match self {
            Self::One(baseline) => baseline.clone(),
            Self::Each(all) => Baseline::Signal(all.index_axis(Axis(0), signal).to_owned()),
            Self::Several(_) => Baseline::Zero,
        }
    }

    /// How many explanations of a signal there are.
    pub fn len(&self) -> usize {
        match self {
            Self::One(_) | Self::Each(_) => 1,
            Self::Several(baselines) => baselines.len_of(Axis(0)),
        }
    }
}

impl ExplainSettings {
    /// The baselines for signals of the subject.
    pub(super) fn start_of(
        &self,
        subject: &Subject,
        time_axis: usize,
        notes: &mut Vec<String>,
    ) -> Result<Start> {
        let source = match &self.baseline {
            BaselineSource::Signal(source) => source,
            one => {
                if self.baseline_count.is_some() {
                    return Err(Problem::setting(
                        format!(
                            "--baseline-count: the baseline {one} is one, and there is nothing to draw"
                        ),
                        "name several signals with --baseline FILE:ARRAY, or leave --baseline-count out",
                    ));
                }
                return Ok(Start::One(match one {
                    BaselineSource::Mean => Baseline::Mean(time_axis),
                    _ => Baseline::Zero,
                }));
            }
        };
        let loaded = subject.signals(source, Some(time_axis), None)?;
        notes.extend(loaded.notes);
        let mut baselines = loaded.signals.values;
        let found = baselines.len_of(Axis(0));
        if let Some(count) = self.baseline_count {
            if !(1..=found).contains(&count) {
                return Err(Problem::setting(
                    format!("--baseline-count {count}: {source} holds {found} signals"),
                    format!("draw at least 1 and at most {found}"),
                ));
            }
            baselines = draw_baselines(baselines.view(), count, self.seed);
        }
        let used = baselines.len_of(Axis(0));
        if used == 1 {
            return Ok(Start::One(Baseline::Signal(
                baselines.index_axis_move(Axis(0), 0),
            )));
        }
        notes.push(format!(
            "attributions are means over {used} baselines{} (expected gradients), and the baseline's value is the mean \
             of theirs; their standard errors are in the file",
            match used == found {
                true => String::new(),
                false => format!(" drawn from the {found} of {}", source.place()),
            }
        ));
        Ok(Start::Several(baselines))
    }
}
