//! Linear maps with an intercept, and how much of the variance they explain.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, concatenate};

use crate::error::{NumericError, Result};
use crate::least_squares::least_squares;

/// Ordinary least squares with an intercept: `y ≈ x Bᵀ + b`.
///
/// Data are centred first, so that large offsets cost no accuracy. Where the centred `x` lacks rank (constant or
/// collinear columns, fewer rows than columns), `B` is the solution of least norm.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit {
    /// `B` (k, p): one row an output.
    pub coefficients: Array2<f64>,
    /// `b` (k).
    pub intercept: Array1<f64>,
    /// Numerical rank of the centred `x`, at most p.
    pub rank: usize,
}

impl LinearFit {
    /// Fits finite `x` (n, p) to finite `y` (n, k).
    ///
    /// # Panics
    /// If `x` and `y` differ in rows.
    #[must_use]
    pub fn of(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>) -> Self {
        let (x, x_mean) = centred(x);
        let (y, y_mean) = centred(y);
        let solved = least_squares(&x, &y);
        let coefficients = solved.solution.reversed_axes();
        Self {
            intercept: y_mean - coefficients.dot(&x_mean),
            coefficients,
            rank: solved.rank,
        }
    }

    /// As [`of`](Self::of), with a penalty on the coefficients: `B` and `b` that minimise
    /// `|y − x Bᵀ − b|² + alpha |B|²` (ridge regression). `rank` is p, since the penalty determines every coefficient.
    ///
    /// The penalty enters as rows of the least squares, so that nothing is squared.
    ///
    /// # Errors
    /// [`NumericError::Parameter`](crate::NumericError::Parameter) unless `alpha` is finite and positive.
    ///
    /// # Panics
    /// If `x` and `y` differ in rows.
    pub fn ridge(x: &ArrayRef2<f64>, y: &ArrayRef2<f64>, alpha: f64) -> Result<Self> {
        if !(alpha.is_finite() && alpha > 0.0) {
            let expected = "a finite number above 0";
            return Err(NumericError::parameter("alpha", alpha, expected));
        }
        let (p, k) = (x.ncols(), y.ncols());
        let (centred_x, x_mean) = centred(x);
        let (centred_y, y_mean) = centred(y);
        let penalty = Array2::from_diag_elem(p, alpha.sqrt());
        let all = concatenate![Axis(0), centred_x, penalty];
        let targets = concatenate![Axis(0), centred_y, Array2::zeros((p, k))];
        let solved = least_squares(&all, &targets);
        let coefficients = solved.solution.reversed_axes();
        Ok(Self {
            intercept: y_mean - coefficients.dot(&x_mean),
            coefficients,
            rank: p,
        })
    }

    /// Predictions (n, k) for `x` (n, p).
    ///
    /// # Panics
    /// If `x` has other columns than the fitted data.
    #[must_use]
    pub fn predict(&self, x: &ArrayRef2<f64>) -> Array2<f64> {
        x.dot(&self.coefficients.t()) + &self.intercept
    }
}

/// Columns without their means, and the means.
pub(crate) fn centred(matrix: &ArrayRef2<f64>) -> (Array2<f64>, Array1<f64>) {
    let n = matrix.nrows() as f64;
    let mean: Array1<f64> = matrix.columns().into_iter().map(|c| c.sum() / n).collect();
    let mut matrix = matrix.to_owned();
    matrix -= &mean;
    (matrix, mean)
}

/// The two sums of which R² is made, `1 − residual / total`, for each output (k).
#[derive(Debug, Clone, PartialEq)]
pub struct SumsOfSquares {
    /// `Σ (y − ŷ)²`.
    pub residual: Array1<f64>,
    /// `Σ (y − ȳ)²`, exactly 0 for a constant output; what R² then is, the caller decides.
    pub total: Array1<f64>,
}

impl SumsOfSquares {
    /// Of true values and predictions, both (n, k).
    ///
    /// # Panics
    /// If the shapes differ.
    #[must_use]
    pub fn of(truth: &ArrayRef2<f64>, prediction: &ArrayRef2<f64>) -> Self {
        let columns = truth.columns().into_iter();
        Self {
            residual: (truth - prediction).mapv(|v| v * v).sum_axis(Axis(0)),
            total: columns.map(|column| total(&column)).collect(),
        }
    }
}

fn total(column: &ArrayRef1<f64>) -> f64 {
    // the mean of n equal numbers may be off by a rounding, which would pass for variance
    if column.iter().all(|&value| value == column[0]) {
        return 0.0;
    }
    let mean = column.sum() / column.len() as f64;
    column.fold(0.0, |sum, &value| sum + (value - mean).powi(2))
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    use super::*;

    #[test]
    fn collinear_columns_share_the_weight_evenly() {
        let x = Array2::from_shape_fn((10, 2), |(i, _)| i as f64);
        let y = Array2::from_shape_fn((10, 1), |(i, _)| 4.0 * i as f64 + 1.0);
        let fit = LinearFit::of(&x, &y);
        assert_eq!(fit.rank, 1);
        // least norm among b1 + b2 = 4; 1e-13: a few roundings of numbers up to 37
        assert_abs_diff_eq!(fit.coefficients, array![[2.0, 2.0]], epsilon = 1e-13);
        assert_abs_diff_eq!(fit.intercept, array![1.0], epsilon = 1e-12);
    }

    #[test]
    fn constant_columns_leave_the_mean() {
        let x = Array2::from_elem((3, 2), 0.1);
        let y = array![[1.0], [2.0], [6.0]];
        let prediction = LinearFit::of(&x, &y).predict(&x);
        assert_abs_diff_eq!(prediction, Array2::from_elem((3, 1), 3.0), epsilon = 1e-13);
    }

    #[test]
    fn fewer_rows_than_columns_interpolate() {
        let x = Array2::from_shape_fn((4, 9), |(i, j)| ((i * 9 + j).pow(2) as f64).sin());
        let y = array![[1.0, 0.0], [-2.0, 1.0], [0.5, 4.0], [3.0, 2.0]];
        let fit = LinearFit::of(&x, &y);
        assert_eq!(fit.rank, 3); // centring takes one degree of freedom
        assert_abs_diff_eq!(fit.predict(&x), y, epsilon = 1e-12);
    }

    #[test]
    fn large_offsets_do_not_spoil_the_slope() {
        // x = 1e6 + t carries t to 1e-10; normal equations on raw columns would lose it
        let t = Array2::from_shape_fn((5000, 1), |(i, _)| (i as f64 * 0.1).sin());
        let x = t.mapv(|t| 1e6 + t);
        let y = t.mapv(|t| 3.0 * t - 1e6);
        let fit = LinearFit::of(&x, &y);
        assert_abs_diff_eq!(fit.coefficients, array![[3.0]], epsilon = 1e-9);
    }

    /// One input of variance v: the slope is Σxy / (Σx² + alpha).
    #[test]
    fn ridge_by_hand() {
        let x = array![[1.0], [2.0], [6.0]];
        let y = array![[0.0], [1.0], [2.0]];
        let fit = LinearFit::ridge(&x, &y, 4.0).unwrap();
        // centred: x = −2, −1, 3 and y = −1, 0, 1
        assert_abs_diff_eq!(fit.coefficients, array![[5.0 / 18.0]], epsilon = 1e-15);
        assert_abs_diff_eq!(fit.intercept, array![1.0 - 15.0 / 18.0], epsilon = 1e-15);
        for alpha in [0.0, f64::NAN, f64::INFINITY] {
            assert!(LinearFit::ridge(&x, &y, alpha).is_err());
        }
    }

    #[test]
    fn sums_of_squares_by_hand() {
        let truth = array![[1.0, 0.1], [2.0, 0.1], [6.0, 0.1]];
        let guess = array![[1.0, 0.1], [4.0, 0.1], [5.0, 0.6]];
        let sums = SumsOfSquares::of(&truth, &guess);
        assert_eq!(sums.residual, array![5.0, 0.25]);
        // 4 + 1 + 9; 0.1 summed three times is not 0.3, yet a constant has no variance
        assert_eq!(sums.total, array![14.0, 0.0]);
    }
}
