//! Checks of input that several scores share.

use ndarray::{Array2, ArrayRef2};

use crate::error::{EvalError, Result};

/// Copies a matrix to `f64` after checking that it has elements and that all are finite.
pub(crate) fn finite_matrix<S>(what: &'static str, matrix: &ArrayRef2<S>) -> Result<Array2<f64>>
where
    S: Copy + Into<f64>,
{
    if matrix.is_empty() {
        return Err(EvalError::Empty {
            what,
            shape: matrix.shape().to_vec(),
        });
    }
    let values = matrix.mapv(Into::into);
    match values.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((i, j), v)) => Err(EvalError::NotFinite {
            what,
            value: v.to_string(),
            index: vec![i, j],
        }),
        None => Ok(values),
    }
}

/// Checks that `found` equals `expected`, the shape of `other`.
pub(crate) fn same_shape(
    what: &'static str,
    found: &[usize],
    other: &'static str,
    expected: &[usize],
) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(EvalError::Shape {
            what,
            found: found.to_vec(),
            expected: expected.to_vec(),
            other,
        })
    }
}
