//! Convolutions whose taps are moved by numbers that the network computes.

use xcebra_model::Scalar;

use super::Call;
use super::elementwise::{Pair, binary};
use super::grid::interpolated;
use super::layout::{permute, reshape_to};
use super::matmul::multiply;
use super::select::select;
use super::values::lengths;
use super::window::{Axis, settings};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

/// The lengths that matter. Groups of offsets and of channels need not be the same.
struct Form {
    samples: usize,
    channels: usize,
    image: Vec<usize>,
    output: Vec<usize>,
    axes: Vec<Axis>,
    taps: usize,
    /// Groups of channels that are moved together.
    moved: usize,
}

/// Every tap reads the image at its place plus an offset, between the pixels, times a number of a mask.
pub(crate) fn deform_conv<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights, offset) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    let form = form(b, call, x, weights, offset)?;
    let groups = usize::try_from(call.node.int("group").unwrap_or(1)).unwrap_or(0);
    let w = b.shape(weights).to_vec();
    let fits = groups > 0
        && w[0].is_multiple_of(groups)
        && w[1].checked_mul(groups) == Some(form.channels);
    if !fits {
        return b.refuse(format!(
            "weights of shape {w:?} for {} channels in {groups} groups",
            form.channels
        ));
    }
    let places = form.output.iter().product::<usize>();
    let mut columns = form.columns(b, x, offset)?;
    if let Some(mask) = call.optional(4) {
        let expected = [&[form.samples, form.moved * form.taps], &form.output[..]].concat();
        if b.shape(mask) != expected {
            return b.refuse(format!(
                "a mask of shape {:?}, expected {expected:?}",
                b.shape(mask)
            ));
        }
        let shape = [form.samples * form.moved, 1, form.taps, places];
        let mask = reshape_to(b, mask, &shape)?;
        columns = binary(b, Pair::Mul, columns, mask)?;
    }
    let inner = form.channels / groups * form.taps;
    let columns = reshape_to(b, columns, &[form.samples, groups, inner, places])?;
    let weights = reshape_to(b, weights, &[groups, w[0] / groups, inner])?;
    let y = multiply(b, weights, columns)?;
    let mut y = reshape_to(b, y, &[form.samples, w[0], places])?;
    if let Some(bias) = call.optional(3) {
        if b.shape(bias) != [w[0]] {
            return b.refuse(format!("a bias of shape {:?}", b.shape(bias)));
        }
        let bias = reshape_to(b, bias, &[w[0], 1])?;
        y = binary(b, Pair::Add, y, bias)?;
    }
    reshape_to(b, y, &[&[form.samples, w[0]], &form.output[..]].concat())
}

fn form<A: Scalar>(
    b: &Builder<A>,
    call: &Call<'_>,
    x: Slot,
    weights: Slot,
    offset: Slot,
) -> Result<Form> {
    let (from, w, at) = (b.shape(x), b.shape(weights), b.shape(offset));
    let rank = from.len().saturating_sub(2);
    let kernel = match call.node.ints("kernel_shape") {
        Some(kernel) => lengths(kernel),
        None => w.get(2..).map(<[usize]>::to_vec),
    };
    let kernel = kernel.filter(|k| w.len() == rank + 2 && w[2..] == k[..]);
    let (Some(kernel), true) = (kernel, rank > 0 && !from.contains(&0)) else {
        return b.refuse(format!(
            "weights of shape {w:?} for images of shape {from:?}"
        ));
    };
    let axes = settings(b, call, &kernel)?;
    let along = |(axis, &length): (&Axis, &usize)| axis.outputs(length, false);
    let output = axes.iter().zip(&from[2..]).map(along);
    let Some(output) = output.collect::<Option<Vec<usize>>>() else {
        return b.refuse_with(
            format!("the window {kernel:?} is larger than its input {from:?}"),
            "pass longer samples",
        );
    };
    let moved = usize::try_from(call.node.int("offset_group").unwrap_or(1)).unwrap_or(0);
    b.check(&kernel)?;
    let taps = kernel.iter().product::<usize>();
    let numbers = moved.saturating_mul(taps * rank);
    let expected = [&[from[0], numbers], &output[..]].concat();
    if moved == 0 || !from[1].is_multiple_of(moved) || at != expected {
        return b.refuse(format!(
            "offsets of shape {at:?} for {} channels in {moved} groups, expected {expected:?}",
            from[1]
        ));
    }
    Ok(Form {
        samples: from[0],
        channels: from[1],
        image: from[2..].to_vec(),
        output,
        axes,
        taps,
        moved,
    })
}

impl Form {
    /// What each tap reads: (samples · groups that are moved, channels of a group, taps, places).
    fn columns<A: Scalar>(&self, b: &mut Builder<A>, x: Slot, offset: Slot) -> Result<Slot> {
        let (rank, all) = (self.image.len(), self.samples * self.moved);
        let places = self.output.iter().product::<usize>();
        let offset = reshape_to(b, offset, &[all, self.taps, rank, places])?;
        let offset = permute(b, offset, &[0, 1, 3, 2])?;
        b.check(&[self.taps, places, rank])?;
        let numbers = (0..self.taps * places * rank).map(|i| self.place(i));
        let base = b.constant(&[self.taps, places, rank], Kind::Real, numbers.collect())?;
        let at = binary(b, Pair::Add, offset, base)?;
        // from pixels to what interpolation counts in: −1 and 1 at the edges of the image, the last axis first
        let edges = |f: &dyn Fn(f64) -> f64| self.image.iter().map(|&n| f(n as f64)).collect();
        let scale = b.constant(&[rank], Kind::Real, edges(&|n| 2.0 / n))?;
        let shift = b.constant(&[rank], Kind::Real, edges(&|n| 1.0 / n - 1.0))?;
        let at = binary(b, Pair::Mul, at, scale)?;
        let at = binary(b, Pair::Add, at, shift)?;
        let picks = [
            (0..all).collect(),
            (0..self.taps).collect(),
            (0..places).collect(),
            (0..rank).rev().collect(),
        ];
        let at = select(b, at, &picks, 0.0)?;
        // as many axes of places as the image has
        let mut grid = vec![1; rank + 2];
        (grid[0], grid[1], grid[rank + 1]) = (all, self.taps * places, rank);
        let at = reshape_to(b, at, &grid)?;
        let each = self.channels / self.moved;
        let images = reshape_to(b, x, &[&[all, each], &self.image[..]].concat())?;
        let read = interpolated(b, images, at)?;
        reshape_to(b, read, &[all, each, self.taps, places])
    }

    /// The pixel under a tap at a place, along an axis; numbered as (taps, places, axes).
    fn place(&self, i: usize) -> f64 {
        let rank = self.image.len();
        let places = self.output.iter().product::<usize>();
        let (tap, place, a) = (i / rank / places, i / rank % places, i % rank);
        let axis = self.axes[a];
        let behind: usize = self.axes[a + 1..].iter().map(|axis| axis.kernel).product();
        let tap = tap / behind % axis.kernel;
        let place = place / self.output[a + 1..].iter().product::<usize>() % self.output[a];
        axis.place(place, tap) as f64
    }
}
