//! From an array of a file to the signals that a model takes.

use ndarray::{ArrayD, Axis, Dimension, IxDyn};

use crate::channels::is_named;
use crate::explain::layout::{Known, Reading, axis_words, counted, layout};
use crate::files::{DataArray, FileError};

/// An array with what its file tells about it.
#[derive(Debug, Clone)]
pub struct Input {
    /// The values.
    pub values: ArrayD<f64>,
    /// Where they came from, for messages.
    pub place: String,
    /// Whether rows are samples in time for certain, as in a file that tells its sampling rate; without, the
    /// shape decides.
    pub rows_are_time: bool,
    /// Rows before which the recording was interrupted, ascending.
    pub breaks: Vec<usize>,
    /// Names of the columns; empty if they have none.
    pub columns: Vec<String>,
}

impl Input {
    /// Values of which nothing else is known.
    pub fn new(values: ArrayD<f64>, place: &str) -> Self {
        Self {
            values,
            place: place.to_owned(),
            rows_are_time: false,
            breaks: Vec::new(),
            columns: Vec::new(),
        }
    }
}

impl From<&DataArray> for Input {
    fn from(array: &DataArray) -> Self {
        Self {
            rows_are_time: array.sampling_rate.is_some() || !array.breaks.is_empty(),
            breaks: array.breaks.clone(),
            columns: array.columns.clone().unwrap_or_default(),
            ..Self::new(array.values.to_float(), &array.place())
        }
    }
}

/// Signals of one shape.
#[derive(Debug, Clone)]
pub struct Signals {
    /// The signals `(n, …shape)`.
    pub values: ArrayD<f64>,
    /// Whether the array was one signal, and not a batch.
    pub single: bool,
    /// First sample of each signal in the recording it was cut from, if it was.
    pub starts: Option<Vec<usize>>,
    /// Which axis of a signal is time.
    pub time_axis: usize,
    /// Whether the array had its axes in another order than the model.
    pub turned: bool,
    /// Names of the channels, if the array has one column a channel and names for them.
    pub channels: Option<Vec<String>>,
    /// How the array was read, in words.
    pub reading: String,
    /// What was chosen among several possibilities or left out, in words.
    pub notes: Vec<String>,
}

impl Signals {
    /// The signals of `shape` in an array, which may be one signal, a batch `(n, …shape)`, or a recording
    /// `(time, channels)` that is cut into signals every `hop` samples, by default without overlap.
    /// Axes of length 1 may be there or not. No signal crosses an interruption of the recording.
    ///
    /// Without `time_axis`, time is the only axis of the shape that is longer than 1, the only one with which
    /// a recording fits, or one that is at least four times as long as all others.
    ///
    /// # Errors
    /// [`FileError::Shape`] if the array is none of these, [`FileError::Value`] for NaN and infinities, and if
    /// it can be two of these.
    pub fn arrange(
        input: Input,
        shape: &[usize],
        time_axis: Option<usize>,
        hop: Option<usize>,
    ) -> Result<Self, FileError> {
        refuse_gaps(&input.values, &input.place)?;
        let found = input.values.shape().to_vec();
        if input.values.is_empty() {
            return Err(FileError::Shape {
                place: input.place,
                found,
                expected: "at least one signal".to_owned(),
                advice: "pass an array with values",
            });
        }
        let no_axis = |axis: usize| axis >= shape.len();
        if shape.is_empty() || shape.contains(&0) || time_axis.is_some_and(no_axis) {
            return Err(FileError::Value {
                place: format!("the model's input {shape:?}"),
                problem: "it has no such axis of time".to_owned(),
                advice: "count axes from 0, and pass a model of signals with at least one sample"
                    .to_owned(),
            });
        }
        let known = Known {
            time_axis,
            rows_are_time: input.rows_are_time,
            table: !input.columns.is_empty(),
            interrupted: !input.breaks.is_empty(),
            hop,
        };
        let layout = layout(&input.place, &found, shape, known)?;
        let (axis, place) = (layout.time_axis, input.place.clone());
        let mut notes: Vec<String> = layout.choice.into_iter().collect();
        let mut signals = match layout.reading {
            Reading::One => Self {
                // one column is one channel; of other arrays columns may be anything
                channels: (input.rows_are_time && input.columns.len() == 1)
                    .then_some(input.columns)
                    .filter(|columns| is_named(columns)),
                ..Self::uncut(input.values, shape, true)
            },
            Reading::Batch => Self::uncut(input.values, shape, false),
            Reading::TurnedBatch => {
                let values = input.values.permuted_axes(vec![0, 2, 1]);
                Self::uncut(values, shape, false)
            }
            Reading::Recording | Reading::Turned => {
                Self::cut(input, shape, axis, hop, layout.reading, &mut notes)?
            }
        };
        signals.time_axis = axis;
        signals.turned = layout.reading == Reading::Turned;
        let how = match (&signals.starts, signals.single) {
            (Some(starts), _) => format!("cut into {}", counted(starts.len(), "signal")),
            (None, true) => "read as one signal".to_owned(),
            (None, false) => format!("read as a batch of {}", counted(signals.len(), "signal")),
        };
        signals.reading = format!("{}; {place} {found:?} is {how}", axis_words(shape, axis));
        signals.notes = notes;
        Ok(signals)
    }

    /// Number of signals.
    pub fn len(&self) -> usize {
        self.values.len_of(Axis(0))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Only these signals, in this order, as a batch; none if there are none, or one is beyond the end.
    pub fn part(&self, chosen: &[usize]) -> Option<Self> {
        if chosen.is_empty() || chosen.iter().any(|&i| i >= self.len()) {
            return None;
        }
        let starts = self.starts.as_ref();
        Some(Self {
            values: self.values.select(Axis(0), chosen),
            single: false,
            starts: starts.map(|starts| chosen.iter().map(|&i| starts[i]).collect()),
            time_axis: self.time_axis,
            turned: self.turned,
            channels: self.channels.clone(),
            reading: self.reading.clone(),
            notes: self.notes.clone(),
        })
    }

    fn uncut(values: ArrayD<f64>, shape: &[usize], single: bool) -> Self {
        let values = values.as_standard_layout().into_owned();
        let count = values.len() / shape.iter().product::<usize>().max(1);
        let full = [&[count], shape].concat();
        Self {
            values: values
                .into_shape_with_order(full)
                .expect("only axes of length 1 differ"),
            single,
            starts: None,
            turned: false,
            time_axis: 0,
            channels: None,
            reading: String::new(),
            notes: Vec::new(),
        }
    }

    /// Windows of a recording.
    fn cut(
        input: Input,
        shape: &[usize],
        time_axis: usize,
        hop: Option<usize>,
        reading: Reading,
        notes: &mut Vec<String>,
    ) -> Result<Self, FileError> {
        let mut recording = input.values;
        if recording.ndim() == 1 {
            recording = recording.insert_axis(Axis(1));
        }
        if reading == Reading::Turned {
            recording = recording.reversed_axes();
        }
        let (samples, length) = (recording.len_of(Axis(0)), shape[time_axis]);
        let hop = hop.unwrap_or(length).max(1);
        let mut edges: Vec<usize> = input.breaks.clone();
        edges.retain(|at| (1..samples).contains(at));
        edges.extend([0, samples]);
        edges.sort_unstable();
        let mut starts = Vec::new();
        let mut unused = 0;
        for piece in edges.windows(2) {
            let first = starts.len();
            if let Some(last) = piece[1]
                .checked_sub(length)
                .filter(|last| *last >= piece[0])
            {
                starts.extend((piece[0]..=last).step_by(hop));
            }
            let end = starts[first..]
                .last()
                .map_or(piece[0], |start| start + length);
            unused += piece[1].saturating_sub(end);
        }
        if starts.is_empty() {
            return Err(FileError::Shape {
                place: input.place,
                found: recording.shape().to_vec(),
                expected: format!(
                    "at least {} without an interruption, and the recording is interrupted {}",
                    counted(length, "sample"),
                    counted(input.breaks.len(), "time")
                ),
                advice: "pass a longer piece of it, or a model of shorter signals",
            });
        }
        if !input.breaks.is_empty() {
            notes.push(format!(
                "{} is interrupted {}; signals do not cross interruptions",
                input.place,
                counted(input.breaks.len(), "time")
            ));
        }
        if unused > 0 {
            notes.push(format!(
                "{}: {} of {samples} left out, too few for another signal of {length}",
                input.place,
                counted(unused, "sample")
            ));
        }
        let full = [&[starts.len()], shape].concat();
        let values = ArrayD::from_shape_fn(IxDyn(&full), |index| {
            let time = starts[index[0]] + index[1 + time_axis];
            // all other axes count channels, in their order
            let mut channel = 0;
            for (axis, &size) in shape
                .iter()
                .enumerate()
                .filter(|(axis, _)| *axis != time_axis)
            {
                channel = channel * size + index[1 + axis];
            }
            recording[[time, channel]]
        });
        let named =
            reading == Reading::Recording && input.columns.len() == recording.len_of(Axis(1));
        Ok(Self {
            values,
            starts: Some(starts),
            channels: (named && is_named(&input.columns)).then_some(input.columns),
            single: false,
            turned: false,
            time_axis,
            reading: String::new(),
            notes: Vec::new(),
        })
    }
}

fn refuse_gaps(values: &ArrayD<f64>, place: &str) -> Result<(), FileError> {
    match values.indexed_iter().find(|(_, v)| !v.is_finite()) {
        None => Ok(()),
        Some((index, value)) => Err(FileError::Value {
            place: place.to_owned(),
            problem: format!(
                "the value at {:?} (counting from 0) is {value}, and {} of {} values are not finite",
                index.slice().to_vec(),
                values.iter().filter(|v| !v.is_finite()).count(),
                values.len()
            ),
            advice: "fill or cut out such values first".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
