//! How an array can be read as signals of a model: which axis is time, what is a signal, what is a batch.

mod refusals;

use crate::files::FileError;
use refusals::{ambiguous_axis, ambiguous_reading, misfit};

/// An axis this many times as long as any other is time without being asked for.
const CLEARLY_LONGER: usize = 4;

/// What a file tells about an array beyond its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The axis of the model's input that is time, if it is known.
    pub(super) time_axis: Option<usize>,
    /// Whether the array is a recording `(time, channels)` for certain.
    pub(super) rows_are_time: bool,
    /// Whether the array is a table with named columns, whose rows are moments in time if they can be.
    pub(super) table: bool,
    /// Whether the recording was interrupted, so that it must be cut even if it is as long as one signal.
    pub(super) interrupted: bool,
    /// Samples from one signal to the next of a recording, if it is to be cut.
    pub(super) hop: Option<usize>,
}

/// One way to read an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// One signal in the model's layout, axes of length 1 aside.
    One,
    /// A batch of these.
    Batch,
    /// A recording `(time, channels)`.
    Recording,
    /// A recording `(channels, time)`.
    Turned,
    /// A batch of signals of two axes, in the opposite order of the model's.
    TurnedBatch,
}

/// A reading that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) time_axis: usize,
    pub(super) reading: Reading,
    /// Why, if there was something to choose.
    pub(super) choice: Option<String>,
}

impl Reading {
    fn words(self) -> &'static str {
        match self {
            Self::One => "one signal in the model's layout",
            Self::Batch => "a batch of signals",
            Self::Recording => "a recording (time, channels)",
            Self::Turned => "a recording (channels, time)",
            Self::TurnedBatch => {
                "a batch of signals whose axes are in the opposite order of the model's"
            }
        }
    }
}

/// The layout of an array of shape `found` for a model of signals of `shape`.
///
/// # Errors
/// [`FileError`] if nothing fits, or if two readings do that give other numbers.
pub(super) fn layout(
    place: &str,
    found: &[usize],
    shape: &[usize],
    known: Known,
) -> Result<Layout, FileError> {
    let axes = match known.time_axis {
        Some(axis) => vec![axis],
        None => long_axes(shape),
    };
    let mut fitting: Vec<(usize, Vec<Reading>)> = axes
        .iter()
        .map(|&axis| (axis, readings(found, shape, axis, known)))
        .filter(|(_, readings)| !readings.is_empty())
        .collect();
    let upright = |readings: &[Reading]| readings.iter().any(|r| *r != Reading::Turned);
    if known.table && fitting.iter().any(|(_, readings)| upright(readings)) {
        fitting.retain(|(_, readings)| upright(readings));
    }
    let candidates: Vec<usize> = fitting.iter().map(|(axis, _)| *axis).collect();
    let time_axis = match candidates[..] {
        [] => return Err(misfit(place, found, shape, &axes, known)),
        [only] => only,
        _ => longest(shape, &candidates).ok_or_else(|| ambiguous_axis(shape, &candidates))?,
    };
    let mut choices = Vec::new();
    if axes.len() > 1 {
        let why = match candidates.len() {
            1 => format!("{place} {found:?} fits no other axis"),
            _ => "it is the longest axis".to_owned(),
        };
        choices.push(format!("{} ({why})", axis_words(shape, time_axis)));
    }
    let fitting = fitting.into_iter().find(|(axis, _)| *axis == time_axis);
    let readings = fitting.map(|(_, readings)| readings).unwrap_or_default();
    let reading = readings[0];
    let differs = |other: &&Reading| !same(found, shape, time_axis, known.hop, [reading, **other]);
    let others: Vec<&Reading> = readings[1..].iter().filter(differs).collect();
    if let Some(other) = others.iter().find(|other| ***other != Reading::Turned) {
        return Err(ambiguous_reading(place, found, [reading, **other]));
    }
    // channels may come first, but that is a courtesy: what is documented goes before it, and is said
    if matches!(reading, Reading::Turned | Reading::TurnedBatch) || !others.is_empty() {
        choices.push(format!("{place} {found:?} is read as {}", reading.words()));
    }
    Ok(Layout {
        time_axis,
        reading,
        choice: (!choices.is_empty()).then(|| choices.join("; ")),
    })
}

/// Which axis is time and what the others are, for example `time is axis 1 of the model's input (64 samples),
/// axis 0 has 2 channels`.
pub(super) fn axis_words(shape: &[usize], time_axis: usize) -> String {
    let mut text = format!(
        "time is axis {time_axis} of the model's input ({})",
        counted(shape[time_axis], "sample")
    );
    for (axis, &n) in shape.iter().enumerate() {
        if axis != time_axis && n > 1 {
            text.push_str(&format!(", axis {axis} has {}", counted(n, "channel")));
        }
    }
    text
}

pub(super) fn counted(n: usize, thing: &str) -> String {
    match n {
        1 => format!("1 {thing}"),
        n => format!("{n} {thing}s"),
    }
}

/// Axes that can be time: those longer than 1, or the last if there is none.
fn long_axes(shape: &[usize]) -> Vec<usize> {
    let long: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] > 1).collect();
    match long.is_empty() {
        true => vec![shape.len().saturating_sub(1)],
        false => long,
    }
}

/// The axis that is clearly longer than all others.
fn longest(shape: &[usize], axes: &[usize]) -> Option<usize> {
    let longest = axes.iter().copied().max_by_key(|&axis| shape[axis])?;
    let clear = |&axis: &usize| axis == longest || shape[axis] * CLEARLY_LONGER <= shape[longest];
    axes.iter().all(clear).then_some(longest)
}

/// All readings that fit, the usual ones first.
fn readings(found: &[usize], shape: &[usize], time_axis: usize, known: Known) -> Vec<Reading> {
    let mut all = Vec::new();
    let one = squeezed(shape);
    let items = found.get(1..).unwrap_or_default();
    // with one channel there is nothing to mistake
    let certain = known.rows_are_time && one.len() > 1;
    if !certain && !known.interrupted && known.hop.is_none() {
        let exact_batch = found.len() == shape.len() + 1 && items == shape;
        if found == shape || (squeezed(found) == one && !exact_batch) {
            all.push(Reading::One);
        } else if !known.rows_are_time
            && (exact_batch || (!found.is_empty() && squeezed(items) == one))
        {
            all.push(Reading::Batch);
        }
    }
    let length = shape[time_axis];
    let channels = shape.iter().product::<usize>() / length.max(1);
    let fits = |time: usize, found: usize| found == channels && time >= length;
    match *found {
        [time] if fits(time, 1) => all.push(Reading::Recording),
        [time, found] if fits(time, found) => all.push(Reading::Recording),
        _ => {}
    }
    match *found {
        [found, time] if fits(time, found) && !known.rows_are_time => all.push(Reading::Turned),
        _ => {}
    }
    // only where nothing else fits: an array in the model's layout stays what it is
    let turned = matches!((items, shape), ([a, b], [c, d]) if (a, b) == (d, c) && *a > 1 && *b > 1);
    if all.is_empty() && turned && !certain && !known.interrupted && known.hop.is_none() {
        all.push(Reading::TurnedBatch);
    }
    all
}

/// Whether two readings give the same signals.
fn same(
    found: &[usize],
    shape: &[usize],
    time_axis: usize,
    hop: Option<usize>,
    pair: [Reading; 2],
) -> bool {
    let [a, b] = pair.map(|reading| strides(found, shape, time_axis, hop, reading));
    a == b
}

/// Number of signals, and the distances in the array, as it lies in memory, from one signal to the next and
/// along each axis of a signal; 0 along axes of length 1.
fn strides(
    found: &[usize],
    shape: &[usize],
    time_axis: usize,
    hop: Option<usize>,
    reading: Reading,
) -> (usize, usize, Vec<usize>) {
    let size: usize = shape.iter().product();
    let length = shape[time_axis];
    let along = |axes: &[usize], unit: usize| -> Vec<(usize, usize)> {
        let mut stride = unit;
        let mut found = Vec::new();
        for &axis in axes.iter().rev() {
            found.push((axis, stride));
            stride *= shape[axis];
        }
        found
    };
    let all: Vec<usize> = (0..shape.len()).collect();
    let others: Vec<usize> = all
        .iter()
        .copied()
        .filter(|&axis| axis != time_axis)
        .collect();
    let total: usize = found.iter().product();
    let time = total / (size / length.max(1)).max(1);
    let step = hop.unwrap_or(length).max(1);
    let windows = time.saturating_sub(length) / step + 1;
    let (count, next, mut pairs) = match reading {
        Reading::One | Reading::Batch => (total / size.max(1), size, along(&all, 1)),
        Reading::Recording => {
            let channels = size / length.max(1);
            let mut pairs = along(&others, 1);
            pairs.push((time_axis, channels));
            (windows, step * channels, pairs)
        }
        Reading::TurnedBatch => {
            let reversed: Vec<usize> = all.iter().rev().copied().collect();
            (total / size.max(1), size, along(&reversed, 1))
        }
        Reading::Turned => {
            let mut pairs = along(&others, time);
            pairs.push((time_axis, 1));
            (windows, step, pairs)
        }
    };
    pairs.sort_unstable();
    let strides = pairs.into_iter().map(|(axis, stride)| match shape[axis] {
        1 => 0,
        _ => stride,
    });
    let next = if count > 1 { next } else { 0 };
    (count, next, strides.collect())
}

pub(super) fn squeezed(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
}
