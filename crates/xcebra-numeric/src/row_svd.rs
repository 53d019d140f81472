//! Singular value decomposition by one-sided Jacobi rotations (Hestenes, 1958).
//!
//! For small matrices it is as fast as bidiagonalisation, simpler, and accurate whatever the rank.

use crate::kernels::{add_scaled, dot, rotate, two_rows};

/// Rows are orthogonal after some ten sweeps at most; sixty mean that they never will be.
const MAX_SWEEPS: usize = 60;

/// Squared length below which a row is zero, in a matrix whose largest entry is about 1. High
/// enough for products of squared lengths to stay within `f64`.
const NEGLIGIBLE: f64 = 1e-150;

/// Rotates rows, whose largest entry should be about 1, of length `columns` against each other
/// until the cosine of any two is at most `tolerance`, and the rows of `follower` alike. Returns
/// whether that was reached.
fn orthogonalise(rows: &mut [f64], columns: usize, follower: &mut [f64], tolerance: f64) -> bool {
    let m = rows.len() / columns;
    let followed = follower.len() / m;
    for _ in 0..MAX_SWEEPS {
        let mut rotated = false;
        for i in 0..m {
            for k in i + 1..m {
                let (a, b) = two_rows(rows, columns, i, k);
                let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                if aa.min(bb) < NEGLIGIBLE || ab.abs() <= tolerance * (aa * bb).sqrt() {
                    continue;
                }
                let zeta = (bb - aa) / (2.0 * ab);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                rotate(a, b, c, c * t);
                let (a, b) = two_rows(follower, followed, i, k);
                rotate(a, b, c, c * t);
                rotated = true;
            }
        }
        if !rotated {
            return true;
        }
    }
    false
}

/// Length of a row of a matrix whose largest entry is about 1; zero if it is negligible.
fn length(row: &[f64]) -> f64 {
    let squared = dot(row, row);
    if squared < NEGLIGIBLE {
        0.0
    } else {
        squared.sqrt()
    }
}

/// `Q A = B` of an `m × l` matrix `A`, `m ≤ l`, with `Q` orthogonal and orthogonal rows of `B`:
/// their lengths are the singular values.
#[derive(Clone, Debug)]
pub struct RowSvd {
    rows: usize,
    columns: usize,
    /// `B / scale`.
    orthogonal: Vec<f64>,
    /// `Q`.
    rotation: Vec<f64>,
    singular_values: Vec<f64>,
    scale: f64,
}

impl RowSvd {
    /// Room for matrices of this many rows, at least one, and no fewer columns.
    #[must_use]
    pub fn new(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            orthogonal: vec![0.0; rows * columns],
            rotation: vec![0.0; rows * rows],
            singular_values: vec![0.0; rows],
            scale: 1.0,
        }
    }

    /// Decomposes a finite row-major matrix; `false` if the rotations did not come to an end.
    pub fn decompose(&mut self, matrix: &[f64]) -> bool {
        let m = self.rows;
        // a power of two near the largest entry: exact, and squares neither overflow nor vanish
        let largest = matrix
            .iter()
            .fold(0.0_f64, |largest, v| largest.max(v.abs()));
        self.scale = if largest > 0.0 {
            largest.log2().floor().exp2()
        } else {
            1.0
        };
        for (b, a) in self.orthogonal.iter_mut().zip(matrix) {
            *b = a / self.scale;
        }
        self.rotation.fill(0.0);
        for i in 0..m {
            self.rotation[i * m + i] = 1.0;
        }
        // what rounding leaves of the inner product of orthogonal rows
        let tolerance = f64::EPSILON * (self.columns as f64).sqrt();
        let done = orthogonalise(
            &mut self.orthogonal,
            self.columns,
            &mut self.rotation,
            tolerance,
        );
        let rows = self.orthogonal.chunks_exact(self.columns);
        for (value, row) in self.singular_values.iter_mut().zip(rows) {
            *value = length(row) * self.scale;
        }
        done
    }

    /// Singular values, in no order.
    #[must_use]
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// Writes the transposed pseudo-inverse, `m × l`, of the part with singular values above
    /// `cutoff`.
    pub fn pseudo_inverse(&self, cutoff: f64, out: &mut [f64]) {
        let (m, l) = (self.rows, self.columns);
        out.fill(0.0);
        for (i, row) in self.orthogonal.chunks_exact(l).enumerate() {
            let value = self.singular_values[i];
            if value == 0.0 || value <= cutoff {
                continue;
            }
            for (r, out) in out.chunks_exact_mut(l).enumerate() {
                let factor = self.rotation[i * m + r] / (value / self.scale) / value;
                add_scaled(out, factor, row);
            }
        }
    }

    /// Writes the solution `x` (m) of least norm of `Aᵀ x = y` (l) in the part with singular values above
    /// `cutoff`.
    pub fn solve_transposed(&self, cutoff: f64, y: &[f64], x: &mut [f64]) {
        x.fill(0.0);
        let rows = self.orthogonal.chunks_exact(self.columns);
        for ((row, turn), &value) in rows
            .zip(self.rotation.chunks_exact(self.rows))
            .zip(&self.singular_values)
        {
            if value == 0.0 || value <= cutoff {
                continue;
            }
            let factor = dot(row, y) / (value / self.scale) / value;
            add_scaled(x, factor, turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row-major `(i, j) → entry(i, j)`.
    fn matrix(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let entry = &entry;
        (0..rows)
            .flat_map(|i| (0..columns).map(move |j| entry(i, j)))
            .collect()
    }

    fn product(a: &[f64], b: &[f64], inner: usize, columns: usize) -> Vec<f64> {
        matrix(a.len() / inner, columns, |i, j| {
            (0..inner)
                .map(|k| a[i * inner + k] * b[k * columns + j])
                .sum()
        })
    }

    /// `Q` is orthogonal, the rows of `B` are orthogonal to each other, `Qᵀ B = A`, and as many rows are not zero
    /// as the rank says. Entries up to 6, six columns: roundings add up to a few 1e-15 each.
    #[test]
    fn rotations_factor_matrices_of_any_rank() {
        for rank in 1..=6 {
            let left = matrix(6, rank, |i, j| ((i * i + 3 * j).pow(2) as f64).sin());
            let right = matrix(rank, 6, |i, j| ((i + 5 * j * j).pow(2) as f64).cos());
            let a = product(&left, &right, rank, 6);
            let mut svd = RowSvd::new(6, 6);
            assert!(svd.decompose(&a));
            let q = &svd.rotation;
            let b: Vec<f64> = svd.orthogonal.iter().map(|v| v * svd.scale).collect();
            for i in 0..6 {
                for j in 0..6 {
                    let unit = f64::from(u8::from(i == j));
                    let turned = dot(&q[i * 6..][..6], &q[j * 6..][..6]);
                    assert!((turned - unit).abs() < 1e-14);
                    let entry: f64 = (0..6).map(|k| q[k * 6 + i] * b[k * 6 + j]).sum();
                    assert!((entry - a[i * 6 + j]).abs() < 1e-13);
                    let inner = dot(&b[i * 6..][..6], &b[j * 6..][..6]);
                    assert!(i == j || inner.abs() < 1e-13, "{inner}");
                }
            }
            let values = svd.singular_values();
            assert_eq!(values.iter().filter(|v| **v > 1e-10).count(), rank);
        }
    }

    /// `[[3, 0], [4, 5]]` has the singular values √45 and √5, and the inverse `[[1/3, 0], [−4/15, 1/5]]`.
    #[test]
    fn a_matrix_by_hand() {
        let mut svd = RowSvd::new(2, 2);
        assert!(svd.decompose(&[3.0, 0.0, 4.0, 5.0]));
        let mut values = svd.singular_values().to_vec();
        values.sort_by(f64::total_cmp);
        assert!((values[0] - 5.0_f64.sqrt()).abs() < 1e-14);
        assert!((values[1] - 45.0_f64.sqrt()).abs() < 1e-14);
        let mut inverse = [0.0; 4];
        svd.pseudo_inverse(0.0, &mut inverse);
        let transposed = [1.0 / 3.0, -4.0 / 15.0, 0.0, 1.0 / 5.0];
        for (found, expected) in inverse.iter().zip(transposed) {
            assert!((found - expected).abs() < 1e-15);
        }
        // 3 x + 4 y = 11, 5 y = 10
        let mut x = [0.0; 2];
        svd.solve_transposed(0.0, &[11.0, 10.0], &mut x);
        assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] - 2.0).abs() < 1e-14);
    }

    /// Of `x + y = 2`, written twice, the solution of least norm is `(1, 1)`, at any scale.
    #[test]
    fn the_least_of_many_solutions() {
        for scale in [1e-200, 1.0, 1e200] {
            let mut svd = RowSvd::new(2, 2);
            assert!(svd.decompose(&[scale; 4]));
            let mut x = [0.0; 2];
            svd.solve_transposed(1e-10 * scale, &[2.0 * scale; 2], &mut x);
            assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-15), "{x:?}");
        }
    }
}
