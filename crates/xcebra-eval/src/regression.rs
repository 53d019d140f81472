//! Linear regression, the map that reads latents from an embedding.

use ndarray::{Array2, ArrayRef2, ArrayView1, ArrayView2};
use xcebra_numeric::LinearFit;

use crate::check::{finite_matrix, same_shape};
use crate::error::Result;
use crate::r2::{R2Average, r2};

/// Ordinary least squares with an intercept: `y ≈ x Bᵀ + b`.
///
/// The centred data are factored by Householder QR in row blocks and the triangular factor by SVD.
/// Coefficients are as accurate as a QR of the whole allows: their relative error grows with the
/// condition number of the centred `x`, where normal equations would square it. Memory beyond one
/// centred copy of the data does not depend on the number of samples.
///
/// When the centred `x` is rank-deficient (constant or collinear columns, fewer samples than
/// columns), the coefficients are those of least norm; singular values up to
/// `max(n, p, 100) ε` times the largest count as zero.
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
    fit: LinearFit,
}

impl LinearRegression {
    /// Fits `x` (n, p) to `y` (n, k).
    ///
    /// # Errors
    /// [`EvalError::Shape`](crate::EvalError::Shape) if `x` and `y` differ in rows,
    /// [`EvalError::Empty`](crate::EvalError::Empty) without rows or columns,
    /// [`EvalError::NotFinite`](crate::EvalError::NotFinite) on NaN or infinite values.
    pub fn fit<S: Copy + Into<f64>>(x: &ArrayRef2<S>, y: &ArrayRef2<S>) -> Result<Self> {
        let (x, y) = pair(x, y)?;
        let fit = LinearFit::of(&x, &y);
        Ok(Self { fit })
    }

    /// As [`fit`](Self::fit), with a penalty `alpha |B|²` beside the squared errors: ridge regression, as in
    /// scikit-learn.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`EvalError::Parameter`](crate::EvalError::Parameter) unless `alpha` is finite and
    /// positive.
    pub fn ridge<S: Copy + Into<f64>>(
        x: &ArrayRef2<S>,
        y: &ArrayRef2<S>,
        alpha: f64,
    ) -> Result<Self> {
        let (x, y) = pair(x, y)?;
        let fit = LinearFit::ridge(&x, &y, alpha)?;
        Ok(Self { fit })
    }

    /// As [`fit`](Self::fit), with a penalty `alpha Σ |B|` beside half the mean squared error: the lasso, as in
    /// scikit-learn. [`rank`](Self::rank) is then the number of inputs that some output uses.
    ///
    /// # Errors
    /// As [`ridge`](Self::ridge), and [`EvalError::Numeric`](crate::EvalError::Numeric) if it does not converge.
    pub fn lasso<S: Copy + Into<f64>>(
        x: &ArrayRef2<S>,
        y: &ArrayRef2<S>,
        alpha: f64,
    ) -> Result<Self> {
        let (x, y) = pair(x, y)?;
        let fit = LinearFit::lasso(&x, &y, alpha)?;
        Ok(Self { fit })
    }

    /// Predictions (n, k) for `x` (n, p).
    ///
    /// # Errors
    /// [`EvalError::Shape`](crate::EvalError::Shape) if `x` has other columns than the data fitted,
    /// [`EvalError::Empty`](crate::EvalError::Empty) without rows,
    /// [`EvalError::NotFinite`](crate::EvalError::NotFinite) on NaN or infinite values.
    pub fn predict<S: Copy + Into<f64>>(&self, x: &ArrayRef2<S>) -> Result<Array2<f64>> {
        let expected = [x.nrows(), self.fit.coefficients.ncols()];
        same_shape("the regressors x", x.shape(), "the fitted data", &expected)?;
        let x = finite_matrix("the regressors x", x)?;
        Ok(self.fit.predict(&x))
    }

    /// Coefficients `B` (k, p): one row an output.
    #[must_use]
    pub fn coefficients(&self) -> ArrayView2<'_, f64> {
        self.fit.coefficients.view()
    }

    /// Intercept `b` (k).
    #[must_use]
    pub fn intercept(&self) -> ArrayView1<'_, f64> {
        self.fit.intercept.view()
    }

    /// Numerical rank of the centred `x` (at most p).
    #[must_use]
    pub fn rank(&self) -> usize {
        self.fit.rank
    }
}

/// Regressors and targets that can be fitted.
fn pair<S: Copy + Into<f64>>(
    x: &ArrayRef2<S>,
    y: &ArrayRef2<S>,
) -> Result<(Array2<f64>, Array2<f64>)> {
    let expected = [x.nrows(), y.ncols()];
    same_shape("the targets y", y.shape(), "the rows of x", &expected)?;
    let x = finite_matrix("the regressors x", x)?;
    let y = finite_matrix("the targets y", y)?;
    Ok((x, y))
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

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    use super::*;
    use crate::EvalError;

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
