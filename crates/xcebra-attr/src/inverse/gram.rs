//! The fast path: normal equations, refused where they would be inaccurate.

use xcebra_numeric::kernels::{add_scaled, dot};

use super::symmetric::extreme_eigenvalues;

/// Largest condition number the normal equations are trusted with. They square it: results are off
/// by less than 1e-15 · 1e3² = 1e-9, relative to the pseudo-inverse.
pub(super) const MAX_CONDITION: f64 = 1e3;

/// Squared size below which a matrix is left to the singular value decomposition, which rescales.
const UNDERFLOW: f64 = 1e-280;

/// Cholesky factor of the Gram matrix `A Aᵀ` of an `m × l` matrix, `m ≤ l`.
#[derive(Clone, Debug)]
pub(super) struct Gram {
    size: usize,
    /// `L` with `L Lᵀ = A Aᵀ`, row-major; the upper triangle is zero.
    factor: Vec<f64>,
    /// `L⁻¹`, row-major.
    inverse: Vec<f64>,
    /// The lower triangle of `A Aᵀ`, row-major, over its largest diagonal entry.
    gram: Vec<f64>,
    workspace: Vec<f64>,
}

/// Bounds on the singular values of a matrix, from traces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Not below the largest singular value: the Frobenius norm of the matrix.
    pub(super) largest: f64,
    /// Not above the smallest one: the inverse of the Frobenius norm of the pseudo-inverse.
    pub(super) smallest: f64,
}

impl Gram {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            factor: vec![0.0; size * size],
            inverse: vec![0.0; size * size],
            gram: vec![0.0; size * size],
            workspace: vec![0.0; 3 * size],
        }
    }

    /// Factors `matrix`; `None` unless it has full rank and a condition number below
    /// [`MAX_CONDITION`].
    pub(super) fn factor(&mut self, matrix: &[f64], columns: usize) -> Option<Bounds> {
        let m = self.size;
        let mut trace = 0.0;
        let mut largest = 0.0_f64;
        for i in 0..m {
            let row = &matrix[i * columns..(i + 1) * columns];
            for j in 0..=i {
                self.factor[i * m + j] = dot(row, &matrix[j * columns..(j + 1) * columns]);
            }
            self.factor[i * m + i + 1..(i + 1) * m].fill(0.0);
            trace += self.factor[i * m + i];
            largest = largest.max(self.factor[i * m + i]);
        }
        if largest < UNDERFLOW {
            return None;
        }
        // squares of squares are to stay within f64
        for (scaled, entry) in self.gram.iter_mut().zip(&self.factor) {
            *scaled = entry / largest;
        }
        let smallest_pivot = largest / (MAX_CONDITION * MAX_CONDITION);
        for i in 0..m {
            for j in 0..=i {
                let sum = dot(
                    &self.factor[i * m..i * m + j],
                    &self.factor[j * m..j * m + j],
                );
                let rest = self.factor[i * m + j] - sum;
                if i != j {
                    self.factor[i * m + j] = rest / self.factor[j * m + j];
                } else if rest > smallest_pivot && rest.is_finite() {
                    self.factor[i * m + i] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        self.invert_factor();
        let bounds = Bounds {
            largest: trace.sqrt(),
            smallest: 1.0 / dot(&self.inverse, &self.inverse).sqrt(),
        };
        (bounds.largest < MAX_CONDITION * bounds.smallest).then_some(bounds)
    }

    fn invert_factor(&mut self) {
        let m = self.size;
        self.inverse.fill(0.0);
        for i in 0..m {
            let pivot = self.factor[i * m + i];
            let (done, row) = self.inverse.split_at_mut(i * m);
            for k in 0..i {
                add_scaled(
                    &mut row[..=k],
                    -self.factor[i * m + k],
                    &done[k * m..=k * m + k],
                );
            }
            row[..i].iter_mut().for_each(|v| *v /= pivot);
            row[i] = 1.0 / pivot;
        }
    }

    /// Writes `(A Aᵀ)⁻¹ A`, the transposed pseudo-inverse of the factored matrix.
    pub(super) fn pseudo_inverse(&self, matrix: &[f64], columns: usize, out: &mut [f64]) {
        let m = self.size;
        out.copy_from_slice(matrix);
        let l = |i: usize, k: usize| self.factor[i * m + k];
        for i in 0..m {
            let (done, rest) = out.split_at_mut(i * columns);
            let row = &mut rest[..columns];
            for k in 0..i {
                add_scaled(row, -l(i, k), &done[k * columns..(k + 1) * columns]);
            }
            let reciprocal = 1.0 / l(i, i);
            row.iter_mut().for_each(|v| *v *= reciprocal);
        }
        for i in (0..m).rev() {
            let (head, done) = out.split_at_mut((i + 1) * columns);
            let row = &mut head[i * columns..];
            for k in i + 1..m {
                add_scaled(
                    row,
                    -l(k, i),
                    &done[(k - i - 1) * columns..(k - i) * columns],
                );
            }
            let reciprocal = 1.0 / l(i, i);
            row.iter_mut().for_each(|v| *v *= reciprocal);
        }
    }

    /// Condition number of the factored matrix, to six digits: the eigenvalues of its Gram matrix
    /// are off by 1e-16 of the largest, at worst [`MAX_CONDITION`]² times that of the smallest.
    pub(super) fn condition(&mut self) -> Option<f64> {
        self.inverse.copy_from_slice(&self.gram);
        let found = extreme_eigenvalues(&mut self.inverse, self.size, &mut self.workspace);
        found.map(|(smallest, largest)| (largest / smallest).sqrt())
    }
}
