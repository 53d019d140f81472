//! Jacobians as the model computes them.

use ndarray::{Array3, ArrayD, ArrayViewD, Axis};
use xcebra_model::{Model, Scalar, batch_len};

use super::{JacobianBy, estimate, model_error};
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
    estimate(model, x, 0, JacobianBy::Model)
}

/// The same in forward mode, by one push-forward ([`Model::jvp`]) an input; `None` if the model does
/// not offer it.
///
/// # Errors
/// As [`jacobians`].
pub fn jacobians_forward<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
) -> Result<Option<Array3<f64>>> {
    let found = forward(model, x, 0)?;
    if let Some(found) = &found {
        inverse::check("the Jacobian", &found.view(), 0)?;
    }
    Ok(found)
}

pub(super) fn reverse<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    first: usize,
) -> Result<Array3<f64>> {
    let n = x.shape().first().copied().unwrap_or(0);
    let shape = [&[n, model.output_dim()], model.input_shape()].concat();
    let jacobian = model.jacobian(x).map_err(model_error(first, n))?;
    if jacobian.shape() != shape {
        return Err(AttrError::Shape {
            what: "the batch of Jacobians the model returned",
            found: jacobian.shape().to_vec(),
            expected: format!("{shape:?}, samples by outputs by inputs"),
        });
    }
    let inputs = model.input_shape().iter().product();
    let flat = jacobian.to_shape((n, model.output_dim(), inputs));
    Ok(flat.expect("the shape was checked").mapv(Scalar::as_f64))
}

pub(super) fn forward<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    first: usize,
) -> Result<Option<Array3<f64>>> {
    let n = x.shape().first().copied().unwrap_or(0);
    let failed = model_error(first, n);
    batch_len(model.input_shape(), x.shape()).map_err(&failed)?;
    let inputs: usize = model.input_shape().iter().product();
    let mut jacobians = Array3::zeros((n, model.output_dim(), inputs));
    for input in 0..inputs {
        let mut tangent = ArrayD::zeros(x.shape());
        let mut rows = tangent.view_mut().into_shape_with_order((n, inputs));
        let rows = rows.as_mut().expect("freshly made");
        rows.column_mut(input).fill(A::one());
        let Some(column) = model.jvp(x.view(), tangent.view()).map_err(&failed)? else {
            return Ok(None);
        };
        if column.dim() != (n, model.output_dim()) {
            return Err(AttrError::Shape {
                what: "the batch of push-forwards the model returned",
                found: column.shape().to_vec(),
                expected: format!("({n}, {}), samples by outputs", model.output_dim()),
            });
        }
        let mut out = jacobians.index_axis_mut(Axis(2), input);
        out.zip_mut_with(&column, |out, v| *out = v.as_f64());
    }
    Ok(Some(jacobians))
}
