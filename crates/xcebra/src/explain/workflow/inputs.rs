//! Models of several inputs, each explained in its own domain from its own baseline.

use std::sync::Arc;
use std::time::Instant;

use cdig::Baseline;
use cdig::domains::Joined;
use ndarray::{Array1, ArrayD, Axis, concatenate};
use xcebra_model::Watch;

use super::found::{Explained, One, Row, Scored};
use super::result::Explanation;
use super::settings::{BaselineSource, ExplainSettings, SignalSource};
use super::start::Start;
use super::subject::{Input, Subject};
use super::target::Target;
use super::work::Job;
use super::{found, gradient, groups, notes};
use crate::explain::{Built, DomainSpec, Setting, Signals};
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

/// An input, ready to be explained.
struct Ready {
    settings: InputSettings,
    signals: Signals,
    rate: Option<f64>,
    built: Built,
    /// Of each signal.
    baselines: ArrayD<f64>,
}

/// Explains a model of several inputs: what carries its output, coefficient by coefficient of each input in its domain.
///
/// Of `settings`, what belongs to one input (its signals, domains, baseline, rate, axis of time) is not used.
///
/// # Errors
/// As [`explain`](super::explain()), and if inputs of the model are missing or their numbers of signals differ.
pub fn explain_inputs(
    subject: &Subject,
    settings: &ExplainSettings,
    inputs: &[InputSettings],
    watch: &Watch<'_>,
) -> Result<InputsExplanation> {
    let mut notes = Vec::new();
    let outputs = settings.outputs_of(subject, &mut notes)?;
    notes::note_steps(subject, settings.gradient, &mut notes);
    let mut ready = Vec::new();
    let mut grouped = None;
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
        let (one, groups) = prepare(
            subject,
            settings,
            (input, own),
            ready.is_empty(),
            &mut notes,
        )
        .map_err(|problem| problem.context(&format!("input {}", input.name)))?;
        if grouped.is_none() {
            grouped = groups;
        }
        ready.push(one);
    }
    check(subject, inputs, &ready)?;
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
    let joined = ready.iter().map(|one| {
        let setting = one.setting(settings);
        Ok((
            one.settings.name.clone(),
            one.settings.domain.build(&setting)?.domain,
        ))
    });
    let joined = Joined::new(joined.collect::<Result<Vec<_>>>()?)?;
    let plain = Setting::new(&[all.values.shape()[1]], all.values.view());
    let domains = [Built::new("inputs", Box::new(joined.clone()), &plain)];
    let start = Instant::now();
    let target = Target::of(outputs, subject, &all.values, watch)?;
    let gradient = settings
        .gradient
        .resolve(&all.values, subject.precision(), settings.seed);
    let cost = gradient::cost(subject.model(), &all, (gradient, settings.rule), n)?;
    if let Some(cost) = &cost {
        watch.note(cost);
    }
    let job = Job {
        subject,
        domains: &domains,
        signals: &all,
        target: &target,
        start: &Start::Each(side_by_side(|one| &one.baselines)),
        rule: settings.rule,
        gradient,
        curves: None,
    };
    let rows = job.run(watch)?;
    let seconds = subject.seconds() + start.elapsed().as_secs_f64();
    notes::note_sums(&rows, settings.rule, &mut notes);
    notes.iter().for_each(|note| watch.note(note));
    notes.splice(..0, cost);
    let parts = ready.into_iter().enumerate();
    let parts = parts.map(|(part, one)| {
        let rows = rows.iter().map(|row| row.part(&joined, part));
        let rows = rows.collect::<Result<Vec<Row>>>()?;
        let name = one.settings.name.clone();
        let explanation = Explanation {
            model: subject.name().to_owned(),
            input: one.settings.input.to_string(),
            baseline: one.settings.baseline.to_string(),
            signal_shape: one.signals.values.shape()[1..].to_vec(),
            order: found::rank(&rows),
            time_axis: one.signals.time_axis,
            signals: one.signals,
            domains: vec![one.built],
            rows,
            outputs: target.list(),
            predicted: target.predicted(),
            groups: grouped.clone(),
            baselines: 1,
            rule: settings.rule,
            gradient: settings.gradient.to_string(),
            single: subject.is_single(),
            unit: settings.unit,
            sampling_rate: one.rate,
            seconds,
            notes: notes.clone(),
        };
        Ok((name, explanation))
    });
    Ok(InputsExplanation {
        inputs: parts.collect::<Result<_>>()?,
    })
}

/// Reads one input; the first one also says which groups its signals are in.
fn prepare(
    subject: &Subject,
    settings: &ExplainSettings,
    (input, own): (&Input, &InputSettings),
    first: bool,
    notes: &mut Vec<String>,
) -> Result<(Ready, Option<groups::Groups>)> {
    let alone = ExplainSettings {
        input: own.input.clone(),
        sampling_rate: own.sampling_rate,
        signals: settings.signals.clone(),
        group_by: settings.group_by.clone().filter(|_| first),
        hop: settings.hop,
        ..ExplainSettings::new(own.input.clone())
    };
    alone.check_rate()?;
    let read = alone.read_signals_of(subject, &input.shape, own.time_axis, notes)?;
    let signals = read.signals;
    if own.domain.needs_sampling_rate() && read.rate.is_none() {
        return Err(Problem::setting(
            format!(
                "the domain {} has frequencies, and {} does not say how fast it was sampled",
                own.domain,
                own.input.place()
            ),
            format!("pass --fs {}=HZ", input.name),
        ));
    }
    let baseline = match &own.baseline {
        BaselineSource::Zero => Baseline::Zero,
        BaselineSource::Mean => Baseline::Mean(signals.time_axis),
        BaselineSource::Signal(source) => {
            let loaded = subject.signals_of(&input.shape, source, Some(signals.time_axis), None)?;
            if loaded.signals.len() != 1 {
                return Err(Problem::setting(
                    format!("--baseline {source} holds {} signals", loaded.signals.len()),
                    "name one signal of the shape of this input; a model of several inputs has one baseline",
                ));
            }
            Baseline::Signal(loaded.signals.values.index_axis_move(Axis(0), 0))
        }
    };
    let baselines: Vec<ArrayD<f64>> = signals
        .values
        .outer_iter()
        .map(|signal| baseline.of(&signal.to_owned()))
        .collect::<Result<_, _>>()?;
    let views: Vec<_> = baselines.iter().map(|baseline| baseline.view()).collect();
    let mut ready = Ready {
        settings: own.clone(),
        rate: read.rate,
        baselines: ndarray::stack(Axis(0), &views).expect("one shape"),
        // replaced below, where what the domain needs is known
        built: Built::new(
            "time",
            Box::new(cdig::Time::new(&input.shape)?),
            &Setting::new(&input.shape, signals.values.view()),
        ),
        signals,
    };
    ready.built = own.domain.build(&ready.setting(settings))?;
    Ok((ready, read.groups))
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

impl Ready {
    fn setting<'a>(&'a self, settings: &ExplainSettings) -> Setting<'a> {
        Setting {
            time_axis: self.signals.time_axis,
            sampling_rate: self.rate,
            bands: settings.bands.clone(),
            channels: self.signals.channels.clone(),
            seed: settings.seed,
            ..Setting::new(
                &self.signals.values.shape()[1..],
                self.signals.values.view(),
            )
        }
    }
}

impl Row {
    /// What was found for one part of joined coefficients.
    fn part(&self, joined: &Joined<f64>, part: usize) -> Result<Self> {
        let found = self.found.iter().map(|one| {
            let whole = &one.scored[0];
            let mut own = whole.all.attribution.clone();
            own.attribution = joined.part(own.attribution.view(), part)?;
            own.coefficients = joined.part(own.coefficients.view(), part)?;
            own.baseline_coefficients = joined.part(own.baseline_coefficients.view(), part)?;
            let own = Arc::new(Explained {
                attribution: own,
                standard_error: None,
            });
            Ok(One {
                scored: vec![Scored::new(own, whole.row(), None)],
                in_time: None,
            })
        });
        Ok(Self {
            output: self.output.clone(),
            found: found.collect::<Result<_>>()?,
        })
    }

    /// Sums of the attributions of each signal.
    pub(super) fn sums(&self) -> Array1<f64> {
        self.found
            .iter()
            .map(|one| one.scored[0].attribution().sum())
            .collect()
    }
}
