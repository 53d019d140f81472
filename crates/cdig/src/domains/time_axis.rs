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

    /// Labels of all axes, `transformed` taking the place of the time axis.
    pub(super) fn labels(&self, transformed: AxisLabels) -> Labels {
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
        axes[self.axis] = transformed;
        Labels::new(axes)
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
