//! InfoNCE terms: value and gradient, blocks of references in parallel.

use super::buffers::{Buffers, Lane};
use super::kernels::pairs::{self, Block, ROWS, padded};
use super::lanes;
use super::role::Role;
use crate::objective::Metric;
use crate::ops::{Element, Term, TermValue};

/// Reference rows of one job.
const CHUNK: usize = 32;

/// Adds the gradient of a term; returns its value, and its weighted derivative by `log 1/τ`.
pub(super) fn add_term<E: Element>(
    embedding: &[E],
    columns: usize,
    term: &Term,
    gradient: &mut [E],
    buffers: &Buffers<E>,
) -> (TermValue, f64) {
    term.pairs().check();
    let (n, d) = (term.reference.len(), term.dims.len());
    let role = |rows| {
        let role = Role::new(embedding, columns, rows, &term.dims, buffers);
        match term.similarity.metric {
            Metric::Cosine => role.normalized(d, buffers),
            Metric::Dot | Metric::Euclidean => role,
        }
    };
    let mut reference = role(&term.reference);
    let mut positive = role(&term.positive);
    let mut negative = role(&term.negative);
    let align = alignment(&mut reference, &mut positive, term);
    let uniform = uniformity(&mut reference, &mut negative, term, buffers);
    let roles = [reference, positive, negative];
    let slope = if term.similarity.learn {
        temperature_slope(&roles)
    } else {
        0.0
    };
    for role in roles {
        role.settle(gradient, columns, &term.dims, buffers);
    }
    let value = TermValue {
        align: align / n as f64,
        uniform: uniform / n as f64,
        temperature: term.similarity.temperature,
        negatives: term.negative.len(),
    };
    (value, slope)
}

/// The derivative of a term by `log 1/τ`: dot product and squared distance are homogeneous of
/// degree 2 in both rows together, so that (Euler) `∂ℓ/∂ log(1/τ) = Σ ∂ℓ/∂φ · φ` is half the
/// product of all rows with their gradients.
fn temperature_slope<E: Element>(roles: &[Role<E>; 3]) -> f64 {
    0.5 * roles.iter().map(Role::along).sum::<f64>()
}

/// `−Σ_i φ(u_i, u_i⁺)`, with its gradient.
fn alignment<E: Element>(reference: &mut Role<E>, positive: &mut Role<E>, term: &Term) -> f64 {
    let d = term.dims.len();
    let scale = 1.0 / term.similarity.temperature;
    let step = E::of(term.weight * scale / (reference.values.len() / d) as f64);
    let two = E::of(2.0);
    let mut sum = 0.0;
    for i in 0..reference.values.len() {
        let (u, p) = (reference.values[i], positive.values[i]);
        if term.similarity.metric.is_dot() {
            sum -= (u * p).as_f64();
            reference.gradient[i] -= step * p;
            positive.gradient[i] -= step * u;
        } else {
            let difference = u - p;
            sum += (difference * difference).as_f64();
            reference.gradient[i] += step * two * difference;
            positive.gradient[i] -= step * two * difference;
        }
    }
    sum * scale
}

/// `Σ_i log Σ_j exp φ(u_i, v_j)`, with its gradient.
fn uniformity<E: Element>(
    reference: &mut Role<E>,
    negative: &mut Role<E>,
    term: &Term,
    buffers: &Buffers<E>,
) -> f64 {
    let d = term.dims.len();
    let n = reference.values.len() / d;
    let columns = negative.values.len() / d;
    let width = padded(columns);
    let scale = 1.0 / term.similarity.temperature;
    let dot = term.similarity.metric.is_dot();
    let mut transposed = buffers.zeros(d * width);
    for (j, row) in negative.values.chunks_exact(d).enumerate() {
        for (k, &v) in row.iter().enumerate() {
            transposed[k * width + j] = v;
        }
    }

    let mut sums = buffers.zeros(reference.values.len());
    let jobs: Vec<_> = reference
        .values
        .chunks(CHUNK * d)
        .zip(sums.chunks_mut(CHUNK * d))
        .collect();
    let mut states = buffers.lanes(jobs.len());
    let begin = |lane: &mut Lane<E>| lane.begin(ROWS * width, d * width);
    lanes::run(&mut states, jobs, begin, |lane, (u, sum)| {
        lane.total += pairs::block(&mut Block {
            dot,
            scale: E::of(scale),
            dims: d,
            columns,
            reference: u,
            negative: &transposed,
            scratch: &mut lane.scratch,
            reference_sum: sum,
            negative_sum: &mut lane.negative_sum,
        });
    });

    let (negative_sum, total) = buffers.settle(states);
    // squared distance: ∂φ/∂u = −2 s (u − v) = −∂φ/∂v; dot product: ∂φ/∂u = s v, ∂φ/∂v = s u
    let step = E::of(term.weight * scale / n as f64);
    let (to_reference, to_negative) = if dot {
        (step, step)
    } else {
        (E::of(-2.0) * step, E::of(2.0) * step)
    };
    for (g, &s) in reference.gradient.iter_mut().zip(&sums) {
        *g += to_reference * s;
    }
    for (j, row) in negative.gradient.chunks_exact_mut(d).enumerate() {
        for (k, g) in row.iter_mut().enumerate() {
            *g += to_negative * negative_sum[k * width + j];
        }
    }
    for vector in [transposed, sums, negative_sum] {
        buffers.vectors.give(vector);
    }
    total
}
