//! Scaling, linear models, and what is done with their scores.

use xcebra_model::Scalar;

use super::{numbers, table};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::ops::Call;
use crate::ops::elementwise::{Pair, binary, where_};
use crate::ops::functions::{Function, apply};
use crate::ops::matmul::multiply;
use crate::ops::order::largest_place;
use crate::ops::reduce::{Reduction, reduce};
use crate::ops::rows::softmax_last;
use crate::ops::take;
use crate::tensor::Kind;

/// `(x − offset) scale`, each one number or one a feature.
pub(super) fn scale<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (mut x, features) = table(b, call)?;
    for (pair, name) in [(Pair::Sub, "offset"), (Pair::Mul, "scale")] {
        let numbers = numbers(b, call, name)?;
        if numbers.is_empty() {
            continue;
        }
        if ![1, features].contains(&numbers.len()) {
            return b.refuse(format!(
                "{} numbers of {name} for {features} features",
                numbers.len()
            ));
        }
        let numbers = b.constant(&[numbers.len()], Kind::Real, numbers)?;
        x = binary(b, pair, x, numbers)?;
    }
    Ok(x)
}

/// Every sample divided by its norm; zeros stay zeros.
pub(super) fn normalize<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, _) = table(b, call)?;
    let norm = match call.node.text("norm").unwrap_or("MAX") {
        "L1" => Reduction::L1,
        "L2" => Reduction::L2,
        _ => Reduction::Max,
    };
    let norm = reduce(b, norm, x, &[1], true)?;
    let (zero, one) = (constant(b, 0.0)?, constant(b, 1.0)?);
    let empty = binary(b, Pair::Equal, norm, zero)?;
    let norm = where_(b, empty, one, norm)?;
    binary(b, Pair::Div, x, norm)
}

pub(super) fn regress<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let targets = call.node.int("targets").unwrap_or(1);
    let y = scores(b, call, targets)?;
    transformed(b, call, y)
}

/// The class with the highest score, and the scores.
pub(super) fn classify<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let classes = labels(call).len();
    let intercepts = numbers(b, call, "intercepts")?.len();
    if intercepts > classes || intercepts == 1 {
        return b.refuse_with(
            format!("{classes} classes with another number of scores are not supported"),
            "export the classifier with one row of coefficients a class",
        );
    }
    let y = scores(b, call, classes as i64)?;
    let label = label(b, call, y)?;
    let y = transformed(b, call, y)?;
    Ok(vec![label, y])
}

fn constant<A: Scalar>(b: &mut Builder<A>, value: f64) -> Result<Slot> {
    b.constant(&[], Kind::Real, vec![value])
}

/// Coefficients times features plus intercepts.
fn scores<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, targets: i64) -> Result<Slot> {
    let (x, features) = table(b, call)?;
    let coefficients = numbers(b, call, "coefficients")?;
    let targets = usize::try_from(targets).unwrap_or(0);
    if coefficients.len() != targets.saturating_mul(features) || targets == 0 {
        return b.refuse(format!(
            "{} coefficients for {targets} results of {features} features",
            coefficients.len()
        ));
    }
    let turned = (0..features * targets)
        .map(|i| coefficients[i % targets * features + i / targets])
        .collect();
    let coefficients = b.constant(&[features, targets], Kind::Real, turned)?;
    let y = multiply(b, x, coefficients)?;
    let intercepts = numbers(b, call, "intercepts")?;
    match intercepts.len() {
        0 => Ok(y),
        n if n == targets => {
            let intercepts = b.constant(&[n], Kind::Real, intercepts)?;
            binary(b, Pair::Add, y, intercepts)
        }
        n => b.refuse(format!("{n} intercepts for {targets} results")),
    }
}

/// What the attribute `post_transform` says is done with scores.
pub(super) fn transformed<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, y: Slot) -> Result<Slot> {
    let name = call.node.text("post_transform").unwrap_or("NONE");
    transformed_by(b, name, y)
}

/// What is done with scores, by its name.
pub(super) fn transformed_by<A: Scalar>(b: &mut Builder<A>, name: &str, y: Slot) -> Result<Slot> {
    match name {
        "NONE" => Ok(y),
        "LOGISTIC" => apply(b, Function::Sigmoid, y),
        "SOFTMAX" => softmax_last(b, y),
        other => b.refuse_with(
            format!("the transformation {other} of its results is not supported"),
            "export the model without it, or choose a value before this node as the output",
        ),
    }
}

/// Numbers of the classes; their places if they are named by words.
pub(super) fn labels(call: &Call<'_>) -> Vec<f64> {
    let names = ["classlabels_ints", "classlabels_int64s"];
    let whole = names
        .iter()
        .find_map(|name| call.node.ints(name))
        .unwrap_or_default();
    let words = call.node.texts("classlabels_strings").unwrap_or_default();
    match whole.is_empty() {
        false => whole.iter().map(|&v| v as f64).collect(),
        true => (0..words.len()).map(|i| i as f64).collect(),
    }
}

/// The label of the highest score.
pub(super) fn label<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, y: Slot) -> Result<Slot> {
    let labels = labels(call);
    let place = largest_place(b, call, y)?;
    let labels = b.constant(&[labels.len()], Kind::Whole, labels)?;
    take::rows(b, labels, place)
}
