//! Least squares for tall matrices, which may lack rank, taken in blocks of rows.

use ndarray::{Array2, ArrayRef2, Axis};

use crate::kernels::{add_scaled, dot};
use crate::row_svd::RowSvd;

const BLOCK_ROWS: usize = 1024;

/// A solution of [`least_squares`].
#[derive(Debug, Clone, PartialEq)]
pub struct LeastSquares {
    /// `B` (p, k), of least norm.
    pub solution: Array2<f64>,
    /// Numerical rank of `x`.
    pub rank: usize,
}

/// Minimum-norm least-squares solution of `x B = y`, with finite `x` (n, p) and `y` (n, k).
///
/// Householder QR in blocks of rows, then a singular value decomposition of the triangular factor: results are as
/// accurate as a QR of the whole allows, their relative error growing with the condition number of `x`, where
/// normal equations would square it. Working memory does not grow with the number of rows. Singular values of `x`
/// up to `max(n, p, 100) ε` times the largest count as zero.
///
/// ```
/// use ndarray::array;
///
/// // the nearest to b = 1, 2, 6 is their mean
/// let solved = xcebra_numeric::least_squares(&array![[1.0], [1.0], [1.0]], &array![[1.0], [2.0], [6.0]]);
/// assert!((solved.solution[[0, 0]] - 3.0).abs() < 1e-14);
/// assert_eq!(solved.rank, 1);
/// ```
///
/// # Panics
/// If `x` and `y` differ in rows.
#[must_use]
pub fn least_squares(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> LeastSquares {
    assert_eq!(x.nrows(), y.nrows(), "one row a sample");
    let ((n, p), k) = (x.dim(), y.ncols());
    let mut solution = Array2::zeros((p, k));
    if p == 0 {
        return LeastSquares { solution, rank: 0 };
    }
    let factor = triangular_factor(x, y);
    // rows of the transposed factor of x, which the rotations turn
    let transposed: Vec<f64> = (0..p)
        .flat_map(|j| (0..p).map(move |i| (i, j)))
        .map(|at| factor[at])
        .collect();
    let mut svd = RowSvd::new(p, p);
    // where rotations do not come to an end, they have left rows orthogonal to a few roundings
    svd.decompose(&transposed);
    let values = svd.singular_values();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let cutoff = largest * n.max(p).max(100) as f64 * f64::EPSILON;
    let rank = values.iter().filter(|value| **value > cutoff).count();
    let mut one = vec![0.0; p];
    for (j, mut column) in solution.columns_mut().into_iter().enumerate() {
        let y: Vec<f64> = (0..p).map(|i| factor[(i, p + j)]).collect();
        svd.solve_transposed(cutoff, &y, &mut one);
        column.iter_mut().zip(&one).for_each(|(to, x)| *to = *x);
    }
    LeastSquares { solution, rank }
}

/// The factor `R` (p + k, p + k) of `QR = [x y]`, without ever forming `Q`.
///
/// One block of rows after another is folded into the factor so far: as stable as one QR of the whole (Demmel,
/// Grigori, Hoemmen, Langou 2012). With fewer rows than columns the last rows of `R` are 0.
pub(crate) fn triangular_factor(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> Array2<f64> {
    let columns = x.ncols() + y.ncols();
    let mut factor = Array2::zeros((columns, columns));
    let mut block = Vec::new();
    let blocks = x.axis_chunks_iter(Axis(0), BLOCK_ROWS);
    for (x, y) in blocks.zip(y.axis_chunks_iter(Axis(0), BLOCK_ROWS)) {
        block.clear();
        let both = x.columns().into_iter().chain(y.columns());
        both.for_each(|column| block.extend(column));
        fold(&mut factor, &mut block, x.nrows());
    }
    factor
}

/// Turns a block of rows, stored column by column, into the factor: each Householder reflection takes a column of
/// the block to zero and changes one row of the factor.
fn fold(factor: &mut Array2<f64>, block: &mut [f64], rows: usize) {
    for j in 0..factor.ncols() {
        let (done, rest) = block.split_at_mut((j + 1) * rows);
        let column = &done[j * rows..];
        let below = dot(column, column);
        if below == 0.0 {
            continue;
        }
        let diagonal = factor[(j, j)];
        let norm = (diagonal * diagonal + below).sqrt();
        // the reflection's vector is (first, column), its squared length 2 norm (norm + |diagonal|)
        let first = diagonal + norm.copysign(diagonal);
        let share = 1.0 / (norm * (norm + diagonal.abs()));
        factor[(j, j)] = -norm.copysign(diagonal);
        for (l, other) in rest.chunks_exact_mut(rows).enumerate() {
            let above = &mut factor[(j, j + 1 + l)];
            let along = share * (first * *above + dot(column, other));
            *above -= along * first;
            add_scaled(other, -along, column);
        }
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::{array, concatenate};

    use super::*;

    #[test]
    fn factor_keeps_the_gram_matrix() {
        // 3,000 rows span three blocks; Gram entries are of size n, hence n ε times a small factor
        let entry = |i: usize, j: usize| ((i * (j + 2)) as f64 * 0.37).sin();
        let x = Array2::from_shape_fn((3000, 3), |(i, j)| entry(i, j));
        let y = Array2::from_shape_fn((3000, 1), |(i, _)| entry(i, 3));
        let r = triangular_factor(&x, &y);
        let joined = concatenate![Axis(1), x, y];
        assert_abs_diff_eq!(r.t().dot(&r), joined.t().dot(&joined), epsilon = 1e-10);
        assert!(r.indexed_iter().all(|((i, j), &v)| i <= j || v == 0.0));
    }

    #[test]
    fn fewer_rows_than_columns() {
        let x = array![[1.0, 2.0], [4.0, 5.0]];
        let y = array![[3.0], [6.0]];
        let r = triangular_factor(&x, &y);
        assert_eq!(r.dim(), (3, 3));
        assert!(r.row(2).iter().all(|&v| v.abs() < 1e-14));
    }

    /// A polynomial through more points than it has coefficients; 1e-12 is the condition number of its powers
    /// times a few roundings.
    #[test]
    fn coefficients_are_found_again() {
        let x = Array2::from_shape_fn((2500, 4), |(i, j)| (i as f64 / 2500.0).powi(j as i32));
        let truth = array![[1.0, 0.0], [-2.0, 3.0], [0.5, 0.0], [4.0, -1.0]];
        let solved = least_squares(&x, &x.dot(&truth));
        assert_eq!(solved.rank, 4);
        assert_abs_diff_eq!(solved.solution, truth, epsilon = 1e-12);
    }

    /// What is left over is orthogonal to every column, which is what makes it least.
    #[test]
    fn residuals_are_orthogonal_to_the_columns() {
        let x = Array2::from_shape_fn((200, 3), |(i, j)| ((i * i * (j + 1)) as f64).sin());
        let y = Array2::from_shape_fn((200, 2), |(i, j)| ((i * (j + 5)) as f64).cos());
        let solved = least_squares(&x, &y);
        let inner = x.t().dot(&(&y - &x.dot(&solved.solution)));
        assert_abs_diff_eq!(inner, Array2::zeros((3, 2)), epsilon = 1e-12);
    }

    #[test]
    fn columns_that_depend_on_each_other_lower_the_rank() {
        let first = Array2::from_shape_fn((50, 2), |(i, j)| ((i * (j + 3)) as f64).sin());
        let third = (&first.column(0) + &first.column(1)).insert_axis(Axis(1));
        let x = concatenate![Axis(1), first, third];
        assert_eq!(least_squares(&x, &first).rank, 2);
        assert_eq!(least_squares(&(0.0 * &x), &first).rank, 0);
        let none = least_squares(&Array2::zeros((5, 0)), &Array2::ones((5, 2)));
        assert_eq!((none.rank, none.solution.dim()), (0, (0, 2)));
    }
}
