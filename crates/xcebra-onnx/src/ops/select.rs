//! Results each of whose numbers is a copy of one of the input's: slices, repetitions, padding.

use xcebra_model::Scalar;

use super::layout::reshape_to;
use super::{Call, Op, Pass};
use crate::buffer;
use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::shape::{broadcast, strides};
use crate::tensor::Tensor;

/// Stands for a number that is not copied but `fill`.
pub(crate) const NOTHING: usize = usize::MAX;

/// Copies by position. Leading axes that stay as they are make blocks, to which one map applies.
pub(crate) struct Select {
    /// Consecutive numbers of a block of the result: the place of the first in a block of the input, or
    /// [`NOTHING`], and how many they are.
    runs: Vec<(usize, usize)>,
    /// Numbers of a block of the input.
    block: usize,
    fill: f64,
    shape: Vec<usize>,
}

impl Select {
    /// Along each axis, `picks` says which entry of the input stands where.
    fn new(from: &[usize], picks: &[Vec<usize>], fill: f64) -> Self {
        let same = |(length, pick): (&usize, &Vec<usize>)| {
            pick.len() == *length && pick.iter().enumerate().all(|(i, &p)| i == p)
        };
        let outer = from
            .iter()
            .zip(picks)
            .take_while(|&pair| same(pair))
            .count();
        let mut map = vec![0];
        for (pick, stride) in picks.iter().zip(strides(from)).skip(outer) {
            let place = |base: usize, pick: usize| match (base, pick) {
                (NOTHING, _) | (_, NOTHING) => NOTHING,
                (base, pick) => base + pick * stride,
            };
            map = map
                .iter()
                .flat_map(|&base| pick.iter().map(move |&pick| place(base, pick)))
                .collect();
        }
        Self {
            runs: runs(&map),
            block: from[outer..].iter().product(),
            fill,
            shape: picks.iter().map(Vec::len).collect(),
        }
    }

    /// Any map from places of the result to places of the input.
    pub(crate) fn places(from: &[usize], to: &[usize], map: Vec<usize>) -> Self {
        Self {
            runs: runs(&map),
            block: from.iter().product(),
            fill: 0.0,
            shape: to.to_vec(),
        }
    }
}

/// Consecutive numbers that are copied from consecutive places.
fn runs(map: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &place in map {
        match runs.last_mut() {
            Some((NOTHING, count)) if place == NOTHING => *count += 1,
            Some((first, count))
                if *first != NOTHING && first.checked_add(*count) == Some(place) =>
            {
                *count += 1;
            }
            _ => runs.push((place, 1)),
        }
    }
    runs
}

impl<A: Scalar> Op<A> for Select {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let fill = A::of(self.fill);
        let mut data = buffer::with_room(self.shape.iter().product());
        let copy = |block: &[A], data: &mut Vec<A>| {
            for &(place, count) in &self.runs {
                match (place, count) {
                    (NOTHING, count) => data.resize(data.len() + count, fill),
                    (place, 1) => data.push(block[place]),
                    (place, count) => data.extend_from_slice(&block[place..place + count]),
                }
            }
        };
        match self.block {
            0 => data.resize(self.shape.iter().product(), fill),
            size => inputs[0]
                .data()
                .chunks_exact(size)
                .for_each(|block| copy(block, &mut data)),
        }
        vec![Tensor::new(&self.shape, data)]
    }

    fn backward(&self, pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        let x = pass.inputs[0];
        let mut data = buffer::zeros(x.len());
        if self.block > 0 && !self.runs.is_empty() {
            let each = self.runs.iter().map(|(_, count)| count).sum();
            let gradients = pass.gradient().data().chunks_exact(each);
            for (block, gradient) in data.chunks_exact_mut(self.block).zip(gradients) {
                let mut rest = gradient;
                for &(place, count) in &self.runs {
                    let (now, later) = rest.split_at(count);
                    rest = later;
                    if place != NOTHING {
                        let sums = block[place..place + count].iter_mut();
                        sums.zip(now).for_each(|(sum, &g)| *sum += g);
                    }
                }
            }
        }
        vec![Some(Tensor::new(x.shape(), data))]
    }

    fn reads_input(&self, _: usize, _: &[bool]) -> bool {
        false
    }

    fn reads_outputs(&self) -> bool {
        false
    }
}

/// Emits the copy that `picks` describes.
///
/// The length of the result is looked at before the map is made.
pub(crate) fn select<A: Scalar>(
    b: &mut Builder<A>,
    x: Slot,
    picks: &[Vec<usize>],
    fill: f64,
) -> Result<Slot> {
    let from = b.shape(x).to_vec();
    let to: Vec<usize> = picks.iter().map(Vec::len).collect();
    b.check(&to)?;
    if picks
        .iter()
        .zip(&from)
        .all(|(pick, &n)| pick.len() == n && pick.iter().copied().eq(0..n))
    {
        return Ok(x);
    }
    b.emit_as(b.kind(x), Select::new(&from, picks, fill), &[x], &to)
}

/// Every entry of every axis, in order.
pub(crate) fn everything(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().map(|&n| (0..n).collect()).collect()
}

pub(crate) fn expand<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let target = call.required(b, 1)?;
    let target = b.integers(target, "the new shape")?;
    let both = super::values::lengths(&target).and_then(|t| broadcast(b.shape(x), &t));
    match both {
        Some(shape) => expand_to(b, x, &shape),
        None => b.refuse(format!(
            "shape {:?} does not expand to {target:?}",
            b.shape(x)
        )),
    }
}

/// Repeats `x` to a shape that it broadcasts to.
pub(crate) fn expand_to<A: Scalar>(b: &mut Builder<A>, x: Slot, to: &[usize]) -> Result<Slot> {
    b.check(to)?;
    let mut from = vec![1; to.len() - b.rank(x)];
    from.extend(b.shape(x));
    let x = reshape_to(b, x, &from)?;
    let picks: Vec<Vec<usize>> = from
        .iter()
        .zip(to)
        .map(|(&f, &t)| if f == t { (0..t).collect() } else { vec![0; t] })
        .collect();
    select(b, x, &picks, 0.0)
}

pub(crate) fn tile<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let repeats = call.required(b, 1)?;
    let repeats = b.integers(repeats, "the number of repetitions")?;
    let shape = b.shape(x).to_vec();
    let times = super::values::lengths(&repeats).filter(|r| r.len() == shape.len());
    let Some(times) = times else {
        return b.refuse(format!("{repeats:?} repetitions of shape {shape:?}"));
    };
    let to: Vec<usize> = shape
        .iter()
        .zip(&times)
        .map(|(&n, &t)| n.saturating_mul(t))
        .collect();
    b.check(&to)?;
    let cycle = |(&n, &t): (&usize, &usize)| (0..n * t).map(|i| i % n).collect();
    let picks: Vec<Vec<usize>> = shape.iter().zip(&times).map(cycle).collect();
    select(b, x, &picks, 0.0)
}

pub(crate) fn slice<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let Some(starts) = call.ints(b, "starts", 1)? else {
        return b.refuse_with("no starts are given", AGAIN);
    };
    let ends = call.ints(b, "ends", 2)?.unwrap_or_default();
    let axes = call.ints(b, "axes", 3)?;
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = call
        .ints(b, "steps", 4)?
        .unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return b.refuse_with("starts, ends, axes and steps differ in number", AGAIN);
    }
    let mut picks = everything(&shape);
    for (((&start, &end), &axis), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let axis = b.axis(axis, shape.len())?;
        if step == 0 {
            return b.refuse("a slice of step 0");
        }
        picks[axis] = sliced(shape[axis] as i64, start, end, step);
    }
    select(b, x, &picks, 0.0)
}

/// The entries of NumPy's `start:end:step` of an axis.
fn sliced(length: i64, start: i64, end: i64, step: i64) -> Vec<usize> {
    let from_end = |at: i64| {
        if at < 0 {
            at.saturating_add(length)
        } else {
            at
        }
    };
    let (low, high) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let (mut at, end) = (
        from_end(start).clamp(low, high),
        from_end(end).clamp(low, high),
    );
    let mut picks = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        picks.push(at as usize);
        at = at.saturating_add(step);
    }
    picks
}

pub(crate) fn split<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let axis = b.axis(call.node.int("axis").unwrap_or(0), shape.len())?;
    let parts = call.node.outputs.len();
    let lengths = match call.ints(b, "split", 1)? {
        Some(lengths) => super::values::lengths(&lengths),
        None => {
            // equal parts, the last of which may be smaller
            let part = shape[axis].div_ceil(parts.max(1));
            let start = |i: usize| (i * part).min(shape[axis]);
            Some((0..parts).map(|i| start(i + 1) - start(i)).collect())
        }
    };
    let fits = |l: &Vec<usize>| {
        l.len() == parts
            && l.iter().try_fold(0_usize, |n, &l| n.checked_add(l)) == Some(shape[axis])
    };
    let Some(lengths) = lengths.filter(fits) else {
        return b.inconsistent(format!(
            "the parts do not add up to axis {axis} of shape {shape:?}"
        ));
    };
    let mut start = 0;
    let mut slots = Vec::new();
    for length in lengths {
        let mut picks = everything(&shape);
        picks[axis] = (start..start + length).collect();
        slots.push(select(b, x, &picks, 0.0)?);
        start += length;
    }
    Ok(slots)
}

pub(crate) fn gather<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let indices = call.required(b, 1)?;
    if b.known(indices).is_none() {
        return super::take::gather(b, call);
    }
    let shape = b.shape(x).to_vec();
    let axis = b.axis(call.node.int("axis").unwrap_or(0), shape.len())?;
    let mut to = shape[..axis].to_vec();
    to.extend(b.shape(indices));
    to.extend(&shape[axis + 1..]);
    let mut picks = everything(&shape);
    picks[axis] = entries(b, indices, shape[axis])?;
    let y = select(b, x, &picks, 0.0)?;
    reshape_to(b, y, &to)
}

/// Known positions on an axis, of which negative ones count from its end.
fn entries<A: Scalar>(b: &Builder<A>, indices: Slot, length: usize) -> Result<Vec<usize>> {
    let numbers = b.integers(indices, "the indices")?;
    let entry = |&i: &i64| match crate::shape::axis(i, length) {
        Some(entry) => Ok(entry),
        None => b.refuse(format!("index {i} on an axis of length {length}")),
    };
    numbers.iter().map(entry).collect()
}

pub(crate) fn pad<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let pads = call.ints(b, "pads", 1)?.unwrap_or_default();
    let fill = match call.optional(2) {
        Some(value) => b.number(value, "the padding value")?,
        None => call.node.float("value").unwrap_or(0.0),
    };
    let axes = match call.optional(3) {
        Some(axes) => b.integers(axes, "the axes")?,
        None => (0..shape.len() as i64).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return b.refuse(format!("{} pads for {} axes", pads.len(), axes.len()));
    }
    let mode = call.node.text("mode").unwrap_or("constant");
    let mut picks = everything(&shape);
    for (i, &axis) in axes.iter().enumerate() {
        let axis = b.axis(axis, shape.len())?;
        let (before, after) = (pads[i], pads[i + axes.len()]);
        let length = shape[axis] as i64;
        let long = length
            .checked_add(before)
            .and_then(|l| l.checked_add(after));
        let Some(total) = long.and_then(|l| usize::try_from(l).ok()) else {
            return b.refuse(format!(
                "axis {axis} of length {length} cannot be padded by {before} and {after}"
            ));
        };
        let mut grown = shape.clone();
        grown[axis] = total;
        b.check(&grown)?;
        let source: Option<Vec<usize>> = (0..total as i64)
            .map(|i| padded(mode, i - before, length))
            .collect();
        let Some(source) = source else {
            return b.refuse(format!(
                "padding of mode '{mode}' by {before} and {after} on an axis of length {length} is not supported"
            ));
        };
        picks[axis] = source;
    }
    select(b, x, &picks, fill)
}

/// Which entry of an axis is at position `at`, which may be outside.
fn padded(mode: &str, at: i64, length: i64) -> Option<usize> {
    let inside = (0..length).contains(&at);
    let source = match mode {
        "constant" if !inside => return Some(NOTHING),
        _ if inside => at,
        _ if length == 0 => return None,
        "edge" => at.clamp(0, length - 1),
        "wrap" => at.rem_euclid(length),
        "reflect" if length > 1 => {
            let at = at.rem_euclid(2 * (length - 1));
            at.min(2 * (length - 1) - at)
        }
        "reflect" => 0,
        _ => return None,
    };
    Some(source as usize)
}
