//! InfoNCE with your own similarity.

use dfdx::shapes::{HasShape, Rank0};
use dfdx::tensor::{PutTape, SplitTape};

use super::cpu::{Lane, Role, run_lanes};
use super::{Buffers, Pairs, Taped, TermValue, with_gradient};
use crate::ops::Element;

/// Reference rows of one job.
const CHUNK: usize = 32;

/// Reference rows that share a strip of negatives, and negatives in a strip, so that these stay in
/// the first cache.
const ROWS: usize = 4;
const STRIP: usize = 128;

/// A similarity `φ(u, v)` of two embeddings, temperature included.
///
/// What is written with dfdx operations instead needs the matrix of all pairs; this does not.
///
/// ```
/// use xcebra_core::ops::PairSimilarity;
///
/// /// The Laplace kernel: minus the sum of absolute differences.
/// struct Manhattan;
///
/// impl PairSimilarity<f64> for Manhattan {
///     fn value(&self, u: &[f64], v: &[f64]) -> f64 {
///         u.iter().zip(v).map(|(u, v)| -(u - v).abs()).sum()
///     }
///
///     fn add_gradient(&self, u: &[f64], v: &[f64], c: f64, du: &mut [f64], dv: &mut [f64]) {
///         for k in 0..u.len() {
///             let slope = -c * (u[k] - v[k]).signum();
///             du[k] += slope;
///             dv[k] -= slope;
///         }
///     }
/// }
///
/// assert_eq!(Manhattan.value(&[0.0, 1.0], &[2.0, 0.5]), -2.5);
/// ```
pub trait PairSimilarity<E>: Sync {
    /// `φ(u, v)`; `u` and `v` are as long as the term has dimensions.
    fn value(&self, u: &[E], v: &[E]) -> E;

    /// Adds `c ∂φ/∂u` to `du` and `c ∂φ/∂v` to `dv`.
    fn add_gradient(&self, u: &[E], v: &[E], c: E, du: &mut [E], dv: &mut [E]);
}

/// `mean_i [ −φ(u_i, u_i⁺) + log Σ_j exp φ(u_i, v_j) ]` over rows of `embedding` (rows, d), with
/// its parts.
///
/// Time is O(n²) evaluations of the similarity and its gradient, memory O(n d). Sums are taken in
/// one order for any number of threads. [`info_nce`](super::info_nce) is much faster for the
/// similarities it knows.
///
/// # Panics
/// If rows or dimensions lie outside the embedding, or are empty.
pub fn info_nce_by<E: Element>(
    embedding: Taped<(usize, usize), E>,
    pairs: &Pairs,
    similarity: &impl PairSimilarity<E>,
    buffers: &Buffers<E>,
) -> (Taped<Rank0, E>, TermValue) {
    pairs.check();
    let n = pairs.reference.len();
    let (embedding, tape) = embedding.split_tape();
    let columns = embedding.shape().1;
    let values = embedding.as_vec();
    let mut gradient = vec![E::zero(); values.len()];
    let role = |rows| Role::new(&values, columns, rows, &pairs.dims, buffers);
    let mut reference = role(&pairs.reference);
    let mut positive = role(&pairs.positive);
    let mut negative = role(&pairs.negative);
    let d = pairs.dims.len();
    let align = alignment(&mut reference, &mut positive, d, similarity);
    let uniform = uniformity(&mut reference, &mut negative, d, similarity, buffers);
    for role in [reference, positive, negative] {
        role.settle(&mut gradient, columns, &pairs.dims, buffers);
    }
    let value = TermValue {
        align: align / n as f64,
        uniform: uniform / n as f64,
        temperature: 1.0,
        negatives: pairs.negative.len(),
    };

    let embedding = embedding.put_tape(tape);
    (with_gradient(embedding, value.loss(), gradient), value)
}

/// `−Σ_i φ(u_i, u_i⁺)`; adds the gradient of its mean.
fn alignment<E: Element>(
    reference: &mut Role<E>,
    positive: &mut Role<E>,
    d: usize,
    similarity: &impl PairSimilarity<E>,
) -> f64 {
    let rows = reference.values.chunks_exact(d);
    let n = rows.len();
    let step = E::of(-1.0 / n as f64);
    let gradients = reference
        .gradient
        .chunks_exact_mut(d)
        .zip(positive.gradient.chunks_exact_mut(d));
    rows.zip(positive.values.chunks_exact(d))
        .zip(gradients)
        .map(|((u, p), (du, dp))| {
            similarity.add_gradient(u, p, step, du, dp);
            -similarity.value(u, p).as_f64()
        })
        .sum()
}

/// `Σ_i log Σ_j exp φ(u_i, v_j)`; adds the gradient of its mean.
fn uniformity<E: Element>(
    reference: &mut Role<E>,
    negative: &mut Role<E>,
    d: usize,
    similarity: &impl PairSimilarity<E>,
    buffers: &Buffers<E>,
) -> f64 {
    let n = reference.values.len() / d;
    let columns = negative.values.len() / d;
    let jobs: Vec<_> = reference
        .values
        .chunks(CHUNK * d)
        .zip(reference.gradient.chunks_mut(CHUNK * d))
        .collect();
    let mut states = buffers.lanes(jobs.len());
    let begin = |lane: &mut Lane<E>| lane.begin(ROWS * columns, columns * d);
    let negatives = &negative.values;
    run_lanes(&mut states, jobs, begin, |lane, (u, du)| {
        for (u, du) in u.chunks(ROWS * d).zip(du.chunks_mut(ROWS * d)) {
            let weights = &mut lane.scratch[..u.len() / d * columns];
            for (strip, v) in negatives.chunks(STRIP * d).enumerate() {
                for (u, weights) in u.chunks_exact(d).zip(weights.chunks_exact_mut(columns)) {
                    let weights = &mut weights[strip * STRIP..];
                    for (w, v) in weights.iter_mut().zip(v.chunks_exact(d)) {
                        *w = similarity.value(u, v);
                    }
                }
            }
            for weights in weights.chunks_exact_mut(columns) {
                lane.total += softmax(weights, n);
            }
            let strips = negatives.chunks(STRIP * d);
            let sums = lane.negative_sum.chunks_mut(STRIP * d);
            for (strip, (v, dv)) in strips.zip(sums).enumerate() {
                let rows = u.chunks_exact(d).zip(du.chunks_exact_mut(d));
                for ((u, du), weights) in rows.zip(weights.chunks_exact(columns)) {
                    let pairs = v.chunks_exact(d).zip(dv.chunks_exact_mut(d));
                    for ((v, dv), &p) in pairs.zip(&weights[strip * STRIP..]) {
                        similarity.add_gradient(u, v, p, du, dv);
                    }
                }
            }
        }
    });
    let (sum, total) = buffers.settle(states);
    negative.gradient.copy_from_slice(&sum);
    buffers.vectors.give(sum);
    total
}

/// Turns similarities into weights that sum to `1 / n`; returns their log-sum-exp.
fn softmax<E: Element>(row: &mut [E], n: usize) -> f64 {
    let highest = row.iter().fold(f64::NEG_INFINITY, |a, w| a.max(w.as_f64()));
    let mut sum = 0.0;
    for w in row.iter_mut() {
        let weight = (w.as_f64() - highest).exp();
        sum += weight;
        *w = E::of(weight);
    }
    let inverse = E::of(1.0 / (sum * n as f64));
    row.iter_mut().for_each(|w| *w *= inverse);
    highest + sum.ln()
}
