//! Products and convolutions of quantised numbers.

use xcebra_model::Scalar;

use super::elementwise::{Pair, binary};
use super::layout::on_axis;
use super::matmul::multiply;
use super::quantize::rounded;
use super::{Call, conv};
use crate::builder::{Builder, Slot};
use crate::error::Result;

/// `(a − zero)(b − zero)` of matrices of integers.
pub(crate) fn matmul<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, y) = (call.required(b, 0)?, call.required(b, 1)?);
    let x = shifted(b, x, call.optional(2), true)?;
    let y = shifted(b, y, call.optional(3), false)?;
    multiply(b, x, y)
}

/// The product of two quantised matrices, quantised.
pub(crate) fn scaled_matmul<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, y) = (call.required(b, 0)?, call.required(b, 3)?);
    let x = shifted(b, x, call.optional(2), true)?;
    let y = shifted(b, y, call.optional(5), false)?;
    let product = multiply(b, x, y)?;
    let (of_x, of_y) = (call.required(b, 1)?, call.required(b, 4)?);
    let (of_x, of_y) = (on_axis(b, of_x, 1)?, on_axis(b, of_y, 0)?);
    let product = binary(b, Pair::Mul, product, of_x)?;
    let product = binary(b, Pair::Mul, product, of_y)?;
    requantized(b, call, product, 6)
}

/// A convolution of quantised numbers with quantised weights, which have one scale or one a channel.
pub(crate) fn scaled_conv<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights) = (call.required(b, 0)?, call.required(b, 3)?);
    let (of_x, of_weights) = (call.required(b, 1)?, call.required(b, 4)?);
    let x = shifted(b, x, call.optional(2), true)?;
    let weights = per_feature(b, weights, call.optional(5))?;
    let inner = Call {
        node: call.node,
        inputs: vec![Some(x), Some(weights), call.optional(8)],
        opset: call.opset,
    };
    let y = conv::conv(b, &inner)?;
    let y = binary(b, Pair::Mul, y, of_x)?;
    // a channel, which is axis 1
    let of_weights = on_axis(b, of_weights, b.rank(y) - 2)?;
    let y = binary(b, Pair::Mul, y, of_weights)?;
    requantized(b, call, y, 6)
}

/// A convolution of integers, not scaled.
pub(crate) fn conv<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights) = (call.required(b, 0)?, call.required(b, 1)?);
    let x = shifted(b, x, call.optional(2), true)?;
    let weights = per_feature(b, weights, call.optional(3))?;
    let inner = Call {
        node: call.node,
        inputs: vec![Some(x), Some(weights)],
        opset: call.opset,
    };
    conv::conv(b, &inner)
}

/// Divided by scale `i`, rounded to the type of the zero point behind it.
fn requantized<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, y: Slot, i: usize) -> Result<Slot> {
    let (scale, zero) = (call.required(b, i)?, call.required(b, i + 1)?);
    let kind = b.kind(zero);
    let (scale, zero) = (on_axis(b, scale, 1)?, on_axis(b, zero, 1)?);
    let steps = binary(b, Pair::Div, y, scale)?;
    rounded(b, steps, zero, kind)
}

/// Without the zero point, which is one, or one a row of the left or a column of the right matrix.
fn shifted<A: Scalar>(b: &mut Builder<A>, x: Slot, zero: Option<Slot>, left: bool) -> Result<Slot> {
    let Some(zero) = zero else { return Ok(x) };
    let zero = on_axis(b, zero, usize::from(left))?;
    binary(b, Pair::Sub, x, zero)
}

/// Weights without their zero point, which is one, or one a feature, which is axis 0.
fn per_feature<A: Scalar>(b: &mut Builder<A>, weights: Slot, zero: Option<Slot>) -> Result<Slot> {
    let Some(zero) = zero else {
        return Ok(weights);
    };
    let zero = on_axis(b, zero, b.rank(weights).saturating_sub(1))?;
    binary(b, Pair::Sub, weights, zero)
}
