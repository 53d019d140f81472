//! InfoNCE losses over ranges of embedding dimensions as one operation of the tape.

use dfdx::shapes::Rank0;
use dfdx::tensor::{Merge, PutTape, SplitTape, Tape};

use super::buffers::Lane;
use super::kernels::pairs::{Block, ROWS, padded};
use super::role::Role;
use super::{Buffers, Taped, Term, TermValue, Vector, lanes, scalar};
use crate::element::Element;
use crate::objective::Metric;

/// Reference rows of one job.
const CHUNK: usize = 32;

/// [`info_nce_at`] fixed temperatures, with memory of its own.
///
/// # Panics
/// If a term's rows or dimensions lie outside the embedding, or are empty.
pub fn info_nce<E: Element>(
    embedding: Taped<(usize, usize), E>,
    terms: &[Term],
) -> (Taped<Rank0, E>, Vec<TermValue>) {
    info_nce_at(embedding, None, terms, &Buffers::default())
}

/// `Σ_t weight_t mean_i [ −φ(u_i, u_i⁺) + log Σ_j exp φ(u_i, v_j) ]` over the rows of
/// `embedding` (rows, d), with the value of each term (van den Oord, Li and Vinyals 2018;
/// Schneider et al. 2025, eq. 2).
///
/// `log_inverse_temperatures` holds `log 1/τ` of the terms whose similarity learns its
/// temperature, in the order of the terms; the gradient stops at the similarity's minimum. Without
/// them every term stays at its similarity's temperature.
///
/// Time is O(n² d), memory O(n d): the matrix of all pairs is never stored.
///
/// # Panics
/// If a term's rows or dimensions lie outside the embedding, or are empty, or if there are not as
/// many temperatures as terms that learn theirs.
pub fn info_nce_at<E: Element>(
    embedding: Taped<(usize, usize), E>,
    log_inverse_temperatures: Option<Taped<(usize,), E>>,
    terms: &[Term],
    buffers: &Buffers<E>,
) -> (Taped<Rank0, E>, Vec<TermValue>) {
    let (embedding, mut tape) = embedding.split_tape();
    let temperatures = log_inverse_temperatures.map(|t| {
        let (t, other) = t.split_tape();
        tape = std::mem::take(&mut tape).merge(other);
        t
    });
    let learned = temperatures.as_ref().map(Vector::as_vec);
    if let Some(learned) = &learned {
        let learning = terms.iter().filter(|t| t.similarity.learn).count();
        assert_eq!(learned.len(), learning, "temperatures of other terms");
    }
    let columns = dfdx::shapes::HasShape::shape(&embedding).1;
    let values = embedding.as_vec();
    let mut gradient = vec![E::zero(); values.len()];
    let mut slopes = Vec::new();
    let mut reports = Vec::with_capacity(terms.len());
    let mut total = 0.0;
    for term in terms {
        let mut term = term.clone();
        let mut passed = 0.0;
        if let (Some(learned), true) = (&learned, term.similarity.learn) {
            let parameter = learned[slopes.len()].as_f64();
            (term.similarity.temperature, passed) = term.similarity.temperature_at(parameter);
        }
        let (report, slope) = add_term(&values, columns, &term, &mut gradient, buffers);
        if term.similarity.learn {
            slopes.push(E::of(passed * slope));
        }
        total += term.weight * report.loss();
        reports.push(report);
    }
    if values.iter().any(|v| !v.is_finite()) {
        total = f64::NAN;
    }

    let out = scalar(E::of(total));
    let (out_ghost, embedding_ghost) = (out.ghost(), embedding.ghost());
    let temperatures_ghost = temperatures.map(|t| t.ghost());
    tape.add_backward_op(move |gradients| {
        let c = gradients.get_or_alloc_mut(&out_ghost)?[0];
        let target = gradients.get_or_alloc_mut(&embedding_ghost)?;
        for (g, s) in target.iter_mut().zip(gradient) {
            *g += c * s;
        }
        if let Some(ghost) = temperatures_ghost {
            for (g, s) in gradients.get_or_alloc_mut(&ghost)?.iter_mut().zip(slopes) {
                *g += c * s;
            }
        }
        Ok(())
    });
    (out.put_tape(tape), reports)
}

/// Adds the gradient of a term; returns its value, and its weighted derivative by `log 1/τ`.
fn add_term<E: Element>(
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
        lane.total += E::pairs_block(&mut Block {
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
