//! Checks of input that several scores share.

use ndarray::{Array2, ArrayRef, ArrayRef2, ArrayView1, Dimension};
use xcebra_numeric::first_not_finite;

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
    ensure_finite(what, &values)?;
    Ok(values)
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

/// Copies values to `f64` after checking that there are some and that all are finite.
pub(crate) fn finite_values<S: Copy + Into<f64>>(
    what: &'static str,
    values: &[S],
) -> Result<Vec<f64>> {
    if values.is_empty() {
        return Err(EvalError::Empty {
            what,
            shape: vec![0],
        });
    }
    let values: Vec<f64> = values.iter().map(|&v| v.into()).collect();
    ensure_finite(what, &ArrayView1::from(&values))?;
    Ok(values)
}

/// The same for an array of any dimension, in row-major order.
pub(crate) fn finite_flat<S: Copy + Into<f64>, D: Dimension>(
    what: &'static str,
    array: &ArrayRef<S, D>,
) -> Result<Vec<f64>> {
    if array.is_empty() {
        return Err(EvalError::Empty {
            what,
            shape: array.shape().to_vec(),
        });
    }
    let values = array.mapv(Into::into);
    ensure_finite(what, &values)?;
    Ok(values.iter().copied().collect())
}

fn ensure_finite<D: Dimension>(what: &'static str, values: &ArrayRef<f64, D>) -> Result<()> {
    match first_not_finite(values) {
        None => Ok(()),
        Some((index, value)) => Err(EvalError::NotFinite {
            what,
            value: value.to_string(),
            index,
        }),
    }
}

/// Checks that a parameter satisfies its condition, given in words by `expected`.
pub(crate) fn parameter(
    name: &'static str,
    found: impl ToString,
    valid: bool,
    expected: &'static str,
) -> Result<()> {
    if valid {
        Ok(())
    } else {
        Err(EvalError::Parameter {
            name,
            found: found.to_string(),
            expected,
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, ShapeBuilder};

    use super::*;

    #[test]
    fn the_first_bad_value_is_found_whatever_the_layout() {
        let mut array = Array3::<f64>::zeros((2, 3, 4).f());
        array[[1, 2, 3]] = f64::NAN;
        array[[1, 0, 2]] = f64::INFINITY;
        let error = finite_flat("the map", &array).unwrap_err();
        assert_eq!(error.to_string(), "found inf in the map at index [1, 0, 2]");
        let none = Array3::<f64>::zeros((2, 0, 4));
        let error = finite_flat("the map", &none).unwrap_err();
        assert!(matches!(error, EvalError::Empty { shape, .. } if shape == [2, 0, 4]));
    }
}
