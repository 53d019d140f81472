//! Supervised losses as operations of the tape.

use std::ops::Range;

use dfdx::shapes::{HasShape, Rank0};
use dfdx::tensor::{PutTape, SplitTape};

use super::{Taped, with_gradient};
use crate::objective::Targets;
use crate::ops::Element;

/// The loss that belongs to the targets of the given rows: [`mean_squared_error`] or
/// [`cross_entropy`].
///
/// # Panics
/// As these.
pub fn supervised<E: Element>(
    embedding: Taped<(usize, usize), E>,
    rows: Range<usize>,
    dims: Range<usize>,
    targets: &Targets<E>,
) -> Taped<Rank0, E> {
    match targets {
        Targets::Values { values, .. } => mean_squared_error(embedding, rows, dims, values),
        Targets::Classes(classes) => cross_entropy(embedding, rows, dims, classes),
    }
}

/// Mean squared error, `mean_{i,k} (y_ik − t_ik)²` without a ½ (as PyTorch's `MSELoss`), between
/// the given rows and dimensions of `embedding` (rows, d) and `targets` (as many rows, as many
/// dimensions), one row after another.
///
/// # Panics
/// If rows or dimensions are empty or lie outside the embedding, or if `targets` has another size.
pub fn mean_squared_error<E: Element>(
    embedding: Taped<(usize, usize), E>,
    rows: Range<usize>,
    dims: Range<usize>,
    targets: &[E],
) -> Taped<Rank0, E> {
    let d = dims.len();
    assert_eq!(targets.len(), rows.len() * d, "targets of another size");
    let count = targets.len() as f64;
    by_row(embedding, rows, dims, |i, y, gradient| {
        let mut sum = 0.0;
        for ((y, t), g) in y.iter().zip(&targets[i * d..]).zip(gradient) {
            let difference = y.as_f64() - t.as_f64();
            sum += difference * difference / count;
            *g = E::of(2.0 * difference / count);
        }
        sum
    })
}

/// Cross-entropy in nats, `mean_i [ log Σ_k exp y_ik − y_i,class(i) ]`: the given dimensions of
/// `embedding` (rows, d) are the logits of as many classes, `classes` the true ones of the given
/// rows, counted from 0.
///
/// # Panics
/// If rows or dimensions are empty or lie outside the embedding, or if `classes` has another
/// length than `rows` or names a class beyond `dims`.
pub fn cross_entropy<E: Element>(
    embedding: Taped<(usize, usize), E>,
    rows: Range<usize>,
    dims: Range<usize>,
    classes: &[usize],
) -> Taped<Rank0, E> {
    let n = rows.len();
    assert_eq!(classes.len(), n, "classes of another number of rows");
    by_row(embedding, rows, dims, |i, y, gradient| {
        let highest = y.iter().fold(f64::NEG_INFINITY, |a, y| a.max(y.as_f64()));
        let sum: f64 = y.iter().map(|y| (y.as_f64() - highest).exp()).sum();
        for (k, (y, g)) in y.iter().zip(gradient).enumerate() {
            let p = (y.as_f64() - highest).exp() / sum;
            let truth = if k == classes[i] { 1.0 } else { 0.0 };
            *g = E::of((p - truth) / n as f64);
        }
        (highest + sum.ln() - y[classes[i]].as_f64()) / n as f64
    })
}

/// A sum over rows of `row_loss(row counted from 0, its dimensions, their gradient)`.
fn by_row<E: Element>(
    embedding: Taped<(usize, usize), E>,
    rows: Range<usize>,
    dims: Range<usize>,
    mut row_loss: impl FnMut(usize, &[E], &mut [E]) -> f64,
) -> Taped<Rank0, E> {
    assert!(!rows.is_empty() && !dims.is_empty(), "an empty loss");
    let (embedding, tape) = embedding.split_tape();
    let columns = embedding.shape().1;
    assert!(dims.end <= columns, "dimensions outside the embedding");
    let values = embedding.as_vec();
    let mut gradient = vec![E::zero(); values.len()];
    let mut total = 0.0;
    for (i, row) in rows.enumerate() {
        let place = row * columns + dims.start..row * columns + dims.end;
        total += row_loss(i, &values[place.clone()], &mut gradient[place]);
    }

    with_gradient(embedding.put_tape(tape), total, gradient)
}
