//! Loops and scans whose number of rounds is known in advance: one round after the other.

use xcebra_model::Scalar;

use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::graph::{Body, Node};
use crate::ops::{Call, everything, join, reshape_to, select};
use crate::scope::{Item, Lowered, Scope, inside, lower, outcome};
use crate::tensor::Kind;

/// Rounds of one loop; a plan has the steps of each.
const MOST_ROUNDS: usize = 100_000;

/// The rounds of a graph within the graph.
struct Rounds<'a> {
    node: &'a Node,
    body: &'a Body,
    scope: Scope,
    /// What each node of the body was made from in the round before.
    made: Vec<Option<Vec<Item>>>,
}

impl<'a> Rounds<'a> {
    fn new<A: Scalar>(
        b: &mut Builder<A>,
        node: &'a Node,
        body: &'a Body,
        outer: &Scope,
    ) -> Result<Self> {
        Ok(Self {
            scope: inside(b, body, outer)?,
            made: vec![None; body.nodes.len()],
            node,
            body,
        })
    }

    /// The results of one more round.
    fn round<A: Scalar>(
        &mut self,
        b: &mut Builder<A>,
        given: impl IntoIterator<Item = Item>,
    ) -> Lowered {
        for (name, item) in self.body.inputs.iter().zip(given) {
            self.scope.insert(name.clone(), item);
        }
        for (node, made) in self.body.nodes.iter().zip(&mut self.made) {
            let needs = node
                .needs()
                .filter_map(|name| self.scope.get(name).cloned());
            let from: Vec<Item> = needs.collect();
            // its results are in the scope already; weights, for example, are cut but once
            if made.as_ref() != Some(&from) {
                lower(b, node, &mut self.scope);
                *made = Some(from);
            }
        }
        outcome(b, self.node, self.body, &self.scope)
    }
}

/// The inputs of a call from one on, which must be there.
fn states<A: Scalar>(
    b: &Builder<A>,
    call: &Call<'_>,
    from: usize,
    scope: &Scope,
) -> Result<Vec<Item>> {
    let inputs = call.node.inputs.iter().enumerate().skip(from);
    inputs
        .map(
            |(i, name)| match name.as_ref().and_then(|name| scope.get(name)) {
                Some(item) => Ok(item.clone()),
                None => b.refuse_with(format!("input {i} is missing"), AGAIN),
            },
        )
        .collect()
}

/// The tensors among results that are put in a row.
fn tensor<A: Scalar>(b: &Builder<A>, item: &Item) -> Result<Slot> {
    match item {
        Item::Value(slot) => Ok(*slot),
        _ => b.refuse("a state or result of its rounds is not a tensor"),
    }
}

fn body<'a, A: Scalar>(b: &Builder<A>, call: &Call<'a>) -> Result<&'a Body> {
    match call.node.body("body") {
        Some(body) => Ok(body),
        None => b.refuse_with("it has no body", AGAIN),
    }
}

fn mismatch<A: Scalar>(b: &Builder<A>, body: &Body, count: usize) -> Result<()> {
    b.refuse_with(
        format!(
            "its body has {} inputs and {} outputs for {count} states",
            body.inputs.len(),
            body.outputs.len()
        ),
        AGAIN,
    )
}

/// The last states of a `Loop`, then what each round adds, in a row.
pub(crate) fn unroll_loop<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    outer: &Scope,
) -> Lowered {
    let body = body(b, call)?;
    let rounds = match call.optional(0) {
        Some(slot) => b.integers(slot, "the number of rounds")?.first().copied(),
        None => None,
    };
    let mut states = states(b, call, 2, outer)?;
    let count = states.len();
    if body.inputs.len() != 2 + count || body.outputs.len() < 1 + count {
        mismatch(b, body, count)?;
    }
    let mut condition = match call.optional(1) {
        Some(slot) => slot,
        None => b.constant(&[], Kind::Bool, vec![1.0])?,
    };
    let mut rows: Vec<Vec<Slot>> = vec![Vec::new(); body.outputs.len() - 1 - count];
    let mut each = Rounds::new(b, call.node, body, outer)?;
    for round in 0_usize.. {
        b.enter(&call.node.name, &call.node.op);
        let over = rounds.is_some_and(|rounds| i64::try_from(round).is_ok_and(|r| r >= rounds));
        if over || b.number(condition, "whether it continues")? == 0.0 {
            break;
        }
        if round >= MOST_ROUNDS {
            return Ok(b.refuse_with(
                format!("it runs for more than {MOST_ROUNDS} rounds"),
                "explain shorter signals, or export the model without it",
            )?);
        }
        let counter = b.constant(&[], Kind::Whole, vec![round as f64])?;
        let given = [Item::Value(counter), Item::Value(condition)];
        let mut results = each.round(b, given.into_iter().chain(states))?;
        let added = results.split_off(1 + count);
        states = results.split_off(1);
        condition = tensor(b, &results[0])?;
        for (rows, added) in rows.iter_mut().zip(added) {
            let added = tensor(b, &added)?;
            rows.push(with_axis(b, added, 0)?);
        }
    }
    for rows in rows {
        if rows.is_empty() {
            return Ok(b.refuse("it runs for zero rounds, so the shape of its results is unknown")?);
        }
        states.push(Item::Value(join(b, &rows, 0)?));
    }
    Ok(states)
}

/// A value with an axis of length 1, along which it is joined with others.
pub(crate) fn with_axis<A: Scalar>(b: &mut Builder<A>, slot: Slot, axis: i64) -> Result<Slot> {
    let mut shape = b.shape(slot).to_vec();
    let axis = b.axis(axis, shape.len() + 1)?;
    shape.insert(axis, 1);
    reshape_to(b, slot, &shape)
}

/// The last states of a `Scan`, then what each round adds, along an axis.
pub(crate) fn unroll_scan<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    outer: &Scope,
) -> Lowered {
    let body = body(b, call)?;
    if call.opset < 9 {
        return Ok(b.refuse_with(
            "a Scan of opset 8 is not supported",
            "export the model with a newer opset",
        )?);
    }
    let node = call.node;
    let scanned = usize::try_from(node.int("num_scan_inputs").unwrap_or(0)).unwrap_or(0);
    let mut states = states(b, call, 0, outer)?;
    let count = states.len().saturating_sub(scanned);
    if scanned == 0
        || scanned > states.len()
        || body.inputs.len() != states.len()
        || body.outputs.len() < count
    {
        mismatch(b, body, count)?;
    }
    let setting = |name: &str, i: usize| node.ints(name).and_then(|all| all.get(i).copied());
    let mut inputs = Vec::new();
    for (i, item) in states.split_off(count).iter().enumerate() {
        let slot = tensor(b, item)?;
        let axis = b.axis(setting("scan_input_axes", i).unwrap_or(0), b.rank(slot))?;
        let backwards = setting("scan_input_directions", i) == Some(1);
        inputs.push((slot, axis, backwards));
    }
    let rounds = b.shape(inputs[0].0)[inputs[0].1];
    if inputs
        .iter()
        .any(|&(slot, axis, _)| b.shape(slot)[axis] != rounds)
    {
        return Ok(b.refuse("its inputs differ in length")?);
    }
    if rounds > MOST_ROUNDS {
        return Ok(b.refuse_with(
            format!("{rounds} rounds, at most {MOST_ROUNDS} are supported"),
            "explain shorter signals, or export the model without it",
        )?);
    }
    let added = body.outputs.len() - count;
    let mut rows: Vec<Vec<Slot>> = vec![Vec::new(); added];
    let mut each = Rounds::new(b, node, body, outer)?;
    for round in 0..rounds {
        b.enter(&node.name, &node.op);
        let mut given = std::mem::take(&mut states);
        for &(slot, axis, backwards) in &inputs {
            let at = if backwards { rounds - 1 - round } else { round };
            let mut picks = everything(b.shape(slot));
            picks[axis] = vec![at];
            let mut shape = b.shape(slot).to_vec();
            shape.remove(axis);
            let entry = select(b, slot, &picks, 0.0)?;
            given.push(Item::Value(reshape_to(b, entry, &shape)?));
        }
        let mut results = each.round(b, given)?;
        let added = results.split_off(count);
        states = results;
        for (i, (rows, added)) in rows.iter_mut().zip(added).enumerate() {
            let added = tensor(b, &added)?;
            let axis = setting("scan_output_axes", i).unwrap_or(0);
            rows.push(with_axis(b, added, axis)?);
        }
    }
    for (i, mut rows) in rows.into_iter().enumerate() {
        let Some(&first) = rows.first() else {
            return Ok(b.refuse("it runs for zero rounds, so the shape of its results is unknown")?);
        };
        if setting("scan_output_directions", i) == Some(1) {
            rows.reverse();
        }
        let axis = b.axis(setting("scan_output_axes", i).unwrap_or(0), b.rank(first))?;
        states.push(Item::Value(join(b, &rows, axis)?));
    }
    Ok(states)
}
