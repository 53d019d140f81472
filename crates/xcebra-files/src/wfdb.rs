//! Records of PhysioNet, WFDB: a header `.hea`, and samples in files beside it.
//!
//! Source: G. B. Moody, "WFDB Applications Guide", the pages header(5) and signal(5).

mod samples;

use std::path::Path;

use crate::error::{FileError, Result};
use crate::reading::read_start;
use crate::signals::{Channel, Signals, Usable};
use samples::{Coding, Group, Place, WfdbSamples};

/// No header is longer.
const MOST_BYTES: u64 = 1 << 24;
/// More signals are a mistake.
const MOST_SIGNALS: usize = 1 << 16;
/// Steps in a physical unit where the header does not tell.
const USUAL_GAIN: f64 = 200.0;

/// A signal as a line of the header describes it.
struct Described {
    file: String,
    coding: Coding,
    /// Samples in each frame.
    per_frame: usize,
    /// Bytes before the first sample.
    from: u64,
    gain: f64,
    baseline: f64,
    unit: String,
    name: String,
}

/// Opens a record by its header.
pub(crate) fn open(path: &Path) -> Result<Signals> {
    let place = path.display().to_string();
    let damaged = |problem: String| FileError::damaged(&place, problem);
    let bytes = read_start(path, MOST_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let record: Vec<&str> = lines
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    if record.first().is_some_and(|name| name.contains('/')) {
        return Err(FileError::Value {
            place,
            problem: "it is a record of several segments".to_owned(),
            advice: "open the header of one segment".to_owned(),
        });
    }
    let count = record.get(1).and_then(|text| text.parse::<usize>().ok());
    let count = count.filter(|count| (1..=MOST_SIGNALS).contains(count));
    let count = count
        .ok_or_else(|| damaged("its first line does not give the number of signals".to_owned()))?;
    // the frequency of a counter may follow a slash
    let rate = record.get(2).map_or("250", |text| {
        text.split(['/', '(']).next().unwrap_or_default()
    });
    let rate = rate
        .parse::<f64>()
        .ok()
        .filter(|rate| rate.is_finite() && *rate > 0.0);
    let rate =
        rate.ok_or_else(|| damaged("its first line does not give the sampling rate".to_owned()))?;
    let announced = record
        .get(3)
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|count| *count > 0);
    let mut signals = Vec::new();
    for number in 0..count {
        let line = lines
            .next()
            .ok_or_else(|| damaged(format!("it describes {number} of {count} signals")))?;
        signals.push(described(line, number).map_err(damaged)?);
    }
    let groups = Group::all(path, &signals)?;
    let frames = groups.iter().map(Group::frames).min().unwrap_or(0);
    let frames = announced.map_or(frames, |announced| announced.min(frames));
    if frames == 0 {
        return Err(damaged("it holds no samples".to_owned()));
    }
    let mut notes = Vec::new();
    if let Some(announced) = announced.filter(|announced| *announced > frames) {
        notes.push(format!(
            "the header announces {announced} frames, and the files hold {frames}: these are read"
        ));
    }
    let channel = |signal: &Described| Channel {
        name: signal.name.clone(),
        unit: signal.unit.clone(),
        rate: rate * signal.per_frame as f64,
        per_record: signal.per_frame,
        samples: frames * signal.per_frame,
        usable: Usable::Yes,
        assumed: Vec::new(),
    };
    let channels = signals.iter().map(channel).collect();
    let places = signals
        .iter()
        .map(|signal| Place {
            gain: signal.gain,
            baseline: signal.baseline,
        })
        .collect();
    Ok(Signals::new(
        path,
        channels,
        WfdbSamples {
            groups,
            places,
            frames,
        },
    )
    .with_notes(notes))
}

/// A signal from its line; what is wrong with it otherwise.
fn described(line: &str, number: usize) -> Result<Described, String> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let part = |i: usize| parts.get(i).copied().unwrap_or_default();
    let wrong =
        |what: &str| format!("the {what} of signal {number} (counting from 0) cannot be read");
    // 16x2:3+24: format, samples in a frame, skew, bytes before the first sample
    let (format, from) = part(1).split_once('+').unwrap_or((part(1), "0"));
    let (format, skew) = format.split_once(':').unwrap_or((format, "0"));
    if skew.parse::<i64>().map_err(|_| wrong("skew"))? != 0 {
        return Err(format!(
            "signal {number} (counting from 0) is shifted in time by {skew} frames, which cannot be read"
        ));
    }
    let (format, per_frame) = format.split_once('x').unwrap_or((format, "1"));
    let coding = Coding::of(format)
        .ok_or_else(|| format!("signals in the format {format} cannot be read"))?;
    let per_frame = per_frame
        .parse()
        .ok()
        .filter(|count| (1..=1 << 16).contains(count));
    // 200(0)/mV: steps in a unit, baseline, unit
    let (gain, unit) = part(2).split_once('/').unwrap_or((part(2), "mV"));
    let (gain, baseline) = gain.split_once('(').map_or((gain, None), |(gain, rest)| {
        (gain, Some(rest.trim_end_matches(')')))
    });
    let gain = match gain {
        "" => USUAL_GAIN,
        text => text
            .parse::<f64>()
            .ok()
            .filter(|gain| gain.is_finite())
            .ok_or_else(|| wrong("gain"))?,
    };
    let zero = part(4).parse::<f64>().unwrap_or(0.0);
    let baseline = baseline.map_or(Ok(zero), |text| {
        text.parse::<f64>().map_err(|_| wrong("baseline"))
    })?;
    let name = parts
        .get(8..)
        .map_or(String::new(), |words| words.join(" "));
    Ok(Described {
        file: part(0).to_owned(),
        coding,
        per_frame: per_frame.ok_or_else(|| wrong("format"))?,
        from: from.parse().map_err(|_| wrong("offset"))?,
        gain: if gain == 0.0 { USUAL_GAIN } else { gain },
        baseline,
        unit: unit.to_owned(),
        name: if name.is_empty() {
            number.to_string()
        } else {
            name
        },
    })
}
