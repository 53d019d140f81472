//! Features filled up, cut in two, joined, chosen and renamed.

use xcebra_model::Scalar;

use super::{numbers, table};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::ops::elementwise::{Pair, binary, where_};
use crate::ops::functions::{Function, apply};
use crate::ops::layout::{as_real, join, reshape_to};
use crate::ops::{Call, Op, Pass, take};
use crate::tensor::{Kind, Tensor};

/// Numbers replaced by others from a table; it has no derivative.
struct Lookup {
    pairs: Vec<(f64, f64)>,
    default: f64,
}

/// Missing numbers replaced by one number, or by one a feature.
pub(super) fn impute<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (x, features) = table(b, call)?;
    let mut filled = numbers(b, call, "imputed_value_floats")?;
    let mut missing = call.node.float("replaced_value_float").unwrap_or(f64::NAN);
    if filled.is_empty() {
        let whole = call.node.ints("imputed_value_int64s").unwrap_or_default();
        filled = whole.iter().map(|&v| v as f64).collect();
        missing = call.node.int("replaced_value_int64").unwrap_or(0) as f64;
    }
    if ![1, features].contains(&filled.len()) {
        return b.refuse(format!("{} numbers for {features} features", filled.len()));
    }
    let filled = b.constant(&[filled.len()], Kind::Real, filled)?;
    let is_missing = if missing.is_nan() {
        apply(b, Function::IsNaN, x)?
    } else {
        let missing = b.constant(&[], Kind::Real, vec![missing])?;
        binary(b, Pair::Equal, x, missing)?
    };
    where_(b, is_missing, filled, x)
}

/// 1 above a threshold, 0 elsewhere.
pub(super) fn binarize<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let threshold = call.node.float("threshold").unwrap_or(0.0);
    let threshold = b.constant(&[], Kind::Real, vec![threshold])?;
    let above = binary(b, Pair::Greater, x, threshold)?;
    as_real(b, above)
}

/// Features of several inputs next to each other.
pub(super) fn join_all<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let mut parts = Vec::new();
    for part in call.all(b)? {
        let part = as_real(b, part)?;
        parts.push(match *b.shape(part) {
            [samples, ref rest @ ..] => {
                let features = rest.iter().product();
                reshape_to(b, part, &[samples, features])?
            }
            [] => reshape_to(b, part, &[1, 1])?,
        });
    }
    join(b, &parts, 1)
}

/// Features by their places on the last axis.
pub(super) fn extract<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let (mut x, places) = (call.required(b, 0)?, call.required(b, 1)?);
    if b.rank(x) == 1 {
        let shape = [1, b.shape(x)[0]];
        x = reshape_to(b, x, &shape)?;
    }
    let count = b.shape(places).iter().product();
    let places = reshape_to(b, places, &[count])?;
    take::along(b, -1, x, places)
}

/// Numbers for numbers; words are refused.
pub(super) fn encode<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let whole = |name: &str| -> Vec<f64> {
        let numbers = call.node.ints(name).unwrap_or_default();
        numbers.iter().map(|&v| v as f64).collect()
    };
    let either = |reals: &str, integers: &str| match call.node.floats(reals) {
        Some(numbers) => (numbers.to_vec(), Kind::Real),
        None => (whole(integers), Kind::Whole),
    };
    let (keys, _) = either("keys_floats", "keys_int64s");
    let (values, kind) = either("values_floats", "values_int64s");
    if keys.is_empty() || keys.len() != values.len() {
        return b.refuse_with(
            "only maps from numbers to numbers are supported, with as many keys as values",
            "encode words before the model",
        );
    }
    let default = match kind {
        Kind::Real => call.node.float("default_float").unwrap_or(0.0),
        _ => call.node.int("default_int64").unwrap_or(-1) as f64,
    };
    let pairs = keys.into_iter().zip(values).collect();
    let shape = b.shape(x).to_vec();
    let y = b.emit_as(kind, Lookup { pairs, default }, &[x], &shape)?;
    b.flatten_derivative(y);
    Ok(y)
}

impl<A: Scalar> Op<A> for Lookup {
    fn forward(&self, inputs: &[&Tensor<A>]) -> Vec<Tensor<A>> {
        let value = |x: A| {
            let x = x.as_f64();
            let is = |key: f64| key == x || (key.is_nan() && x.is_nan());
            let found = self.pairs.iter().find(|(key, _)| is(*key));
            A::of(found.map_or(self.default, |(_, value)| *value))
        };
        vec![inputs[0].map(value)]
    }

    fn backward(&self, _pass: &Pass<'_, A>) -> Vec<Option<Tensor<A>>> {
        vec![None]
    }
}
