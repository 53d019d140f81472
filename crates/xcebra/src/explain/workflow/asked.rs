//! From what was read to what was found: models of one input and of several alike.

use std::time::Instant;

use xcebra_model::Watch;

use super::found::{self, Row};
use super::groups::{GroupBy, Groups};
use super::output::Outputs;
use super::result::Explanation;
use super::settings::ExplainSettings;
use super::start::Start;
use super::subject::Subject;
use super::target::{self, Target};
use super::work::Job;
use super::{gradient, notes};
use crate::Result;
use crate::explain::{Built, Signals};
use crate::share::Share;

/// What is to be explained, read and checked.
pub struct Asked<'a> {
    pub subject: &'a Subject,
    pub settings: &'a ExplainSettings,
    pub outputs: Outputs,
    /// As the model takes them.
    pub signals: &'a Signals,
    pub domains: &'a [Built],
    pub start: &'a Start,
    /// How a label puts the signals into groups.
    pub groups: Option<Groups>,
    /// Number of random orders of insertion and deletion, if these are wanted.
    pub curves: Option<usize>,
}

/// What was found.
pub struct Answered {
    pub rows: Vec<Row>,
    target: Target,
    groups: Option<Groups>,
    baselines: usize,
    cost: Option<String>,
    seconds: f64,
}

/// What belongs to one input of the model.
pub struct Own {
    /// Where its signals came from.
    pub input: String,
    /// Its baseline in words.
    pub baseline: String,
    pub signals: Signals,
    pub sampling_rate: Option<f64>,
    pub domains: Vec<Built>,
    pub rows: Vec<Row>,
}

impl Asked<'_> {
    /// Explains all signals as `share` says, and says of it what there is to say; none if it makes only a part.
    pub fn answer(
        self,
        share: &Share<'_>,
        watch: &Watch<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Answered>> {
        let (subject, settings, signals) = (self.subject, self.settings, self.signals);
        let start = Instant::now();
        notes::note_steps(subject, settings.gradient, notes);
        let by_output = matches!(settings.group_by, Some(GroupBy::Predicted));
        let predicted = match by_output || matches!(self.outputs, Outputs::Predicted) {
            true => Some(target::predicted(subject.model(), &signals.values, watch)?),
            false => None,
        };
        let groups = match &predicted {
            Some(predicted) if by_output => Some(Groups::by_output(predicted)),
            _ => self.groups,
        };
        let target = Target::of(self.outputs, subject.model().output_dim(), predicted);
        let gradient =
            settings
                .gradient
                .resolve(&signals.values, subject.precision(), settings.seed);
        let one_change =
            matches!(target, Target::Sum(_) | Target::Predicted(_)) && self.start.len() == 1;
        if self.curves.is_some() && !one_change {
            notes.push(
                "insertion and deletion are left out: they compare one output with that at one baseline"
                    .to_owned(),
            );
        }
        let curves = self.curves.filter(|_| one_change);
        let job = Job {
            subject,
            domains: self.domains,
            signals,
            target: &target,
            start: self.start,
            rule: settings.rule,
            gradient,
            curves: curves.map(|orders| (orders, settings.seed)),
        };
        let cost = gradient::cost(&job)?;
        if let Some(cost) = &cost {
            // before it is paid
            watch.note(cost);
        }
        let Some(rows) = job.shared(share, watch)? else {
            return Ok(None);
        };
        let seconds = subject.seconds() + start.elapsed().as_secs_f64();
        notes::note_sums(&rows, settings.rule, notes);
        Ok(Some(Answered {
            rows,
            target,
            groups,
            baselines: self.start.len(),
            cost,
            seconds,
        }))
    }
}

impl Answered {
    /// Tells all notes, which then begin with the cost: that was told before.
    pub fn tell(&self, notes: &mut Vec<String>, watch: &Watch<'_>) {
        for note in notes.iter() {
            watch.note(note);
        }
        notes.splice(..0, self.cost.clone());
    }

    /// The explanation of one input.
    pub fn explanation(
        &self,
        subject: &Subject,
        settings: &ExplainSettings,
        own: Own,
        notes: Vec<String>,
    ) -> Explanation {
        Explanation {
            model: subject.name().to_owned(),
            input: own.input,
            baseline: own.baseline,
            signal_shape: own.signals.values.shape()[1..].to_vec(),
            order: found::rank(&own.rows),
            time_axis: own.signals.time_axis,
            signals: own.signals,
            domains: own.domains,
            rows: own.rows,
            outputs: self.target.list(),
            predicted: self.target.predicted(),
            groups: self.groups.clone(),
            baselines: self.baselines,
            rule: settings.rule,
            gradient: settings.gradient.to_string(),
            single: subject.is_single(),
            unit: settings.unit,
            sampling_rate: own.sampling_rate,
            seconds: self.seconds,
            notes,
        }
    }
}

#[cfg(test)]
mod tests;
