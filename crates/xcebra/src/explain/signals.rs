//! From an array of a file to the signals that a model takes.

use ndarray::{ArrayD, Axis, Dimension, IxDyn, Slice};

use crate::files::FileError;

/// Signals of one shape.
#[derive(Debug, Clone)]
pub struct Signals {
    /// The signals `(n, …shape)`.
    pub values: ArrayD<f64>,
    /// Whether the array was one signal, and not a batch.
    pub single: bool,
    /// First sample of each signal in the recording it was cut from, if it was.
    pub starts: Option<Vec<usize>>,
}

impl Signals {
    /// The signals of `shape` in an array, which may be one signal, a batch `(n, …shape)`, or a recording
    /// `(time, channels)` that is cut into signals every `hop` samples, by default without overlap.
    /// Axes of length 1 may be there or not; `time_axis` is that of the shape. `place` names the array
    /// in messages.
    ///
    /// # Errors
    /// [`FileError::Shape`] if the array is none of these, [`FileError::Value`] for NaN and infinities.
    pub fn arrange(
        values: ArrayD<f64>,
        place: &str,
        shape: &[usize],
        time_axis: usize,
        hop: Option<usize>,
    ) -> Result<Self, FileError> {
        refuse_gaps(&values, place)?;
        let found = values.shape().to_vec();
        let misfit = |expected: String, advice| FileError::Shape {
            place: place.to_owned(),
            found: found.clone(),
            expected,
            advice,
        };
        if values.is_empty() {
            return Err(misfit(
                "at least one signal".to_owned(),
                "pass an array with values",
            ));
        }
        let (whole, items) = (
            squeezed(&found),
            squeezed(found.get(1..).unwrap_or_default()),
        );
        let one = squeezed(shape);
        let batch = |n: usize| [&[n], shape].concat();
        let signals = if found == shape {
            Self::uncut(values, batch(1), true)
        } else if found.len() == shape.len() + 1 && found[1..] == *shape {
            Self::uncut(values, batch(found[0]), false)
        } else if whole == one {
            Self::uncut(values, batch(1), true)
        } else if items == one {
            Self::uncut(values, batch(found[0]), false)
        } else {
            let channels = shape.iter().product::<usize>() / shape[time_axis].max(1);
            let Some(recording) = recording(values, channels, shape[time_axis]) else {
                return Err(misfit(
                    format!(
                        "{shape:?}, the model's input, a batch of these (n, …), or a recording \
                         (time, {channels}) of at least {} samples",
                        shape[time_axis]
                    ),
                    "reshape it or choose other channels; --time-axis says which axis of the model's input is time",
                ));
            };
            return Ok(Self::cut(&recording, shape, time_axis, hop));
        };
        match hop {
            None => Ok(signals),
            Some(_) => Err(misfit(
                "a recording (time, channels) longer than one signal".to_owned(),
                "leave --hop out: there is nothing to cut",
            )),
        }
    }

    /// Number of signals.
    pub fn len(&self) -> usize {
        self.values.len_of(Axis(0))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Only the signals `range`, as a batch; none if it reaches beyond the end.
    pub fn part(&self, range: std::ops::Range<usize>) -> Option<Self> {
        if range.is_empty() || range.end > self.len() {
            return None;
        }
        let slice = Slice::from(range.clone());
        Some(Self {
            values: self.values.slice_axis(Axis(0), slice).to_owned(),
            single: false,
            starts: self.starts.as_ref().map(|starts| starts[range].to_vec()),
        })
    }

    fn uncut(values: ArrayD<f64>, shape: Vec<usize>, single: bool) -> Self {
        let values = values.as_standard_layout().into_owned();
        Self {
            values: values
                .into_shape_with_order(shape)
                .expect("only axes of length 1 differ"),
            single,
            starts: None,
        }
    }

    /// Windows of a recording `(time, channels)`.
    fn cut(recording: &ArrayD<f64>, shape: &[usize], time_axis: usize, hop: Option<usize>) -> Self {
        let length = shape[time_axis];
        let hop = hop.unwrap_or(length).max(1);
        let starts: Vec<usize> = (0..=recording.len_of(Axis(0)) - length)
            .step_by(hop)
            .collect();
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
        Self {
            values,
            single: false,
            starts: Some(starts),
        }
    }
}

/// The array as a recording `(time, channels)` of at least `length` samples, if it is one; channels may
/// also come first.
fn recording(values: ArrayD<f64>, channels: usize, length: usize) -> Option<ArrayD<f64>> {
    let values = match *values.shape() {
        [_] => values.insert_axis(Axis(1)),
        [_, _] => values,
        _ => return None,
    };
    match *values.shape() {
        [time, found] if found == channels && time >= length => Some(values),
        [found, time] if found == channels && time >= length => Some(values.reversed_axes()),
        _ => None,
    }
}

fn squeezed(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
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
mod tests {
    use super::*;

    fn counted(shape: &[usize]) -> ArrayD<f64> {
        let len: usize = shape.iter().product();
        let values = (0..len).map(|i| i as f64).collect();
        ArrayD::from_shape_vec(IxDyn(shape), values).unwrap()
    }

    fn arranged(found: &[usize], shape: &[usize], time: usize, hop: Option<usize>) -> Signals {
        Signals::arrange(counted(found), "x", shape, time, hop).unwrap()
    }

    #[test]
    fn one_signal_or_a_batch_with_or_without_axes_of_length_1() {
        for (found, shape, n, single) in [
            (&[1, 8][..], &[1, 8][..], 1, true),
            (&[8], &[1, 8], 1, true),
            (&[8, 1], &[1, 8], 1, true),
            (&[3, 1, 8], &[1, 8], 3, false),
            (&[3, 8], &[1, 8], 3, false),
            (&[1, 8], &[8], 1, false),
            (&[5, 2, 8], &[2, 8], 5, false),
            (&[4], &[4, 1, 1], 1, true),
        ] {
            let signals = arranged(found, shape, shape.len() - 1, None);
            assert_eq!((signals.len(), signals.single), (n, single), "{found:?}");
            assert_eq!(&signals.values.shape()[1..], shape);
            assert!(
                signals
                    .values
                    .iter()
                    .copied()
                    .eq(counted(found).iter().copied())
            );
        }
    }

    #[test]
    fn a_recording_is_cut_and_turned() {
        // time × channels, where value = 2 time + channel
        let signals = arranged(&[10, 2], &[2, 4], 1, None);
        assert_eq!(signals.starts, Some(vec![0, 4]));
        assert_eq!(signals.values[[1, 0, 3]], 14.0);
        assert_eq!(signals.values[[1, 1, 0]], 9.0);
        let kept = arranged(&[10, 2], &[4, 2], 0, Some(3));
        assert_eq!(kept.starts, Some(vec![0, 3, 6]));
        assert_eq!(kept.values[[2, 1, 1]], 15.0);
        // channels first: value = 10 channel + time
        let turned = arranged(&[2, 10], &[2, 4], 1, None);
        assert_eq!(turned.values[[0, 1, 2]], 12.0);
        let vector = arranged(&[9], &[1, 4], 1, Some(5));
        assert_eq!(vector.starts, Some(vec![0, 5]));
        assert_eq!(vector.values[[1, 0, 0]], 5.0);
    }

    #[test]
    fn parts_keep_their_starts() {
        let signals = arranged(&[12, 2], &[2, 4], 1, None);
        let part = signals.part(1..3).unwrap();
        assert_eq!(part.starts, Some(vec![4, 8]));
        assert_eq!(part.values[[0, 0, 0]], signals.values[[1, 0, 0]]);
        assert!(signals.part(2..4).is_none() && signals.part(1..1).is_none());
    }

    #[test]
    fn misfits_and_gaps_are_refused() {
        let message = |values: ArrayD<f64>, hop| {
            Signals::arrange(values, "array `x`", &[2, 4], 1, hop)
                .unwrap_err()
                .to_string()
        };
        for found in [&[3][..], &[3, 3], &[3, 2], &[2, 2, 5], &[0, 2, 4], &[]] {
            let text = message(counted(found), None);
            assert!(text.contains("array `x`") && text.contains("; "), "{text}");
        }
        assert!(message(counted(&[2, 4]), Some(2)).contains("--hop"));
        let mut gap = counted(&[2, 4]);
        gap[[1, 2]] = f64::NAN;
        assert!(message(gap, None).contains("[1, 2]"));
    }
}
