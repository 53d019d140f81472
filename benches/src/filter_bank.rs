//! A convolutional model small enough to see an explainer's own cost.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, IxDyn};
use rayon::prelude::*;
use xcebra_model::{Model, ModelError, Scalar, batch_len, cotangent_len};

/// Two filters of 31 taps over a signal of 256 samples, rectified, and the mean over time.
pub struct FilterBank<A> {
    taps: [[A; TAPS]; 2],
    reversed: [[A; TAPS]; 2],
}

/// Samples of a signal.
pub const LENGTH: usize = 256;
const TAPS: usize = 31;
const REACH: usize = TAPS / 2;
/// Sums that are kept in registers while the taps pass by.
const BLOCK: usize = 32;
/// Signals a thread takes at a time.
const CHUNK: usize = 16;

/// A signal between zeros, as many as a filter reaches beyond it.
type Padded<A> = [A; LENGTH + TAPS - 1];

impl<A: Scalar> FilterBank<A> {
    /// A low-pass and a high-pass filter: a Hann window, and an impulse less it.
    pub fn new() -> Self {
        let window = |i: usize| {
            let phase = 2.0 * std::f64::consts::PI * (i as f64 + 0.5) / TAPS as f64;
            (1.0 - phase.cos()) / TAPS as f64
        };
        let low: [f64; TAPS] = std::array::from_fn(window);
        let mut high = low.map(|w| -w);
        high[REACH] += 1.0;
        let taps = [low, high].map(|taps| taps.map(A::of));
        let mut reversed = taps;
        reversed.iter_mut().for_each(|taps| taps.reverse());
        Self { taps, reversed }
    }

    /// The taps `(2, 31)`, flat: `y_t = Σ_k taps_k x_{t + k − 15}`.
    pub fn taps(&self) -> Vec<A> {
        self.taps.concat()
    }

    /// What filter `i` makes of a signal.
    fn filtered(&self, x: &Padded<A>, i: usize) -> [A; LENGTH] {
        let mut y = [A::zero(); LENGTH];
        correlate(&self.taps[i], x, &mut y);
        y
    }

    /// Filters that nobody asks about are not run.
    fn gradient(&self, x: &[A], cotangent: [A; 2], gradient: &mut [A]) {
        let x = padded(x);
        for (i, c) in cotangent.into_iter().enumerate() {
            if c == A::zero() {
                continue;
            }
            let share = c / A::of(LENGTH as f64);
            let y = self.filtered(&x, i);
            let on = y.map(|y| if y > A::zero() { share } else { A::zero() });
            correlate(&self.reversed[i], &padded(&on), gradient);
        }
    }
}

fn padded<A: Scalar>(x: &[A]) -> Padded<A> {
    let mut padded = [A::zero(); LENGTH + TAPS - 1];
    padded[REACH..][..LENGTH].copy_from_slice(x);
    padded
}

/// Adds `Σ_k taps_k x_{t + k}` to every `y_t`.
fn correlate<A: Scalar>(taps: &[A; TAPS], x: &Padded<A>, y: &mut [A]) {
    for (b, y) in y.chunks_exact_mut(BLOCK).enumerate() {
        let mut sums = [A::zero(); BLOCK];
        for (k, w) in taps.iter().enumerate() {
            let x = &x[b * BLOCK + k..][..BLOCK];
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum += *w * *x;
            }
        }
        y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum);
    }
}

impl<A: Scalar> Default for FilterBank<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Scalar> Model<A> for FilterBank<A> {
    fn input_shape(&self) -> &[usize] {
        &[LENGTH]
    }

    fn output_dim(&self) -> usize {
        2
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>, ModelError> {
        let n = batch_len(&[LENGTH], x.shape())?;
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let mut values = Array2::zeros((n, 2));
        for (mut values, x) in values.outer_iter_mut().zip(x.chunks_exact(LENGTH)) {
            let x = padded(x);
            for (i, value) in values.iter_mut().enumerate() {
                let y = self.filtered(&x, i);
                let sum: A = y.iter().map(|y| y.max(A::zero())).sum();
                *value = sum / A::of(LENGTH as f64);
            }
        }
        Ok(values)
    }

    fn vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<ArrayD<A>, ModelError> {
        let n = cotangent_len(&[LENGTH], x.shape(), 2, cotangent.shape())?;
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let mut gradients = vec![A::zero(); n * LENGTH];
        let chunks = gradients.par_chunks_mut(CHUNK * LENGTH).enumerate();
        chunks.for_each(|(chunk, gradients)| {
            for (i, gradient) in gradients.chunks_exact_mut(LENGTH).enumerate() {
                let i = chunk * CHUNK + i;
                let cotangent = [cotangent[[i, 0]], cotangent[[i, 1]]];
                self.gradient(&x[i * LENGTH..][..LENGTH], cotangent, gradient);
            }
        });
        ArrayD::from_shape_vec(IxDyn(&[n, LENGTH]), gradients).map_err(ModelError::evaluation)
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
        let report = check_vjp(&FilterBank::<f64>::new(), x.into_dyn().view()).unwrap();
        assert!(report.passed(), "{report:?}");
    }
}
