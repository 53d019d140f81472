//! Attention as a single operator.

use xcebra_model::Scalar;

use super::Call;
use super::elementwise::{Pair, binary, scaled, where_};
use super::functions::{Function, apply};
use super::layout::{join, permute, reshape_to};
use super::matmul::multiply;
use super::reduce::{Reduction, reduce};
use super::rows::softmax_last;
use super::select::{NOTHING, everything, select};
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

/// Query, key and value as (samples, heads, times, width).
struct Heads {
    query: Slot,
    key: Slot,
    value: Slot,
    /// Whether they were (samples, times, heads · width).
    flat: bool,
}

/// Scaled products of query and key, a softmax, and the mean of the values that it weights. Returns the result,
/// the keys and values with those of the past, and the products.
pub(crate) fn attention<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let Heads {
        query,
        mut key,
        mut value,
        flat,
    } = heads(b, call)?;
    let past = match (call.optional(4), call.optional(5)) {
        (Some(past_key), Some(past_value)) => {
            let past = b.shape(past_key).get(2).copied().unwrap_or(0);
            key = join(b, &[past_key, key], 2)?;
            value = join(b, &[past_value, value], 2)?;
            Some(past)
        }
        (None, None) => None,
        _ => return b.refuse("past keys without past values, or the other way round"),
    };
    let (present_key, present_value) = (key, value);
    let times = [b.shape(query)[2], b.shape(key)[2]];
    let bias = bias(b, call, times, past)?;
    let groups = grouped(b, query, key)?;
    let (key, value) = (repeated(b, key, groups)?, repeated(b, value, groups)?);
    let width = b.shape(query)[3] as f64;
    let scale = call.node.float("scale").unwrap_or(width.sqrt().recip());
    let key = permute(b, key, &[0, 1, 3, 2])?;
    let query = scaled(b, query, scale)?;
    let mut products = multiply(b, query, key)?;
    let mode = call.node.int("qk_matmul_output_mode").unwrap_or(0);
    let mut shown = products;
    let cap = call.node.float("softcap").unwrap_or(0.0);
    if cap > 0.0 {
        let capped = scaled(b, products, cap.recip())?;
        let capped = apply(b, Function::Tanh, capped)?;
        products = scaled(b, capped, cap)?;
    }
    if mode == 1 {
        shown = products;
    }
    let mut idle = None;
    if let Some(bias) = bias {
        products = binary(b, Pair::Add, products, bias)?;
        idle = Some(nothing_allowed(b, bias)?);
    }
    if mode == 2 {
        shown = products;
    }
    let zero = b.constant(&[], Kind::Real, vec![0.0])?;
    if let Some(idle) = idle {
        // a softmax of nothing but minus infinity would not be a number
        products = where_(b, idle, zero, products)?;
    }
    let mut weights = softmax_last(b, products)?;
    if let Some(idle) = idle {
        // a query that may see nothing has a result of zero
        weights = where_(b, idle, zero, weights)?;
    }
    if mode == 3 {
        shown = weights;
    }
    let mut y = multiply(b, weights, value)?;
    if flat {
        y = permute(b, y, &[0, 2, 1, 3])?;
        let shape = b.shape(y).to_vec();
        y = reshape_to(b, y, &[shape[0], shape[1], shape[2] * shape[3]])?;
    }
    Ok(vec![y, present_key, present_value, shown])
}

fn heads<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Heads> {
    let mut parts = [
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    ];
    let flat = b.rank(parts[0]) == 3;
    if flat {
        let count = |name| usize::try_from(call.node.int(name).unwrap_or(0)).unwrap_or(0);
        let (of_query, of_key) = (count("q_num_heads"), count("kv_num_heads"));
        for (part, heads) in parts.iter_mut().zip([of_query, of_key, of_key]) {
            *part = split_heads(b, *part, heads)?;
        }
    }
    let shapes = parts.map(|p| b.shape(p).to_vec());
    let [q, k, v] = &shapes;
    let fits = shapes.iter().all(|s| s.len() == 4)
        && q[0] == k[0]
        && k[0] == v[0]
        && q[3] == k[3]
        && k[1..3] == v[1..3];
    if !fits {
        return b.refuse(format!(
            "query, key and value of shapes {q:?}, {k:?} and {v:?} do not go together"
        ));
    }
    let [query, key, value] = parts;
    Ok(Heads {
        query,
        key,
        value,
        flat,
    })
}

/// (samples, times, heads · width) as (samples, heads, times, width).
pub(crate) fn split_heads<A: Scalar>(b: &mut Builder<A>, x: Slot, heads: usize) -> Result<Slot> {
    let &[samples, times, width] = b.shape(x) else {
        return b.refuse(format!(
            "an input of shape {:?}, expected 3 axes",
            b.shape(x)
        ));
    };
    if heads == 0 || width % heads != 0 {
        return b.refuse(format!("{heads} heads for {width} features"));
    }
    let x = reshape_to(b, x, &[samples, times, heads, width / heads])?;
    permute(b, x, &[0, 2, 1, 3])
}

/// How many heads of the query share one of key and value.
fn grouped<A: Scalar>(b: &Builder<A>, query: Slot, key: Slot) -> Result<usize> {
    let (queries, keys) = (b.shape(query)[1], b.shape(key)[1]);
    if keys == 0 || queries % keys != 0 {
        return b.refuse(format!(
            "{queries} heads of the query for {keys} of the key"
        ));
    }
    Ok(queries / keys)
}

fn repeated<A: Scalar>(b: &mut Builder<A>, x: Slot, times: usize) -> Result<Slot> {
    let mut picks = everything(b.shape(x));
    picks[1] = (0..picks[1].len() * times).map(|i| i / times).collect();
    select(b, x, &picks, 0.0)
}

/// What is added to the products: minus infinity where a query must not look.
fn bias<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
    times: [usize; 2],
    past: Option<usize>,
) -> Result<Option<Slot>> {
    let [queries, keys] = times;
    let mut bias = match call.optional(3) {
        Some(mask) => Some(mask_as_bias(b, mask, keys)?),
        None => None,
    };
    let lengths = match call.optional(6) {
        Some(lengths) => Some(b.numbers(lengths, "the number of keys of each sample")?),
        None => None,
    };
    let window = |name| call.node.int(name).filter(|&w| w >= 0).map(|w| w as f64);
    let (before, after) = (window("left_window_size"), window("right_window_size"));
    let causal = call.node.flag("is_causal");
    if lengths.is_none() && !causal && before.is_none() && after.is_none() {
        return Ok(bias);
    }
    // one mask for all samples, unless their lengths differ
    let samples = lengths.as_ref().map_or(1, Vec::len);
    b.check(&[samples, queries, keys])?;
    let value = |i: usize| {
        let (sample, query, key) = (i / (queries * keys), i / keys % queries, i % keys);
        let length = lengths.as_ref().map(|l| l[sample]);
        let offset = match (past, length) {
            (Some(past), _) => past as f64,
            (None, Some(length)) => length - queries as f64,
            (None, None) => 0.0,
        };
        let behind = query as f64 + offset - key as f64;
        let hidden = (causal && behind < 0.0)
            || before.is_some_and(|w| behind > w)
            || after.is_some_and(|w| -behind > w)
            || length.is_some_and(|length| key as f64 >= length);
        if hidden { f64::NEG_INFINITY } else { 0.0 }
    };
    let numbers = (0..samples * queries * keys).map(value).collect();
    let own = b.constant(&[samples, 1, queries, keys], Kind::Real, numbers)?;
    bias = Some(match bias {
        Some(bias) => binary(b, Pair::Add, bias, own)?,
        None => own,
    });
    Ok(bias)
}

/// A mask of truth values as a bias, filled up for keys that it does not reach.
fn mask_as_bias<A: Scalar>(b: &mut Builder<A>, mask: Slot, keys: usize) -> Result<Slot> {
    let mut mask = mask;
    if b.kind(mask) == Kind::Bool {
        let zero = b.constant(&[], Kind::Real, vec![0.0])?;
        let never = b.constant(&[], Kind::Real, vec![f64::NEG_INFINITY])?;
        mask = where_(b, mask, zero, never)?;
    }
    let mut picks = everything(b.shape(mask));
    if let Some(last) = picks.last_mut()
        && last.len() > 1
    {
        last.extend(std::iter::repeat_n(
            NOTHING,
            keys.saturating_sub(last.len()),
        ));
    }
    select(b, mask, &picks, f64::NEG_INFINITY)
}

/// Whether a query has no key that it may look at.
fn nothing_allowed<A: Scalar>(b: &mut Builder<A>, bias: Slot) -> Result<Slot> {
    let most = reduce(b, Reduction::Max, bias, &[b.rank(bias) - 1], true)?;
    let never = b.constant(&[], Kind::Real, vec![f64::NEG_INFINITY])?;
    binary(b, Pair::Equal, most, never)
}
