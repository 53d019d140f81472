//! Which axis of a signal is time.

use crate::error::{CdigError, Result};
use crate::labels::{AxisLabels, Labels};

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

    /// Labels of all axes, `transformed` taking the place of the time axis.
    pub(super) fn labels(&self, transformed: Vec<AxisLabels>) -> Labels {
        let rank = self.shape.len();
        let mut axes: Vec<AxisLabels> = (0..rank)
            .map(|i| {
                let name = if rank == 2 {
                    "channel".to_owned()
                } else {
                    format!("axis {i}")
                };
                AxisLabels::indices(name, self.shape[i])
            })
            .collect();
        axes.splice(self.axis..=self.axis, transformed);
        Labels::new(axes)
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
