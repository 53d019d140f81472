//! Coefficient of determination.

use ndarray::{Array1, ArrayRef2};
use xcebra_numeric::SumsOfSquares;

use crate::check::{finite_matrix, same_shape};
use crate::error::{EvalError, Result};

/// How R² of several outputs becomes one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum R2Average {
    /// The mean over outputs: every output counts the same.
    #[default]
    Uniform,
    /// The mean weighted by each output's variance; if no output varies, the plain mean.
    VarianceWeighted,
}

/// R² of predictions against true values, both (samples, outputs), averaged over outputs.
///
/// Conventions are scikit-learn's: see [`r2_per_output`] for constant targets.
///
/// # Errors
/// As [`r2_per_output`].
///
/// ```
/// use ndarray::array;
/// use xcebra_eval::{R2Average, r2};
///
/// let truth = array![[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]];
/// let guess = array![[1.0, 20.0], [2.0, 20.0], [3.0, 20.0]];
/// assert_eq!(r2(&truth, &guess, R2Average::Uniform)?, 0.5);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn r2<S: Copy + Into<f64>>(
    truth: &ArrayRef2<S>,
    prediction: &ArrayRef2<S>,
    average: R2Average,
) -> Result<f64> {
    let sums = sums_of_squares(truth, prediction)?;
    let scores = scores(&sums);
    let variance = sums.total.sum();
    Ok(match average {
        R2Average::VarianceWeighted if variance > 0.0 => scores.dot(&sums.total) / variance,
        _ => scores.sum() / scores.len() as f64,
    })
}

/// R² of each output, `1 − Σ (y − ŷ)² / Σ (y − ȳ)²`; `truth` and `prediction` are (samples, outputs).
///
/// A constant target has no variance to explain: its R² is 1 if it is predicted exactly, 0 otherwise.
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ, [`EvalError::Empty`] without outputs,
/// [`EvalError::TooFewSamples`] below two samples, [`EvalError::NotFinite`] on NaN or infinite values.
pub fn r2_per_output<S: Copy + Into<f64>>(
    truth: &ArrayRef2<S>,
    prediction: &ArrayRef2<S>,
) -> Result<Array1<f64>> {
    Ok(scores(&sums_of_squares(truth, prediction)?))
}

fn scores(sums: &SumsOfSquares) -> Array1<f64> {
    let pairs = sums.residual.iter().zip(&sums.total);
    pairs
        .map(
            |(&residual, &total)| match (residual == 0.0, total == 0.0) {
                (true, _) => 1.0,
                (false, true) => 0.0,
                (false, false) => 1.0 - residual / total,
            },
        )
        .collect()
}

/// Residual and total sum of squares of each output.
fn sums_of_squares<S: Copy + Into<f64>>(
    truth: &ArrayRef2<S>,
    prediction: &ArrayRef2<S>,
) -> Result<SumsOfSquares> {
    let (what, other) = ("the prediction", "the true values");
    same_shape(what, prediction.shape(), other, truth.shape())?;
    let truth = finite_matrix(other, truth)?;
    let prediction = finite_matrix(what, prediction)?;
    if truth.nrows() < 2 {
        return Err(EvalError::TooFewSamples {
            what: "R²",
            needed: 2,
            found: truth.nrows(),
        });
    }
    Ok(SumsOfSquares::of(&truth, &prediction))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn constant_targets() {
        // 0.1 summed 10 times is not 1.0
        let truth = Array2::from_elem((10, 1), 0.1);
        let exact = truth.clone();
        let off = truth.mapv(|v| v + 1e-9);
        assert_eq!(r2_per_output(&truth, &exact), Ok(array![1.0]));
        assert_eq!(r2_per_output(&truth, &off), Ok(array![0.0]));
        let weighted = r2(&truth, &exact, R2Average::VarianceWeighted);
        assert_eq!(weighted, Ok(1.0));
    }

    #[test]
    fn variance_weights_pool_the_sums_of_squares() {
        let truth = array![[0.0, 0.0], [1.0, 10.0], [2.0, 20.0]];
        let guess = array![[1.0, 0.0], [1.0, 10.0], [1.0, 20.0]];
        let per_output = r2_per_output(&truth, &guess).unwrap();
        assert_eq!(per_output, array![0.0, 1.0]);
        let weighted = r2(&truth, &guess, R2Average::VarianceWeighted).unwrap();
        approx::assert_abs_diff_eq!(weighted, 1.0 - 2.0 / 202.0, epsilon = 1e-15);
    }

    #[test]
    fn worse_than_the_mean_is_negative() {
        let truth = array![[0.0f32], [1.0]];
        let guess = array![[1.0f32], [0.0]];
        assert_eq!(r2(&truth, &guess, R2Average::Uniform), Ok(-3.0));
    }

    #[test]
    fn what_cannot_be_scored_is_refused() {
        let y = array![[0.0], [1.0]];
        let score = |a: &Array2<f64>, b: &Array2<f64>| r2(a, b, R2Average::Uniform);
        assert!(matches!(
            score(&y, &array![[0.0, 1.0]]),
            Err(EvalError::Shape { .. })
        ));
        let one = array![[0.0]];
        assert!(matches!(
            score(&one, &one),
            Err(EvalError::TooFewSamples { found: 1, .. })
        ));
        let none = Array2::zeros((0, 1));
        assert!(matches!(score(&none, &none), Err(EvalError::Empty { .. })));
        assert!(matches!(
            score(&y, &array![[0.0], [f64::INFINITY]]),
            Err(EvalError::NotFinite { .. })
        ));
    }
}
