//! Constants, shapes as values, and changes of type.

use xcebra_model::Scalar;

use super::Call;
use super::functions::{Function, apply};
use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::tensor::Kind;

/// Integers cut off what follows the point; real numbers of any width are those of the model.
pub(crate) fn cast<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let to = match call.optional(1) {
        Some(like) => Some(b.kind(like)),
        None => crate::proto::kind_of(call.node.int("to").unwrap_or(0)),
    };
    match to {
        Some(to) => as_kind(b, x, to),
        None => b.refuse_with(
            "a cast to an element type that is not supported",
            "export the model in single precision, half precision or with 8-bit integers",
        ),
    }
}

/// The same numbers as another kind.
pub(crate) fn as_kind<A: Scalar>(b: &mut Builder<A>, x: Slot, kind: Kind) -> Result<Slot> {
    let truncate = Function::Truncate { single: b.single };
    match kind {
        same if same == b.kind(x) => Ok(x),
        Kind::Bool => apply(b, Function::NonZero, x),
        Kind::Real => super::layout::as_real(b, x),
        Kind::Whole => apply(b, truncate, x),
        narrow => {
            let whole = apply(b, truncate, x)?;
            super::quantize::wrapped(b, whole, narrow)
        }
    }
}

pub(crate) fn constant<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let node = call.node;
    if let Some(tensor) = node.tensor("value") {
        return b.literal(tensor);
    }
    if let Some(number) = node.float("value_float") {
        return b.constant(&[], Kind::Real, vec![number]);
    }
    if let Some(numbers) = node.floats("value_floats") {
        return b.constant(&[numbers.len()], Kind::Real, numbers.to_vec());
    }
    if let Some(number) = node.int("value_int") {
        return b.constant(&[], Kind::Whole, vec![number as f64]);
    }
    if let Some(numbers) = node.ints("value_ints") {
        return integers(b, numbers);
    }
    b.refuse_with(
        "only constants of numbers are supported",
        "export the model without text or sparse constants",
    )
}

fn integers<A: Scalar>(b: &mut Builder<A>, numbers: &[i64]) -> Result<Slot> {
    let values = numbers.iter().map(|&v| v as f64).collect();
    b.constant(&[numbers.len()], Kind::Whole, values)
}

pub(crate) fn constant_of_shape<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let shape = call.required(b, 0)?;
    let shape = b.integers(shape, "the shape")?;
    let Some(shape) = lengths(&shape) else {
        return b.refuse(format!("the shape {shape:?} is impossible"));
    };
    let (kind, value) = match call.node.tensor("value") {
        Some(tensor) => {
            let one = b.literal(tensor)?;
            (b.kind(one), b.number(one, "its value")?)
        }
        None => (Kind::Real, 0.0),
    };
    filled(b, &shape, kind, value)
}

/// The identity; the second result says that nothing was dropped.
pub(crate) fn dropout<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let ratio = match call.optional(1) {
        Some(ratio) => b.number(ratio, "the ratio")?,
        None => call.node.float("ratio").unwrap_or(0.5),
    };
    let training = match call.optional(2) {
        Some(training) => b.number(training, "whether it is in training mode")? != 0.0,
        None => false,
    };
    if training && ratio != 0.0 {
        return b.refuse_with(
            "it is in training mode, where it drops numbers by chance",
            "export the model in evaluation mode",
        );
    }
    let mut results = vec![x];
    if call.node.outputs.len() > 1 {
        let shape = b.shape(x).to_vec();
        results.push(filled(b, &shape, Kind::Bool, 1.0)?);
    }
    Ok(results)
}

/// A known value full of one number; nothing is allocated before the limit was looked at.
pub(crate) fn filled<A: Scalar>(
    b: &mut Builder<A>,
    shape: &[usize],
    kind: Kind,
    value: f64,
) -> Result<Slot> {
    b.check(shape)?;
    b.constant(shape, kind, vec![value; shape.iter().product()])
}

pub(crate) fn lengths(numbers: &[i64]) -> Option<Vec<usize>> {
    numbers.iter().map(|&n| usize::try_from(n).ok()).collect()
}

pub(crate) fn shape<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let dims: Vec<i64> = b.shape(x).iter().map(|&d| d as i64).collect();
    let rank = dims.len() as i64;
    let clamp = |at: i64| {
        let at = if at < 0 { at.saturating_add(rank) } else { at };
        at.clamp(0, rank) as usize
    };
    let start = clamp(call.node.int("start").unwrap_or(0));
    let end = clamp(call.node.int("end").unwrap_or(rank)).max(start);
    integers(b, &dims[start..end])
}

pub(crate) fn size<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let size = b.shape(x).iter().product::<usize>() as f64;
    b.constant(&[], Kind::Whole, vec![size])
}

pub(crate) fn range<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let part = |i| call.required(b, i);
    let (start, limit, delta) = (part(0)?, part(1)?, part(2)?);
    let kind = b.kind(start);
    let start = b.number(start, "the start")?;
    let limit = b.number(limit, "the end")?;
    let delta = b.number(delta, "the step")?;
    let steps = ((limit - start) / delta).ceil().max(0.0);
    if !(steps.is_finite() && delta != 0.0) {
        return b.refuse_with("a range without end", AGAIN);
    }
    let steps = steps as usize;
    // before it is allocated
    b.check(&[steps])?;
    let numbers = (0..steps).map(|i| start + i as f64 * delta);
    b.constant(&[steps], kind, numbers.collect())
}
