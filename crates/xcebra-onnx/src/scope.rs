//! Values by their names while nodes are lowered, and the lowering of one node after the other.
//!
//! A node that cannot be lowered is an error only if its result is needed: the branch of an `If` that is not taken may
//! hold anything.

use std::collections::HashMap;

use xcebra_model::Scalar;

use crate::builder::{Builder, Slot};
use crate::error::{OnnxError, Result};
use crate::graph::{Body, Node};
use crate::ops::{self, Call};
use crate::{branch, repeat, sequence};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Value(Slot),
    Sequence(Vec<Slot>),
    /// An optional value that is not there.
    Nothing,
    /// Number of the error that was kept instead.
    Failed(usize),
}

pub(crate) type Scope = HashMap<String, Item>;

/// Why a node was not lowered: an error of its own, or one that was kept before.
pub(crate) enum Trouble {
    Own(OnnxError),
    Kept(usize),
}

impl From<OnnxError> for Trouble {
    fn from(error: OnnxError) -> Self {
        Self::Own(error)
    }
}

pub(crate) type Lowered = Result<Vec<Item>, Trouble>;

impl Item {
    pub fn value(&self) -> Option<Slot> {
        match self {
            Self::Value(slot) => Some(*slot),
            _ => None,
        }
    }
}

/// Values of an operator's results.
pub(crate) fn values(slots: Vec<Slot>) -> Vec<Item> {
    slots.into_iter().map(Item::Value).collect()
}

/// Lowers one node and names its results, or keeps the error under their names.
pub(crate) fn lower<A: Scalar>(b: &mut Builder<A>, node: &Node, scope: &mut Scope) {
    b.enter(&node.name, &node.op);
    let results = match results(b, node, scope) {
        Ok(results) => results,
        Err(trouble) => {
            let number = match trouble {
                Trouble::Kept(number) => number,
                Trouble::Own(error) => b.keep(error),
            };
            vec![Item::Failed(number); node.outputs.len()]
        }
    };
    for (name, item) in node.outputs.iter().zip(results) {
        if let Some(name) = name {
            scope.insert(name.clone(), item);
        }
    }
}

fn results<A: Scalar>(b: &mut Builder<A>, node: &Node, scope: &Scope) -> Lowered {
    for name in node.inputs.iter().flatten() {
        match scope.get(name) {
            Some(Item::Failed(number)) => return Err(Trouble::Kept(*number)),
            Some(_) => {}
            None => {
                let problem =
                    format!("it needs '{name}', an optional result that is not supported");
                return Ok(b.refuse(problem)?);
            }
        }
    }
    let call = Call {
        node,
        inputs: node
            .inputs
            .iter()
            .map(|name| scope.get(name.as_ref()?)?.value())
            .collect(),
        opset: node.version,
    };
    if node.is_standard() {
        match node.op.as_str() {
            "If" => return branch::taken(b, &call, scope),
            "Loop" => return repeat::unroll_loop(b, &call, scope),
            "Scan" => return repeat::unroll_scan(b, &call, scope),
            _ => {}
        }
        if let Some(results) = sequence::lower(b, &call, scope) {
            return results;
        }
    }
    let is_sequence = |name: &String| matches!(scope.get(name), Some(Item::Sequence(_)));
    if let Some(name) = node.inputs.iter().flatten().find(|name| is_sequence(name)) {
        let problem = format!("it takes the sequence '{name}' where a tensor belongs");
        return Ok(b.refuse(problem)?);
    }
    Ok(values(ops::lower(b, &call)?))
}

/// The scope inside a graph within the graph: its constants, and what it takes from around it.
pub(crate) fn inside<A: Scalar>(b: &mut Builder<A>, body: &Body, outer: &Scope) -> Result<Scope> {
    let mut scope = Scope::new();
    for (name, literal) in &body.constants {
        scope.insert(name.clone(), Item::Value(b.literal(literal)?));
    }
    for name in &body.outer {
        if let Some(item) = outer.get(name) {
            scope.entry(name.clone()).or_insert_with(|| item.clone());
        }
    }
    Ok(scope)
}

/// The results of a graph within the graph.
pub(crate) fn outcome<A: Scalar>(
    b: &mut Builder<A>,
    node: &Node,
    body: &Body,
    scope: &Scope,
) -> Lowered {
    b.enter(&node.name, &node.op);
    let mut results = Vec::new();
    for name in &body.outputs {
        match scope.get(name) {
            Some(Item::Failed(number)) => return Err(Trouble::Kept(*number)),
            Some(item) => results.push(item.clone()),
            None => {
                let problem = format!("nothing in its body makes '{name}'");
                return Ok(b.refuse(problem)?);
            }
        }
    }
    Ok(results)
}
