//! Numbers chosen one by one: triangles, blocks moved between axes.

use xcebra_model::Scalar;

use super::Call;
use super::layout::{permute, reshape_to};
use super::select::{NOTHING, Select};
use crate::builder::{Builder, Slot};
use crate::error::Result;

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
    let order = match call.node.text("mode") {
        Some("CRD") => [0, 1, 3, 5, 2, 4],
        _ => [0, 3, 5, 1, 2, 4],
    };
    let x = permute(b, x, &order)?;
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
