//! `If`, whose condition is known in advance: the branch that is taken.

use xcebra_model::Scalar;

use crate::builder::Builder;
use crate::error::AGAIN;
use crate::ops::Call;
use crate::scope::{Lowered, Scope, inside, lower, outcome};

pub(crate) fn taken<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, outer: &Scope) -> Lowered {
    let condition = call.required(b, 0)?;
    if b.known(condition).is_none() {
        return Ok(b.refuse_with(
            "which branch is taken depends on the values of the model's input",
            "choose a value before this node as output, or export the model for signals that all take the same branch",
        )?);
    }
    let name = match b.number(condition, "the condition")? != 0.0 {
        true => "then_branch",
        false => "else_branch",
    };
    let Some(body) = call.node.body(name) else {
        return Ok(b.refuse_with(format!("it has no {name}"), AGAIN)?);
    };
    let mut scope = inside(b, body, outer)?;
    for node in &body.nodes {
        lower(b, node, &mut scope);
    }
    outcome(b, call.node, body, &scope)
}
