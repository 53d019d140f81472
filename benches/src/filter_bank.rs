//! A convolutional model small enough to see an explainer's own cost.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, IxDyn};
use xcebra_model::{Model, ModelError, batch_len, cotangent_len};

/// Two filters of 31 taps over a signal of 256 samples, rectified, and the mean over time.
pub struct FilterBank {
    taps: [Vec<f64>; 2],
}

const LENGTH: usize = 256;
const TAPS: usize = 31;

impl FilterBank {
    /// A low-pass and a high-pass filter: a Hann window, and an impulse less it.
    pub fn new() -> Self {
        let window = |i: usize| {
            let phase = 2.0 * std::f64::consts::PI * (i as f64 + 0.5) / TAPS as f64;
            (1.0 - phase.cos()) / TAPS as f64
        };
        let low: Vec<f64> = (0..TAPS).map(window).collect();
        let mut high: Vec<f64> = low.iter().map(|w| -w).collect();
        high[TAPS / 2] += 1.0;
        Self { taps: [low, high] }
    }

    /// Filtered signal at `t`; samples outside the signal are 0.
    fn filtered(&self, filter: usize, x: &[f64], t: usize) -> f64 {
        let taps = self.taps[filter].iter().enumerate();
        taps.filter_map(|(k, w)| Some(w * x.get((t + k).checked_sub(TAPS / 2)?)?))
            .sum()
    }
}

impl Default for FilterBank {
    fn default() -> Self {
        Self::new()
    }
}

impl Model<f64> for FilterBank {
    fn input_shape(&self) -> &[usize] {
        &[LENGTH]
    }

    fn output_dim(&self) -> usize {
        2
    }

    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let n = batch_len(&[LENGTH], x.shape())?;
        let x: Vec<f64> = x.iter().copied().collect();
        let mean = |(i, f): (usize, usize)| {
            let signal = &x[i * LENGTH..][..LENGTH];
            let sum: f64 = (0..LENGTH)
                .map(|t| self.filtered(f, signal, t).max(0.0))
                .sum();
            sum / LENGTH as f64
        };
        Ok(Array2::from_shape_fn((n, 2), mean))
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        let n = cotangent_len(&[LENGTH], x.shape(), 2, cotangent.shape())?;
        let x: Vec<f64> = x.iter().copied().collect();
        let mut gradient = vec![0.0; n * LENGTH];
        for (i, gradient) in gradient.chunks_exact_mut(LENGTH).enumerate() {
            let signal = &x[i * LENGTH..][..LENGTH];
            for (f, taps) in self.taps.iter().enumerate() {
                let c = cotangent[[i, f]] / LENGTH as f64;
                for t in (0..LENGTH).filter(|&t| self.filtered(f, signal, t) > 0.0) {
                    for (k, w) in taps.iter().enumerate() {
                        if let Some(at) = (t + k).checked_sub(TAPS / 2).filter(|&at| at < LENGTH) {
                            gradient[at] += c * w;
                        }
                    }
                }
            }
        }
        ArrayD::from_shape_vec(IxDyn(&[n, LENGTH]), gradient).map_err(ModelError::evaluation)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use xcebra_model::check_vjp;

    use super::{FilterBank, LENGTH};

    #[test]
    fn its_gradient_is_that_of_its_value() {
        let x = Array2::from_shape_fn((2, LENGTH), |(i, t)| ((t * (i + 3)) as f64 * 0.37).sin());
        let report = check_vjp(&FilterBank::new(), x.into_dyn().view()).unwrap();
        assert!(report.passed(), "{report:?}");
    }
}
