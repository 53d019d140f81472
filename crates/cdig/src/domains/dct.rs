//! The discrete cosine domain.

use std::f64::consts::SQRT_2;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use num_complex::Complex;
use rustdct::{DctPlanner, TransformType2And3};
use xcebra_model::Scalar;

use super::coefficient_lanes::CoefficientLanes;
use super::sampled_axis::SampledAxis;
use crate::axes::Axes;
use crate::domain::Domain;
use crate::error::Result;

/// The discrete cosine transform over time, type II, orthonormal.
///
/// `z_k = s_k Σ_t x_t cos(π k (2t + 1) / 2N)` with `s_0 = √(1/N)`, else `s_k = √(2/N)`; entry `k` is
/// the frequency `k/2N` of the sampling rate. The inverse is the transpose, `x_t = Σ_k s_k z_k
/// cos(π k (2t + 1) / 2N)`: real and affine, and by Parseval's identity `Σ z² = Σ x²`. Unlike the
/// Fourier transform it takes the signal as mirrored at its ends, not as periodic.
///
/// Source: Ahmed, Natarajan, Rao, "Discrete cosine transform", IEEE Trans. Computers 23 (1974).
/// Computed in double precision whatever the signal's type.
#[derive(Clone)]
pub struct Dct {
    axis: SampledAxis,
    lanes: CoefficientLanes,
    plan: Arc<dyn TransformType2And3<f64>>,
}

impl Dct {
    /// The transform of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one,
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if the rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Ok(Self::planned(SampledAxis::new(shape, sampling_rate)?))
    }

    fn planned(axis: SampledAxis) -> Self {
        Self {
            plan: DctPlanner::new().plan_dct2(axis.len()),
            lanes: CoefficientLanes::new(axis.time.clone(), &[axis.len()]),
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
        let n = self.axis.len();
        let step = self.axis.rate / (2 * n) as f64;
        (0..n).map(|k| k as f64 * step).collect()
    }

    fn scratch(&self) -> Vec<f64> {
        vec![0.0; self.plan.get_scratch_len()]
    }

    fn transform(&self, x: &[f64], z: &mut [f64], scratch: &mut [f64]) {
        z.copy_from_slice(x);
        self.plan.process_dct2_with_scratch(z, scratch);
        let scale = (2.0 / x.len() as f64).sqrt();
        z.iter_mut().for_each(|z| *z *= scale);
        z[0] /= SQRT_2;
    }
}

impl<A: Scalar> Domain<A> for Dct {
    fn name(&self) -> &str {
        "dct"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.axis.time.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.lanes.shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        let work = || self.scratch();
        self.lanes
            .forward(signals, work, |x, z, s| self.transform(x, z, s))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        let scale = (2.0 / self.axis.len() as f64).sqrt();
        let work = || self.scratch();
        self.lanes.inverse(
            coefficients,
            work,
            |z: &[f64], x, scratch: &mut Vec<f64>| {
                for (x, z) in x.iter_mut().zip(z) {
                    *x = z * scale;
                }
                x[0] *= SQRT_2; // type III halves its first entry
                self.plan.process_dct3_with_scratch(x, scratch);
            },
        )
    }

    /// The transform of the cotangent: it is orthonormal.
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        let work = || self.scratch();
        self.lanes
            .adjoint(coefficients, cotangent, work, |g, z, s| {
                self.transform(g, z, s);
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

    fn axes(&self) -> Axes {
        self.axis.spectrum(self.frequencies())
    }
}

impl fmt::Debug for Dct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dct").field(&self.axis).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use ndarray::Array2;

    /// Against the definition, summed term by term, for lengths that take different algorithms;
    /// 1e-13 is rounding over 32 terms of size below 1.
    #[test]
    fn forward_is_the_orthonormal_cosine_transform() {
        for n in [1, 2, 3, 4, 5, 8, 12, 16, 31, 32] {
            let x = Array2::from_shape_fn((1, n), |(_, t)| ((t * t) as f64 * 0.7).sin());
            let domain = Dct::new(&[n], 1.0).unwrap();
            let z = domain.forward(x.view().into_dyn()).unwrap();
            for k in 0..n {
                let scale = if k == 0 { 1.0 } else { 2.0 } / n as f64;
                let wave = |t: usize| (PI * (k * (2 * t + 1)) as f64 / (2 * n) as f64).cos();
                let sum: f64 = (0..n).map(|t| x[[0, t]] * wave(t)).sum();
                assert!((z[[0, k]].re - scale.sqrt() * sum).abs() < 1e-13);
            }
        }
    }
}
