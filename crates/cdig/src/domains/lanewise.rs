//! Transforms of one lane of samples, made domains of signals of any shape.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::coefficient_lanes::{Coefficient, CoefficientLanes};
use super::sampled_axis::SampledAxis;
use crate::axes::{Axes, AxisLabels};
use crate::domain::Domain;
use crate::error::{CdigError, Result};
use crate::numeric::ensure_finite;

/// A transform of one lane of `N` samples with an affine inverse. [`Lanewise`] makes a [`Domain`] of it.
///
/// Everything is in double precision, also for `f32` signals. Functions fill the whole of their output. `work` is
/// the memory of one thread, made by [`work`](LaneTransform::work); its contents are arbitrary when a function is
/// called.
pub trait LaneTransform: Send + Sync {
    /// `f64` for real coefficients, `Complex<f64>` for complex ones.
    type Coefficient: Coefficient;
    /// Working memory; `()` if there is none.
    type Work;

    /// Name for reports and error messages, for example `dct`.
    fn name(&self) -> &str;

    /// Shape of the coefficients of one lane: the axes that take the place of time.
    fn shape(&self) -> Vec<usize>;

    /// Working memory for one thread.
    fn work(&self) -> Self::Work;

    /// Coefficients `z`, in row-major order, of the samples `x`.
    fn forward(&self, x: &[f64], z: &mut [Self::Coefficient], work: &mut Self::Work);

    /// Samples `x` of any coefficients `z`.
    fn inverse(&self, z: &[Self::Coefficient], x: &mut [f64], work: &mut Self::Work);

    /// The adjoint of the derivative of [`inverse`](LaneTransform::inverse), as in [`Domain::inverse_vjp`]: what the
    /// cotangent `g` of the samples is for the coefficients.
    fn adjoint(&self, g: &[f64], z: &mut [Self::Coefficient], work: &mut Self::Work);

    /// The axes that take the place of time, in the order of [`shape`](LaneTransform::shape).
    fn axes(&self) -> Vec<AxisLabels>;

    /// Whether [`forward`](LaneTransform::forward) can take finite samples only; `false` by default.
    fn needs_finite(&self) -> bool {
        false
    }
}

/// A [`LaneTransform`] along the time axis of signals of any shape. Lanes are independent and run in parallel; the
/// bits are the same for any number of threads.
///
/// `EXTENDING.md` of this crate shows how to make a domain of your own transform.
#[derive(Clone)]
pub struct Lanewise<T> {
    pub(super) axis: SampledAxis,
    pub(super) transform: T,
    lanes: CoefficientLanes,
}

impl<T: LaneTransform> Lanewise<T> {
    /// The transform that `plan` makes of the number of samples of a lane and the sampling rate, along `axis` of signals
    /// of `shape` (counted without the batch axis), at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one; [`CdigError::Parameter`] if there is no such axis or the
    /// rate is not positive; whatever `plan` reports.
    pub fn of(
        shape: &[usize],
        axis: usize,
        sampling_rate: f64,
        plan: impl FnOnce(usize, f64) -> Result<T>,
    ) -> Result<Self> {
        Self::planned(SampledAxis::new(shape, sampling_rate)?.along(axis)?, plan)
    }

    /// As [`of`](Self::of), along the last axis.
    pub(super) fn on_last_axis(
        shape: &[usize],
        sampling_rate: f64,
        plan: impl FnOnce(usize, f64) -> Result<T>,
    ) -> Result<Self> {
        Self::planned(SampledAxis::new(shape, sampling_rate)?, plan)
    }

    /// The same on another axis.
    pub(super) fn moved(
        self,
        axis: usize,
        plan: impl FnOnce(T, usize, f64) -> Result<T>,
    ) -> Result<Self> {
        let (axis, transform) = (self.axis.along(axis)?, self.transform);
        Self::planned(axis, |samples, rate| plan(transform, samples, rate))
    }

    fn planned(axis: SampledAxis, plan: impl FnOnce(usize, f64) -> Result<T>) -> Result<Self> {
        let transform = plan(axis.len(), axis.rate)?;
        Ok(Self {
            lanes: CoefficientLanes::new(axis.time.clone(), &transform.shape()),
            axis,
            transform,
        })
    }

    /// Names bands `low..high` in Hz of `|f|`, as groups to read the result by. An entry that covers a range of
    /// frequencies is in the band that holds its centre.
    ///
    /// # Errors
    /// [`CdigError::Parameter`] if a band is empty, if two overlap, or if the coefficients have no frequencies.
    pub fn bands<S: Into<String>>(
        mut self,
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<Self> {
        self.axis.set_bands(bands)?;
        let axes = self.transform.axes();
        if axes.iter().all(|axis| axis.frequency_ranges().is_none()) {
            return Err(CdigError::parameter(
                "the domain",
                format!("'{}', which has no frequencies", self.transform.name()),
                "one with frequencies to name bands of",
            ));
        }
        Ok(self)
    }
}

impl<A: Scalar, T: LaneTransform> Domain<A> for Lanewise<T> {
    fn name(&self) -> &str {
        self.transform.name()
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        if self.transform.needs_finite() {
            let hint = "fill or cut the gaps first";
            ensure_finite("the signals", hint, &signals, A::is_finite)?;
        }
        let work = || self.transform.work();
        self.lanes.forward(signals, work, |x, z, work| {
            self.transform.forward(x, z, work);
        })
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let work = || self.transform.work();
        self.lanes.inverse(coefficients, work, |z, x, work| {
            self.transform.inverse(z, x, work);
        })
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let work = || self.transform.work();
        self.lanes
            .adjoint(coefficients, cotangent, work, |g, z, work| {
                self.transform.adjoint(g, z, work);
            })
    }

    fn is_real(&self) -> bool {
        T::Coefficient::IS_REAL
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.lanes.kept()
    }

    fn axes(&self) -> Axes {
        let grouped = |axis: AxisLabels| match axis.frequency_ranges() {
            Some(ranges) if self.axis.has_bands() => {
                let centres = ranges.iter().map(|f| (f.start + f.end) / 2.0);
                let groups = self.axis.groups(&centres.collect::<Vec<_>>());
                axis.with_groups(groups)
            }
            _ => axis,
        };
        let axes = self.transform.axes().into_iter();
        self.axis.time.axes(axes.map(grouped).collect())
    }
}

impl<T: LaneTransform> fmt::Debug for Lanewise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanewise")
            .field("transform", &self.transform.name())
            .field("axis", &self.axis)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::{FilterBank, SeasonalTrend, Wavelet, WaveletFamily, WaveletPackets};

    fn members(domain: &dyn Domain<f64>) -> Vec<Vec<usize>> {
        let groups = domain.axes()[0].groups();
        groups.into_iter().map(|group| group.members).collect()
    }

    /// Packets of 1 Hz each; wavelets of 0–1, 1–2 and 2–4 Hz, two, two and four of them.
    #[test]
    fn bands_group_whatever_has_frequencies() {
        let slow = [("slow", 0.0..2.0)];
        let packets = WaveletPackets::new(&[8], 8.0, WaveletFamily::Haar, 2).unwrap();
        assert!(members(&packets).is_empty());
        let packets = packets.bands(slow.clone()).unwrap();
        assert_eq!(members(&packets), [[0, 1], [2, 3]]);
        let wavelets = Wavelet::new(&[8], 8.0, WaveletFamily::Haar, 2).unwrap();
        let wavelets = wavelets.bands(slow.clone()).unwrap();
        assert_eq!(members(&wavelets), [[0, 1, 2, 3], [4, 5, 6, 7]]);
        let bank = FilterBank::new(&[8], 8.0, &[1.0, 2.0]).unwrap();
        assert_eq!(members(&bank), [[0], [1], [2]]);
        assert_eq!(
            members(&bank.bands(slow.clone()).unwrap()),
            [vec![0, 1], vec![2]]
        );
        let parts = SeasonalTrend::new(&[8], 8.0, 2).unwrap();
        let message = parts.bands(slow).unwrap_err().to_string();
        assert!(message.contains("no frequencies"), "{message}");
    }
}
