//! Stretches of an axis that differ from sample to sample: turned round, or written over.

use xcebra_model::Scalar;

use super::Call;
use super::layout::{join, reshape_to};
use super::select::Select;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::shape::strides;

/// The first entries along an axis in the opposite order, as many of each sequence as is said.
pub(crate) fn reverse<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, lengths) = (call.required(b, 0)?, call.required(b, 1)?);
    let lengths = b.integers(lengths, "the lengths")?;
    let shape = b.shape(x).to_vec();
    let time = b.axis(call.node.int("time_axis").unwrap_or(0), shape.len())?;
    let batch = b.axis(call.node.int("batch_axis").unwrap_or(1), shape.len())?;
    let longest = shape[time];
    let counts = super::values::lengths(&lengths)
        .filter(|counts| counts.len() == shape[batch] && counts.iter().all(|&n| n <= longest));
    let (Some(counts), true) = (counts, time != batch) else {
        return b.refuse(format!(
            "lengths {lengths:?} for {} sequences of {longest}",
            shape[batch]
        ));
    };
    let stride = strides(&shape);
    let place = |i: usize| {
        let (t, count) = (
            i / stride[time] % shape[time],
            counts[i / stride[batch] % shape[batch]],
        );
        let to = if t < count { count - 1 - t } else { t };
        i - t * stride[time] + to * stride[time]
    };
    let map = (0..shape.iter().product()).map(place).collect();
    b.emit_as(b.kind(x), Select::places(&shape, &shape, map), &[x], &shape)
}

/// A cache, the first input, in which the second is written from a place of each sample on.
pub(crate) fn write<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (cache, update) = (call.required(b, 0)?, call.required(b, 1)?);
    let (shape, own) = (b.shape(cache).to_vec(), b.shape(update).to_vec());
    let axis = b.axis(call.node.int("axis").unwrap_or(-2), shape.len())?;
    let fits = own.len() == shape.len()
        && axis > 0
        && (0..shape.len()).all(|a| a == axis || own[a] == shape[a])
        && own[axis] <= shape[axis];
    if !fits {
        return b.refuse(format!(
            "numbers of shape {own:?} on axis {axis} of a cache of shape {shape:?}"
        ));
    }
    let starts = match call.optional(2) {
        Some(starts) => b.integers(starts, "the place to write at")?,
        None => vec![0; shape[0]],
    };
    let (length, longest) = (own[axis], shape[axis]);
    let circular = match call.node.text("mode").unwrap_or("linear") {
        "linear" => false,
        "circular" => true,
        other => return b.refuse(format!("the mode '{other}' is not known")),
    };
    let counts = super::values::lengths(&starts).filter(|counts| {
        counts.len() == shape[0] && (circular || counts.iter().all(|&s| s <= longest - length))
    });
    let Some(counts) = counts else {
        return b.refuse(format!(
            "{length} numbers written from {starts:?} on, in {} samples of {longest}",
            shape[0]
        ));
    };
    let count = shape.iter().product::<usize>();
    let (stride, within) = (strides(&shape), strides(&own));
    let place = |i: usize| {
        let along = |a: usize| i / stride[a] % shape[a];
        let behind = (along(axis) + longest - counts[along(0)] % longest) % longest;
        if behind >= length {
            return i;
        }
        let other = |a: usize| if a == axis { behind } else { along(a) };
        count + (0..own.len()).map(|a| other(a) * within[a]).sum::<usize>()
    };
    let map = (0..count).map(place).collect();
    let numbers = own.iter().product::<usize>();
    let parts = [
        reshape_to(b, cache, &[count])?,
        reshape_to(b, update, &[numbers])?,
    ];
    let both = join(b, &parts, 0)?;
    let op = Select::places(&[count + numbers], &shape, map);
    b.emit_as(b.kind(cache), op, &[both], &shape)
}
