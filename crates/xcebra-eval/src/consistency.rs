//! Whether models trained from different seeds say the same.

use ndarray::{Array2, ArrayView2};

use crate::error::{EvalError, Result};
use crate::regression::linear_r2;

/// Pairwise linear consistency of several embeddings or maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Consistency {
    /// R² of the linear map from embedding `i` (row) to embedding `j` (column); 1 on the diagonal.
    pub scores: Array2<f64>,
}

impl Consistency {
    /// The mean over pairs of different embeddings, in both directions.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.off_diagonal().sum::<f64>() / self.off_diagonal().count() as f64
    }

    /// The least consistent pair's score.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.off_diagonal().fold(f64::INFINITY, f64::min)
    }

    fn off_diagonal(&self) -> impl Iterator<Item = f64> {
        let entries = self.scores.indexed_iter();
        entries
            .filter(|((i, j), _)| i != j)
            .map(|(_, &score)| score)
    }
}

/// Consistency of embeddings (samples, dimensions) of the same samples, as CEBRA measures it between
/// runs: [`linear_r2`] for every ordered pair. Numbers of dimensions may differ; a map onto fewer is
/// easier than back.
///
/// Attribution maps (inputs, latents) of several runs are compared likewise, an input taking the place
/// of a sample: the latents of two runs may differ by a linear map, and with them the maps' columns.
///
/// # Errors
/// [`EvalError::TooFewSamples`] below two embeddings, [`EvalError::Shape`] if they differ in rows;
/// otherwise as [`linear_r2`].
pub fn consistency<S: Copy + Into<f64>>(embeddings: &[ArrayView2<'_, S>]) -> Result<Consistency> {
    let count = embeddings.len();
    if count < 2 {
        return Err(EvalError::TooFewSamples {
            what: "a comparison of embeddings",
            needed: 2,
            found: count,
        });
    }
    let mut scores = Array2::eye(count);
    for i in 0..count {
        for j in 0..count {
            if i != j {
                scores[[i, j]] = linear_r2(&embeddings[i], &embeddings[j])?;
            }
        }
    }
    Ok(Consistency { scores })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn linear_images_are_consistent() {
        let z = Array2::from_shape_fn((50, 2), |(t, k)| ((t * (k + 2)) as f64).sin());
        let turned = z.dot(&array![[1.0, 2.0], [-3.0, 0.5]]) + 4.0;
        let half = z.slice_axis(ndarray::Axis(1), (..1).into()).to_owned();
        let found = consistency(&[z.view(), turned.view(), half.view()]).unwrap();
        // exact maps, to rounding
        assert!((found.scores[[0, 1]] - 1.0).abs() < 1e-13);
        assert!((found.scores[[1, 0]] - 1.0).abs() < 1e-13);
        assert!((found.scores[[1, 2]] - 1.0).abs() < 1e-13);
        assert!(found.scores[[2, 0]] < 0.7);
        assert_eq!(found.min(), found.scores[[2, 0]].min(found.scores[[2, 1]]));
        let mut sum = found.scores.sum() - 3.0;
        sum /= 6.0;
        assert!((found.mean() - sum).abs() < 1e-15);
    }

    #[test]
    fn embeddings_of_other_samples_are_refused() {
        let (a, b) = (Array2::<f32>::zeros((4, 2)), Array2::zeros((5, 2)));
        assert!(matches!(
            consistency(&[a.view(), b.view()]),
            Err(EvalError::Shape { .. })
        ));
        assert!(matches!(
            consistency(&[a.view()]),
            Err(EvalError::TooFewSamples { found: 1, .. })
        ));
        let one = Array2::<f32>::zeros((1, 2));
        assert!(consistency(&[one.view(), one.view()]).is_err());
    }
}
