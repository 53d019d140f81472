//! Operators that are short sequences of others.

use xcebra_model::Scalar;

use super::Call;
use super::blend::weighted;
use super::elementwise::{Pair, binary, scaled, where_};
use super::functions::{Function, apply};
use super::layout::{as_real, permute, reshape_to};
use super::matmul::multiply;
use super::reduce::{Reduction, reduce};
use super::select::{NOTHING, everything, select};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::strides;
use crate::tensor::Kind;

/// Numbers near zero become zero, all others come nearer to it.
pub(crate) fn shrink<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let kind = b.kind(x);
    let limit = call.node.float("lambd").unwrap_or(0.5);
    let bias = call.node.float("bias").unwrap_or(0.0);
    let number = |b: &mut Builder<A>, value| b.constant(&[], Kind::Real, vec![value]);
    let (low, high, zero) = (number(b, -limit)?, number(b, limit)?, number(b, 0.0)?);
    let bias = number(b, bias)?;
    let (below, above) = (
        binary(b, Pair::Less, x, low)?,
        binary(b, Pair::Greater, x, high)?,
    );
    let (raised, lowered) = (
        binary(b, Pair::Add, x, bias)?,
        binary(b, Pair::Sub, x, bias)?,
    );
    let rest = where_(b, above, lowered, zero)?;
    let y = where_(b, below, raised, rest)?;
    match kind {
        Kind::Real => Ok(y),
        _ => super::values::as_kind(b, y, kind),
    }
}

/// `a σ(alpha a) b`.
pub(crate) fn gated<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (gate, x) = (call.required(b, 0)?, call.required(b, 1)?);
    let alpha = call.node.float("alpha").unwrap_or(1.0);
    let gate = apply(b, Function::Swish { alpha }, gate)?;
    binary(b, Pair::Mul, gate, x)
}

/// Whether a number is infinite, or infinite in one direction only.
pub(crate) fn is_infinite<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let wanted = |name| call.node.int(name).unwrap_or(1) != 0;
    let end = match (wanted("detect_negative"), wanted("detect_positive")) {
        (true, true) => return apply(b, Function::IsInf, x),
        (true, false) => f64::NEG_INFINITY,
        (false, true) => f64::INFINITY,
        // equal to nothing
        (false, false) => f64::NAN,
    };
    let end = b.constant(&[], Kind::Real, vec![end])?;
    binary(b, Pair::Equal, x, end)
}

/// Without mean and deviation over some axes, by default samples and places.
pub(crate) fn mean_variance<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let axes = call.node.ints("axes").unwrap_or(&[0, 2, 3]);
    let axes = b.axes(axes, b.rank(x))?;
    let mean = reduce(b, Reduction::Mean, x, &axes, true)?;
    let x = binary(b, Pair::Sub, x, mean)?;
    let square = binary(b, Pair::Mul, x, x)?;
    let variance = reduce(b, Reduction::Mean, square, &axes, true)?;
    let deviation = apply(b, Function::Sqrt, variance)?;
    let least = b.constant(&[], Kind::Real, vec![1e-9])?;
    let deviation = binary(b, Pair::Add, deviation, least)?;
    binary(b, Pair::Div, x, deviation)
}

/// Divided by a power of the squares in neighbouring channels.
pub(crate) fn local_response<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let size = usize::try_from(call.node.int("size").unwrap_or(0)).unwrap_or(0);
    if shape.len() < 2 || size == 0 || size > 1 << 16 {
        return b.refuse(format!("{size} neighbours of an input of shape {shape:?}"));
    }
    let number = |name, default| call.node.float(name).unwrap_or(default);
    let (alpha, beta, bias) = (
        number("alpha", 1e-4),
        number("beta", 0.75),
        number("bias", 1.0),
    );
    let square = binary(b, Pair::Mul, x, x)?;
    let (before, after) = ((size - 1) / 2, size / 2);
    let neighbours = |c: usize| (c.saturating_sub(before)..=c + after).filter(|&k| k < shape[1]);
    let sums = (0..shape[1]).map(|c| neighbours(c).map(|k| (k, 1.0)).collect());
    let sums = weighted(b, square, 1, sums.collect())?;
    let sums = scaled(b, sums, alpha / size as f64)?;
    let bias = b.constant(&[], Kind::Real, vec![bias])?;
    let sums = binary(b, Pair::Add, sums, bias)?;
    let beta = b.constant(&[], Kind::Real, vec![beta])?;
    let divisor = binary(b, Pair::Pow, sums, beta)?;
    binary(b, Pair::Div, x, divisor)
}

/// The middle of each axis, or the whole of it in the middle of zeros.
pub(crate) fn center<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, target) = (call.required(b, 0)?, call.required(b, 1)?);
    let target = b.integers(target, "the new shape")?;
    let shape = b.shape(x).to_vec();
    let axes = match call.node.ints("axes") {
        Some(axes) => axes.to_vec(),
        None => (0..shape.len() as i64).collect(),
    };
    let lengths = super::values::lengths(&target).filter(|l| l.len() == axes.len());
    let Some(lengths) = lengths else {
        return b.refuse(format!(
            "the shape {target:?} for axes {axes:?} is impossible"
        ));
    };
    let mut to = shape.clone();
    for (&axis, &length) in axes.iter().zip(&lengths) {
        to[b.axis(axis, shape.len())?] = length;
    }
    b.check(&to)?;
    let along = |(&from, &to): (&usize, &usize)| -> Vec<usize> {
        let (cut, added) = (from.saturating_sub(to) / 2, to.saturating_sub(from) / 2);
        let place = |i: usize| (i + cut).checked_sub(added).filter(|&p| p < from);
        (0..to).map(|i| place(i).unwrap_or(NOTHING)).collect()
    };
    let picks: Vec<Vec<usize>> = shape.iter().zip(&to).map(along).collect();
    select(b, x, &picks, 0.0)
}

/// The entries of an axis, or of all numbers in a row, at which a known condition holds.
pub(crate) fn compress<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (mut x, condition) = (call.required(b, 0)?, call.required(b, 1)?);
    let condition = b.numbers(
        condition,
        "the condition, which sets the length of its result,",
    )?;
    let axis = match call.node.int("axis") {
        Some(axis) => b.axis(axis, b.rank(x))?,
        None => {
            let count = b.shape(x).iter().product();
            x = reshape_to(b, x, &[count])?;
            0
        }
    };
    let mut picks = everything(b.shape(x));
    let kept = |i: &usize| condition.get(*i).is_some_and(|&c| c != 0.0);
    picks[axis].retain(kept);
    select(b, x, &picks, 0.0)
}

/// Where a known tensor is not zero: (axes, places).
pub(crate) fn non_zero<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let numbers = b.numbers(x, "its input, which sets the length of its result,")?;
    let shape = b.shape(x).to_vec();
    let places: Vec<usize> = (0..numbers.len()).filter(|&i| numbers[i] != 0.0).collect();
    b.check(&[shape.len(), places.len()])?;
    let axes = shape.iter().zip(strides(&shape));
    let along = axes.flat_map(|(length, stride)| places.iter().map(move |i| i / stride % length));
    let found = along.map(|place| place as f64).collect();
    b.constant(&[shape.len(), places.len()], Kind::Whole, found)
}

/// Ones on a diagonal of a matrix like another.
pub(crate) fn eye_like<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let like = call.required(b, 0)?;
    let kind = match call.node.int("dtype") {
        Some(code) => crate::proto::kind_of(code),
        None => Some(b.kind(like)),
    };
    let (&[rows, columns], Some(kind)) = (b.shape(like), kind) else {
        return b.refuse(format!(
            "an input of shape {:?}, expected a matrix",
            b.shape(like)
        ));
    };
    b.check(&[rows, columns])?;
    let diagonal = call.node.int("k").unwrap_or(0);
    let is_on = |i: usize| (i % columns) as i64 - (i / columns) as i64 == diagonal;
    let numbers = (0..rows * columns).map(|i| f64::from(u8::from(is_on(i))));
    b.constant(&[rows, columns], kind, numbers.collect())
}

/// Places in an image, from −1 to 1 along each axis, moved by a matrix for each sample.
pub(crate) fn affine_grid<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (theta, size) = (call.required(b, 0)?, call.required(b, 1)?);
    let size = b.integers(size, "the size")?;
    let lengths = super::values::lengths(&size).filter(|l| (4..=5).contains(&l.len()));
    let Some(lengths) = lengths else {
        return b.refuse(format!(
            "the size {size:?}, expected two or three axes behind channels"
        ));
    };
    let (samples, image) = (lengths[0], &lengths[2..]);
    let rank = image.len();
    if b.shape(theta) != [samples, rank, rank + 1] {
        return b.refuse(format!(
            "matrices of shape {:?} for the size {size:?}",
            b.shape(theta)
        ));
    }
    b.check(&[samples, rank + 1])?;
    let mut grid = image.to_vec();
    grid.push(rank + 1);
    b.check(&grid)?;
    let corners = call.node.flag("align_corners");
    let place = |i: usize, n: usize| match (corners, n) {
        (true, 1) => -1.0,
        (true, n) => 2.0 * i as f64 / (n - 1) as f64 - 1.0,
        (false, n) => (2 * i + 1) as f64 / n as f64 - 1.0,
    };
    let strides = strides(image);
    let count: usize = image.iter().product();
    // the last axis comes first, and a one behind all
    let coordinates = |i: usize| {
        let along = move |a: usize| (i / strides[a] % image[a], image[a]);
        let places: Vec<f64> = (0..rank)
            .rev()
            .map(along)
            .map(|(i, n)| place(i, n))
            .collect();
        places.into_iter().chain([1.0]).collect::<Vec<f64>>()
    };
    let mut numbers = Vec::with_capacity(count * (rank + 1));
    (0..count).for_each(|i| numbers.extend(coordinates.clone()(i)));
    let points = b.constant(&[count, rank + 1], Kind::Real, numbers)?;
    let theta = as_real(b, theta)?;
    let theta = permute(b, theta, &[0, 2, 1])?;
    let moved = multiply(b, points, theta)?;
    let shape = [&[samples], image, &[rank]].concat();
    reshape_to(b, moved, &shape)
}
