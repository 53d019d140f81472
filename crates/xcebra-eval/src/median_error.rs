//! The typical error of a decoder.

use ndarray::ArrayRef2;

use crate::check::{finite_matrix, same_shape};
use crate::error::Result;

/// Median over samples of the Euclidean distance between true and predicted values, both
/// (samples, outputs): the usual score of decoded positions, in their unit. With one output it is the
/// median absolute error.
///
/// An even number of samples takes the mean of the two in the middle.
///
/// # Errors
/// [`EvalError::Shape`](crate::EvalError::Shape) if the shapes differ,
/// [`EvalError::Empty`](crate::EvalError::Empty), [`EvalError::NotFinite`](crate::EvalError::NotFinite).
///
/// ```
/// use ndarray::array;
///
/// let truth = array![[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]];
/// let decoded = array![[3.0, 4.0], [1.0, 1.0], [2.0, 1.0]];
/// assert_eq!(xcebra_eval::median_error(&truth, &decoded)?, 1.0);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn median_error<S: Copy + Into<f64>>(
    truth: &ArrayRef2<S>,
    prediction: &ArrayRef2<S>,
) -> Result<f64> {
    let (what, other) = ("the prediction", "the true values");
    same_shape(what, prediction.shape(), other, truth.shape())?;
    let difference = finite_matrix(other, truth)? - finite_matrix(what, prediction)?;
    let norms = difference
        .rows()
        .into_iter()
        .map(|row| row.dot(&row).sqrt());
    let mut norms: Vec<f64> = norms.collect();
    norms.sort_unstable_by(f64::total_cmp);
    let (low, high) = (norms[(norms.len() - 1) / 2], norms[norms.len() / 2]);
    Ok(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn an_even_number_takes_the_middle_two() {
        let truth = Array2::<f32>::zeros((4, 1));
        let decoded = array![[8.0f32], [-1.0], [3.0], [2.0]];
        assert_eq!(median_error(&truth, &decoded), Ok(2.5));
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let one = array![[1.0]];
        assert!(median_error(&one, &array![[1.0, 2.0]]).is_err());
        assert!(median_error(&one, &array![[f64::NAN]]).is_err());
        let none = Array2::<f64>::zeros((0, 1));
        assert!(median_error(&none, &none).is_err());
    }
}
