//! A recording and its labels, read from a file into memory.

use xcebra_files::{AlignedLabel, DataArray, DataFile, Source, align};

use crate::clock::{ClockConfig, label_array, label_of};
use crate::{LabelArray, Result};

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
    let x = match &data.array {
        Some(name) => file.read(name)?,
        None => file.read_default("x")?,
    };
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
        times: x.clock.as_ref().map(xcebra_files::Clock::seconds),
        x,
        labels: found,
        notes,
    })
}
