//! The one-sided Fourier domain of real signals.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use xcebra_model::Scalar;

use super::bands::Bands;
use super::lanes::map_lanes;
use super::time_axis::{TimeAxis, sampling_rate};
use crate::domain::{Domain, batch_len, vjp_len};
use crate::error::Result;
use crate::labels::{AxisLabels, Labels};

/// The real Fourier transform over time, one-sided.
///
/// `X_k = Σ_t x_t exp(−2πi kt/N)`, unnormalised, `k = 0 … ⌊N/2⌋`. An entry carries the attribution
/// of `+f` and `−f` together; 0 Hz and, for even `N`, the Nyquist frequency have no partner.
/// The inverse does not read the imaginary parts of these two, and their derivative is 0.
#[derive(Clone)]
pub struct RealFourier<A: Scalar> {
    time: TimeAxis,
    shape: Vec<usize>,
    sampling_rate: f64,
    bands: Bands,
    plan: Arc<dyn RealToComplex<A>>,
    inverse_plan: Arc<dyn ComplexToReal<A>>,
}

impl<A: Scalar> RealFourier<A> {
    /// The spectrum of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one,
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if the rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Self::planned(
            TimeAxis::new(shape)?,
            self::sampling_rate(sampling_rate)?,
            Bands::default(),
        )
    }

    fn planned(time: TimeAxis, sampling_rate: f64, bands: Bands) -> Result<Self> {
        let mut planner = RealFftPlanner::new();
        Ok(Self {
            plan: planner.plan_fft_forward(time.len()),
            inverse_plan: planner.plan_fft_inverse(time.len()),
            shape: time.with_length(time.len() / 2 + 1),
            time,
            sampling_rate,
            bands,
        })
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        Self::planned(self.time.along(axis)?, self.sampling_rate, self.bands)
    }

    /// Names bands `low..high` in Hz, as groups to read the result by.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if a band is empty or two overlap.
    pub fn bands<S: Into<String>>(
        mut self,
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<Self> {
        self.bands = Bands::new(bands)?;
        Ok(self)
    }

    /// Frequency in Hz of every entry.
    pub fn frequencies(&self) -> Vec<f64> {
        let n = self.time.len();
        (0..=n / 2)
            .map(|k| k as f64 * self.sampling_rate / n as f64)
            .collect()
    }

    fn len(&self) -> usize {
        self.time.len() / 2 + 1
    }

    /// Whether entry `k` stands for `+f` alone.
    fn is_single(&self, k: usize) -> bool {
        k == 0 || 2 * k == self.time.len()
    }

    fn spectra(
        &self,
        signals: ArrayViewD<'_, A>,
        finish: impl Fn(usize, Complex<A>) -> Complex<A> + Send + Sync,
    ) -> ArrayD<Complex<A>> {
        let zero = Complex::new(A::zero(), A::zero());
        map_lanes(
            signals,
            self.time.in_batch(),
            self.len(),
            zero,
            || {
                (
                    vec![A::zero(); self.time.len()],
                    vec![zero; self.plan.get_scratch_len()],
                )
            },
            |from, to, (work, scratch)| {
                work.copy_from_slice(from);
                self.plan
                    .process_with_scratch(work, to, scratch)
                    .expect("buffers have the planned lengths");
                for (k, z) in to.iter_mut().enumerate() {
                    *z = finish(k, *z);
                }
            },
        )
    }
}

impl<A: Scalar> Domain<A> for RealFourier<A> {
    fn name(&self) -> &str {
        "rfft"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.time.shape, signals.shape())?;
        Ok(self.spectra(signals, |_, z| z))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        batch_len("the coefficients", &self.shape, coefficients.shape())?;
        let n = self.time.len();
        let scale = A::of(1.0 / n as f64);
        let zero = Complex::new(A::zero(), A::zero());
        Ok(map_lanes(
            coefficients,
            self.time.in_batch(),
            n,
            A::zero(),
            || {
                (
                    vec![zero; self.len()],
                    vec![zero; self.inverse_plan.get_scratch_len()],
                )
            },
            |from, to, (work, scratch)| {
                for (k, (w, &z)) in work.iter_mut().zip(from).enumerate() {
                    // realfft reports an error for an imaginary part that it does not read
                    *w = if self.is_single(k) {
                        Complex::new(z.re * scale, A::zero())
                    } else {
                        z * scale
                    };
                }
                self.inverse_plan
                    .process_with_scratch(work, to, scratch)
                    .expect("buffers have the planned lengths and single entries are real");
            },
        ))
    }

    /// `2 rfft(cotangent) / N`, without the 2 and the imaginary part at 0 Hz and Nyquist.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        vjp_len(
            &self.shape,
            coefficients.shape(),
            &self.time.shape,
            cotangent.shape(),
        )?;
        let single = A::of(1.0 / self.time.len() as f64);
        let pair = A::of(2.0 / self.time.len() as f64);
        Ok(self.spectra(cotangent, |k, z| {
            if self.is_single(k) {
                Complex::new(z.re * single, A::zero())
            } else {
                z * pair
            }
        }))
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn labels(&self) -> Labels {
        let frequencies = self.frequencies();
        let groups = self.bands.groups(&frequencies);
        self.time
            .labels(AxisLabels::numbers("frequency", "Hz", frequencies).with_groups(groups))
    }
}

impl<A: Scalar> fmt::Debug for RealFourier<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFourier")
            .field("time", &self.time)
            .field("sampling_rate", &self.sampling_rate)
            .field("bands", &self.bands)
            .finish_non_exhaustive()
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
            odd.labels().describe(&[1, 2]).as_deref(),
            Some("frequency 2 Hz, channel 2")
        );
    }
}
