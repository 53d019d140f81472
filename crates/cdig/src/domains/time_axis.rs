//! Which axis of a signal is time.

use crate::axes::{Axes, AxisLabels, Role};
use crate::error::{CdigError, Result};

/// Signal shape with its time axis; the last axis unless said otherwise.
#[derive(Debug, Clone)]
pub(super) struct TimeAxis {
    pub(super) shape: Vec<usize>,
    pub(super) axis: usize,
}

impl TimeAxis {
    pub(super) fn new(shape: &[usize]) -> Result<Self> {
        if shape.is_empty() || shape.contains(&0) {
            return Err(CdigError::Shape {
                what: "the signal".into(),
                found: shape.to_vec(),
                expected: "at least one axis, none of them empty, such as [channels, time]".into(),
                advice: None,
            });
        }
        Ok(Self {
            shape: shape.to_vec(),
            axis: shape.len() - 1,
        })
    }

    pub(super) fn along(mut self, axis: usize) -> Result<Self> {
        if axis >= self.shape.len() {
            return Err(CdigError::parameter(
                "the time axis",
                axis,
                format!(
                    "an axis of the signal shape {:?}, counted from 0 without the batch axis",
                    self.shape
                ),
            ));
        }
        self.axis = axis;
        Ok(self)
    }

    /// Number of samples in time.
    pub(super) fn len(&self) -> usize {
        self.shape[self.axis]
    }

    /// Position of the time axis in a batch.
    pub(super) fn in_batch(&self) -> usize {
        self.axis + 1
    }

    /// The signal shape with another length of the time axis.
    pub(super) fn with_length(&self, length: usize) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape[self.axis] = length;
        shape
    }

    /// The signal shape with the axes `lane` in the place of the time axis.
    pub(super) fn replaced(&self, lane: &[usize]) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape.splice(self.axis..=self.axis, lane.iter().copied());
        shape
    }

    /// All axes, `transformed` taking the place of the time axis. Of several others the one that is longer than 1 is
    /// that of channels.
    pub(super) fn axes(&self, transformed: Vec<AxisLabels>) -> Axes {
        let rank = self.shape.len();
        let others: Vec<usize> = (0..rank).filter(|&i| i != self.axis).collect();
        let long = |&&i: &&usize| self.shape[i] > 1;
        let long: Vec<usize> = others.iter().filter(long).copied().collect();
        let channels = match (&long[..], &others[..]) {
            ([only], _) | ([], [only]) => Some(*only),
            _ => None,
        };
        let mut axes: Vec<AxisLabels> = (0..rank)
            .map(|i| {
                let role = match channels == Some(i) {
                    true => Role::Channel,
                    false => Role::Axis(i),
                };
                AxisLabels::indices(role, self.shape[i])
            })
            .collect();
        axes.splice(self.axis..=self.axis, transformed);
        Axes::new(axes)
    }

    /// All other axes where `new_axes` axes take the place of this one: (axis of the coefficients,
    /// axis of the signal).
    pub(super) fn kept(&self, new_axes: usize) -> Vec<(usize, usize)> {
        (0..self.shape.len())
            .filter(|&i| i != self.axis)
            .map(|i| (if i < self.axis { i } else { i + new_axes - 1 }, i))
            .collect()
    }
}

/// A sampling rate in Hz, checked.
pub(super) fn sampling_rate(hz: f64) -> Result<f64> {
    if hz.is_finite() && hz > 0.0 {
        Ok(hz)
    } else {
        Err(CdigError::parameter(
            "the sampling rate",
            hz,
            "a positive number of samples a second",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_axis_beside_time_is_that_of_channels() {
        for (shape, time, words) in [
            (&[4][..], 0, "time 1 samples"),
            (&[1, 4], 1, "channel 0, time 1 samples"),
            (&[3, 4], 0, "time 1 samples, channel 0"),
            (&[1, 3, 4], 2, "channel 0, time 1 samples"),
            (&[2, 3, 4], 2, "axis 0 0, axis 1 0, time 1 samples"),
        ] {
            let time_axis = TimeAxis::new(shape).unwrap().along(time).unwrap();
            let positions = (0..time_axis.len()).map(|t| t as f64);
            let axes = time_axis.axes(vec![AxisLabels::times(positions, None)]);
            let mut index = vec![0; shape.len()];
            index[time] = 1;
            assert_eq!(axes.describe(&index).as_deref(), Some(words), "{shape:?}");
        }
    }
}
