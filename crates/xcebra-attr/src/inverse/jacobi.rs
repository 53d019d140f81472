//! Singular value decomposition by one-sided Jacobi rotations (Hestenes, 1958).
//!
//! For small matrices it is as fast as bidiagonalisation, simpler, and accurate whatever the rank.

use super::dense::{add_scaled, dot, rotate, two_rows};

/// Rows are orthogonal after some ten sweeps at most; sixty mean that they never will be.
const MAX_SWEEPS: usize = 60;

/// Squared length below which a row is zero, in a matrix whose largest entry is about 1. High
/// enough for products of squared lengths to stay within `f64`.
const NEGLIGIBLE: f64 = 1e-150;

/// Rotates rows, whose largest entry should be about 1, of length `columns` against each other
/// until the cosine of any two is at most `tolerance`, and the rows of `follower` alike. Returns
/// whether that was reached.
pub(super) fn orthogonalise(
    rows: &mut [f64],
    columns: usize,
    follower: &mut [f64],
    tolerance: f64,
) -> bool {
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

/// Length of a row, zero if negligible.
pub(super) fn length(row: &[f64]) -> f64 {
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
pub(super) struct RowSvd {
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
    pub(super) fn new(rows: usize, columns: usize) -> Self {
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
    pub(super) fn decompose(&mut self, matrix: &[f64]) -> bool {
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
    pub(super) fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// Writes the transposed pseudo-inverse, `m × l`, of the part with singular values above
    /// `cutoff`.
    pub(super) fn pseudo_inverse(&self, cutoff: f64, out: &mut [f64]) {
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
}
