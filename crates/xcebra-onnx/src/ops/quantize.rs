//! Real numbers as small integers and back.

use xcebra_model::Scalar;

use super::elementwise::{Pair, binary};
use super::functions::{Function, apply};
use super::layout::{as_real, on_axis, reshape_to};
use super::reduce::{Reduction, reduce};
use super::select::{everything, expand_to, select};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::{Kind, Tensor};

/// The first input, rounded, plus the second, kept within the range.
struct Rounded {
    low: f64,
    high: f64,
}

/// Integers that leave their range come in again at its other end.
struct Wrapped {
    low: f64,
    high: f64,
}

/// Eight bits, as quantised networks have them unless they say otherwise.
const BYTE: Kind = Kind::Narrow {
    signed: false,
    bits: 8,
};

/// `x / scale`, rounded to the integer type of the zero point.
pub(crate) fn quantize<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, scale) = (call.required(b, 0)?, call.required(b, 1)?);
    let zero = call.optional(2);
    let code = call.node.int("output_dtype").filter(|&code| code != 0);
    let kind = match (zero, code) {
        (Some(zero), _) => Some(b.kind(zero)),
        (None, Some(code)) => crate::proto::kind_of(code),
        (None, None) => Some(BYTE),
    };
    let Some(kind) = kind.filter(|kind| kind.range().is_some()) else {
        return b.refuse_with(
            "it quantises to a type other than integers of 2, 4, 8 or 16 bits",
            "quantise the model to 8-bit integers, or export it without quantisation",
        );
    };
    let shape = b.shape(x).to_vec();
    let scale = along(b, call, scale, &shape)?;
    let steps = binary(b, Pair::Div, x, scale)?;
    let zero = match zero {
        Some(zero) => along(b, call, zero, &shape)?,
        None => b.constant(&[], kind, vec![0.0])?,
    };
    rounded(b, steps, zero, kind)
}

/// `(x − zero point) scale`.
pub(crate) fn dequantize<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (mut x, scale) = (call.required(b, 0)?, call.required(b, 1)?);
    let shape = b.shape(x).to_vec();
    if let Some(zero) = call.optional(2) {
        let zero = along(b, call, zero, &shape)?;
        // it may leave the range of its type
        x = binary(b, Pair::Sub, x, zero)?;
    }
    let scale = along(b, call, scale, &shape)?;
    let x = as_real(b, x)?;
    binary(b, Pair::Mul, x, scale)
}

/// Scale and zero point from the range of the numbers: integers of 8 bits, scale, zero point.
pub(crate) fn dynamic<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let axes: Vec<usize> = (0..b.rank(x)).collect();
    let nothing = b.constant(&[], Kind::Real, vec![0.0])?;
    let most = reduce(b, Reduction::Max, x, &axes, false)?;
    let most = binary(b, Pair::Max, most, nothing)?;
    let least = reduce(b, Reduction::Min, x, &axes, false)?;
    let least = binary(b, Pair::Min, least, nothing)?;
    let range = binary(b, Pair::Sub, most, least)?;
    // a signal of zeros has no range; any scale but zero keeps it
    let empty = binary(b, Pair::Equal, range, nothing)?;
    let range = binary(b, Pair::Add, range, empty)?;
    let steps = b.constant(&[], Kind::Real, vec![255.0])?;
    let scale = binary(b, Pair::Div, range, steps)?;
    if b.straight_through {
        // a setting of the quantiser, not something to be explained
        b.flatten_derivative(scale);
    }
    let shift = binary(b, Pair::Div, least, scale)?;
    let shift = apply(b, Function::Neg, shift)?;
    let none = b.constant(&[], BYTE, vec![0.0])?;
    let zero = rounded(b, shift, none, BYTE)?;
    b.flatten_derivative(zero);
    let steps = binary(b, Pair::Div, x, scale)?;
    let y = rounded(b, steps, zero, BYTE)?;
    Ok(vec![y, scale, zero])
}

/// Rounds to integers of a kind with a range.
pub(crate) fn rounded<A: Scalar>(
    b: &mut Builder<A>,
    steps: Slot,
    zero: Slot,
    kind: Kind,
) -> Result<Slot> {
    let shape = b.shape(steps).to_vec();
    let zero = expand_to(b, zero, &shape)?;
    let (low, high) = kind.range().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    // as real numbers they have the derivative that the step gives them
    let kind = if b.straight_through { Kind::Real } else { kind };
    b.emit_as(kind, Rounded { low, high }, &[steps, zero], &shape)
}

/// Integers of few bits as C has them: what does not fit comes in again at the other end.
pub(crate) fn wrapped<A: Scalar>(b: &mut Builder<A>, x: Slot, kind: Kind) -> Result<Slot> {
    let Some((low, high)) = kind.range() else {
        return Ok(x);
    };
    let shape = b.shape(x).to_vec();
    b.emit_as(kind, Wrapped { low, high }, &[x], &shape)
}

/// A number for all, one for each entry of `axis`, or one for each block along it, in the shape of the tensor.
pub(crate) fn along<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    numbers: Slot,
    shape: &[usize],
) -> Result<Slot> {
    let found = b.shape(numbers).to_vec();
    if found.iter().product::<usize>() == 1 {
        return reshape_to(b, numbers, &[]);
    }
    let axis = b.axis(call.node.int("axis").unwrap_or(1), shape.len())?;
    let block = call.node.int("block_size").unwrap_or(0);
    if block <= 0 && found == [shape[axis]] {
        return on_axis(b, numbers, shape.len() - 1 - axis);
    }
    let fits = |(a, (&own, &found)): (usize, (&usize, &usize))| match a == axis {
        true => block > 0 && own.div_ceil(block as usize) == found,
        false => own == found,
    };
    let pairs = shape.iter().zip(&found).enumerate();
    if found.len() != shape.len() || !pairs.into_iter().all(fits) {
        return b.refuse(format!(
            "scales or zero points of shape {found:?} for axis {axis} of shape {shape:?}"
        ));
    }
    let mut picks = everything(&found);
    picks[axis] = (0..shape[axis]).map(|i| i / block as usize).collect();
    select(b, numbers, &picks, 0.0)
}

impl<A: Scalar> Op<A> for Rounded {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (low, high) = (A::of(self.low), A::of(self.high));
        let value = |x: A, zero: A| {
            let whole = A::of(x.as_f64().round_ties_even()) + zero;
            if whole < low {
                low
            } else if whole > high {
                high
            } else {
                whole
            }
        };
        vec![inputs[0].zip(inputs[1], value)]
    }

    /// 1 inside the range and 0 outside; asked for only if quantisation is to let gradients through.
    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let (low, high) = (A::of(self.low), A::of(self.high));
        let inside = pass.inputs[0].zip(pass.inputs[1], |x, zero| {
            let whole = A::of(x.as_f64().round_ties_even()) + zero;
            if whole < low || whole > high {
                A::zero()
            } else {
                A::one()
            }
        });
        vec![Some(pass.gradient().zip(&inside, |g, s| g * s)), None]
    }
}

impl<A: Scalar> Op<A> for Wrapped {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let (low, span) = (self.low, self.high - self.low + 1.0);
        let value = |x: A| A::of((x.as_f64() - low).rem_euclid(span) + low);
        vec![inputs[0].map(value)]
    }

    fn backward(&self, _pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![None]
    }
}
