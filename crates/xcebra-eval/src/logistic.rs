//! Decoding of classes by logistic regression.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayRef2, ArrayView1, ArrayView2};
use xcebra_numeric::LogisticFit;

use crate::check::{finite_matrix, same_shape};
use crate::error::{EvalError, Result};

/// Logistic regression of classes, with a penalty on the squared coefficients, as in scikit-learn.
///
/// ```
/// use ndarray::array;
/// use xcebra_eval::LogisticRegression;
///
/// let x = array![[-2.0], [-1.0], [1.0], [2.0]];
/// let model = LogisticRegression::fit(&x, &[3, 3, 8, 8], 1.0)?;
/// assert_eq!(model.classify(&array![[-0.5], [3.0]])?, [3, 8]);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    fit: LogisticFit,
    classes: Vec<usize>,
}

impl LogisticRegression {
    /// Fits `x` (n, p) to `classes` (n). `c` is the weight of the data against the penalty: 1 in scikit-learn.
    ///
    /// # Errors
    /// [`EvalError::Shape`] if `x` and `classes` differ in length, [`EvalError::Empty`], [`EvalError::NotFinite`],
    /// [`EvalError::Parameter`] unless `c` is finite and positive, [`EvalError::Constant`] if all classes are the
    /// same, [`EvalError::Numeric`] if it does not converge.
    pub fn fit<S: Copy + Into<f64>>(x: &ArrayRef2<S>, classes: &[usize], c: f64) -> Result<Self> {
        same_shape(
            "the classes",
            &[classes.len()],
            "the rows of x",
            &[x.nrows()],
        )?;
        let x = finite_matrix("the regressors x", x)?;
        let known: BTreeSet<usize> = classes.iter().copied().collect();
        let known: Vec<usize> = known.into_iter().collect();
        if known.len() < 2 {
            return Err(EvalError::Constant {
                what: "the classes",
                score: "logistic regression",
            });
        }
        // `known` is sorted and holds every class
        let number = |class: &usize| known.partition_point(|one| one < class);
        let numbers: Vec<usize> = classes.iter().map(number).collect();
        let fit = LogisticFit::of(&x, &numbers, known.len(), c)?;
        Ok(Self {
            fit,
            classes: known,
        })
    }

    /// The most probable class of each row of `x` (n, p).
    ///
    /// # Errors
    /// As [`probabilities`](Self::probabilities).
    pub fn classify<S: Copy + Into<f64>>(&self, x: &ArrayRef2<S>) -> Result<Vec<usize>> {
        let numbers = self.fit.classify(&self.checked(x)?);
        Ok(numbers
            .into_iter()
            .map(|number| self.classes[number])
            .collect())
    }

    /// Probabilities (n, classes) for `x` (n, p), in the order of [`classes`](Self::classes).
    ///
    /// # Errors
    /// [`EvalError::Shape`] if `x` has other columns than the data fitted, [`EvalError::Empty`],
    /// [`EvalError::NotFinite`].
    pub fn probabilities<S: Copy + Into<f64>>(&self, x: &ArrayRef2<S>) -> Result<Array2<f64>> {
        Ok(self.fit.probabilities(&self.checked(x)?))
    }

    /// The classes it knows, in ascending order.
    #[must_use]
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// Coefficients: one row for two classes, which is that of the second, else one row a class.
    #[must_use]
    pub fn coefficients(&self) -> ArrayView2<'_, f64> {
        self.fit.coefficients.view()
    }

    /// Intercepts, one for each row of the coefficients.
    #[must_use]
    pub fn intercept(&self) -> ArrayView1<'_, f64> {
        self.fit.intercept.view()
    }

    fn checked<S: Copy + Into<f64>>(&self, x: &ArrayRef2<S>) -> Result<Array2<f64>> {
        let expected = [x.nrows(), self.fit.coefficients.ncols()];
        same_shape("the regressors x", x.shape(), "the fitted data", &expected)?;
        finite_matrix("the regressors x", x)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let x = array![[0.0], [1.0], [2.0]];
        let fit = |x: &Array2<f64>, classes: &[usize]| LogisticRegression::fit(x, classes, 1.0);
        assert!(matches!(fit(&x, &[0, 1]), Err(EvalError::Shape { .. })));
        assert!(matches!(
            fit(&x, &[4, 4, 4]),
            Err(EvalError::Constant { .. })
        ));
        let broken = array![[0.0], [f64::NAN], [2.0]];
        assert!(matches!(
            fit(&broken, &[0, 1, 0]),
            Err(EvalError::NotFinite { .. })
        ));
        let model = fit(&x, &[0, 1, 1]).unwrap();
        assert!(matches!(
            model.classify(&array![[0.0, 1.0]]),
            Err(EvalError::Shape { .. })
        ));
        let free = LogisticRegression::fit(&x, &[0, 1, 1], 0.0);
        assert!(matches!(free, Err(EvalError::Parameter { name: "c", .. })));
    }
}
