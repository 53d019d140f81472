//! The one-sided Fourier domain of real signals.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use xcebra_model::Scalar;

use super::half_spectrum::HalfSpectrum;
use super::lanes::map_lanes;
use super::sampled_axis::SampledAxis;
use crate::axes::Axes;
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::Result;

/// The real Fourier transform over time, one-sided.
///
/// `X_k = Σ_t x_t exp(−2πi kt/N)`, unnormalised, `k = 0 … ⌊N/2⌋`. An entry carries the attribution
/// of `+f` and `−f` together; 0 Hz and, for even `N`, the Nyquist frequency have no partner.
/// The inverse does not read the imaginary parts of these two, and their derivative is 0.
#[derive(Clone)]
pub struct RealFourier<A: Scalar> {
    axis: SampledAxis,
    shape: Vec<usize>,
    transform: HalfSpectrum<A>,
}

impl<A: Scalar> RealFourier<A> {
    /// The spectrum of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one,
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if the rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Ok(Self::planned(SampledAxis::new(shape, sampling_rate)?))
    }

    fn planned(axis: SampledAxis) -> Self {
        let transform = HalfSpectrum::new(axis.len());
        Self {
            shape: axis.time.with_length(transform.len()),
            transform,
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

    /// Names bands `low..high` in Hz, as groups to read the result by.
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
        let bin = self.axis.rate / self.axis.len() as f64;
        (0..self.transform.len()).map(|k| k as f64 * bin).collect()
    }
}

impl<A: Scalar> Domain<A> for RealFourier<A> {
    fn name(&self) -> &str {
        "rfft"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", self.signal_shape(), signals.shape())?;
        Ok(map_lanes(
            signals,
            self.axis.time.in_batch(),
            self.transform.len(),
            Complex::default(),
            || self.transform.work(),
            |x, z, work| self.transform.forward(x, z, work),
        ))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        batch_len("the coefficients", &self.shape, coefficients.shape())?;
        Ok(map_lanes(
            coefficients,
            self.axis.time.in_batch(),
            self.axis.len(),
            A::zero(),
            || self.transform.work(),
            |z, x, work| self.transform.inverse(z, x, work),
        ))
    }

    /// `2 rfft(cotangent) / N`, without the 2 and the imaginary part at 0 Hz and Nyquist.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let (point, signal) = (coefficients.shape(), self.signal_shape());
        vjp_len(&self.shape, point, signal, cotangent.shape())?;
        Ok(map_lanes(
            cotangent,
            self.axis.time.in_batch(),
            self.transform.len(),
            Complex::default(),
            || self.transform.work(),
            |g, z, work| self.transform.inverse_adjoint(g, z, work),
        ))
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

impl<A: Scalar> fmt::Debug for RealFourier<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RealFourier").field(&self.axis).finish()
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
            let domain = RealFourier::<f64>::new(shape, 10.0)
                .unwrap()
                .along(axis)
                .unwrap();
            Laws::new().check(&domain).unwrap();
            let domain = RealFourier::<f32>::new(shape, 10.0)
                .unwrap()
                .along(axis)
                .unwrap();
            Laws::new().check(&domain).unwrap();
        }
    }

    /// Against the definition summed term by term, with imaginary parts at 0 Hz and Nyquist;
    /// 1e-14 is rounding over 7 terms of size 1/6.
    #[test]
    fn inverse_is_the_real_trigonometric_sum_and_ignores_imaginary_single_entries() {
        for n in [5, 6, 1, 2] {
            let z = Array2::from_shape_fn((1, n / 2 + 1), |(_, k)| {
                Complex::new((k as f64).cos(), 0.3 + k as f64 / 3.0)
            });
            let domain = RealFourier::new(&[n], 1.0).unwrap();
            let x = domain.inverse(z.view().into_dyn()).unwrap();
            for t in 0..n {
                let sum: f64 = (0..=n / 2)
                    .map(|k| {
                        let wave = Complex::from_polar(1.0, TAU * (k * t) as f64 / n as f64);
                        if k == 0 || 2 * k == n {
                            z[[0, k]].re * wave.re
                        } else {
                            2.0 * (z[[0, k]] * wave).re
                        }
                    })
                    .sum();
                assert_abs_diff_eq!(x[[0, t]], sum / n as f64, epsilon = 1e-14);
            }
        }
    }

    #[test]
    fn labels_end_at_nyquist_for_even_lengths_only() {
        let even = RealFourier::<f64>::new(&[4], 8.0).unwrap();
        assert_eq!(even.frequencies(), [0.0, 2.0, 4.0]);
        let odd = RealFourier::<f64>::new(&[5, 3], 10.0)
            .unwrap()
            .along(0)
            .unwrap();
        assert_eq!(odd.frequencies(), [0.0, 2.0, 4.0]);
        assert_eq!(odd.coefficient_shape(), [3, 3]);
        assert_eq!(
            odd.axes().describe(&[1, 2]).as_deref(),
            Some("frequency 2 Hz, channel 2")
        );
    }
}
