//! Shapes changed without changing numbers: reshaping, transposing, joining.

use xcebra_model::Scalar;

use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::shape::{around, count, for_each_row, strides};
use crate::tensor::Tensor;

/// The same numbers under another shape.
struct Reshape {
    from: Vec<usize>,
    to: Vec<usize>,
}

/// Axis `i` of the result is axis `order[i]` of the input.
struct Permute {
    order: Vec<usize>,
}

/// Tensors joined along an axis.
struct Concat {
    axis: usize,
    lengths: Vec<usize>,
}

pub(crate) fn reshape<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let target = call.required(b, 1)?;
    let target = b.integers(target, "the new shape")?;
    let from = b.shape(x).to_vec();
    let keep_zero = call.node.flag("allowzero");
    let mut to = Vec::new();
    let mut open = None;
    for (axis, &length) in target.iter().enumerate() {
        match usize::try_from(length) {
            Ok(0) if !keep_zero => match from.get(axis) {
                Some(&same) => to.push(same),
                None => {
                    return b.refuse(format!(
                        "shape {target:?} copies an axis that {from:?} does not have"
                    ));
                }
            },
            Ok(length) => to.push(length),
            Err(_) if length == -1 && open.is_none() => {
                open = Some(axis);
                to.push(1);
            }
            Err(_) => return b.refuse(format!("the shape {target:?} is impossible")),
        }
    }
    let have = from.iter().product::<usize>();
    if let Some(axis) = open
        && let Some(rest) = count(&to).filter(|&rest| rest > 0)
    {
        to[axis] = have / rest;
    }
    if count(&to) != Some(have) {
        return b.refuse_with(
            format!("{have} numbers of shape {from:?} do not fit the shape {target:?}"),
            "if the batch size is written into the graph, export it with a batch of one or a dynamic batch axis",
        );
    }
    reshape_to(b, x, &to)
}

/// The same numbers, as if they did not depend on the model's input.
pub(crate) fn detach<A: Scalar>(b: &mut Builder<A>, x: Slot) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let op = Reshape {
        from: shape.clone(),
        to: shape.clone(),
    };
    // another value: the same one may go on under another name
    let y = b.emit_as(b.kind(x), op, &[x], &shape)?;
    b.flatten_derivative(y);
    Ok(y)
}

/// A view of the same numbers; both shapes have the same length.
pub(crate) fn reshape_to<A: Scalar>(b: &mut Builder<A>, x: Slot, to: &[usize]) -> Result<Slot> {
    let from = b.shape(x).to_vec();
    if from == to {
        return Ok(x);
    }
    let op = Reshape {
        from,
        to: to.to_vec(),
    };
    b.emit_as(b.kind(x), op, &[x], to)
}

/// One number, or one for each entry of an axis that has `behind` axes behind it, in a shape that broadcasts; numbers of
/// more axes stay as they are.
pub(crate) fn on_axis<A: Scalar>(b: &mut Builder<A>, numbers: Slot, behind: usize) -> Result<Slot> {
    match *b.shape(numbers) {
        [1] => reshape_to(b, numbers, &[]),
        [n] => {
            let mut shape = vec![1; behind + 1];
            shape[0] = n;
            reshape_to(b, numbers, &shape)
        }
        _ => Ok(numbers),
    }
}

/// The same numbers as real ones.
pub(crate) fn as_real<A: Scalar>(b: &mut Builder<A>, x: Slot) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let op = Reshape {
        from: shape.clone(),
        to: shape.clone(),
    };
    b.emit(op, &[x], &shape)
}

pub(crate) fn flatten<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let axis = call.node.int("axis").unwrap_or(1);
    let axis = match axis == shape.len() as i64 {
        true => shape.len(),
        false => b.axis(axis, shape.len())?,
    };
    let (rows, columns) = shape.split_at(axis);
    reshape_to(b, x, &[rows.iter().product(), columns.iter().product()])
}

pub(crate) fn squeeze<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let axes = match call.ints(b, "axes", 1)? {
        Some(axes) => b.axes(&axes, shape.len())?,
        None => (0..shape.len()).filter(|&a| shape[a] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|&&a| shape[a] != 1) {
        return b.refuse(format!(
            "axis {axis} of shape {shape:?} does not have length 1"
        ));
    }
    let kept = (0..shape.len()).filter(|a| !axes.contains(a));
    let to: Vec<usize> = kept.map(|a| shape[a]).collect();
    reshape_to(b, x, &to)
}

pub(crate) fn unsqueeze<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let Some(axes) = call.ints(b, "axes", 1)? else {
        return b.refuse_with("no axes are given", AGAIN);
    };
    let mut to = b.shape(x).to_vec();
    for axis in b.axes(&axes, to.len() + axes.len())? {
        to.insert(axis, 1);
    }
    reshape_to(b, x, &to)
}

pub(crate) fn transpose<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let rank = b.rank(x);
    let order: Vec<usize> = match call.node.ints("perm") {
        Some(order) => order
            .iter()
            .map(|&a| b.axis(a, rank))
            .collect::<Result<_>>()?,
        None => (0..rank).rev().collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return b.refuse(format!("{order:?} is not an order of {rank} axes"));
    }
    permute(b, x, &order)
}

/// Axis `i` of the result is axis `order[i]` of `x`.
pub(crate) fn permute<A: Scalar>(b: &mut Builder<A>, x: Slot, order: &[usize]) -> Result<Slot> {
    if order.is_sorted() {
        return Ok(x);
    }
    let shape: Vec<usize> = order.iter().map(|&a| b.shape(x)[a]).collect();
    let op = Permute {
        order: order.to_vec(),
    };
    b.emit_as(b.kind(x), op, &[x], &shape)
}

/// The order that puts `axis` last.
pub(crate) fn last_axis(axis: usize, rank: usize) -> Vec<usize> {
    (0..rank).filter(|&a| a != axis).chain([axis]).collect()
}

/// The order that undoes `order`.
pub(crate) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        inverse[from] = to;
    }
    inverse
}

pub(crate) fn concat<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let parts = call.all(b)?;
    let axis = b.axis(call.node.int("axis").unwrap_or(1), b.rank(parts[0]))?;
    join(b, &parts, axis)
}

/// Values one after the other along an axis; there is at least one.
pub(crate) fn join<A: Scalar>(b: &mut Builder<A>, parts: &[Slot], axis: usize) -> Result<Slot> {
    if let [one] = parts {
        return Ok(*one);
    }
    let mut shape = b.shape(parts[0]).to_vec();
    let mut lengths = Vec::new();
    for &part in parts {
        let mut other = b.shape(part).to_vec();
        if other.len() != shape.len() {
            return b.inconsistent(format!("{other:?} cannot be joined to {shape:?}"));
        }
        lengths.push(std::mem::replace(&mut other[axis], shape[axis]));
        if other != shape {
            return b.inconsistent(format!(
                "{other:?} cannot be joined to {shape:?} along axis {axis}"
            ));
        }
    }
    let Some(total) = lengths.iter().try_fold(0_usize, |n, &l| n.checked_add(l)) else {
        return b.refuse("the result is too long");
    };
    shape[axis] = total;
    let kind = parts[1..]
        .iter()
        .fold(b.kind(parts[0]), |kind, &part| kind.with(b.kind(part)));
    b.emit_as(kind, Concat { axis, lengths }, parts, &shape)
}

impl<A: Scalar> Op<A> for Reshape {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        vec![inputs[0].reshaped(&self.to)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![Some(pass.gradient().reshaped(&self.from))]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}

impl<A: Scalar> Op<A> for Permute {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        vec![permuted(inputs[0], &self.order)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![Some(permuted(pass.gradient(), &inverse(&self.order)))]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}

fn permuted<A: Scalar>(x: &Tensor<A>, order: &[usize]) -> Tensor<A> {
    let own = strides(x.shape());
    let shape: Vec<usize> = order.iter().map(|&a| x.shape()[a]).collect();
    let from: Vec<usize> = order.iter().map(|&a| own[a]).collect();
    let (width, stride) = match (shape.last(), from.last()) {
        (Some(&width), Some(&stride)) => (width, stride),
        _ => (1, 1),
    };
    let mut data = buffer::with_room(x.data().len());
    for_each_row(&shape, [&from], |[at]| {
        if width > 0 {
            let row = &x.data()[at..];
            match stride {
                1 => data.extend_from_slice(&row[..width]),
                _ => data.extend(row.iter().step_by(stride).take(width)),
            }
        }
    });
    Tensor::new(&shape, data)
}

impl<A: Scalar> Op<A> for Concat {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut shape = inputs[0].shape().to_vec();
        shape[self.axis] = self.lengths.iter().sum();
        let (outer, length, inner) = around(&shape, self.axis);
        let mut data = buffer::with_room(outer * length * inner);
        for i in 0..outer {
            for (part, length) in inputs.iter().zip(&self.lengths) {
                let width = length * inner;
                data.extend_from_slice(&part.data()[i * width..(i + 1) * width]);
            }
        }
        vec![Tensor::new(&shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let g = pass.gradient();
        let (outer, length, inner) = around(g.shape(), self.axis);
        let mut start = 0;
        let part = |(input, &own): (&&Tensor<A>, &usize)| {
            let mut data = buffer::with_room(outer * own * inner);
            for i in 0..outer {
                let at = (i * length + start) * inner;
                data.extend_from_slice(&g.data()[at..at + own * inner]);
            }
            start += own;
            Some(Tensor::new(input.shape(), data))
        };
        pass.inputs.iter().zip(&self.lengths).map(part).collect()
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}
