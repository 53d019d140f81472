//! Jacobians by central differences of a model's values.

use ndarray::{Array3, ArrayViewD, Axis};
use xcebra_model::{Model, Scalar, batch_len, central_differences};
use xcebra_numeric::{Step, balanced_step};

use super::{JacobianBy, estimate, model_error};
use crate::error::{AttrError, Result};

/// Most samples in one call to the model.
const MAX_POINTS: usize = 4096;

/// Jacobians `(n, outputs, inputs)` of `model` at the samples `x` `(n, …input_shape)` by central
/// differences of its values, `2 inputs` evaluations a sample; its gradient is not asked for.
///
/// Input `x_j` moves by `± h = ± step · max(1, |x_j|)`. Each derivative is then off by about
/// `h²|f‴|/6 + ε|f|/h`: the default step, the cube root of the machine precision `ε` of the
/// model's type (6.1e-6 in `f64`, 4.9e-3 in `f32`), balances the two for a function that varies on
/// a scale of 1, with errors of the order of 1e-10 in `f64` and 1e-4 in `f32`. Take a larger one
/// where values are noisy, a smaller one where the model bends within `h`.
///
/// # Errors
/// As [`jacobians`](crate::jacobian::jacobians); [`AttrError::Parameter`] unless the step is positive and
/// finite.
pub fn jacobians_by_differences<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    step: Option<f64>,
) -> Result<Array3<f64>> {
    estimate(model, x, 0, JacobianBy::Differences(step))
}

pub(super) fn differences<A: Scalar>(
    model: &dyn Model<A>,
    x: ArrayViewD<'_, A>,
    first: usize,
    step: Option<f64>,
) -> Result<Array3<f64>> {
    let step = Step::Relative(step.map_or_else(balanced_step, A::of)).checked()?;
    let n = x.shape().first().copied().unwrap_or(0);
    let failed = model_error(first, n);
    batch_len(model.input_shape(), x.shape()).map_err(&failed)?;
    let (inputs, outputs) = (model.input_shape().iter().product(), model.output_dim());
    let mut jacobians = Array3::zeros((n, outputs, inputs));
    let values = |x: ArrayViewD<'_, A>| {
        let expected = (x.shape()[0], outputs);
        let y = model.forward(x).map_err(&failed)?;
        if y.dim() == expected {
            return Ok(y);
        }
        Err(AttrError::Shape {
            what: "the batch of values the model returned",
            found: y.shape().to_vec(),
            expected: format!("{expected:?}, samples by outputs"),
        })
    };
    // no more samples in a call than were given: the batch that the caller chose bounds the memory
    central_differences(
        &x,
        step,
        n.min(MAX_POINTS),
        values,
        |sample, input, slopes| {
            let mut jacobian = jacobians.index_axis_mut(Axis(0), sample);
            jacobian.column_mut(input).assign(&slopes);
        },
    )?;
    Ok(jacobians)
}
