//! Models of several inputs, each explained in its own domain from its own baseline.

use std::sync::Arc;

use cdig::domains::Joined;
use ndarray::{Array1, ArrayD, Axis, concatenate};
use xcebra_model::Watch;

use super::asked::{Asked, Own};
use super::domains::use_bands;
use super::found::Row;
use super::ready::{Ready, part_of};
use super::result::Explanation;
use super::settings::{BaselineSource, ExplainSettings, SignalSource};
use super::start::Start;
use super::subject::Subject;
use crate::explain::{Built, DomainSpec, Setting, Signals};
use crate::share::Share;
use crate::{Problem, Result};

/// One of several inputs of a model.
#[derive(Debug, Clone)]
pub struct InputSettings {
    /// Its name in the model.
    pub name: String,
    /// Its signals, as many as every other input has.
    pub input: SignalSource,
    /// The domain that it is explained in.
    pub domain: DomainSpec,
    /// Where its part of the path begins.
    pub baseline: BaselineSource,
    /// Samples a second, unless the file tells them.
    pub sampling_rate: Option<f64>,
    /// Which of its axes is time; by default the one that fits.
    pub time_axis: Option<usize>,
}

impl InputSettings {
    /// An input of this name, explained sample by sample from zero.
    pub fn new(name: impl Into<String>, input: impl Into<SignalSource>) -> Self {
        Self {
            name: name.into(),
            input: input.into(),
            domain: "time".parse().expect("a name of the catalogue"),
            baseline: BaselineSource::Zero,
            sampling_rate: None,
            time_axis: None,
        }
    }
}

/// What carries the output of a model of several inputs: an explanation for each.
///
/// The attributions of all inputs together add up to the change of the output; the residuals are those of that sum.
pub struct InputsExplanation {
    /// The inputs in the order of the model, by their names.
    pub inputs: Vec<(String, Explanation)>,
}

/// Explains a model of several inputs: what carries its output, coefficient by coefficient of each input in its domain.
///
/// Of `settings`, what belongs to one input (its signals, domains, baseline, rate, axis of time) is not used, and
/// neither is what models of several inputs do not have: several baselines, signals to fit on, insertion and deletion.
///
/// # Errors
/// As [`explain`](super::explain()), and if inputs of the model are missing or their numbers of signals differ.
pub fn explain_inputs(
    subject: &Subject,
    settings: &ExplainSettings,
    inputs: &[InputSettings],
    watch: &Watch<'_>,
) -> Result<InputsExplanation> {
    let found = explain_inputs_share(subject, settings, inputs, &Share::Whole, watch)?;
    Ok(found.expect("the whole was asked for"))
}

/// As [`explain_inputs`], or a share of it, of which there is nothing to tell.
pub(super) fn explain_inputs_share(
    subject: &Subject,
    settings: &ExplainSettings,
    inputs: &[InputSettings],
    share: &Share<'_>,
    watch: &Watch<'_>,
) -> Result<Option<InputsExplanation>> {
    let mut notes = Vec::new();
    let outputs = settings.outputs_of(subject, &mut notes)?;
    let mut ready: Vec<Ready> = Vec::new();
    for input in subject.inputs() {
        let own = inputs
            .iter()
            .find(|own| own.name == input.name)
            .ok_or_else(|| {
                Problem::setting(
                    format!("the input {} of the model has no signals", input.name),
                    format!("pass them with --input {}=FILE[:ARRAY]", input.name),
                )
            })?;
        let place = format!("input {}", input.name);
        let (first, mut told) = (ready.is_empty(), Vec::new());
        let one = Ready::read(subject, settings, (input, own), first, &mut told)
            .map_err(|problem| problem.context(&place))?;
        notes.extend(told.iter().map(|note| format!("{place}: {note}")));
        ready.push(one);
    }
    check(subject, inputs, &ready)?;
    check_bands(settings, &ready, &mut notes)?;
    let n = ready[0].signals.len();
    let flat = |array: &ArrayD<f64>| {
        let width = array.len() / n.max(1);
        let flat = array.as_standard_layout().into_owned();
        flat.into_shape_with_order(vec![n, width])
            .expect("as many numbers")
    };
    let side_by_side = |part: fn(&Ready) -> &ArrayD<f64>| {
        let all: Vec<ArrayD<f64>> = ready.iter().map(|one| flat(part(one))).collect();
        let views: Vec<_> = all.iter().map(|array| array.view()).collect();
        concatenate(Axis(1), &views).expect("as many signals")
    };
    let all = Signals {
        values: side_by_side(|one| &one.signals.values),
        ..ready[0].signals.clone()
    };
    let domain = |one: &Ready| (one.settings.name.clone(), Arc::clone(&one.built.domain));
    let joined = Joined::new(ready.iter().map(domain))?;
    let plain = Setting::new(&[all.values.shape()[1]], all.values.view());
    let asked = Asked {
        subject,
        settings,
        outputs,
        signals: &all,
        domains: &[Built::new("inputs", Box::new(joined.clone()), &plain)],
        start: &Start::Each(side_by_side(|one| &one.baselines)),
        groups: ready[0].groups.clone(),
        curves: None,
    };
    let Some(found) = asked.answer(share, watch, &mut notes)? else {
        return Ok(None);
    };
    found.tell(&mut notes, watch);
    let parts = ready.into_iter().enumerate().map(|(part, one)| {
        let own = Own {
            input: one.settings.input.to_string(),
            baseline: one.settings.baseline.to_string(),
            signals: one.signals,
            sampling_rate: one.rate,
            domains: vec![one.built],
            rows: part_of(&found.rows, &joined, part)?,
        };
        let explanation = found.explanation(subject, settings, own, notes.clone());
        Ok((one.settings.name, explanation))
    });
    Ok(Some(InputsExplanation {
        inputs: parts.collect::<Result<_>>()?,
    }))
}

/// Bands are of use for one of the inputs at least.
fn check_bands(settings: &ExplainSettings, ready: &[Ready], notes: &mut Vec<String>) -> Result<()> {
    let sampled = ready.iter().filter(|one| one.rate.is_some());
    let rate = |one: &Ready| one.rate.unwrap_or(0.0);
    if let Some(fastest) = sampled.max_by(|a, b| rate(a).total_cmp(&rate(b))) {
        settings.check_bands(fastest.rate, &fastest.settings.input.place())?;
    }
    let named = ready.iter().map(|one| {
        let name = format!("the domain {} of {}", one.built.name, one.settings.name);
        (name, &one.built)
    });
    use_bands(&named.collect::<Vec<_>>(), notes)
}

/// Every named input is one of the model's, and all have as many signals.
fn check(subject: &Subject, inputs: &[InputSettings], ready: &[Ready]) -> Result<()> {
    let names: Vec<&str> = subject
        .inputs()
        .iter()
        .map(|input| input.name.as_str())
        .collect();
    if let Some(other) = inputs
        .iter()
        .find(|own| !names.contains(&own.name.as_str()))
    {
        return Err(Problem::setting(
            format!("{} is not one of the inputs that are explained", other.name),
            format!("these are {}", names.join(", ")),
        ));
    }
    let first = ready.first().ok_or_else(|| {
        Problem::setting("the model has no inputs", "pass a model of several inputs")
    })?;
    let differs = |one: &&Ready| one.signals.len() != first.signals.len();
    match ready.iter().find(differs) {
        None => Ok(()),
        Some(other) => Err(Problem::data(
            format!(
                "the input {} has {} signals, and {} has {}",
                first.settings.name,
                first.signals.len(),
                other.settings.name,
                other.signals.len()
            ),
            "pass as many signals for each input; the first belong together, and so on",
        )),
    }
}

impl Row {
    /// Sums of the attributions of each signal.
    pub(super) fn sums(&self) -> Array1<f64> {
        self.found
            .iter()
            .map(|one| one.scored[0].attribution().sum())
            .collect()
    }
}

#[cfg(test)]
mod tests;
