//! A recording and its labels, read from a file into memory.

use xcebra_files::{AlignedLabel, DataArray, DataFile, Source, align};

use crate::clock::{ClockConfig, label_array, label_of};
use crate::{LabelArray, Problem, Result};

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
            format!("{} are times of spikes, which need bins", spikes.place),
            "pass the length of the bins, such as 25ms",
        ));
    }
    let x = match &data.array {
        Some(name) => file.read(name)?,
        None => file.read_default("x")?,
    };
    let times = times(&mut file, data.array.as_deref(), &x)?;
    let mut notes = x.notes.clone();
    let mut found = Vec::new();
    for label in labels {
        let content = match file.read_text(&label.array, x.clock.as_ref())? {
            Some(text) => {
                notes.extend(text.notes);
                LabelArray::Text(text.texts)
            }
            None => file.read_or_source(&label.array)?.into(),
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

/// The time of each row of an array, if its file tells it.
fn times(file: &mut DataFile, name: Option<&str>, x: &DataArray) -> Result<Option<Vec<f64>>> {
    if let Some(clock) = &x.clock {
        return Ok(Some(clock.seconds()));
    }
    if !file.arrays()?.iter().any(|array| array.timing.is_some()) {
        return Ok(None);
    }
    let rows = x.shape().first().copied().unwrap_or(0);
    Ok(match file.series(name) {
        Ok(series) if series.len() == 1 && series[0].rows() == rows => {
            Some((0..rows).map(|row| series[0].times.at(row)).collect())
        }
        // an array without times beside others that have some
        _ => None,
    })
}
