//! The wavelet packet domain.

use std::ops::Range;
use std::sync::Arc;

use super::lanewise::{LaneTransform, Lanewise};
use super::wavelet_family::{Step, WaveletFamily};
use crate::axes::{AxisLabels, Band};
use crate::error::{CdigError, Result};

/// The full wavelet packet tree over time at level `J`, periodic and orthonormal.
///
/// Averages *and* details are split again at every level. In the place of time the coefficients have
/// two axes: `2^J` bands of equal width, in order of frequency, named by their limits in Hz; and
/// `N/2^J` times in seconds. The inverse is the transpose: real and affine, and by Parseval's
/// identity `Σ z² = Σ x²`. Phase of decimation as in [`Wavelet`](crate::domains::Wavelet).
///
/// Source: Coifman, Meyer, Wickerhauser, "Wavelet analysis and signal processing" (1992); the order
/// of frequency (each split of an odd band swaps its halves) as in Wickerhauser, "Adapted wavelet
/// analysis from theory to software" (1994), section 7.
pub type WaveletPackets = Lanewise<Packets>;

/// The packet tree of one lane, as [`WaveletPackets`] has it.
#[derive(Clone)]
pub struct Packets {
    samples: usize,
    rate: f64,
    level: usize,
    step: Arc<Step>,
}

impl Lanewise<Packets> {
    /// The tree of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz, to
    /// `level ≥ 1`.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one; [`CdigError::Parameter`] if the
    /// rate is not positive, the wavelet unknown, the level 0, or the length not a multiple of `2^level`.
    pub fn new(
        shape: &[usize],
        sampling_rate: f64,
        family: WaveletFamily,
        level: usize,
    ) -> Result<Self> {
        let plan = |n, hz| Packets::new(n, hz, family, level);
        Self::on_last_axis(shape, sampling_rate, plan)
    }

    /// As [`new`](Self::new), with `axis` of the signal (counted without the batch axis) as time
    /// instead of the last one.
    ///
    /// # Errors
    /// As [`new`](Self::new), also if there is no such axis.
    pub fn on_axis(
        shape: &[usize],
        axis: usize,
        sampling_rate: f64,
        family: WaveletFamily,
        level: usize,
    ) -> Result<Self> {
        let plan = |n, hz| Packets::new(n, hz, family, level);
        Self::of(shape, axis, sampling_rate, plan)
    }

    /// Limits of the packets in Hz, in their order.
    pub fn limits(&self) -> Vec<Range<f64>> {
        self.transform.limits()
    }
}

impl Packets {
    fn new(samples: usize, rate: f64, family: WaveletFamily, level: usize) -> Result<Self> {
        let step = Arc::new(Step::new(family)?);
        let deepest = samples.trailing_zeros() as usize;
        if level == 0 || level > deepest {
            return Err(CdigError::parameter_with(
                "the packet level",
                level,
                format!(
                    "1 to {deepest} for {samples} samples, which must be a multiple of 2^level"
                ),
                "cut or pad the signal",
            ));
        }
        Ok(Self {
            samples,
            rate,
            level,
            step,
        })
    }

    fn limits(&self) -> Vec<Range<f64>> {
        let bands = 1 << self.level;
        let width = self.rate / (2 * bands) as f64;
        (0..bands)
            .map(|b| b as f64 * width..(b + 1) as f64 * width)
            .collect()
    }
}

/// Averages and details of a band: those of an odd band, which is mirrored in frequency, come the
/// other way round.
fn in_order<T>(band: usize, first: T, second: T) -> (T, T) {
    if band.is_multiple_of(2) {
        (first, second)
    } else {
        (second, first)
    }
}

impl LaneTransform for Packets {
    type Coefficient = f64;
    /// As long as the signal.
    type Work = Vec<f64>;

    fn name(&self) -> &str {
        "wavelet packets"
    }

    fn shape(&self) -> Vec<usize> {
        vec![1 << self.level, self.samples >> self.level]
    }

    fn work(&self) -> Vec<f64> {
        vec![0.0; self.samples]
    }

    fn forward(&self, x: &[f64], z: &mut [f64], rest: &mut Vec<f64>) {
        z.copy_from_slice(x);
        for depth in 0..self.level {
            rest.copy_from_slice(z);
            let length = x.len() >> depth;
            let nodes = rest.chunks(length).zip(z.chunks_mut(length));
            for (band, (from, to)) in nodes.enumerate() {
                let (first, second) = to.split_at_mut(length / 2);
                let (averages, details) = in_order(band, first, second);
                self.step.forward(from, averages, details);
            }
        }
    }

    fn inverse(&self, z: &[f64], x: &mut [f64], rest: &mut Vec<f64>) {
        x.copy_from_slice(z);
        for depth in (0..self.level).rev() {
            rest.copy_from_slice(x);
            let length = x.len() >> depth;
            let nodes = rest.chunks(length).zip(x.chunks_mut(length));
            for (band, (from, to)) in nodes.enumerate() {
                let (first, second) = from.split_at(length / 2);
                let (averages, details) = in_order(band, first, second);
                self.step.inverse(averages, details, to);
            }
        }
    }

    /// The transform of the cotangent: it is orthonormal.
    fn adjoint(&self, g: &[f64], z: &mut [f64], rest: &mut Vec<f64>) {
        self.forward(g, z, rest);
    }

    fn axes(&self) -> Vec<AxisLabels> {
        let bands = self.limits().into_iter().map(Band::new).collect();
        let width = (1_u64 << self.level) as f64;
        let times = (0..self.samples >> self.level).map(|i| width * (i as f64 + 0.5) - 0.5);
        let times = AxisLabels::times(times, Some(self.rate));
        vec![AxisLabels::bands(bands), times]
    }
}
