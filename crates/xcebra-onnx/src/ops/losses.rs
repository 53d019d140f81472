//! Losses of classifiers, which exporters of whole training steps leave in a file.

use xcebra_model::Scalar;

use super::Call;
use super::elementwise::{Pair, binary};
use super::functions::{Function, apply};
use super::layout::{permute, reshape_to};
use super::reduce::{Reduction, reduce};
use super::rows::log_softmax_last;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

/// `−w log p` of the right class, where `p` is the softmax of the scores; and the logarithm itself.
pub(crate) fn cross_entropy<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let x = call.required(b, 0)?;
    let scores = classes_last(b, x)?;
    let logarithms = log_softmax_last(b, scores)?;
    let loss = loss(b, call, logarithms)?;
    let rank = b.rank(x);
    let mut back = vec![0, rank - 1];
    back.extend(1..rank - 1);
    Ok(vec![loss, permute(b, logarithms, &back)?])
}

/// `−w x` of the right class.
pub(crate) fn likelihood<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let x = classes_last(b, x)?;
    loss(b, call, x)
}

/// (samples, classes, …) as (samples, …, classes).
fn classes_last<A: Scalar>(b: &mut Builder<A>, x: Slot) -> Result<Slot> {
    let rank = b.rank(x);
    if rank < 2 {
        return b.refuse(format!(
            "an input of shape {:?}, expected classes",
            b.shape(x)
        ));
    }
    let mut order = vec![0];
    order.extend(2..rank);
    order.push(1);
    permute(b, x, &order)
}

/// The classes are known numbers; those of `ignore_index` count nothing.
fn loss<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, x: Slot) -> Result<Slot> {
    let shape = b.shape(x).to_vec();
    let (outer, classes) = (&shape[..shape.len() - 1], shape[shape.len() - 1]);
    let labels = call.required(b, 1)?;
    if b.shape(labels) != outer {
        return b.refuse(format!(
            "labels of shape {:?} for scores of shape {outer:?}",
            b.shape(labels)
        ));
    }
    let labels = b.integers(labels, "the label")?;
    let each = match call.optional(2) {
        Some(weights) => b.numbers(weights, "the weight of each class")?,
        None => vec![1.0; classes],
    };
    let ignored = call.node.int("ignore_index");
    let mut marks = vec![0.0; labels.len() * classes];
    let mut total = 0.0;
    for (row, &label) in marks.chunks_exact_mut(classes.max(1)).zip(&labels) {
        if Some(label) == ignored {
            continue;
        }
        let place = usize::try_from(label).ok().filter(|&l| l < classes);
        let Some((place, &weight)) = place.and_then(|p| Some((p, each.get(p)?))) else {
            return b.refuse(format!("label {label} of {classes} classes"));
        };
        row[place] = weight;
        total += weight;
    }
    let outer = outer.to_vec();
    let marks = b.constant(&shape, Kind::Real, marks)?;
    let products = binary(b, Pair::Mul, x, marks)?;
    let products = apply(b, Function::Neg, products)?;
    let last = [outer.len()];
    let losses = reduce(b, Reduction::Sum, products, &last, false)?;
    let all: Vec<usize> = (0..outer.len()).collect();
    match call.node.text("reduction").unwrap_or("mean") {
        "none" => reshape_to(b, losses, &outer),
        "sum" => reduce(b, Reduction::Sum, losses, &all, false),
        _ => {
            let sum = reduce(b, Reduction::Sum, losses, &all, false)?;
            let total = b.constant(&[], Kind::Real, vec![total])?;
            binary(b, Pair::Div, sum, total)
        }
    }
}
