//! EEGLAB: `.set`, a MATLAB file with the struct `EEG`, whose samples may be in a file `.fdt` beside it.
//!
//! Source: EEGLAB, "Data structures" of its wiki, and `pop_loadset.m`.

use std::collections::HashSet;
use std::path::Path;

use ndarray::{Array2, Axis};

use crate::container::Container;
use crate::error::{FileError, Result};
use crate::matlab;
use crate::raw::{Coding, RawSamples};
use crate::recorded::Recorded;
use crate::signals::annotations::Annotation;
use crate::signals::{Channel, Samples, Signals, Usable};
use crate::values::Values;

/// More channels are a mistake.
const MOST_CHANNELS: usize = 1 << 16;

/// Samples that the MATLAB file itself holds, `(time, channels)`.
#[derive(Debug)]
struct Held(Values);

impl Samples for Held {
    fn read(&self, channels: &[usize]) -> Result<Recorded> {
        Ok(Recorded::new(
            self.0.clone().columns(channels).into_rows(),
            Vec::new(),
        ))
    }
}

/// The fields of the struct, which some versions save as variables of the file.
struct Fields<'a> {
    file: Box<dyn Container>,
    prefix: &'static str,
    path: &'a Path,
}

impl Fields<'_> {
    fn name(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    fn number(&mut self, field: &str) -> Option<f64> {
        let value = self.file.read(&self.name(field)).ok()?;
        value
            .values
            .to_float::<f64>()
            .first()
            .copied()
            .filter(|value| value.is_finite())
    }

    fn needed(&mut self, field: &str) -> Result<f64> {
        let place = self.path.display().to_string();
        let value = self.number(field).filter(|value| *value > 0.0);
        value.ok_or_else(|| {
            FileError::damaged(
                place,
                format!("EEG.{field} is missing or not a number above 0"),
            )
        })
    }
}

/// Opens a recording; trials follow each other, and no window crosses from one to the next.
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let mut file = matlab::open(path)?;
    let damaged = |problem: String| FileError::damaged(path.display().to_string(), problem);
    let names: HashSet<String> = file.arrays()?.into_iter().map(|info| info.name).collect();
    let within = names.iter().any(|name| name.starts_with("EEG."));
    let mut fields = Fields {
        file,
        prefix: if within { "EEG." } else { "" },
        path,
    };
    let channels = fields.needed("nbchan")? as usize;
    let points = fields.needed("pnts")? as usize;
    let trials = fields
        .number("trials")
        .map_or(1, |trials| trials.max(1.0) as usize);
    let rate = fields.needed("srate")?;
    let count = points
        .checked_mul(trials)
        .filter(|_| channels <= MOST_CHANNELS);
    let count = count.ok_or_else(|| damaged("its dimensions are invalid".to_owned()))?;
    let texts = texts(&mut fields, &names);
    let listed: Vec<Channel> = (0..channels)
        .map(|c| Channel {
            name: texts
                .labels
                .get(c)
                .filter(|name| !name.is_empty())
                .cloned()
                .unwrap_or_else(|| (c + 1).to_string()),
            unit: "µV".to_owned(),
            rate,
            per_record: 1,
            samples: count,
            usable: Usable::Yes,
            assumed: Vec::new(),
        })
        .collect();
    let data = fields.name("data");
    let signals = match fields.file.single_text(&data) {
        // the name of a file with the samples
        Some(_) => Signals::new(path, listed, beside(path, channels, count)?),
        None => {
            let array = fields.file.read(&data)?;
            let samples = by_time(array.values, channels, count).ok_or_else(|| {
                damaged(format!(
                    "EEG.data does not hold {channels} channels of {count} samples"
                ))
            })?;
            Signals::new(path, listed, Held(samples))
        }
    };
    let pieces = (0..trials)
        .map(|trial| (trial * points, (trial * points) as f64 / rate))
        .collect();
    Ok(signals.with_times(pieces, None, texts.events(rate)))
}

/// `(channels, time)` or `(channels, time, trials)` as `(time, channels)`.
fn by_time(values: Values, channels: usize, count: usize) -> Option<Values> {
    let wide: ndarray::ArrayD<f64> = match (&values, values.shape().len()) {
        // a single channel is a vector
        (_, 1) => values.to_float::<f64>().insert_axis(Axis(0)),
        _ => values.to_float::<f64>(),
    };
    if wide.len() != channels.checked_mul(count)? || wide.shape().first() != Some(&channels) {
        return None;
    }
    // trials are the slowest axis, as in MATLAB's memory
    let turned = wide.reversed_axes().as_standard_layout().into_owned();
    let flat = turned.into_shape_with_order((count, channels)).ok()?;
    let flat: Array2<f64> = flat;
    Some(match values {
        Values::F32(_) => Values::F32(flat.mapv(|v| v as f32).into_dyn()),
        _ => Values::F64(flat.into_dyn()),
    })
}

/// The samples in the file `.fdt` of the same name: 32-bit floats, moment by moment.
fn beside(path: &Path, channels: usize, count: usize) -> Result<RawSamples> {
    let data = ["fdt", "dat"].map(|extension| path.with_extension(extension));
    let [first, second] = data;
    let (data, by_channel) = if !first.exists() && second.exists() {
        (second, true)
    } else {
        (first, false)
    };
    let length = std::fs::metadata(&data)
        .map_err(|error| FileError::read(&data, error))?
        .len();
    let needed = (channels as u64)
        .saturating_mul(count as u64)
        .saturating_mul(4);
    if length < needed {
        let problem = format!(
            "{channels} channels of {count} samples need {needed} bytes, and it has {length}"
        );
        return Err(FileError::damaged(data.display().to_string(), problem));
    }
    Ok(RawSamples {
        path: data,
        coding: Coding::F32,
        big: false,
        by_channel,
        channels,
        count,
        from: 0,
        gains: vec![1.0; channels],
    })
}

/// Names of channels, and events.
struct Texts {
    labels: Vec<String>,
    /// Type, latency and duration in samples of each event.
    events: Vec<(String, f64, Option<f64>)>,
}

fn texts(fields: &mut Fields<'_>, names: &HashSet<String>) -> Texts {
    // one struct is `chanlocs.labels`, several are `chanlocs(1).labels`
    let path = |list: &str, i: usize, field: &str| {
        let several = format!("{}{list}({}).{field}", fields.prefix, i + 1);
        let single = format!("{}{list}.{field}", fields.prefix);
        [several, single]
            .into_iter()
            .find(|name| names.contains(name))
    };
    let count = |list: &str, field: &str| {
        (0..)
            .take_while(|&i| {
                path(list, i, field).is_some()
                    && (i == 0
                        || names.contains(&format!("{}{list}({}).{field}", fields.prefix, i + 1)))
            })
            .count()
    };
    let labels: Vec<Option<String>> = (0..count("chanlocs", "labels"))
        .map(|i| path("chanlocs", i, "labels"))
        .collect();
    let events: Vec<[Option<String>; 3]> = (0..count("event", "latency"))
        .map(|i| ["type", "latency", "duration"].map(|field| path("event", i, field)))
        .collect();
    let text = |file: &mut Box<dyn Container>, name: Option<String>| {
        let name = name?;
        match file.single_text(&name) {
            Some(text) => Some(text),
            None => {
                let value = file.read(&name).ok()?.values.to_float::<f64>();
                value.first().map(ToString::to_string)
            }
        }
    };
    let labels = labels
        .into_iter()
        .map(|name| text(&mut fields.file, name).unwrap_or_default())
        .collect();
    let mut found = Vec::new();
    for [kind, latency, duration] in events {
        let mut number = |name: Option<String>| {
            let value = fields.file.read(&name?).ok()?.values.to_float::<f64>();
            value.first().copied().filter(|value| value.is_finite())
        };
        let (Some(latency), duration) = (number(latency), number(duration)) else {
            continue;
        };
        if let Some(kind) = text(&mut fields.file, kind) {
            found.push((kind, latency, duration));
        }
    }
    Texts {
        labels,
        events: found,
    }
}

impl Texts {
    /// Latencies count samples from 1.
    fn events(&self, rate: f64) -> Vec<Annotation> {
        let event = |(kind, latency, duration): &(String, f64, Option<f64>)| Annotation {
            onset: (latency - 1.0) / rate,
            duration: duration.map(|samples| samples / rate),
            text: kind.clone(),
        };
        self.events.iter().map(event).collect()
    }
}
