//! Convolution and its transpose, of any rank.

mod kernel;

use xcebra_model::Scalar;

use super::Call;
use super::window::{Axis, Window, divide, settings};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use kernel::Conv;

pub(crate) fn conv<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights, groups) = arguments(b, call)?;
    let (shape, kernel) = (b.shape(x).to_vec(), b.shape(weights).to_vec());
    if shape[1] != kernel[1] * groups || !kernel[0].is_multiple_of(groups) {
        return b.refuse(format!(
            "weights of shape {kernel:?} in {groups} groups for an input of shape {shape:?}"
        ));
    }
    let window = Window::new(b, call, &shape[2..], &kernel[2..])?;
    let mut to = vec![shape[0], kernel[0]];
    to.extend(&window.output);
    let op = Conv::new(
        b,
        weights,
        window,
        groups,
        [kernel[1], kernel[0] / groups],
        false,
    );
    emit(b, call, op, [x, weights], &to)
}

pub(crate) fn conv_transpose<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, weights, groups) = arguments(b, call)?;
    let (shape, kernel) = (b.shape(x).to_vec(), b.shape(weights).to_vec());
    if shape[1] != kernel[0] || !shape[1].is_multiple_of(groups) {
        return b.refuse(format!(
            "weights of shape {kernel:?} in {groups} groups for an input of shape {shape:?}"
        ));
    }
    let axes = settings(b, call, &kernel[2..])?;
    let (axes, output) = transposed_lengths(b, call, axes, &shape[2..])?;
    let mut to = vec![shape[0], kernel[1].saturating_mul(groups)];
    to.extend(&output);
    let window = Window::over(b, axes, output, shape[2..].to_vec())?;
    let op = Conv::new(
        b,
        weights,
        window,
        groups,
        [kernel[1], kernel[0] / groups],
        true,
    );
    emit(b, call, op, [x, weights], &to)
}

/// Input, weights and number of groups.
fn arguments<A: Scalar>(b: &Builder<A>, call: &Call<'_>) -> Result<(Slot, Slot, usize)> {
    let (x, weights) = (call.required(b, 0)?, call.required(b, 1)?);
    if b.known(weights).is_none() || call.optional(2).is_some_and(|bias| b.known(bias).is_none()) {
        return b.refuse("weights that depend on the model's input are not supported");
    }
    let (found, kernel) = (b.shape(x), b.shape(weights));
    if found.len() < 3 || found.len() != kernel.len() {
        return b.refuse(format!(
            "weights of shape {kernel:?} for an input of shape {found:?}"
        ));
    }
    match usize::try_from(call.node.int("group").unwrap_or(1)) {
        Ok(groups) if (1..=found[1].max(1)).contains(&groups) => Ok((x, weights, groups)),
        _ => b.refuse("the number of groups is impossible"),
    }
}

fn emit<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    op: Conv,
    inputs: [Slot; 2],
    to: &[usize],
) -> Result<Slot> {
    let mut inputs = inputs.to_vec();
    if let Some(bias) = call.optional(2) {
        if b.shape(bias) != [to[1]] {
            return b.refuse(format!(
                "a bias of shape {:?} for {} channels",
                b.shape(bias),
                to[1]
            ));
        }
        inputs.push(bias);
    }
    b.emit(op, &inputs, to)
}

/// Padding and output lengths of a transposed convolution.
fn transposed_lengths<A: Scalar>(
    b: &Builder<A>,
    call: &Call<'_>,
    mut axes: Vec<Axis>,
    input: &[usize],
) -> Result<(Vec<Axis>, Vec<usize>)> {
    let rank = axes.len();
    let extra = call.node.ints("output_padding").unwrap_or_default();
    let wanted = call
        .node
        .ints("output_shape")
        .map(|s| &s[s.len().saturating_sub(rank)..]);
    let auto = call.node.text("auto_pad").unwrap_or("NOTSET");
    let mut output = Vec::new();
    for (i, (axis, &length)) in axes.iter_mut().zip(input).enumerate() {
        let extra = extra.get(i).map_or(Some(0), |&e| {
            usize::try_from(e).ok().filter(|&e| e < 1 << 16)
        });
        let (Some(extra), Some(steps)) = (extra, length.checked_sub(1)) else {
            return b.refuse(format!(
                "an output padding or input that is impossible: {input:?}"
            ));
        };
        let full = steps * axis.stride + axis.extent() + extra;
        let target = match (wanted, auto) {
            (Some(wanted), _) => wanted.get(i).and_then(|&w| usize::try_from(w).ok()),
            (None, "SAME_UPPER" | "SAME_LOWER") => Some(length * axis.stride),
            _ => None,
        };
        if let Some(target) = target {
            divide(axis, full.saturating_sub(target), auto != "SAME_UPPER");
        }
        match full.checked_sub(axis.before + axis.after) {
            Some(length) => output.push(target.unwrap_or(length)),
            None => return b.refuse("the padding is larger than the result"),
        }
    }
    Ok((axes, output))
}
