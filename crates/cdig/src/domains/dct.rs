//! The discrete cosine domain.

use std::f64::consts::SQRT_2;
use std::sync::Arc;

use rustdct::{DctPlanner, TransformType2And3};

use super::lanewise::{LaneTransform, Lanewise};
use crate::axes::AxisLabels;
use crate::error::Result;

/// The discrete cosine transform over time, type II, orthonormal.
///
/// `z_k = s_k Σ_t x_t cos(π k (2t + 1) / 2N)` with `s_0 = √(1/N)`, else `s_k = √(2/N)`; entry `k` is
/// the frequency `k/2N` of the sampling rate. The inverse is the transpose, `x_t = Σ_k s_k z_k
/// cos(π k (2t + 1) / 2N)`: real and affine, and by Parseval's identity `Σ z² = Σ x²`. Unlike the
/// Fourier transform it takes the signal as mirrored at its ends, not as periodic.
///
/// Source: Ahmed, Natarajan, Rao, "Discrete cosine transform", IEEE Trans. Computers 23 (1974).
/// All computations are in double precision, also for `f32` signals.
pub type Dct = Lanewise<Cosine>;

/// The cosine transform of one lane, as [`Dct`] has it.
#[derive(Clone)]
pub struct Cosine {
    samples: usize,
    rate: f64,
    plan: Arc<dyn TransformType2And3<f64>>,
}

impl Cosine {
    fn new(samples: usize, rate: f64) -> Self {
        let plan = DctPlanner::new().plan_dct2(samples);
        Self {
            samples,
            rate,
            plan,
        }
    }

    fn frequencies(&self) -> Vec<f64> {
        let step = self.rate / (2 * self.samples) as f64;
        (0..self.samples).map(|k| k as f64 * step).collect()
    }
}

impl Lanewise<Cosine> {
    /// The transform of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in Hz.
    ///
    /// # Errors
    /// [`CdigError::Shape`](crate::CdigError::Shape) if `shape` has no axes or an empty one,
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if the rate is not positive.
    pub fn new(shape: &[usize], sampling_rate: f64) -> Result<Self> {
        Self::on_last_axis(shape, sampling_rate, |n, hz| Ok(Cosine::new(n, hz)))
    }

    /// Takes `axis` of the signal (counted without the batch axis) as time; the last one by default.
    ///
    /// # Errors
    /// [`CdigError::Parameter`](crate::CdigError::Parameter) if there is no such axis.
    pub fn along(self, axis: usize) -> Result<Self> {
        self.moved(axis, |_, n, hz| Ok(Cosine::new(n, hz)))
    }

    /// Frequency in Hz of every entry.
    pub fn frequencies(&self) -> Vec<f64> {
        self.transform.frequencies()
    }
}

impl LaneTransform for Cosine {
    type Coefficient = f64;
    type Work = Vec<f64>;

    fn name(&self) -> &str {
        "dct"
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.samples]
    }

    fn work(&self) -> Vec<f64> {
        vec![0.0; self.plan.get_scratch_len()]
    }

    fn forward(&self, x: &[f64], z: &mut [f64], scratch: &mut Vec<f64>) {
        z.copy_from_slice(x);
        self.plan.process_dct2_with_scratch(z, scratch);
        let scale = (2.0 / x.len() as f64).sqrt();
        z.iter_mut().for_each(|z| *z *= scale);
        z[0] /= SQRT_2;
    }

    fn inverse(&self, z: &[f64], x: &mut [f64], scratch: &mut Vec<f64>) {
        let scale = (2.0 / self.samples as f64).sqrt();
        for (x, z) in x.iter_mut().zip(z) {
            *x = z * scale;
        }
        x[0] *= SQRT_2; // type III halves its first entry
        self.plan.process_dct3_with_scratch(x, scratch);
    }

    /// The transform of the cotangent: it is orthonormal.
    fn adjoint(&self, g: &[f64], z: &mut [f64], scratch: &mut Vec<f64>) {
        self.forward(g, z, scratch);
    }

    fn axes(&self) -> Vec<AxisLabels> {
        vec![AxisLabels::frequencies(self.frequencies())]
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::domain::Domain;
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
