//! The two-sided Fourier domain.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use xcebra_model::Scalar;

use super::lanes::map_lanes;
use super::sampled_axis::SampledAxis;
use crate::axes::Axes;
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::Result;

/// The discrete Fourier transform over time, two-sided.
///
/// `X_k = Σ_t x_t exp(−2πi kt/N)`, unnormalised, `k = 0 … N−1`; entry `k ≥ N/2` is the frequency
/// `(k − N)/N` of the sampling rate (the order of `numpy.fft.fftfreq`). A real signal puts the same
/// attribution on `+f` and `−f`, half of the whole each. The inverse is the real part of the
/// inverse transform, so that paths may leave the conjugate symmetric spectra.
#[derive(Clone)]
pub struct Fourier<A: Scalar> {
    axis: SampledAxis,
    plan: Arc<dyn Fft<A>>,
    inverse_plan: Arc<dyn Fft<A>>,
}

impl<A: Scalar> Fourier<A> {
    /// The spectrum of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one,
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if the rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Ok(Self::planned(SampledAxis::new(shape, sampling_rate)?))
    }

    fn planned(axis: SampledAxis) -> Self {
        let mut planner = FftPlanner::new();
        Self {
            plan: planner.plan_fft_forward(axis.len()),
            inverse_plan: planner.plan_fft_inverse(axis.len()),
            axis,
        }
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        Ok(Self::planned(self.axis.along(axis)?))
    }

    /// Names bands `low..high` in Hz of `|f|`, as groups to read the result by.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if a band is empty or two overlap.
    pub fn bands<S: Into<String>>(
        mut self,
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<Self> {
        self.axis.set_bands(bands)?;
        Ok(self)
    }

    /// Frequency in Hz of every entry.
    pub fn frequencies(&self) -> Vec<f64> {
        let n = self.axis.len();
        (0..n)
            .map(|k| {
                let signed = if 2 * k < n {
                    k as f64
                } else {
                    k as f64 - n as f64
                };
                signed * self.axis.rate / n as f64
            })
            .collect()
    }

    fn spectra(&self, signals: ArrayViewD<'_, A>, scale: A) -> ArrayD<Complex<A>> {
        let zero = Complex::new(A::zero(), A::zero());
        map_lanes(
            signals,
            self.axis.time.in_batch(),
            self.axis.len(),
            zero,
            || vec![zero; self.plan.get_inplace_scratch_len()],
            |from, to, scratch| {
                for (z, &x) in to.iter_mut().zip(from) {
                    *z = Complex::new(x * scale, A::zero());
                }
                self.plan.process_with_scratch(to, scratch);
            },
        )
    }
}

impl<A: Scalar> Domain<A> for Fourier<A> {
    fn name(&self) -> &str {
        "fourier"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.axis.time.shape, signals.shape())?;
        Ok(self.spectra(signals, A::one()))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        batch_len(
            "the coefficients",
            &self.axis.time.shape,
            coefficients.shape(),
        )?;
        let n = self.axis.len();
        let scale = A::of(1.0 / n as f64);
        let zero = Complex::new(A::zero(), A::zero());
        Ok(map_lanes(
            coefficients,
            self.axis.time.in_batch(),
            n,
            A::zero(),
            || {
                (
                    vec![zero; n],
                    vec![zero; self.inverse_plan.get_inplace_scratch_len()],
                )
            },
            |from, to, (work, scratch)| {
                work.copy_from_slice(from);
                self.inverse_plan.process_with_scratch(work, scratch);
                for (x, z) in to.iter_mut().zip(work) {
                    *x = z.re * scale;
                }
            },
        ))
    }

    /// `fft(cotangent) / N`: the inverse is `x_t = Σ_k (a_k cos ω_k t − b_k sin ω_k t) / N`.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let shape = &self.axis.time.shape;
        vjp_len(shape, coefficients.shape(), shape, cotangent.shape())?;
        Ok(self.spectra(cotangent, A::of(1.0 / self.axis.len() as f64)))
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn kept_axes(&self) -> Vec<(usize, usize)> {
        self.axis.time.kept(1)
    }

    fn axes(&self) -> Axes {
        self.axis.spectrum(self.frequencies())
    }
}

impl<A: Scalar> fmt::Debug for Fourier<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fourier").field(&self.axis).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::laws::Laws;
    use approx::assert_abs_diff_eq;
    use ndarray::Array2;

    #[test]
    fn obeys_the_laws() {
        for (shape, axis) in [
            (&[1][..], 0),
            (&[2], 0),
            (&[9], 0),
            (&[3, 8], 1),
            (&[10, 2], 0),
        ] {
            let domain = Fourier::<f64>::new(shape, 10.0)
                .unwrap()
                .along(axis)
                .unwrap();
            Laws::new().check(&domain).unwrap();
            let domain = Fourier::<f32>::new(shape, 10.0)
                .unwrap()
                .along(axis)
                .unwrap();
            Laws::new().check(&domain).unwrap();
        }
    }

    /// Against the definition, summed term by term; 1e-12 is rounding over 12 terms of size 1.
    #[test]
    fn forward_is_the_discrete_fourier_transform() {
        for n in [11, 12] {
            let x = Array2::from_shape_fn((1, n), |(_, t)| ((t * t) as f64 * 0.7).sin());
            let domain = Fourier::new(&[n], 1.0).unwrap();
            let spectrum = domain.forward(x.view().into_dyn()).unwrap();
            for k in 0..n {
                let sum: Complex<f64> = (0..n)
                    .map(|t| Complex::from_polar(x[[0, t]], -TAU * (k * t) as f64 / n as f64))
                    .sum();
                assert_abs_diff_eq!((spectrum[[0, k]] - sum).norm(), 0.0, epsilon = 1e-12);
            }
        }
    }

    #[test]
    fn frequencies_follow_the_order_of_fftfreq() {
        let even = Fourier::<f64>::new(&[4], 8.0).unwrap();
        assert_eq!(even.frequencies(), [0.0, 2.0, -4.0, -2.0]);
        let odd = Fourier::<f64>::new(&[5], 10.0).unwrap();
        assert_eq!(odd.frequencies(), [0.0, 2.0, 4.0, -4.0, -2.0]);
        let labels = even.bands([("low", 0.0..3.0)]).unwrap().axes();
        assert_eq!(labels.describe(&[1]).as_deref(), Some("frequency 2 Hz"));
        assert_eq!(labels[0].groups()[0].members, [0, 1, 3]);
    }
}
