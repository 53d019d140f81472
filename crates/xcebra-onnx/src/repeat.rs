//! Loops whose number of rounds is known in advance: one round after the other.

use std::collections::HashMap;

use xcebra_model::Scalar;

use crate::builder::{Builder, Slot};
use crate::error::{AGAIN, Result};
use crate::graph::Body;
use crate::ops::{Call, join, reshape_to};
use crate::source::lower;
use crate::tensor::Kind;

/// Rounds of one loop; a plan has the steps of each.
const MOST_ROUNDS: usize = 100_000;

/// The steps of all rounds; results are the last states, then what each round adds, in a row.
pub(crate) fn unroll<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    body: &Body,
    outer: &HashMap<String, Slot>,
) -> Result<Vec<Slot>> {
    let rounds = match call.optional(0) {
        Some(slot) => b.integers(slot, "the number of rounds")?.first().copied(),
        None => None,
    };
    let mut states: Vec<Slot> = (2..call.inputs.len())
        .map(|i| call.required(b, i))
        .collect::<Result<_>>()?;
    let count = states.len();
    if body.inputs.len() != 2 + count || body.outputs.len() < 1 + count {
        return b.refuse_with(
            format!(
                "its body has {} inputs and {} outputs for {count} states",
                body.inputs.len(),
                body.outputs.len()
            ),
            AGAIN,
        );
    }
    let mut scope = HashMap::new();
    for (name, literal) in &body.constants {
        scope.insert(name.clone(), b.literal(literal)?);
    }
    for name in call.node.needs() {
        if let Some(&slot) = outer.get(name) {
            scope.entry(name.clone()).or_insert(slot);
        }
    }
    let mut condition = match call.optional(1) {
        Some(slot) => slot,
        None => b.constant(&[], Kind::Bool, vec![1.0])?,
    };
    let mut rows: Vec<Vec<Slot>> = vec![Vec::new(); body.outputs.len() - 1 - count];
    // what each node of the body was made from in the round before
    let mut made: Vec<Vec<Slot>> = vec![Vec::new(); body.nodes.len()];
    for round in 0_usize.. {
        b.enter(&call.node.name, &call.node.op);
        let over = rounds.is_some_and(|rounds| i64::try_from(round).is_ok_and(|r| r >= rounds));
        if over || b.number(condition, "whether it continues")? == 0.0 {
            break;
        }
        if round >= MOST_ROUNDS {
            return b.refuse_with(
                format!("it continues after {MOST_ROUNDS} rounds"),
                "explain shorter signals, or export the model without it",
            );
        }
        let counter = b.constant(&[], Kind::Whole, vec![round as f64])?;
        let given = [counter, condition].into_iter().chain(states);
        for (name, slot) in body.inputs.iter().zip(given) {
            scope.insert(name.clone(), slot);
        }
        for (node, made) in body.nodes.iter().zip(&mut made) {
            let from: Vec<Slot> = node
                .needs()
                .filter_map(|name| scope.get(name).copied())
                .collect();
            // its results are in the scope already; weights, for example, are cut but once
            if round == 0 || *made != from {
                lower(b, node, &mut scope, call.opset)?;
                *made = from;
            }
        }
        b.enter(&call.node.name, &call.node.op);
        let mut results = Vec::new();
        for name in &body.outputs {
            match scope.get(name) {
                Some(&slot) => results.push(slot),
                None => return b.refuse(format!("nothing in its body makes '{name}'")),
            }
        }
        condition = results[0];
        let added = results.split_off(1 + count);
        states = results.split_off(1);
        for (rows, added) in rows.iter_mut().zip(added) {
            let shape = [&[1], b.shape(added)].concat();
            rows.push(reshape_to(b, added, &shape)?);
        }
    }
    for rows in rows {
        if rows.is_empty() {
            return b.refuse("it makes no round, and the shape of its results is not known");
        }
        states.push(join(b, &rows, 0)?);
    }
    Ok(states)
}
