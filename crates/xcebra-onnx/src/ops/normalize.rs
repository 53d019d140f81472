//! Normalisations, made of rows that are standardised, scales and offsets.

use xcebra_model::Scalar;

use super::Call;
use super::elementwise::{Pair, binary, where_};
use super::functions::{Function, apply};
use super::layout::{on_axis, reshape_to};
use super::reduce::{Reduction, reduce};
use super::rows::Standardize;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

const EVALUATION: &str =
    "export the model in evaluation mode (`model.eval()` in PyTorch, and no `training` argument)";

/// With the moments in the file, as at inference: one scale and one offset a channel.
pub(crate) fn batch<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    if call.node.flag("training_mode") {
        return b.refuse_with(
            "it is in training mode, where samples influence each other",
            EVALUATION,
        );
    }
    if call.node.int("spatial") == Some(0) {
        return b.refuse_with(
            "moments for each place are not supported",
            "export the model with a newer opset",
        );
    }
    let mut part = [Slot(0); 5];
    for (i, part) in part.iter_mut().enumerate() {
        *part = call.required(b, i)?;
    }
    let [x, scale, offset, mean, variance] = part;
    let epsilon = call.node.float("epsilon").unwrap_or(1e-5);
    let epsilon = b.constant(&[], Kind::Real, vec![epsilon])?;
    let variance = binary(b, Pair::Add, variance, epsilon)?;
    let deviation = apply(b, Function::Sqrt, variance)?;
    let scale = binary(b, Pair::Div, scale, deviation)?;
    let shift = binary(b, Pair::Mul, mean, scale)?;
    let offset = binary(b, Pair::Sub, offset, shift)?;
    affine(b, x, scale, Some(offset))
}

pub(crate) fn instance<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, scale, offset) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    if b.rank(x) < 2 {
        return b.refuse("an input without channels");
    }
    let y = in_groups(b, call, x, b.shape(x)[1])?;
    affine(b, y, scale, Some(offset))
}

/// Scale and offset are one a group in opset 18, one a channel since.
pub(crate) fn group<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, scale, offset) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    let shape = b.shape(x).to_vec();
    let groups = usize::try_from(call.node.int("num_groups").unwrap_or(1)).unwrap_or(0);
    if shape.len() < 2 || groups == 0 || !shape[1].is_multiple_of(groups) {
        return b.refuse(format!("{groups} groups of an input of shape {shape:?}"));
    }
    let y = in_groups(b, call, x, groups)?;
    if b.shape(scale) == [shape[1]] {
        return affine(b, y, scale, Some(offset));
    }
    let grouped = [
        shape[0],
        groups,
        shape[1..].iter().product::<usize>() / groups,
    ];
    let y = reshape_to(b, y, &grouped)?;
    let y = affine(b, y, scale, Some(offset))?;
    reshape_to(b, y, &shape)
}

/// Standardises each group of channels of each sample.
fn in_groups<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    x: Slot,
    groups: usize,
) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let each = shape[1..].iter().product::<usize>() / groups.max(1);
    let rows = [shape[0], groups, each];
    let x = reshape_to(b, x, &rows)?;
    let op = Standardize {
        epsilon: call.node.float("epsilon").unwrap_or(1e-5),
        centre: true,
    };
    let y = b.emit(op, &[x], &rows)?;
    reshape_to(b, y, &shape)
}

/// Along the axes from `axis` to the last; returns mean and inverse deviation too if they are asked for.
pub(crate) fn layer<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let scale = call.required(b, 1)?;
    let shape = b.shape(x).to_vec();
    let axis = b.axis(call.node.int("axis").unwrap_or(-1), shape.len())?;
    let rows = [
        shape[..axis].iter().product(),
        shape[axis..].iter().product(),
    ];
    let flat = reshape_to(b, x, &rows)?;
    let op = Standardize {
        epsilon: call.node.float("epsilon").unwrap_or(1e-5),
        centre: call.node.op != "RMSNormalization",
    };
    let y = b.emit(op, &[flat], &rows)?;
    let y = reshape_to(b, y, &shape)?;
    let mut y = binary(b, Pair::Mul, y, scale)?;
    if let Some(offset) = call.optional(2) {
        y = binary(b, Pair::Add, y, offset)?;
    }
    if b.shape(y) != shape {
        return b.refuse(format!(
            "a scale or offset that does not fit shape {shape:?}"
        ));
    }
    let mut results = vec![y];
    if call.node.outputs.len() > 1 {
        let axes: Vec<usize> = (axis..shape.len()).collect();
        let mean = reduce(b, Reduction::Mean, x, &axes, true)?;
        let centred = binary(b, Pair::Sub, x, mean)?;
        let square = binary(b, Pair::Mul, centred, centred)?;
        let variance = reduce(b, Reduction::Mean, square, &axes, true)?;
        let epsilon = b.constant(&[], Kind::Real, vec![op.epsilon])?;
        let variance = binary(b, Pair::Add, variance, epsilon)?;
        let deviation = apply(b, Function::Sqrt, variance)?;
        results.extend([mean, apply(b, Function::Reciprocal, deviation)?]);
    }
    Ok(results)
}

/// Divided by the sum of the absolute values, or by the root of the sum of squares.
pub(crate) fn lp<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let axis = b.axis(call.node.int("axis").unwrap_or(-1), b.rank(x))?;
    let norm = match call.node.int("p").unwrap_or(2) {
        1 => Reduction::L1,
        2 => Reduction::L2,
        p => {
            return b.refuse(format!(
                "a norm with p = {p} is not supported, only 1 and 2 are"
            ));
        }
    };
    let norm = reduce(b, norm, x, &[axis], true)?;
    // zeros stay zeros
    let one = b.constant(&[], Kind::Real, vec![1.0])?;
    let zero = b.constant(&[], Kind::Real, vec![0.0])?;
    let empty = binary(b, Pair::Equal, norm, zero)?;
    let norm = where_(b, empty, one, norm)?;
    binary(b, Pair::Div, x, norm)
}

/// A scale and an offset for every channel, which is axis 1.
fn affine<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    scale: Slot,
    offset: Option<Slot>,
) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let mut y = x;
    for (pair, numbers) in [(Pair::Mul, Some(scale)), (Pair::Add, offset)] {
        let Some(numbers) = numbers else { continue };
        if shape.len() < 2 || b.shape(numbers) != [shape[1]] {
            return b.refuse(format!(
                "parameters of shape {:?} for an input of shape {shape:?}",
                b.shape(numbers)
            ));
        }
        let numbers = on_axis(b, numbers, shape.len() - 2)?;
        y = binary(b, pair, y, numbers)?;
    }
    Ok(y)
}
