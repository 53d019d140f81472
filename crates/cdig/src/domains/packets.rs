//! The wavelet packet domain.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::sampled_axis::SampledAxis;
use super::wavelet_family::{Step, WaveletFamily};
use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::labels::{AxisLabels, Labels};
use crate::ticks::Band;

/// The full wavelet packet tree over time at level `J`, periodic and orthonormal.
///
/// Averages *and* details are split again at every level. In the place of time the coefficients have
/// two axes: `2^J` bands of equal width, in order of frequency, named by their limits in Hz; and
/// `N/2^J` times in seconds. The inverse is the transpose: real and affine, and by Parseval's
/// identity `Σ z² = Σ x²`. Phase of decimation as in [`Wavelet`](crate::Wavelet).
///
/// Source: Coifman, Meyer, Wickerhauser, "Wavelet analysis and signal processing" (1992); the order
/// of frequency (each split of an odd band swaps its halves) as in Wickerhauser, "Adapted wavelet
/// analysis from theory to software" (1994), section 7.
#[derive(Clone)]
pub struct WaveletPackets {
    axis: SampledAxis,
    family: WaveletFamily,
    level: usize,
    step: Arc<Step>,
    lanes: CoefficientLanes,
}

impl WaveletPackets {
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
        Self::planned(SampledAxis::new(shape, sampling_rate)?, family, level)
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
        let axis = SampledAxis::new(shape, sampling_rate)?.along(axis)?;
        Self::planned(axis, family, level)
    }

    fn planned(axis: SampledAxis, family: WaveletFamily, level: usize) -> Result<Self> {
        let step = Arc::new(Step::new(family)?);
        let deepest = axis.len().trailing_zeros() as usize;
        if level == 0 || level > deepest {
            return Err(CdigError::parameter_with(
                "the packet level",
                level,
                format!(
                    "1 to {deepest} for {} samples, which must be a multiple of 2^level",
                    axis.len()
                ),
                "cut or pad the signal",
            ));
        }
        let bands = 1 << level;
        Ok(Self {
            lanes: CoefficientLanes::new(axis.time.clone(), &[bands, axis.len() / bands]),
            axis,
            family,
            level,
            step,
        })
    }

    /// Names bands `low..high` in Hz, as groups of packets by their centre frequency.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if a band is empty or two overlap.
    pub fn bands<S: Into<String>>(
        mut self,
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<Self> {
        self.axis.set_bands(bands)?;
        Ok(self)
    }

    /// Limits of the packets in Hz, in their order.
    pub fn limits(&self) -> Vec<Range<f64>> {
        let bands = 1 << self.level;
        let width = self.axis.rate / (2 * bands) as f64;
        (0..bands)
            .map(|b| b as f64 * width..(b + 1) as f64 * width)
            .collect()
    }

    /// `rest` is working memory as long as the signal.
    fn transform(&self, x: &[f64], z: &mut [f64], rest: &mut [f64]) {
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

impl<A: Scalar> Domain<A> for WaveletPackets {
    fn name(&self) -> &str {
        "wavelet packets"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let work = || vec![0.0; self.axis.len()];
        self.lanes
            .forward(signals, work, |x, z, rest| self.transform(x, z, rest))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let work = || vec![0.0; self.axis.len()];
        self.lanes
            .inverse(coefficients, work, |z: &[f64], x, rest: &mut Vec<f64>| {
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
            })
    }

    /// The transform of the cotangent: it is orthonormal.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let work = || vec![0.0; self.axis.len()];
        self.lanes
            .adjoint(coefficients, cotangent, work, |g, z, rest| {
                self.transform(g, z, rest);
            })
    }

    fn is_real(&self) -> bool {
        true
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.lanes.kept()
    }

    fn labels(&self) -> Labels {
        let limits = self.limits();
        let centres: Vec<f64> = limits.iter().map(|b| (b.start + b.end) / 2.0).collect();
        let bands = limits.into_iter().map(Band::new).collect();
        let bands = AxisLabels::bands("band", "Hz", bands).with_groups(self.axis.groups(&centres));
        let width = (1_u64 << self.level) as f64;
        let times = (0..self.axis.len() >> self.level).map(|i| width * (i as f64 + 0.5) - 0.5);
        self.axis.time.labels(vec![bands, self.axis.times(times)])
    }
}

impl fmt::Debug for WaveletPackets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaveletPackets")
            .field("axis", &self.axis)
            .field("family", &self.family)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
