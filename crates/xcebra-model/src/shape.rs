//! Shape checks on what a model's own code hands back.

use ndarray::{Array2, Array3, ArrayD, ArrayViewD};

use crate::error::{ModelError, Result};
use crate::model::{Model, batch_len};
use crate::scalar::Scalar;

/// Fails unless `found` is the shape `expected` of the answer of `what`.
pub(crate) fn returned(what: &'static str, found: &[usize], expected: &[usize]) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(ModelError::Returned {
        what,
        found: found.to_vec(),
        expected: expected.to_vec(),
    })
}

/// Shape of a batch of Jacobians.
pub(crate) fn jacobian_shape(n: usize, outputs: usize, input_shape: &[usize]) -> Vec<usize> {
    [&[n, outputs], input_shape].concat()
}

/// Jacobians `(n, outputs, …input_shape)` as one matrix a sample.
pub(crate) fn as_matrices<A: Scalar>(
    jacobian: ArrayD<A>,
    n: usize,
    outputs: usize,
    input_shape: &[usize],
) -> Result<Array3<A>> {
    let expected = jacobian_shape(n, outputs, input_shape);
    returned("jacobian", jacobian.shape(), &expected)?;
    let inputs = input_shape.iter().product::<usize>();
    let standard = if jacobian.is_standard_layout() {
        jacobian
    } else {
        jacobian.as_standard_layout().into_owned()
    };
    Ok(standard
        .into_shape_with_order((n, outputs, inputs))
        .expect("the shape was checked"))
}

/// The push-forward of a model that is part of another, looked at before it is used.
pub(crate) fn pushed_forward<A: Scalar, M: Model<A>>(
    model: &M,
    x: ArrayViewD<'_, A>,
    tangent: ArrayViewD<'_, A>,
) -> Result<Option<Array2<A>>> {
    let n = batch_len(model.input_shape(), x.shape())?;
    batch_len(model.input_shape(), tangent.shape())?;
    let Some(pushed) = model.jvp(x, tangent)? else {
        return Ok(None);
    };
    returned("jvp", pushed.shape(), &[n, model.output_dim()])?;
    Ok(Some(pushed))
}
