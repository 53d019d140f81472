//! One of several inputs of a model, read and checked.

use std::sync::Arc;

use cdig::Baseline;
use cdig::domains::Joined;
use ndarray::{ArrayD, Axis};

use super::found::{Explained, One, Row, Scored};
use super::groups::Groups;
use super::inputs::InputSettings;
use super::settings::{BaselineSource, ExplainSettings};
use super::subject::{Input, Subject};
use crate::explain::{Built, Setting, Signals};
use crate::{Problem, Result};

/// An input, ready to be explained.
pub struct Ready {
    pub settings: InputSettings,
    pub signals: Signals,
    pub rate: Option<f64>,
    pub built: Built,
    /// Of each signal.
    pub baselines: ArrayD<f64>,
    /// How a label puts the signals into groups.
    pub groups: Option<Groups>,
}

impl Ready {
    /// Reads one input; the first one also says which groups its signals are in.
    pub fn read(
        subject: &Subject,
        settings: &ExplainSettings,
        (input, own): (&Input, &InputSettings),
        first: bool,
        notes: &mut Vec<String>,
    ) -> Result<Self> {
        let alone = ExplainSettings {
            sampling_rate: own.sampling_rate,
            signals: settings.signals.clone(),
            group_by: settings.group_by.clone().filter(|_| first),
            hop: settings.hop,
            ..ExplainSettings::new(own.input.clone())
        };
        alone.check_rate()?;
        let read = alone.read_signals_of(subject, &input.shape, own.time_axis, notes)?;
        let (signals, rate) = (read.signals, read.rate);
        if own.domain.needs_sampling_rate() && rate.is_none() {
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
                let loaded =
                    subject.signals_of(&input.shape, source, Some(signals.time_axis), None)?;
                if loaded.signals.len() != 1 {
                    return Err(Problem::setting(
                        format!("--baseline {source} holds {} signals", loaded.signals.len()),
                        "name one signal of the shape of this input; a model of several inputs has one baseline",
                    ));
                }
                notes.extend(loaded.notes);
                Baseline::Signal(loaded.signals.values.index_axis_move(Axis(0), 0))
            }
        };
        let baselines: Vec<ArrayD<f64>> = signals
            .values
            .outer_iter()
            .map(|signal| baseline.of(&signal.to_owned()))
            .collect::<Result<_, _>>()?;
        let views: Vec<_> = baselines.iter().map(|baseline| baseline.view()).collect();
        let built = own.domain.build(&Setting {
            time_axis: signals.time_axis,
            sampling_rate: rate,
            bands: settings.bands.clone(),
            channels: signals.channels.clone(),
            seed: settings.seed,
            ..Setting::new(&input.shape, signals.values.view())
        })?;
        Ok(Self {
            settings: own.clone(),
            baselines: ndarray::stack(Axis(0), &views).expect("one shape"),
            built,
            signals,
            rate,
            groups: read.groups,
        })
    }
}

/// What was found for one part of joined coefficients. All outputs of a signal share one array, as they do in `rows`.
pub fn part_of(rows: &[Row], joined: &Joined<f64>, part: usize) -> Result<Vec<Row>> {
    let empty = |row: &Row| Row {
        output: row.output.clone(),
        found: Vec::with_capacity(row.found.len()),
    };
    let mut parts: Vec<Row> = rows.iter().map(empty).collect();
    let signals = rows.first().map_or(0, |row| row.found.len());
    for signal in 0..signals {
        let mut own = rows[0].found[signal].scored[0].all.attribution.clone();
        own.attribution = joined.part(own.attribution.view(), part)?;
        own.coefficients = joined.part(own.coefficients.view(), part)?;
        own.baseline_coefficients = joined.part(own.baseline_coefficients.view(), part)?;
        let own = Arc::new(Explained {
            attribution: own,
            standard_error: None,
        });
        for (to, row) in parts.iter_mut().zip(rows) {
            let output = row.found[signal].scored[0].row();
            to.found.push(One {
                scored: vec![Scored::new(Arc::clone(&own), output, None)],
                in_time: None,
            });
        }
    }
    Ok(parts)
}
