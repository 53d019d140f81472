//! Explaining: from a model and signals, in memory or in files, to what carries the output.

mod arrays;
mod asked;
mod domains;
mod found;
mod gradient;
mod groups;
mod inputs;
mod inputs_answer;
mod job;
mod json;
mod means;
mod model_options;
mod notes;
mod onnx_file;
mod output;
mod page;
mod program;
mod ready;
mod result;
mod settings;
mod share;
mod start;
mod subject;
mod summary;
mod tables;
mod target;
mod words;
mod work;

pub use gradient::GradientSource;
pub use groups::GroupBy;
pub use inputs::{InputSettings, InputsExplanation, explain_inputs};
pub use job::{ExplainJob, Explained, ExplainedModel};
pub use model_options::{ModelOptions, Precision};
pub use output::{FrequencyUnit, OutputSpec, Outputs};
pub use result::Explanation;
pub use settings::{BaselineSource, Domains, ExplainSettings, SignalSource};
pub use subject::Subject;
pub use target::predicted;

use xcebra_files::rates_agree;
use xcebra_model::Watch;

use crate::explain::{Setting, Signals};
use crate::share::Share;
use crate::{Problem, Result};
use asked::{Asked, Own};
use found::{One, Scored};
use groups::{Cut, Groups};

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
    let found = explain_share(subject, settings, &Share::Whole, watch)?;
    Ok(found.expect("the whole was asked for"))
}

/// As [`explain`], or a share of it, of which there is nothing to tell.
fn explain_share(
    subject: &Subject,
    settings: &ExplainSettings,
    share: &Share<'_>,
    watch: &Watch<'_>,
) -> Result<Option<Explanation>> {
    settings.check_rate()?;
    let mut notes = Vec::new();
    let outputs = settings.outputs_of(subject, &mut notes)?;
    let known = subject.time_axis(settings.time_axis)?;
    let Read {
        signals,
        rate,
        groups,
    } = settings.read_signals(subject, known, &mut notes)?;
    let time_axis = signals.time_axis;
    settings.check_bands(rate, &settings.input.place())?;
    let start_at = settings.start_of(subject, time_axis, &mut notes)?;
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
    let asked = Asked {
        subject,
        settings,
        outputs,
        signals: &signals,
        domains: &domains,
        start: &start_at,
        groups,
        curves: settings.curves,
    };
    let Some(mut found) = asked.answer(share, watch, &mut notes)? else {
        return Ok(None);
    };
    if let [only] = &found.rows[..] {
        summary::note_cancelling(&domains, &only.found, &mut notes);
    }
    found.tell(&mut notes, watch);
    let own = Own {
        input: settings.input.to_string(),
        baseline: settings.baseline.to_string(),
        signals,
        sampling_rate: rate,
        domains,
        rows: std::mem::take(&mut found.rows),
    };
    Ok(Some(found.explanation(subject, settings, own, notes)))
}

/// The signals to explain.
struct Read {
    signals: Signals,
    /// Samples per second, if known.
    rate: Option<f64>,
    /// How a label puts them into groups.
    groups: Option<Groups>,
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

    /// The signals to explain, with their sampling rate and groups.
    fn read_signals(
        &self,
        subject: &Subject,
        time_axis: Option<usize>,
        notes: &mut Vec<String>,
    ) -> Result<Read> {
        self.read_signals_of(subject, subject.shape(), time_axis, notes)
    }

    /// As [`read_signals`](Self::read_signals), for an input of the model that has this shape.
    fn read_signals_of(
        &self,
        subject: &Subject,
        shape: &[usize],
        time_axis: Option<usize>,
        notes: &mut Vec<String>,
    ) -> Result<Read> {
        let loaded = subject.signals_of(shape, &self.input, time_axis, self.hop)?;
        notes.extend(loaded.notes);
        let told = loaded.sampling_rate;
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
        let all = loaded.signals.len();
        let chosen = self.chosen(all)?;
        let signals = match &chosen {
            None => loaded.signals,
            Some(chosen) => loaded.signals.part(chosen).ok_or_else(|| {
                Problem::setting("--signals names none", "name at least one, such as 0")
            })?,
        };
        let cut = Cut {
            all,
            chosen,
            signals: &signals,
            recorded: &loaded.recorded,
        };
        let groups = match &self.group_by {
            Some(label) => groups::by_label(label, &self.input, &cut, notes)?,
            None => None,
        };
        Ok(Read {
            rate: self.sampling_rate.or(told),
            groups,
            signals,
        })
    }

    /// Which of this many signals are explained, if not all.
    fn chosen(&self, all: usize) -> Result<Option<Vec<usize>>> {
        let Some(ranges) = &self.signals else {
            return Ok(None);
        };
        match ranges.iter().find(|range| range.end > all) {
            Some(beyond) => Err(Problem::setting(
                format!(
                    "--signals {}..{} reaches beyond the {all} signals",
                    beyond.start, beyond.end
                ),
                "signals are counted from 0, and the end is not among them",
            )),
            None => Ok(Some(ranges.iter().cloned().flatten().collect())),
        }
    }
}

/// The results of all signals in one domain.
fn in_domain(found: &[One], domain: usize) -> impl Iterator<Item = &Scored> {
    found.iter().map(move |one| &one.scored[domain])
}
