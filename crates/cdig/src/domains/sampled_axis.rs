//! A time axis with a sampling rate, as the spectral domains need it.

use std::ops::Range;

use super::bands::Bands;
use super::time_axis::{TimeAxis, sampling_rate};
use crate::axes::{Axes, AxisLabels};
use crate::error::Result;

/// Which axis is time, how fast it is sampled, and the bands that group its frequencies.
#[derive(Debug, Clone)]
pub(super) struct SampledAxis {
    pub(super) time: TimeAxis,
    /// Samples a second.
    pub(super) rate: f64,
    bands: Bands,
}

impl SampledAxis {
    pub(super) fn new(shape: &[usize], rate: f64) -> Result<Self> {
        Ok(Self {
            time: TimeAxis::new(shape)?,
            rate: sampling_rate(rate)?,
            bands: Bands::default(),
        })
    }

    pub(super) fn along(mut self, axis: usize) -> Result<Self> {
        self.time = self.time.along(axis)?;
        Ok(self)
    }

    /// Sets the bands, `low..high` in Hz of `|f|`.
    pub(super) fn set_bands<S: Into<String>>(
        &mut self,
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<()> {
        self.bands = Bands::new(bands)?;
        Ok(())
    }

    /// Whether bands were named.
    pub(super) fn has_bands(&self) -> bool {
        !self.bands.is_empty()
    }

    /// Number of samples in time.
    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    /// An axis of these frequencies in Hz, grouped by the bands.
    pub(super) fn frequencies(&self, hz: Vec<f64>) -> AxisLabels {
        let groups = self.bands.groups(&hz);
        AxisLabels::frequencies(hz).with_groups(groups)
    }

    /// All axes, frequencies in Hz taking the place of time.
    pub(super) fn spectrum(&self, hz: Vec<f64>) -> Axes {
        self.time.axes(vec![self.frequencies(hz)])
    }

    /// Groups of entries at these frequencies in Hz; none if there are no bands.
    pub(super) fn groups(&self, hz: &[f64]) -> Vec<crate::axes::Group> {
        self.bands.groups(hz)
    }

    /// An axis of times in seconds, at these positions counted in samples.
    pub(super) fn times(&self, samples: impl Iterator<Item = f64>) -> AxisLabels {
        AxisLabels::times(samples, Some(self.rate))
    }
}
