//! InfoNCE losses over ranges of embedding dimensions as one operation of the tape.

use std::ops::Range;

use dfdx::shapes::Rank0;
use dfdx::tensor::{PutTape, SplitTape, Tape};

use super::kernels::pairs::{Block, ROWS, padded};
use super::{Taped, lanes, scalar};
use crate::element::Element;
use crate::objective::{Metric, Similarity};

/// Reference rows of one job.
const CHUNK: usize = 32;

/// One InfoNCE loss within a batch of embeddings. Rows count from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Rows of the references.
    pub reference: Range<usize>,
    /// Rows of their positives, as many.
    pub positive: Range<usize>,
    /// Rows of the negatives, shared by all references.
    pub negative: Range<usize>,
    /// Embedding dimensions that take part.
    pub dims: Range<usize>,
    /// Similarity and temperature.
    pub similarity: Similarity,
    /// Weight of this term in the sum.
    pub weight: f64,
}

/// Value of one [`Term`], before its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermValue {
    /// `−mean_i φ(u_i, u_i⁺)`.
    pub align: f64,
    /// `mean_i log Σ_j exp φ(u_i, v_j)`; no `1/n` inside the logarithm.
    pub uniform: f64,
}

impl TermValue {
    /// The loss: alignment plus uniformity.
    pub fn loss(self) -> f64 {
        self.align + self.uniform
    }

    /// Goodness of fit in bits over chance, with `negatives` negatives: `(ln n − loss) / ln 2`.
    pub fn bits(self, negatives: usize) -> f64 {
        ((negatives as f64).ln() - self.loss()) / std::f64::consts::LN_2
    }
}

/// `Σ_t weight_t mean_i [ −φ(u_i, u_i⁺) + log Σ_j exp φ(u_i, v_j) ]` over the rows of
/// `embedding` (rows, d), with the value of each term (van den Oord, Li and Vinyals 2018;
/// Schneider et al. 2025, eq. 2).
///
/// Time is O(n² d), memory O(n d): the matrix of all pairs is never stored.
///
/// # Panics
/// If a term's rows or dimensions lie outside the embedding, or are empty.
pub fn info_nce<E: Element>(
    embedding: Taped<(usize, usize), E>,
    terms: &[Term],
) -> (Taped<Rank0, E>, Vec<TermValue>) {
    let (embedding, mut tape) = embedding.split_tape();
    let columns = dfdx::shapes::HasShape::shape(&embedding).1;
    let values = embedding.as_vec();
    let mut gradient = vec![E::zero(); values.len()];
    let mut reports = Vec::with_capacity(terms.len());
    let mut total = 0.0;
    for term in terms {
        let report = add_term(&values, columns, term, &mut gradient);
        total += term.weight * report.loss();
        reports.push(report);
    }
    if values.iter().any(|v| !v.is_finite()) {
        total = f64::NAN;
    }

    let out = scalar(E::of(total));
    let (out_ghost, embedding_ghost) = (out.ghost(), embedding.ghost());
    tape.add_backward_op(move |gradients| {
        let c = gradients.get_or_alloc_mut(&out_ghost)?[0];
        for (g, s) in gradients
            .get_or_alloc_mut(&embedding_ghost)?
            .iter_mut()
            .zip(gradient)
        {
            *g += c * s;
        }
        Ok(())
    });
    (out.put_tape(tape), reports)
}

/// Rows of one role, restricted to the term's dimensions and, for the cosine, normalised.
struct Rows<E> {
    start: usize,
    values: Vec<E>,
    inverse_norms: Option<Vec<E>>,
    gradient: Vec<E>,
}

impl<E: Element> Rows<E> {
    fn new(embedding: &[E], columns: usize, rows: &Range<usize>, term: &Term) -> Self {
        let d = term.dims.len();
        let mut values = Vec::with_capacity(rows.len() * d);
        for row in rows.clone() {
            values.extend_from_slice(&embedding[row * columns..][term.dims.clone()]);
        }
        let inverse_norms = (term.similarity.metric == Metric::Cosine).then(|| {
            values
                .chunks_exact_mut(d)
                .map(|row| {
                    let norm = num_traits::Float::sqrt(row.iter().map(|&v| v * v).sum::<E>());
                    let inverse = if norm > E::zero() {
                        norm.recip()
                    } else {
                        E::zero()
                    };
                    row.iter_mut().for_each(|v| *v *= inverse);
                    inverse
                })
                .collect()
        });
        let gradient = vec![E::zero(); values.len()];
        Self {
            start: rows.start,
            values,
            inverse_norms,
            gradient,
        }
    }

    /// Adds this role's gradient to that of the embedding, through the normalisation if any.
    fn settle(mut self, gradient: &mut [E], columns: usize, dims: &Range<usize>) {
        let d = dims.len();
        for (i, g) in self.gradient.chunks_exact_mut(d).enumerate() {
            if let Some(inverse) = &self.inverse_norms {
                let unit = &self.values[i * d..][..d];
                let along: E = g.iter().zip(unit).map(|(&g, &u)| g * u).sum();
                for (g, &u) in g.iter_mut().zip(unit) {
                    *g = (*g - along * u) * inverse[i];
                }
            }
            let target = &mut gradient[(self.start + i) * columns..][dims.clone()];
            for (t, &g) in target.iter_mut().zip(g.iter()) {
                *t += g;
            }
        }
    }
}

fn add_term<E: Element>(
    embedding: &[E],
    columns: usize,
    term: &Term,
    gradient: &mut [E],
) -> TermValue {
    let n = term.reference.len();
    assert!(
        n > 0 && term.positive.len() == n,
        "references and positives differ in number"
    );
    assert!(
        !term.negative.is_empty() && !term.dims.is_empty(),
        "an empty InfoNCE term"
    );
    let mut reference = Rows::new(embedding, columns, &term.reference, term);
    let mut positive = Rows::new(embedding, columns, &term.positive, term);
    let mut negative = Rows::new(embedding, columns, &term.negative, term);
    let align = alignment(&mut reference, &mut positive, term);
    let uniform = uniformity(&mut reference, &mut negative, term);
    for role in [reference, positive, negative] {
        role.settle(gradient, columns, &term.dims);
    }
    TermValue {
        align: align / n as f64,
        uniform: uniform / n as f64,
    }
}

/// `−Σ_i φ(u_i, u_i⁺)`, with its gradient.
fn alignment<E: Element>(reference: &mut Rows<E>, positive: &mut Rows<E>, term: &Term) -> f64 {
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

struct Lane<E> {
    scratch: Vec<E>,
    negative_sum: Vec<E>,
    total: f64,
}

/// `Σ_i log Σ_j exp φ(u_i, v_j)`, with its gradient.
fn uniformity<E: Element>(reference: &mut Rows<E>, negative: &mut Rows<E>, term: &Term) -> f64 {
    let d = term.dims.len();
    let n = reference.values.len() / d;
    let columns = negative.values.len() / d;
    let width = padded(columns);
    let scale = 1.0 / term.similarity.temperature;
    let dot = term.similarity.metric.is_dot();
    let mut transposed = vec![E::zero(); d * width];
    for (j, row) in negative.values.chunks_exact(d).enumerate() {
        for (k, &v) in row.iter().enumerate() {
            transposed[k * width + j] = v;
        }
    }

    let mut sums = vec![E::zero(); reference.values.len()];
    let jobs: Vec<_> = reference
        .values
        .chunks(CHUNK * d)
        .zip(sums.chunks_mut(CHUNK * d))
        .collect();
    let mut states: Vec<Lane<E>> = (0..lanes::count(jobs.len()))
        .map(|_| Lane {
            scratch: vec![E::zero(); ROWS * width],
            negative_sum: vec![E::zero(); d * width],
            total: 0.0,
        })
        .collect();
    lanes::run(&mut states, jobs, |lane, _, (u, sum)| {
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

    let parts: Vec<&[E]> = states
        .iter()
        .map(|lane| lane.negative_sum.as_slice())
        .collect();
    let negative_sum = lanes::reduce(&parts);
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
    states.iter().map(|lane| lane.total).sum()
}
