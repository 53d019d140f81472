//! Jacobians as the model computes them.

use ndarray::{Array3, ArrayViewD};
use xcebra_model::{Model, Scalar};

use crate::error::{AttrError, Result};
use crate::inverse;

/// Jacobians `(n, outputs, inputs)` of `model` at the samples `x` `(n, …input_shape)`, in `f64` and
/// with flattened inputs.
///
/// # Errors
/// [`AttrError::Model`] if the model refuses the batch or fails, [`AttrError::NonFinite`] if it
/// returns infinities or NaN, [`AttrError::Shape`] if it has no inputs or outputs or returns
/// Jacobians of the wrong shape.
pub fn jacobians<A: Scalar>(model: &dyn Model<A>, x: ArrayViewD<'_, A>) -> Result<Array3<f64>> {
    jacobians_from(model, x, 0)
}

/// The same, where `first` is the index of the first sample among all samples.
pub(crate) fn jacobians_from<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    first: usize,
) -> Result<Array3<f64>> {
    let n = x.shape().first().copied().unwrap_or(0);
    let shape = [&[n, model.output_dim()], model.input_shape()].concat();
    let jacobian = model.jacobian(x).map_err(|source| AttrError::Model {
        first,
        end: first + n,
        source,
    })?;
    if jacobian.shape() != shape {
        return Err(AttrError::Shape {
            what: "the batch of Jacobians the model returned",
            found: jacobian.shape().to_vec(),
            expected: format!("{shape:?}, samples by outputs by inputs"),
        });
    }
    let inputs = model.input_shape().iter().product();
    let flat = jacobian
        .to_shape((n, model.output_dim(), inputs))
        .expect("the shape was checked")
        .mapv(Scalar::as_f64);
    inverse::check(&flat.view(), first)?;
    Ok(flat)
}
