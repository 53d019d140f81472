//! Numbers chosen one by one: gathered elements, triangles, blocks moved between axes.

use xcebra_model::Scalar;

use super::Call;
use super::layout::{permute, reshape_to};
use super::select::{NOTHING, Select, entries};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::strides;

pub(crate) fn gather_elements<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    let (from, to) = (b.shape(x).to_vec(), b.shape(indices).to_vec());
    let axis = b.axis(call.node.int("axis").unwrap_or(0), from.len())?;
    let fits = from.len() == to.len() && (0..from.len()).all(|a| a == axis || to[a] <= from[a]);
    if !fits {
        return b.refuse(format!(
            "indices of shape {to:?} into a tensor of shape {from:?}"
        ));
    }
    let (own, stride) = (strides(&to), strides(&from));
    let entries = entries(b, indices, from[axis])?;
    let place = |(i, &entry): (usize, &usize)| {
        let along = |a: usize| if a == axis { entry } else { i / own[a] % to[a] };
        (0..from.len()).map(|a| along(a) * stride[a]).sum()
    };
    let map = entries.iter().enumerate().map(place).collect();
    b.emit_as(b.kind(x), Select::places(&from, &to, map), &[x], &to)
}

/// The last axis of the indices names places on the axes of `x` that follow the first `batch_dims`.
pub(crate) fn gather_nd<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, indices) = (call.required(b, 0)?, call.required(b, 1)?);
    let (from, at) = (b.shape(x).to_vec(), b.shape(indices).to_vec());
    let shared = usize::try_from(call.node.int("batch_dims").unwrap_or(0)).unwrap_or(usize::MAX);
    let wrong = || {
        b.refuse(format!(
            "indices of shape {at:?} into a tensor of shape {from:?}"
        ))
    };
    let Some((&named, outer)) = at.split_last() else {
        return wrong();
    };
    let whole = shared.saturating_add(named);
    if shared > outer.len() || whole > from.len() || outer[..shared] != from[..shared] {
        return wrong();
    }
    let block = from[whole..].iter().product::<usize>();
    let to = [outer, &from[whole..]].concat();
    b.check(&to)?;
    let numbers = b.integers(indices, "the indices")?;
    let stride = strides(&from);
    // numbers of the indices that belong to one entry of the shared axes
    let each = at[shared..].iter().product::<usize>().max(1);
    let span = from[shared..].iter().product::<usize>();
    let mut map = Vec::new();
    for (i, place) in numbers.chunks_exact(named.max(1)).enumerate() {
        let mut start = i * named / each * span;
        for (axis, &index) in (shared..).zip(place) {
            match crate::shape::axis(index, from[axis]) {
                Some(index) => start += index * stride[axis],
                None => {
                    return b.refuse(format!("index {index} on an axis of length {}", from[axis]));
                }
            }
        }
        map.extend(start..start + block);
    }
    b.emit_as(b.kind(x), Select::places(&from, &to, map), &[x], &to)
}

/// The upper or lower triangle of matrices; 0 elsewhere.
pub(crate) fn trilu<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let diagonal = match call.optional(1) {
        Some(k) => b.number(k, "the diagonal")?,
        None => 0.0,
    };
    let &[.., rows, columns] = shape.as_slice() else {
        return b.refuse(format!("{shape:?} is not a shape of matrices"));
    };
    let upper = call.node.int("upper").unwrap_or(1) != 0;
    let kept = |i: usize| {
        let distance = (i % columns) as f64 - (i / columns % rows) as f64;
        if upper {
            distance >= diagonal
        } else {
            distance <= diagonal
        }
    };
    let count = shape.iter().product();
    let map = (0..count)
        .map(|i| if kept(i) { i } else { NOTHING })
        .collect();
    b.emit_as(b.kind(x), Select::places(&shape, &shape, map), &[x], &shape)
}

pub(crate) fn depth_to_space<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, [n, c, h, w], s) = blocks(b, call)?;
    if c % (s * s) != 0 {
        return b.refuse(format!("{c} channels in blocks of {s} × {s}"));
    }
    let d = c / (s * s);
    let (split, order) = match call.node.text("mode") {
        Some("CRD") => ([n, d, s, s, h, w], [0, 1, 4, 2, 5, 3]),
        _ => ([n, s, s, d, h, w], [0, 3, 4, 1, 5, 2]),
    };
    let x = reshape_to(b, x, &split)?;
    let x = permute(b, x, &order)?;
    reshape_to(b, x, &[n, d, h * s, w * s])
}

pub(crate) fn space_to_depth<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, [n, c, h, w], s) = blocks(b, call)?;
    if h % s != 0 || w % s != 0 {
        return b.refuse(format!("{h} × {w} in blocks of {s} × {s}"));
    }
    let x = reshape_to(b, x, &[n, c, h / s, s, w / s, s])?;
    let x = permute(b, x, &[0, 3, 5, 1, 2, 4])?;
    reshape_to(b, x, &[n, c * s * s, h / s, w / s])
}

/// Input, its shape and the width of blocks.
fn blocks<A: Scalar>(b: &Builder<A>, call: &Call<'_>) -> Result<(Slot, [usize; 4], usize)> {
    let x = call.required(b, 0)?;
    let size = call.node.int("blocksize").unwrap_or(0);
    match (<[usize; 4]>::try_from(b.shape(x)), size) {
        (Ok(shape), 1..=65536) => Ok((x, shape, size as usize)),
        _ => b.refuse(format!(
            "blocks of {size} of a tensor of shape {:?}",
            b.shape(x)
        )),
    }
}
