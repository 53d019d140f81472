//! Recurrent layers: what the three cells have in common.
//!
//! The part of a layer that does not recur, weights times input, is one product of matrices over
//! many times. A cell runs over (time, samples, features) in one direction, all samples at once.

mod course;
mod gru;
mod lstm;
mod plain;

use xcebra_model::Scalar;

use super::Call;
use super::elementwise::{Pair, binary};
use super::layout::{permute, reshape_to};
use super::select::{everything, select};
use super::values::filled;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;
use course::{Activation, Course};

/// What the attributes say.
struct Layer {
    gates: usize,
    hidden: usize,
    /// Whether each direction runs backwards.
    directions: Vec<bool>,
    /// As many for each direction as the cell has.
    activations: Vec<Activation>,
    batch_first: bool,
    linear_before_reset: bool,
}

pub(crate) fn lower<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let layer = Layer::read(b, call)?;
    let mut x = call.required(b, 0)?;
    if b.rank(x) != 3 {
        return b.refuse(format!(
            "an input of shape {:?}, expected 3 axes",
            b.shape(x)
        ));
    }
    if layer.batch_first {
        x = permute(b, x, &[1, 0, 2])?;
    }
    let &[times, samples, features] = b.shape(x) else {
        unreachable!("three axes")
    };
    check_lengths(b, call, times)?;
    let (d, rows, hidden) = (
        layer.directions.len(),
        layer.gates * layer.hidden,
        layer.hidden,
    );
    let expected = [
        (1, vec![d, rows, features]),
        (2, vec![d, rows, hidden]),
        (3, vec![d, 2 * rows]),
    ];
    for (i, shape) in expected {
        let Some(slot) = call.optional(i) else {
            continue;
        };
        if b.shape(slot) != shape || b.known(slot).is_none() {
            return b.refuse(format!(
                "weights {i} of shape {:?}, expected constants of shape {shape:?}",
                b.shape(slot)
            ));
        }
    }
    let mut results: [Vec<Slot>; 3] = Default::default();
    for (i, &reverse) in layer.directions.iter().enumerate() {
        let course = Course {
            times,
            samples,
            features,
            hidden,
            rows,
            reverse,
        };
        let [all, last, cell] = direction(b, call, &layer, x, i, course)?;
        results[0].push(reshape_to(b, all, &[times, 1, samples, hidden])?);
        results[1].push(reshape_to(b, last, &[1, samples, hidden])?);
        results[2].push(reshape_to(b, cell, &[1, samples, hidden])?);
    }
    let [all, last, cell] = results;
    let mut all = super::layout::join(b, &all, 1)?;
    let mut last = super::layout::join(b, &last, 0)?;
    let mut cell = super::layout::join(b, &cell, 0)?;
    if layer.batch_first {
        all = permute(b, all, &[2, 0, 1, 3])?;
        last = permute(b, last, &[1, 0, 2])?;
        cell = permute(b, cell, &[1, 0, 2])?;
    }
    Ok(vec![all, last, cell])
}

/// All states, the last state, and the last state of the cell.
fn direction<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    layer: &Layer,
    x: Slot,
    i: usize,
    course: Course,
) -> Result<[Slot; 3]> {
    let weights = call.required(b, 1)?;
    let weights = part(b, weights, i)?;
    let recurrent = call.required(b, 2)?;
    let recurrent = part(b, recurrent, i)?;
    let rows = course.rows;
    let mut outer = filled(b, &[rows], Kind::Real, 0.0)?;
    // the offset inside the reset gate of a GRU
    let mut inner = filled(b, &[layer.hidden], Kind::Real, 0.0)?;
    if let Some(offsets) = call.optional(3) {
        let offsets = part(b, offsets, i)?;
        let of_input = select(b, offsets, &[(0..rows).collect()], 0.0)?;
        let mut of_state = select(b, offsets, &[(rows..2 * rows).collect()], 0.0)?;
        if layer.linear_before_reset {
            let outer = rows - layer.hidden;
            inner = select(b, of_state, &[(outer..rows).collect()], 0.0)?;
            let kept = (0..rows).map(|k| if k < outer { k } else { super::select::NOTHING });
            of_state = select(b, of_state, &[kept.collect()], 0.0)?;
        }
        outer = binary(b, Pair::Add, of_input, of_state)?;
    }
    let first = state(b, call, layer, 5, i, course)?;
    let all_shape = (
        vec![course.times, course.samples, course.hidden],
        Kind::Real,
    );
    let one_shape = (vec![course.samples, course.hidden], Kind::Real);
    let each = layer.activations.len() / layer.directions.len();
    let activations = &layer.activations[i * each..(i + 1) * each];
    let (all, cell) = match call.node.op.as_str() {
        "LSTM" => {
            let cell = state(b, call, layer, 6, i, course)?;
            let op = lstm::Lstm::new(course, activations);
            let slots = b.emit_many(
                op,
                &[x, weights, outer, recurrent, first, cell],
                &[all_shape, one_shape],
            )?;
            (slots[0], Some(slots[1]))
        }
        "GRU" => {
            let op = gru::Gru::new(course, activations, layer.linear_before_reset);
            let inputs = [x, weights, outer, recurrent, inner, first];
            (b.emit(op, &inputs, &all_shape.0)?, None)
        }
        _ => {
            let op = plain::Plain::new(course, activations[0]);
            let inputs = [x, weights, outer, recurrent, first];
            (b.emit(op, &inputs, &all_shape.0)?, None)
        }
    };
    let end = if course.reverse { 0 } else { course.times - 1 };
    let mut picks = everything(b.shape(all));
    picks[0] = vec![end];
    let last = select(b, all, &picks, 0.0)?;
    Ok([all, last, cell.unwrap_or(last)])
}

/// The entry of the first axis that belongs to a direction.
fn part<A: Scalar>(b: &mut Builder<A>, x: Slot, i: usize) -> Result<Slot> {
    let mut picks = everything(b.shape(x));
    picks[0] = vec![i];
    let shape = b.shape(x)[1..].to_vec();
    let x = select(b, x, &picks, 0.0)?;
    reshape_to(b, x, &shape)
}

/// The state in which a direction begins: an input, or zeros.
fn state<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    layer: &Layer,
    input: usize,
    i: usize,
    course: Course,
) -> Result<Slot> {
    let Some(mut first) = call.optional(input) else {
        return filled(b, &[course.samples, course.hidden], Kind::Real, 0.0);
    };
    if layer.batch_first && b.rank(first) == 3 {
        first = permute(b, first, &[1, 0, 2])?;
    }
    if b.shape(first) != [layer.directions.len(), course.samples, course.hidden] {
        return b.refuse_with(
            format!(
                "an initial state of shape {:?} for {} samples",
                b.shape(first),
                course.samples
            ),
            "export the model with a dynamic batch axis or a batch of one",
        );
    }
    part(b, first, i)
}

/// Sequences must all last as long as the input.
fn check_lengths<A: Scalar>(b: &Builder<A>, call: &Call<'_>, times: usize) -> Result<()> {
    if times == 0 {
        return b.refuse("a sequence of no steps");
    }
    if let Some(lengths) = call.optional(4)
        && b.integers(lengths, "the lengths of the sequences")?
            .iter()
            .any(|&l| l != times as i64)
    {
        return b.refuse_with(
            "sequences of different lengths are not supported",
            "pass samples of one length",
        );
    }
    Ok(())
}

impl Layer {
    fn read<A: Scalar>(b: &Builder<A>, call: &Call<'_>) -> Result<Self> {
        let node = call.node;
        let directions = match node.text("direction").unwrap_or("forward") {
            "forward" => vec![false],
            "reverse" => vec![true],
            "bidirectional" => vec![false, true],
            other => return b.refuse(format!("direction '{other}' is not supported")),
        };
        let (gates, default): (usize, &[&str]) = match node.op.as_str() {
            "LSTM" => (4, &["Sigmoid", "Tanh", "Tanh"]),
            "GRU" => (3, &["Sigmoid", "Tanh"]),
            _ => (1, &["Tanh"]),
        };
        if node.float("clip").is_some() || node.flag("input_forget") || call.optional(7).is_some() {
            return b.refuse_with(
                "clip, coupled gates and peepholes are not supported",
                "export the model without them",
            );
        }
        let differs = |name: &str, usual: f64| {
            let numbers = node.floats(name).unwrap_or_default();
            numbers.iter().any(|v| (v - usual).abs() > 1e-6)
        };
        if differs("activation_alpha", 0.2) || differs("activation_beta", 0.5) {
            return b.refuse_with(
                "parameters of activations are not supported",
                "export the model with the usual ones",
            );
        }
        let names: Vec<&str> = match node.texts("activations") {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => default.repeat(directions.len()),
        };
        let activations: Option<Vec<Activation>> =
            names.iter().map(|n| Activation::named(n)).collect();
        let Some(activations) = activations.filter(|a| a.len() == default.len() * directions.len())
        else {
            return b.refuse(format!(
                "activations {names:?}: only Sigmoid, Tanh, Relu and HardSigmoid are supported"
            ));
        };
        let recurrent = call.required(b, 2)?;
        let hidden = b.shape(recurrent).last().copied().unwrap_or(0);
        if hidden == 0 || node.int("hidden_size").is_some_and(|h| h != hidden as i64) {
            return b.refuse(format!(
                "recurrent weights of shape {:?}",
                b.shape(recurrent)
            ));
        }
        Ok(Self {
            gates,
            hidden,
            directions,
            activations,
            batch_first: node.flag("layout"),
            linear_before_reset: node.op == "GRU" && node.flag("linear_before_reset"),
        })
    }
}
