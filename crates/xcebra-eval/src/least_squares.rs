//! Least squares for tall, possibly rank-deficient matrices, taken in row blocks.

use nalgebra::DMatrix;
use ndarray::{ArrayRef2, Axis};

const BLOCK_ROWS: usize = 1024;
/// Convergence is quadratic: matrices of any size take about ten sweeps.
const MAX_SWEEPS: usize = 60;

/// The factor `R` (p + k, p + k) of `QR = [x y]`, without ever forming `Q`; `x` (n, p), `y` (n, k).
///
/// Householder QR of one block of rows after another, each stacked under the factor so far: as
/// stable as one QR of the whole, and working memory does not grow with the number of rows
/// (Demmel, Grigori, Hoemmen, Langou 2012). With fewer rows than columns the last rows of `R` are 0.
fn triangular_factor(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> DMatrix<f64> {
    let p = x.ncols();
    let columns = p + y.ncols();
    let block_rows = BLOCK_ROWS.max(2 * columns);
    let mut factor = DMatrix::zeros(columns, columns);
    let blocks = x.axis_chunks_iter(Axis(0), block_rows);
    for (x, y) in blocks.zip(y.axis_chunks_iter(Axis(0), block_rows)) {
        let stacked = DMatrix::from_fn(columns + x.nrows(), columns, |i, j| {
            if i < columns {
                factor[(i, j)]
            } else if j < p {
                x[[i - columns, j]]
            } else {
                y[[i - columns, j - p]]
            }
        });
        factor = stacked.qr().unpack_r();
    }
    factor
}

/// Minimum-norm least-squares solution `B` (p, k) of `x B = y` and the rank of `x`.
///
/// Singular values of `x` up to `max(n, p) ε` times the largest count as zero.
pub(crate) fn least_squares(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> (DMatrix<f64>, usize) {
    let (n, p) = x.dim();
    let factor = triangular_factor(x, y);
    let (scaled_left, right) = singular_vectors(factor.view((0, 0), (p, p)).into_owned());
    let y = factor.view((0, p), (p, y.ncols()));
    let values: Vec<f64> = scaled_left.column_iter().map(|u| u.norm()).collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let cutoff = largest * n.max(p) as f64 * f64::EPSILON;
    let mut solution = DMatrix::zeros(p, y.ncols());
    let mut rank = 0;
    for (i, &value) in values.iter().enumerate() {
        if value > cutoff {
            rank += 1;
            let projected = (scaled_left.column(i) / value).tr_mul(&y) / value;
            solution += right.column(i) * projected;
        }
    }
    (solution, rank)
}

/// Left singular vectors times their singular values, and right singular vectors, as columns.
///
/// One-sided Jacobi rotations (Hestenes 1958): columns are turned in pairs until all are
/// orthogonal. Accurate for rank-deficient matrices, where nalgebra's SVD can be wrong in the first
/// digits (its issue 1172).
fn singular_vectors(mut matrix: DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>) {
    let p = matrix.ncols();
    let mut right = DMatrix::identity(p, p);
    let tolerance = p as f64 * f64::EPSILON;
    for _ in 0..MAX_SWEEPS {
        let mut done = true;
        for i in 0..p {
            for j in i + 1..p {
                let (a, b) = (matrix.column(i), matrix.column(j));
                let (aa, bb, ab) = (a.norm_squared(), b.norm_squared(), a.dot(&b));
                if ab.abs() <= tolerance * aa.sqrt() * bb.sqrt() {
                    continue;
                }
                done = false;
                let cotangent = (bb - aa) / (2.0 * ab);
                let tangent = cotangent.signum() / (cotangent.abs() + cotangent.hypot(1.0));
                rotate(&mut matrix, i, j, tangent);
                rotate(&mut right, i, j, tangent);
            }
        }
        if done {
            break;
        }
    }
    (matrix, right)
}

/// Turns columns `i` and `j` by the angle of the given tangent.
fn rotate(matrix: &mut DMatrix<f64>, i: usize, j: usize, tangent: f64) {
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = cosine * tangent;
    for row in 0..matrix.nrows() {
        let (a, b) = (matrix[(row, i)], matrix[(row, j)]);
        matrix[(row, i)] = cosine * a - sine * b;
        matrix[(row, j)] = sine * a + cosine * b;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array, concatenate};

    use super::*;

    #[test]
    fn factor_keeps_the_gram_matrix() {
        // 3,000 rows span three blocks; Gram entries are of size n, hence n ε times a small factor
        let entry = |i: usize, j: usize| ((i * (j + 2)) as f64 * 0.37).sin();
        let x = Array2::from_shape_fn((3000, 3), |(i, j)| entry(i, j));
        let y = Array2::from_shape_fn((3000, 1), |(i, _)| entry(i, 3));
        let r = triangular_factor(&x, &y);
        let joined = concatenate![Axis(1), x, y];
        let from_r = r.tr_mul(&r);
        for ((i, j), &value) in joined.t().dot(&joined).indexed_iter() {
            approx::assert_abs_diff_eq!(from_r[(i, j)], value, epsilon = 1e-10);
            if i > j {
                assert_eq!(r[(i, j)], 0.0);
            }
        }
    }

    #[test]
    fn fewer_rows_than_columns() {
        let x = array![[1.0, 2.0], [4.0, 5.0]];
        let y = array![[3.0], [6.0]];
        let r = triangular_factor(&x, &y);
        assert_eq!(r.shape(), (3, 3));
        assert!(r.row(2).iter().all(|&v| v.abs() < 1e-14));
    }

    #[test]
    fn rotations_factor_matrices_of_any_rank() {
        for rank in 1..=6 {
            // entries up to 6, six columns: roundings add up to a few 1e-15 each
            let left = DMatrix::from_fn(6, rank, |i, j| ((i * i + 3 * j).pow(2) as f64).sin());
            let right = DMatrix::from_fn(rank, 6, |i, j| ((i + 5 * j * j).pow(2) as f64).cos());
            let matrix = left * right;
            let (scaled_left, v) = singular_vectors(matrix.clone());
            let product = &scaled_left * v.transpose();
            approx::assert_abs_diff_eq!(product, matrix, epsilon = 1e-13);
            approx::assert_abs_diff_eq!(v.tr_mul(&v), DMatrix::identity(6, 6), epsilon = 1e-13);
            let gram = scaled_left.tr_mul(&scaled_left);
            let off_diagonal = &gram - DMatrix::from_diagonal(&gram.diagonal());
            assert!(off_diagonal.amax() < 1e-13);
            let nonzero = gram.diagonal().iter().filter(|&&v| v > 1e-20).count();
            assert_eq!(nonzero, rank);
        }
    }
}
