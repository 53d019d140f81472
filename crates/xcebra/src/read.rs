//! A recording and its labels, read from a file into memory.

use xcebra_files::{AlignedLabel, Clock, DataArray, DataFile, Series, Source, align, watched};
use xcebra_model::Watch;

use crate::clock::{ClockConfig, label_array, label_of};
use crate::labelled::read_label;
use crate::{LabelArray, Problem, Result};

/// Reads files while a watch hears how far it is, and stops it.
pub(crate) fn reading<T, E: Into<Problem>>(
    watch: &Watch<'_>,
    work: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    let done = watched(watch, work);
    match done.is_err() && watch.is_stopped() {
        true => Err(Problem::stopped()),
        false => done.map_err(Into::into),
    }
}

/// A recording and its labels in memory.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The recording, with its channels, gaps and sampling rate as far as the file tells them.
    pub x: DataArray,
    /// The time of each row in seconds, where the file tells it.
    pub times: Option<Vec<f64>>,
    /// The labels by name.
    pub labels: Vec<(String, LabelArray)>,
    /// What was decided or repaired, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a recording and its labels, each named `NAME` or `NAME=ARRAY`. With a clock, all of them come in its
/// bins; without one, as they are in the file.
///
/// # Errors
/// [`Problem`](crate::Problem) if something is missing, cannot be read or cannot be brought to one clock.
pub fn read(data: &Source, labels: &[String], clock: Option<&ClockConfig>) -> Result<Loaded> {
    let labels = labels
        .iter()
        .map(|text| label_of(text))
        .collect::<Result<Vec<_>>>()?;
    if let Some(clock) = clock {
        let aligned = align(data, &labels, &clock.alignment()?)?;
        let named = |(name, label): (String, AlignedLabel)| {
            let label = label_array(&name, label);
            (name, label)
        };
        return Ok(Loaded {
            x: aligned.x,
            times: Some(aligned.times),
            labels: aligned.labels.into_iter().map(named).collect(),
            notes: aligned.notes,
        });
    }
    let mut file = DataFile::of(data)?;
    if let Some(spikes) = file.spikes(data.array.as_deref())? {
        return Err(Problem::data(
            format!("{} holds spike times, which need bins", spikes.place),
            "pass the length of the bins, such as 25ms",
        ));
    }
    let (x, times) = recording(&mut file, data.array.as_deref())?;
    let clock = x.clock();
    let mut notes = x.notes.clone();
    let mut found = Vec::new();
    for label in labels {
        let (clock, notes) = (clock.as_ref(), &mut notes);
        let content = match Source::of_other_file(&label.array) {
            Some(other) => {
                let mut file = DataFile::of(&other)?;
                read_label(&mut file, other.array.as_deref(), clock, notes)?
            }
            None => read_label(&mut file, Some(&label.array), clock, notes)?,
        };
        found.push((label.name, content));
    }
    Ok(Loaded {
        times,
        x,
        labels: found,
        notes,
    })
}

/// A recording, and the time of each row if its file tells it.
fn recording(file: &mut DataFile, name: Option<&str>) -> Result<(DataArray, Option<Vec<f64>>)> {
    let timed = file.arrays()?.iter().any(|array| array.timing.is_some());
    // values and times at once: a table would be read again for its times
    if timed
        && let Ok(series) = file.series(Some(name.unwrap_or("x")))
        && let Ok([one]) = <[Series; 1]>::try_from(series)
    {
        let times = (0..one.rows()).map(|row| one.times.at(row)).collect();
        return Ok((one.values, Some(times)));
    }
    let x = match name {
        Some(name) => file.read(name)?,
        None => file.read_default("x")?,
    };
    let times = x.clock.as_ref().map(Clock::seconds);
    Ok((x, times))
}
