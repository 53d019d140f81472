//! Rotary positions: pairs of features turned by angles that grow with time.

use xcebra_model::Scalar;

use super::attention::split_heads;
use super::elementwise::{Pair, binary};
use super::layout::{join, permute, reshape_to};
use super::select::{everything, select};
use super::{Call, take};
use crate::builder::{Builder, Slot};
use crate::error::Result;

/// Pairs of features turned by angles whose cosines and sines are given.
pub(crate) fn rotary<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>) -> Result<Slot> {
    let x = call.required(b, 0)?;
    let shape = b.shape(x).to_vec();
    let heads = usize::try_from(call.node.int("num_heads").unwrap_or(0)).unwrap_or(0);
    // (samples, heads, times, width)
    let split = match shape.len() {
        3 => split_heads(b, x, heads)?,
        4 => x,
        _ => return b.refuse(format!("an input of shape {shape:?}, expected 3 or 4 axes")),
    };
    let width = b.shape(split)[3];
    let turned = match call.node.int("rotary_embedding_dim").unwrap_or(0) {
        0 => width,
        n => usize::try_from(n).unwrap_or(usize::MAX),
    };
    if turned > width || turned % 2 != 0 {
        return b.refuse(format!("{turned} of {width} features turned in pairs"));
    }
    let half = turned / 2;
    let interleaved = call.node.flag("interleaved");
    let part = |first: usize| -> Vec<usize> {
        match interleaved {
            true => (first..turned).step_by(2).collect(),
            false => (first * half..(first + 1) * half).collect(),
        }
    };
    let mut picks = everything(b.shape(split));
    let mut features = |b: &mut Builder<A>, which: Vec<usize>| {
        picks[3] = which;
        select(b, split, &picks, 0.0)
    };
    let (first, second) = (features(b, part(0))?, features(b, part(1))?);
    let rest = features(b, (turned..width).collect())?;
    let (cos, sin) = (angles(b, call, 1, half)?, angles(b, call, 2, half)?);
    let product = |b: &mut Builder<A>, x, y| binary(b, Pair::Mul, x, y);
    let (a, c) = (product(b, first, cos)?, product(b, second, sin)?);
    let real = binary(b, Pair::Sub, a, c)?;
    let (a, c) = (product(b, first, sin)?, product(b, second, cos)?);
    let imaginary = binary(b, Pair::Add, a, c)?;
    let mut y = join(b, &[real, imaginary], 3)?;
    if interleaved {
        let mut picks = everything(b.shape(y));
        picks[3] = (0..turned).map(|i| i % 2 * half + i / 2).collect();
        y = select(b, y, &picks, 0.0)?;
    }
    let y = join(b, &[y, rest], 3)?;
    if shape.len() == 4 {
        return Ok(y);
    }
    let y = permute(b, y, &[0, 2, 1, 3])?;
    reshape_to(b, y, &shape)
}

/// Cosines or sines for each position, as (samples or 1, 1, times, half).
fn angles<A: Scalar>(b: &mut Builder<A>, call: &Call<'_>, i: usize, half: usize) -> Result<Slot> {
    let mut cache = call.required(b, i)?;
    if let Some(positions) = call.optional(3) {
        cache = take::rows(b, cache, positions)?;
    }
    let found = b.shape(cache).to_vec();
    match found[..] {
        [samples, times, width] if width == half => {
            reshape_to(b, cache, &[samples, 1, times, width])
        }
        _ => b.refuse(format!(
            "cosines or sines of shape {found:?}, expected [samples, times, {half}]"
        )),
    }
}
