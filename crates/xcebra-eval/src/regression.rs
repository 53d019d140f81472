//! Linear regression, the map that reads latents from an embedding.

use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2};

use crate::check::{finite_matrix, same_shape};
use crate::error::Result;
use crate::least_squares::least_squares;
use crate::r2::{R2Average, r2};

/// Ordinary least squares with an intercept: `y ≈ x Bᵀ + b`.
///
/// The centred data are factored by Householder QR in row blocks and the triangular factor by SVD.
/// Coefficients are as accurate as a QR of the whole allows: their relative error grows with the
/// condition number of the centred `x`, where normal equations would square it. Memory beyond one
/// centred copy of the data does not depend on the number of samples.
///
/// When the centred `x` is rank-deficient (constant or collinear columns, fewer samples than
/// columns), the coefficients are those of least norm; singular values up to `max(n, p) ε` times the
/// largest count as zero.
///
/// ```
/// use ndarray::array;
/// use xcebra_eval::LinearRegression;
///
/// let x = array![[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]];
/// let y = array![[1.1], [0.1], [4.9], [3.9]]; // nearly x0 + 2 x1 − 1
/// let model = LinearRegression::fit(&x, &y)?;
/// assert_eq!(model.coefficients().shape(), [1, 2]);
/// assert_eq!(model.rank(), 2);
/// let residual = &y - &model.predict(&x)?;
/// assert!(residual.sum().abs() < 1e-12);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LinearRegression {
    coefficients: Array2<f64>,
    intercept: Array1<f64>,
    rank: usize,
}

impl LinearRegression {
    /// Fits `x` (n, p) to `y` (n, k).
    ///
    /// # Errors
    /// [`EvalError::Shape`](crate::EvalError::Shape) if `x` and `y` differ in rows,
    /// [`EvalError::Empty`](crate::EvalError::Empty) without rows or columns,
    /// [`EvalError::NotFinite`](crate::EvalError::NotFinite) on NaN or infinite values.
    pub fn fit<S: Copy + Into<f64>>(x: &ArrayRef2<S>, y: &ArrayRef2<S>) -> Result<Self> {
        let expected = [x.nrows(), y.ncols()];
        same_shape("the targets y", y.shape(), "the rows of x", &expected)?;
        let mut x = finite_matrix("the regressors x", x)?;
        let mut y = finite_matrix("the targets y", y)?;
        let x_mean = centre(&mut x);
        let y_mean = centre(&mut y);
        let (solution, rank) = least_squares(&x, &y);
        let shape = (y.ncols(), x.ncols());
        let coefficients = Array2::from_shape_fn(shape, |(k, j)| solution[(j, k)]);
        let intercept = y_mean - coefficients.dot(&x_mean);
        Ok(Self {
            coefficients,
            intercept,
            rank,
        })
    }

    /// Predictions (n, k) for `x` (n, p).
    ///
    /// # Errors
    /// [`EvalError::Shape`](crate::EvalError::Shape) if `x` has other columns than the data fitted,
    /// [`EvalError::Empty`](crate::EvalError::Empty) without rows,
    /// [`EvalError::NotFinite`](crate::EvalError::NotFinite) on NaN or infinite values.
    pub fn predict<S: Copy + Into<f64>>(&self, x: &ArrayRef2<S>) -> Result<Array2<f64>> {
        let expected = [x.nrows(), self.coefficients.ncols()];
        same_shape("the regressors x", x.shape(), "the fitted data", &expected)?;
        let x = finite_matrix("the regressors x", x)?;
        Ok(x.dot(&self.coefficients.t()) + &self.intercept)
    }

    /// Coefficients `B` (k, p): one row an output.
    #[must_use]
    pub fn coefficients(&self) -> ArrayView2<'_, f64> {
        self.coefficients.view()
    }

    /// Intercept `b` (k).
    #[must_use]
    pub fn intercept(&self) -> ArrayView1<'_, f64> {
        self.intercept.view()
    }

    /// Numerical rank of the centred `x` (at most p).
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }
}

/// How well a linear map reads the latents (n, d) from an embedding (n, p): the uniform mean of R²
/// over latents, fitted and scored on the same samples.
///
/// Identifiability up to a linear map means a value near 1. To score on held-out samples use
/// [`LinearRegression`] and [`r2`](crate::r2).
///
/// # Errors
/// As [`LinearRegression::fit`] and [`r2`](crate::r2).
pub fn linear_r2<S: Copy + Into<f64>>(
    embedding: &ArrayRef2<S>,
    latents: &ArrayRef2<S>,
) -> Result<f64> {
    let prediction = LinearRegression::fit(embedding, latents)?.predict(embedding)?;
    let latents = latents.mapv(Into::into);
    r2(&latents, &prediction, R2Average::Uniform)
}

/// Subtracts the column means and returns them.
fn centre(matrix: &mut Array2<f64>) -> Array1<f64> {
    let n = matrix.nrows() as f64;
    let mean: Array1<f64> = matrix.columns().into_iter().map(|c| c.sum() / n).collect();
    *matrix -= &mean;
    mean
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    use super::*;
    use crate::EvalError;

    #[test]
    fn collinear_columns_share_the_weight_evenly() {
        let x = Array2::from_shape_fn((10, 2), |(i, _)| i as f64);
        let y = Array2::from_shape_fn((10, 1), |(i, _)| 4.0 * i as f64 + 1.0);
        let model = LinearRegression::fit(&x, &y).unwrap();
        assert_eq!(model.rank(), 1);
        // least norm among b1 + b2 = 4; 1e-13: a few roundings of numbers up to 37
        assert_abs_diff_eq!(model.coefficients(), array![[2.0, 2.0]], epsilon = 1e-13);
        assert_abs_diff_eq!(model.intercept(), array![1.0], epsilon = 1e-12);
    }

    #[test]
    fn constant_regressors_leave_the_mean() {
        let x = Array2::from_elem((3, 2), 0.1);
        let y = array![[1.0], [2.0], [6.0]];
        let model = LinearRegression::fit(&x, &y).unwrap();
        let prediction = model.predict(&x).unwrap();
        assert_abs_diff_eq!(prediction, Array2::from_elem((3, 1), 3.0), epsilon = 1e-13);
    }

    #[test]
    fn fewer_samples_than_columns_interpolate() {
        let x = Array2::from_shape_fn((4, 9), |(i, j)| ((i * 9 + j).pow(2) as f64).sin());
        let y = array![[1.0, 0.0], [-2.0, 1.0], [0.5, 4.0], [3.0, 2.0]];
        let model = LinearRegression::fit(&x, &y).unwrap();
        assert_eq!(model.rank(), 3); // centring takes one degree of freedom
        assert_abs_diff_eq!(model.predict(&x).unwrap(), y, epsilon = 1e-12);
    }

    #[test]
    fn large_offsets_do_not_spoil_the_slope() {
        // x = 1e6 + t carries t to 1e-10; normal equations on raw columns would lose it
        let t = Array2::from_shape_fn((5000, 1), |(i, _)| (i as f64 * 0.1).sin());
        let x = t.mapv(|t| 1e6 + t);
        let y = t.mapv(|t| 3.0 * t - 1e6);
        let model = LinearRegression::fit(&x, &y).unwrap();
        assert_abs_diff_eq!(model.coefficients(), array![[3.0]], epsilon = 1e-9);
    }

    #[test]
    fn single_precision_data() {
        let x = array![[0.0f32], [1.0], [2.0]];
        let y = array![[1.0f32], [3.0], [5.0]];
        assert_abs_diff_eq!(linear_r2(&x, &y).unwrap(), 1.0, epsilon = 1e-14);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let x = array![[0.0], [1.0], [2.0]];
        let fit = |x: &Array2<f64>, y: &Array2<f64>| LinearRegression::fit(x, y);
        assert!(matches!(
            fit(&x, &array![[0.0], [1.0]]),
            Err(EvalError::Shape { .. })
        ));
        let none = Array2::zeros((3, 0));
        assert!(matches!(fit(&none, &x), Err(EvalError::Empty { .. })));
        assert!(matches!(fit(&x, &none), Err(EvalError::Empty { .. })));
        let broken = array![[0.0], [f64::NAN], [2.0]];
        let error = fit(&broken, &x).unwrap_err();
        assert!(matches!(&error, EvalError::NotFinite { index, .. } if index == &[1, 0]));
        assert!(matches!(fit(&x, &broken), Err(EvalError::NotFinite { .. })));
        let model = fit(&x, &x).unwrap();
        assert!(matches!(
            model.predict(&array![[1.0, 2.0]]),
            Err(EvalError::Shape { .. })
        ));
    }
}
