//! Layers that carry a state from step to step: linear attention, causal convolution.

use xcebra_model::Scalar;

use super::Call;
use super::attention::split_heads;
use super::elementwise::{Pair, binary, scaled};
use super::functions::{Function, apply};
use super::layout::{join, permute, reshape_to};
use super::matmul::multiply;
use super::select::{everything, select};
use super::values::filled;
use crate::builder::{Builder, Slot};
use crate::error::Result;
use crate::tensor::Kind;

/// A matrix of keys and values that each step adds to, and that each query reads. Returns the result and the last matrix.
pub(crate) fn linear_attention<A: Scalar>(
    b: &mut Builder<A>,
    call: &Call<'_>,
) -> Result<Vec<Slot>> {
    let heads = |name| usize::try_from(call.node.int(name).unwrap_or(0)).unwrap_or(0);
    let (of_query, of_key) = (heads("q_num_heads"), heads("kv_num_heads"));
    let rule = call.node.text("update_rule").unwrap_or("gated_delta");
    let (gated, corrected) = match rule {
        "linear" => (false, false),
        "gated" => (true, false),
        "delta" => (false, true),
        "gated_delta" => (true, true),
        other => return b.refuse(format!("the rule '{other}' is not known")),
    };
    let (query, key, value) = (
        call.required(b, 0)?,
        call.required(b, 1)?,
        call.required(b, 2)?,
    );
    let query = split_heads(b, query, of_query)?;
    let key = split_heads(b, key, of_key)?;
    let value = split_heads(b, value, of_key)?;
    let [q, k, v] = [query, key, value].map(|s| b.shape(s).to_vec());
    if !of_query.is_multiple_of(of_key) || q[0] != k[0] || q[2..] != k[2..] || k[..3] != v[..3] {
        return b.refuse(format!(
            "query, key and value of shapes {q:?}, {k:?} and {v:?}"
        ));
    }
    let (samples, times, width, depth) = (k[0], k[2], k[3], v[3]);
    let decay = match gated {
        true => {
            let decay = call.required(b, 4)?;
            let decay = split_heads(b, decay, of_key)?;
            Some(apply(b, Function::Exp, decay)?)
        }
        false => None,
    };
    let rate = match corrected {
        true => {
            let rate = call.required(b, 5)?;
            let heads = b.shape(rate).last().copied().unwrap_or(0);
            Some(split_heads(b, rate, heads)?)
        }
        false => None,
    };
    let mut state = match call.optional(3) {
        Some(state) => state,
        None => filled(b, &[samples, of_key, width, depth], Kind::Real, 0.0)?,
    };
    if b.shape(state) != [samples, of_key, width, depth] {
        return b.refuse(format!("a state of shape {:?}", b.shape(state)));
    }
    let scale = call.node.float("scale").filter(|&s| s != 0.0);
    let scale = scale.unwrap_or((width as f64).sqrt().recip());
    let repeats = of_query / of_key;
    let mut results = Vec::with_capacity(times);
    for t in 0..times {
        // rows (1, width) and columns (width, 1)
        let (query, key, mut value) = (at(b, query, t)?, at(b, key, t)?, at(b, value, t)?);
        let column = permute(b, key, &[0, 1, 3, 2])?;
        if let Some(decay) = decay {
            let decay = at(b, decay, t)?;
            let decay = permute(b, decay, &[0, 1, 3, 2])?;
            state = binary(b, Pair::Mul, state, decay)?;
        }
        if let Some(rate) = rate {
            let known = multiply(b, key, state)?;
            let news = binary(b, Pair::Sub, value, known)?;
            let rate = at(b, rate, t)?;
            value = binary(b, Pair::Mul, news, rate)?;
        }
        let added = multiply(b, column, value)?;
        state = binary(b, Pair::Add, state, added)?;
        let mut picks = everything(b.shape(state));
        picks[1] = (0..of_query).map(|i| i / repeats).collect();
        let read = select(b, state, &picks, 0.0)?;
        let read = multiply(b, query, read)?;
        results.push(scaled(b, read, scale)?);
    }
    if results.is_empty() {
        return b.refuse("a sequence without steps");
    }
    let y = join(b, &results, 2)?;
    let y = permute(b, y, &[0, 2, 1, 3])?;
    Ok(vec![
        reshape_to(b, y, &[samples, times, of_query * depth])?,
        state,
    ])
}

/// One step of (samples, heads, times, features).
fn at<A: Scalar>(b: &mut Builder<A>, x: Slot, t: usize) -> Result<Slot> {
    let mut picks = everything(b.shape(x));
    picks[2] = vec![t];
    select(b, x, &picks, 0.0)
}

/// A convolution of each channel with its own kernel over what came before. Returns the result and the end of
/// the signal, which is what came before the next one.
pub(crate) fn causal_conv<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Vec<Slot>> {
    let (x, weights) = (call.required(b, 0)?, call.required(b, 1)?);
    let (&[samples, channels, times], &[rows, 1, taps]) = (b.shape(x), b.shape(weights)) else {
        return b.refuse(format!(
            "weights of shape {:?} for an input of shape {:?}",
            b.shape(weights),
            b.shape(x)
        ));
    };
    if rows != channels || taps == 0 || taps > 1 << 16 {
        return b.refuse(format!(
            "{rows} kernels of {taps} numbers for {channels} channels"
        ));
    }
    let before = match call.optional(3) {
        Some(past) => past,
        None => filled(b, &[samples, channels, taps - 1], Kind::Real, 0.0)?,
    };
    if b.shape(before) != [samples, channels, taps - 1] {
        return b.refuse(format!("a past of shape {:?}", b.shape(before)));
    }
    let signal = join(b, &[before, x], 2)?;
    let weights = reshape_to(b, weights, &[channels, taps])?;
    let part = |b: &mut Builder<A>, from: usize, length: usize| {
        let mut picks = everything(b.shape(signal));
        picks[2] = (from..from + length).collect();
        select(b, signal, &picks, 0.0)
    };
    let mut sum = None;
    for tap in 0..taps {
        let weight = select(b, weights, &[(0..channels).collect(), vec![tap]], 0.0)?;
        let shifted = part(b, tap, times)?;
        let product = binary(b, Pair::Mul, shifted, weight)?;
        sum = Some(match sum {
            Some(sum) => binary(b, Pair::Add, sum, product)?,
            None => product,
        });
    }
    let Some(mut y) = sum else {
        return b.refuse("no weights");
    };
    if let Some(bias) = call.optional(2) {
        let bias = reshape_to(b, bias, &[channels, 1])?;
        y = binary(b, Pair::Add, y, bias)?;
    }
    if matches!(call.node.text("activation"), Some("silu" | "swish")) {
        y = apply(b, Function::Swish { alpha: 1.0 }, y)?;
    }
    let last = part(b, times, taps - 1)?;
    Ok(vec![y, last])
}
