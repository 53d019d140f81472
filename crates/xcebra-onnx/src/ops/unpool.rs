//! Numbers put back where a window took them from, and pooling by norms.

use xcebra_model::Scalar;

use super::elementwise::{Pair, binary, where_};
use super::functions::{Function, apply};
use super::layout::reshape_to;
use super::pool::sums_of_windows;
use super::reduce::{Reduction, reduce};
use super::scatter::replace;
use super::select::{NOTHING, select};
use super::values::{filled, lengths};
use super::window::{Window, settings};
use super::{Call, Op, Pass};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::{Kind, Tensor};

/// Windows (samples, channels · taps, places) added up to images (samples, channels, …).
struct Fold {
    window: Window,
    shape: Vec<usize>,
}

/// What `Unfold` of PyTorch took apart.
pub(crate) fn col2im<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, image, block) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    let (image, block) = (
        b.integers(image, "the shape of the image")?,
        b.integers(block, "the shape of the window")?,
    );
    let (Some(sizes), Some(kernel)) = (lengths(&image), lengths(&block)) else {
        return b.refuse(format!("windows {block:?} of an image {image:?}"));
    };
    let window = Window::new(b, call, &sizes, &kernel)?;
    let &[samples, rows, places] = b.shape(x) else {
        return b.refuse(format!(
            "an input of shape {:?}, expected 3 axes",
            b.shape(x)
        ));
    };
    if rows % window.taps != 0 || places != window.outputs() {
        return b.refuse(format!(
            "{rows} rows and {places} places for {} windows of {} numbers",
            window.outputs(),
            window.taps
        ));
    }
    let mut shape = vec![samples, rows / window.taps];
    shape.extend(&sizes);
    let op = Fold {
        window,
        shape: shape.clone(),
    };
    b.emit(op, &[x], &shape)
}

impl<A: Scalar> Op<A> for Fold {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let mut image = Tensor::zeros(&self.shape);
        let data = image.owned().expect("a new tensor is not shared");
        let outputs = self.window.outputs();
        let channels = data.chunks_exact_mut(self.window.inputs().max(1));
        let windows = inputs[0].data().chunks_exact(self.window.taps * outputs);
        for (channel, windows) in channels.zip(windows) {
            self.window.add(windows, 0..outputs, channel);
        }
        vec![image]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let mut x = Tensor::zeros(pass.inputs[0].shape());
        let data = x.owned().expect("a new tensor is not shared");
        let outputs = self.window.outputs();
        let channels = pass
            .gradient()
            .data()
            .chunks_exact(self.window.inputs().max(1));
        let windows = data.chunks_exact_mut(self.window.taps * outputs);
        for (channel, windows) in channels.zip(windows) {
            for (tap, to) in windows.chunks_exact_mut(outputs).enumerate() {
                self.window.copy(channel, tap, 0..outputs, to);
            }
        }
        vec![Some(x)]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}

/// The places that a maximum was taken from get its number; all others are zero.
pub(crate) fn max_unpool<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, places) = (call.required(b, 0)?, call.required(b, 1)?);
    let shape = b.shape(x).to_vec();
    let kernel = lengths(call.node.ints("kernel_shape").unwrap_or_default());
    let kernel = kernel.filter(|k| k.len() + 2 == shape.len());
    let (Some(kernel), true) = (kernel, b.shape(places) == shape) else {
        return b.refuse(format!(
            "no window, or places of shape {:?} for an input of shape {shape:?}",
            b.shape(places)
        ));
    };
    let axes = settings(b, call, &kernel)?;
    let mut full = shape[..2].to_vec();
    for (axis, &length) in axes.iter().zip(&shape[2..]) {
        let reach = length.saturating_sub(1) * axis.stride + axis.kernel;
        match reach.checked_sub(axis.before + axis.after) {
            Some(length) => full.push(length),
            None => return b.refuse("the padding is larger than the result"),
        }
    }
    b.check(&full)?;
    let (count, size) = (shape.iter().product(), full.iter().product::<usize>());
    let empty = filled(b, &[size], Kind::Real, 0.0)?;
    let (x, places) = (
        reshape_to(b, x, &[count])?,
        reshape_to(b, places, &[count])?,
    );
    let y = replace(b, empty, places, x)?;
    let y = reshape_to(b, y, &full)?;
    let Some(wanted) = call.optional(2) else {
        return Ok(y);
    };
    // a larger result has the rest at its end
    let wanted = b.integers(wanted, "the shape of the result")?;
    let wanted = lengths(&wanted).filter(|w| w.len() == full.len());
    let Some(wanted) = wanted else {
        return b.refuse(format!("a result with other axes than {full:?}"));
    };
    b.check(&wanted)?;
    let along = |(&n, &to): (&usize, &usize)| -> Vec<usize> {
        (0..to).map(|i| if i < n { i } else { NOTHING }).collect()
    };
    let picks: Vec<Vec<usize>> = full.iter().zip(&wanted).map(along).collect();
    select(b, y, &picks, 0.0)
}

/// The norm of every window.
pub(crate) fn lp<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let (powers, p) = powers(b, call, x)?;
    let sums = sums_of_windows(b, call, powers)?;
    root(b, sums, p)
}

/// The norm of every channel.
pub(crate) fn global_lp<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let (powers, p) = powers(b, call, x)?;
    if b.rank(x) < 3 {
        return b.refuse(format!("an input of shape {:?}", b.shape(x)));
    }
    let axes: Vec<usize> = (2..b.rank(x)).collect();
    let sums = reduce(b, Reduction::Sum, powers, &axes, true)?;
    root(b, sums, p)
}

/// `|x|^p`, and `p`.
fn powers<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, x: Slot) -> Result<(Slot, f64)> {
    let p = call.node.int("p").unwrap_or(2) as f64;
    if p < 1.0 {
        return b.refuse(format!("a norm with p = {p}"));
    }
    let size = apply(b, Function::Abs, x)?;
    let exponent = b.constant(&[], Kind::Real, vec![p])?;
    Ok((binary(b, Pair::Pow, size, exponent)?, p))
}

/// The `p`-th root, whose derivative at zero is taken as zero.
fn root<A: Scalar>(b: &mut Builder<A>, sums: Slot, p: f64) -> Result<Slot> {
    let number = |b: &mut Builder<A>, value| b.constant(&[], Kind::Real, vec![value]);
    let (zero, one, exponent) = (number(b, 0.0)?, number(b, 1.0)?, number(b, p.recip())?);
    let empty = binary(b, Pair::Equal, sums, zero)?;
    let safe = where_(b, empty, one, sums)?;
    let root = binary(b, Pair::Pow, safe, exponent)?;
    where_(b, empty, zero, root)
}
