//! The rows of one role in an InfoNCE loss: references, positives or negatives.

use std::ops::Range;

use super::Buffers;
use crate::ops::Element;

/// Rows of an embedding, restricted to some dimensions, and their gradient.
pub(in crate::ops) struct Role<E> {
    start: usize,
    pub values: Vec<E>,
    inverse_norms: Option<Vec<E>>,
    pub gradient: Vec<E>,
}

impl<E: Element> Role<E> {
    /// The given rows of an embedding of `columns`.
    pub fn new(
        embedding: &[E],
        columns: usize,
        rows: &Range<usize>,
        dims: &Range<usize>,
        buffers: &Buffers<E>,
    ) -> Self {
        let mut values = buffers.vectors.take();
        values.clear();
        for row in rows.clone() {
            values.extend_from_slice(&embedding[row * columns..][dims.clone()]);
        }
        let gradient = buffers.zeros(values.len());
        Self {
            start: rows.start,
            values,
            inverse_norms: None,
            gradient,
        }
    }

    /// Divides each row of `d` by its norm; rows of zeros stay.
    pub fn normalized(mut self, d: usize, buffers: &Buffers<E>) -> Self {
        let mut inverse_norms = buffers.vectors.take();
        inverse_norms.clear();
        inverse_norms.extend(self.values.chunks_exact_mut(d).map(|row| {
            let norm = num_traits::Float::sqrt(row.iter().map(|&v| v * v).sum::<E>());
            let inverse = if norm > E::zero() {
                norm.recip()
            } else {
                E::zero()
            };
            row.iter_mut().for_each(|v| *v *= inverse);
            inverse
        }));
        self.inverse_norms = Some(inverse_norms);
        self
    }

    /// `Σ ⟨row, gradient of the row⟩`.
    pub fn along(&self) -> f64 {
        let terms = self.values.iter().zip(&self.gradient);
        terms.map(|(v, g)| v.as_f64() * g.as_f64()).sum()
    }

    /// Adds this role's gradient to that of the embedding, through the normalisation if any.
    pub fn settle(
        mut self,
        gradient: &mut [E],
        columns: usize,
        dims: &Range<usize>,
        buffers: &Buffers<E>,
    ) {
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
        let vectors = [Some(self.values), Some(self.gradient), self.inverse_norms];
        for vector in vectors.into_iter().flatten() {
            buffers.vectors.give(vector);
        }
    }
}
