//! Steps along random directions.

use ndarray::{Array2, ArrayD, ArrayView1, ArrayViewD, Axis};

use crate::scalar::Scalar;

/// The fractional parts of `φ k²`, which are equidistributed (Weyl, 1916), as numbers in [−1, 1).
pub(super) struct Weyl {
    k: u64,
}

impl Weyl {
    pub(super) fn new(seed: u64) -> Self {
        // far enough apart that the sequences of neighbouring seeds do not overlap
        Self { k: seed << 40 }
    }

    pub(super) fn next(&mut self) -> f64 {
        /// The golden ratio's fraction, as a 64-bit fixed-point number.
        const PHI: u64 = 0x9E37_79B9_7F4A_7C15;
        self.k = self.k.wrapping_add(1);
        let fraction = self.k.wrapping_mul(self.k).wrapping_mul(PHI);
        (fraction >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A slope and what it should be judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) value: f64,
    /// A claim's expected size along a random direction; a measurement's rounding error.
    pub(super) size: f64,
}

/// Two batches, a step ahead and a step behind each sample along a direction of its own.
pub(super) struct Probe<A> {
    pub(super) ahead: ArrayD<A>,
    pub(super) behind: ArrayD<A>,
    /// `ahead − behind` of each sample, as rounded, and its length.
    displacement: Array2<f64>,
    length: Vec<f64>,
}

impl<A: Scalar> Probe<A> {
    pub(super) fn new(x: &ArrayViewD<'_, A>, step: A, weyl: &mut Weyl) -> Self {
        let n = x.shape()[0];
        let inputs = x.len() / n;
        let (mut ahead, mut behind) = (x.to_owned(), x.to_owned());
        let mut displacement = Array2::zeros((n, inputs));
        let mut length = Vec::with_capacity(n);
        for (i, sample) in x.axis_iter(Axis(0)).enumerate() {
            let direction: Vec<f64> = (0..inputs).map(|_| weyl.next()).collect();
            let norm = direction.iter().map(|u| u * u).sum::<f64>().sqrt();
            let squares: f64 = sample.iter().map(|v| v.as_f64().powi(2)).sum();
            let size = (squares / inputs as f64).sqrt().max(1.0);
            let scale = step.as_f64() * size / norm;

            let mut ahead = ahead.index_axis_mut(Axis(0), i);
            let mut behind = behind.index_axis_mut(Axis(0), i);
            let ends = ahead.iter_mut().zip(behind.iter_mut());
            let mut row = displacement.row_mut(i);
            for ((ends, u), d) in ends.zip(direction).zip(&mut row) {
                let step = A::of(scale * u);
                *ends.0 += step;
                *ends.1 -= step;
                *d = ends.0.as_f64() - ends.1.as_f64();
            }
            length.push(row.dot(&row).sqrt());
        }
        Self {
            ahead,
            behind,
            displacement,
            length,
        }
    }

    /// The slope of `⟨c, f⟩` along the direction of `sample`, and its rounding error.
    pub(super) fn slope(
        &self,
        sample: usize,
        cotangent: &Array2<A>,
        ahead: &Array2<A>,
        behind: &Array2<A>,
    ) -> Slope {
        let (mut rise, mut size) = (0.0, 0.0);
        for (k, c) in cotangent.row(sample).iter().enumerate() {
            let c = c.as_f64();
            let (ahead, behind) = (ahead[[sample, k]].as_f64(), behind[[sample, k]].as_f64());
            rise += c * (ahead - behind);
            size += c.abs() * (ahead.abs() + behind.abs());
        }
        Slope {
            value: rise / self.length[sample],
            size: 4.0 * A::epsilon().as_f64() * size / self.length[sample],
        }
    }

    /// The slope a gradient claims along the direction of `sample`, and the size to be expected of
    /// it along a random direction.
    pub(super) fn along(&self, sample: usize, gradient: &ArrayView1<'_, A>) -> Slope {
        let gradient = gradient.mapv(Scalar::as_f64);
        let norm = gradient.dot(&gradient).sqrt();
        Slope {
            value: gradient.dot(&self.displacement.row(sample)) / self.length[sample],
            size: norm / (gradient.len() as f64).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_centred_uncorrelated_and_seeded() {
        let draw = |seed| {
            let mut weyl = Weyl::new(seed);
            (0..20_000).map(|_| weyl.next()).collect::<Vec<_>>()
        };
        let u = draw(0);
        let mean = |v: &mut dyn Iterator<Item = f64>| v.sum::<f64>() / 20_000.0;
        // independent uniform numbers would stay within 5 standard errors of 0, 1/3 and 0
        assert!(mean(&mut u.iter().copied()).abs() < 0.02);
        assert!((mean(&mut u.iter().map(|v| v * v)) - 1.0 / 3.0).abs() < 0.01);
        for lag in 1..20 {
            assert!(mean(&mut u.iter().zip(&u[lag..]).map(|(a, b)| a * b)).abs() < 0.015);
        }
        assert_eq!(u, draw(0));
        assert_ne!(u, draw(1));
    }
}
