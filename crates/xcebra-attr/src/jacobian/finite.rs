//! Jacobians by central differences of a model's values.

use ndarray::{Array2, Array3, ArrayViewD, Axis, Slice};
use xcebra_model::{Model, Scalar, batch_len};

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
/// As [`jacobians`](crate::jacobians); [`AttrError::Parameter`] unless the step is positive and
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
    let step = match step {
        None => A::epsilon().cbrt(),
        Some(step) if step > 0.0 && step.is_finite() => A::of(step),
        Some(step) => {
            let expected = "a positive finite number";
            return Err(AttrError::parameter("the step", step.to_string(), expected));
        }
    };
    let n = x.shape().first().copied().unwrap_or(0);
    let failed = model_error(first, n);
    batch_len(model.input_shape(), x.shape()).map_err(&failed)?;
    let (inputs, outputs) = (model.input_shape().iter().product(), model.output_dim());
    let rows = x.to_shape((n, inputs)).expect("the shape was checked");
    let mut jacobians = Array3::zeros((n, outputs, inputs));
    let value = |rows: Array2<A>| {
        let shape = [&[rows.nrows()], model.input_shape()].concat();
        let expected = (rows.nrows(), outputs);
        let rows = rows.into_shape_with_order(shape).expect("whole samples");
        let y = model.forward(rows.view()).map_err(&failed)?;
        if y.dim() != expected {
            return Err(AttrError::Shape {
                what: "the batch of values the model returned",
                found: y.shape().to_vec(),
                expected: format!("{expected:?}, samples by outputs"),
            });
        }
        Ok(y)
    };
    for first in (0..n).step_by(MAX_POINTS) {
        let some = Slice::from(first..(first + MAX_POINTS).min(n));
        let piece = rows.slice_axis(Axis(0), some);
        for input in 0..inputs {
            let [mut up, mut down] = [piece.to_owned(), piece.to_owned()];
            let column = up.column_mut(input).into_iter().zip(down.column_mut(input));
            for (up, down) in column {
                let step = step * up.abs().max(A::one());
                (*up, *down) = (*up + step, *down - step);
            }
            let widths: Vec<f64> = (up.column(input).iter().zip(down.column(input)))
                .map(|(up, down)| (*up - *down).as_f64())
                .collect();
            let (high, low) = (value(up)?, value(down)?);
            let mut out = jacobians.slice_axis_mut(Axis(0), some);
            for (i, width) in widths.iter().enumerate() {
                for k in 0..outputs {
                    out[[i, k, input]] = (high[[i, k]].as_f64() - low[[i, k]].as_f64()) / width;
                }
            }
        }
    }
    Ok(jacobians)
}
