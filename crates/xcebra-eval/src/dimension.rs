//! How many dimensions an embedding really uses.

use ndarray::{ArrayRef2, Axis};

use crate::check::finite_matrix;
use crate::error::{EvalError, Result};

/// Effective dimension of points (samples, p): the participation ratio `(Σ λ_i)² / Σ λ_i²` of the
/// eigenvalues of their covariance, from 1 (a line) to p (a ball).
///
/// `Σ λ_i` is the trace of the covariance and `Σ λ_i²` its squared Frobenius norm, so no eigenvalue is
/// ever computed. It does not change when the points are moved, rotated or scaled.
///
/// # Errors
/// [`EvalError::Empty`], [`EvalError::NotFinite`], [`EvalError::Constant`] if all points are equal.
///
/// ```
/// use ndarray::array;
///
/// let cross = array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
/// assert!((xcebra_eval::effective_dimension(&cross)? - 2.0).abs() < 1e-15);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn effective_dimension<S: Copy + Into<f64>>(points: &ArrayRef2<S>) -> Result<f64> {
    let mut points = finite_matrix("the points", points)?;
    let first = points.row(0).to_owned();
    // from the first point: a common offset is gone before it can round
    points -= &first;
    let largest = points.fold(0.0_f64, |largest, v| largest.max(v.abs()));
    if largest == 0.0 {
        return Err(EvalError::Constant {
            what: "the points",
            score: "the effective dimension",
        });
    }
    points /= largest;
    let mean = points.sum_axis(Axis(0)) / points.nrows() as f64;
    points -= &mean;
    let covariance = points.t().dot(&points);
    let trace = covariance.diag().sum();
    Ok(trace * trace / covariance.mapv(|v| v * v).sum())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn diagonal_covariances_have_the_ratio_of_their_variances() {
        // orthogonal columns a cos, b sin, c cos 2: variances a²/2, b²/2, c²/2
        let (a, b, c) = (3.0, 2.0, 0.5);
        let points = Array2::from_shape_fn((100, 3), |(t, k)| {
            let angle = std::f64::consts::TAU * t as f64 / 100.0;
            [a * angle.cos(), b * angle.sin(), c * (2.0 * angle).cos()][k] + 7.0
        });
        let (u, v, w) = (a * a, b * b, c * c);
        let expected = (u + v + w).powi(2) / (u * u + v * v + w * w);
        let found = effective_dimension(&points).unwrap();
        // sums of 100 products
        assert!((found - expected).abs() < 1e-13);
        // a rotation changes nothing, nor do scale and place
        let turn = array![[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
        let moved = points.dot(&turn).mapv(|v| 1e-200 * v);
        assert!((effective_dimension(&moved).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn a_line_has_one_dimension() {
        let line = Array2::from_shape_fn((20, 4), |(t, k)| 1e6 + (t * (k + 1)) as f64);
        assert!((effective_dimension(&line).unwrap() - 1.0).abs() < 1e-13);
    }

    #[test]
    fn a_point_has_none() {
        let point = Array2::from_elem((5, 2), 0.1f32);
        let error = effective_dimension(&point).unwrap_err();
        assert!(matches!(error, EvalError::Constant { .. }));
        assert!(effective_dimension(&Array2::<f64>::zeros((0, 2))).is_err());
        assert!(effective_dimension(&array![[f64::NAN], [0.0]]).is_err());
    }
}
