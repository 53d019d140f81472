//! Explaining: from a model and signals, in memory or in files, to what carries the output.

mod domains;
mod json;
mod means;
mod notes;
mod output;
mod page;
mod result;
mod settings;
mod subject;
mod summary;
mod tables;
mod work;

pub use output::{FrequencyUnit, OutputSpec};
pub use result::Explanation;
pub use settings::{BaselineSource, Domains, ExplainSettings, SignalSource};
pub use subject::Subject;

use std::time::Instant;

use cdig::Baseline;
use ndarray::Axis;
use xcebra_files::rates_agree;
use xcebra_model::Watch;

use crate::explain::{Setting, Signals};
use crate::{Problem, Result};
use work::{Job, One};

/// Explains which frequencies or other components of signals carry a model's output.
///
/// # Errors
/// [`Problem`] if settings, signals and model do not belong together or the model fails on the path; of the
/// kind [`Interrupted`](xcebra_model::Kind::Interrupted) if the watch stops it.
///
/// ```
/// use ndarray::{ArrayD, array};
/// use xcebra::explain::{ExplainSettings, Input, Subject};
/// use xcebra::model::{FnModel, Watch};
///
/// // the energy of a signal of 32 samples
/// let model = FnModel::per_sample(
///     [32],
///     1,
///     |x| Ok(array![x.mapv(|v: f64| v * v).sum()]),
///     |x, cotangent| Ok(&x * (2.0 * cotangent[0])),
/// );
/// let signal = ArrayD::from_shape_fn(vec![32], |t| (t[0] as f64 * std::f64::consts::TAU / 8.0).sin());
/// let mut settings = ExplainSettings::new(Input::new(signal, "a sine"));
/// settings.sampling_rate = Some(32.0);
/// let explained = xcebra::explain(&Subject::of_model("energy", model), &settings, &Watch::new())?;
/// let found = explained.attributions(0).next().unwrap();
/// // 4 Hz is the fifth entry of the spectrum, and carries the energy 16
/// assert!((found.attribution[[0, 4]] - 16.0).abs() < 1e-9);
/// # Ok::<(), xcebra::Problem>(())
/// ```
pub fn explain(
    subject: &Subject,
    settings: &ExplainSettings,
    watch: &Watch<'_>,
) -> Result<Explanation> {
    settings.check_rate()?;
    let mut notes = Vec::new();
    let output = settings.output_of(subject, &mut notes)?;
    let known = subject.time_axis(settings.time_axis)?;
    let (signals, rate) = settings.read_signals(subject, known, &mut notes)?;
    let time_axis = signals.time_axis;
    settings.check_bands(rate)?;
    let baseline = settings.baseline_of(subject, time_axis, &mut notes)?;
    let fitted = match &settings.fit_on {
        Some(source) => {
            let loaded = subject.signals(source, Some(time_axis), None)?;
            notes.extend(loaded.notes);
            Some(loaded.signals)
        }
        None => None,
    };
    let setting = Setting {
        time_axis,
        sampling_rate: rate,
        bands: settings.bands.clone(),
        channels: signals.channels.clone(),
        seed: settings.seed,
        ..Setting::new(
            subject.shape(),
            fitted.as_ref().unwrap_or(&signals).values.view(),
        )
    };
    let domains = settings.build(&setting, &mut notes)?;
    let start = Instant::now();
    let job = Job {
        subject,
        domains: &domains,
        signals: &signals,
        output: &output,
        baseline,
        rule: settings.rule,
        curves: settings.curves.map(|orders| (orders, settings.seed)),
    };
    let found = job.run(watch)?;
    let seconds = start.elapsed().as_secs_f64();
    notes::note_tolerance(&found, settings.rule, &mut notes);
    notes::note_unchanged(&found, &mut notes);
    summary::note_cancelling(&domains, &found, &mut notes);
    for note in &notes {
        watch.note(note);
    }
    Ok(Explanation {
        model: subject.name().to_owned(),
        input: settings.input.to_string(),
        baseline: settings.baseline.to_string(),
        signal_shape: subject.shape().to_vec(),
        order: work::rank(&found),
        signals,
        domains,
        found,
        output,
        rule: settings.rule,
        unit: settings.unit,
        time_axis,
        sampling_rate: rate,
        seconds,
        notes,
    })
}

impl ExplainSettings {
    fn check_rate(&self) -> Result<()> {
        match self.sampling_rate {
            Some(hz) if !(hz.is_finite() && hz > 0.0) => Err(Problem::setting(
                format!("--fs {hz} is not a valid sampling rate"),
                "give the number of samples per second, such as 32",
            )),
            _ => Ok(()),
        }
    }

    fn output_of(&self, subject: &Subject, notes: &mut Vec<String>) -> Result<OutputSpec> {
        let outputs = subject.model().output_dim();
        let spec = self.output.clone().unwrap_or_default();
        if self.output.is_none() && outputs > 1 {
            notes.push(format!(
                "the model has {outputs} outputs; output 0 is explained, and --output chooses another"
            ));
        }
        match spec.0.iter().find(|(k, _)| *k >= outputs) {
            None => Ok(spec),
            Some((k, _)) => Err(Problem::setting(
                format!("--output {spec}: the model has no output {k}"),
                format!(
                    "its outputs are counted from 0 to {}",
                    outputs.saturating_sub(1)
                ),
            )),
        }
    }

    /// The signals to explain and their sampling rate.
    fn read_signals(
        &self,
        subject: &Subject,
        time_axis: Option<usize>,
        notes: &mut Vec<String>,
    ) -> Result<(Signals, Option<f64>)> {
        let loaded = subject.signals(&self.input, time_axis, self.hop)?;
        notes.extend(loaded.notes);
        let (signals, told) = (loaded.signals, loaded.sampling_rate);
        if let (Some(told), Some(given)) = (told, self.sampling_rate)
            && !rates_agree(told, given)
        {
            return Err(Problem::setting(
                format!(
                    "{} is sampled at {told} Hz, and --fs says {given}",
                    self.input.place()
                ),
                "leave --fs out, or resample the file",
            ));
        }
        let signals = match &self.signals {
            None => signals,
            Some(range) => signals.part(range.clone()).ok_or_else(|| {
                Problem::setting(
                    format!(
                        "--signals {}..{} reaches beyond the {} signals",
                        range.start,
                        range.end,
                        signals.len()
                    ),
                    "signals are counted from 0, and the end is not among them",
                )
            })?,
        };
        Ok((signals, self.sampling_rate.or(told)))
    }

    /// The baseline for signals of the subject.
    fn baseline_of(
        &self,
        subject: &Subject,
        time_axis: usize,
        notes: &mut Vec<String>,
    ) -> Result<Baseline<f64>> {
        match &self.baseline {
            BaselineSource::Zero => Ok(Baseline::Zero),
            BaselineSource::Mean => Ok(Baseline::Mean(time_axis)),
            BaselineSource::Signal(source) => {
                let loaded = subject.signals(source, Some(time_axis), None)?;
                notes.extend(loaded.notes);
                let signals = loaded.signals;
                if signals.len() != 1 {
                    return Err(Problem::setting(
                        format!("--baseline {source} holds {} signals", signals.len()),
                        "name one signal of the model's input shape",
                    ));
                }
                Ok(Baseline::Signal(signals.values.index_axis_move(Axis(0), 0)))
            }
        }
    }
}

/// The results of all signals in one domain.
fn in_domain(found: &[One], domain: usize) -> impl Iterator<Item = &work::Scored> {
    found.iter().map(move |one| &one.scored[domain])
}
