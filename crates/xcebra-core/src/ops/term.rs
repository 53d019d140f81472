//! What one InfoNCE loss compares, and its value.

use std::ops::Range;

use crate::objective::Similarity;

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

impl Term {
    /// Its rows and dimensions.
    pub fn pairs(&self) -> Pairs {
        Pairs {
            reference: self.reference.clone(),
            positive: self.positive.clone(),
            negative: self.negative.clone(),
            dims: self.dims.clone(),
        }
    }
}

/// Rows and dimensions of an embedding that one InfoNCE loss compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// Rows of the references.
    pub reference: Range<usize>,
    /// Rows of their positives, as many.
    pub positive: Range<usize>,
    /// Rows of the negatives, shared by all references.
    pub negative: Range<usize>,
    /// Embedding dimensions that take part.
    pub dims: Range<usize>,
}

impl Pairs {
    /// # Panics
    /// If rows or dimensions are empty, or references and positives differ in number.
    pub(super) fn check(&self) {
        let n = self.reference.len();
        assert!(
            n > 0 && self.positive.len() == n,
            "references and positives differ in number"
        );
        assert!(
            !self.negative.is_empty() && !self.dims.is_empty(),
            "an empty InfoNCE term"
        );
    }
}

/// Value of one InfoNCE loss, before its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TermValue {
    /// `−mean_i φ(u_i, u_i⁺)`.
    pub align: f64,
    /// `mean_i log Σ_j exp φ(u_i, v_j)`; no `1/n` inside the logarithm.
    pub uniform: f64,
    /// The temperature τ at which it was taken; 1 for a [`PairSimilarity`](super::PairSimilarity).
    pub temperature: f64,
    /// Number of negatives `n`.
    pub negatives: usize,
}

impl TermValue {
    /// The loss: alignment plus uniformity.
    pub fn loss(self) -> f64 {
        self.align + self.uniform
    }

    /// Goodness of fit in bits: `(ln n − loss) / ln 2`. 0 for an encoder that maps all to one
    /// point, below 0 for one that is worse than chance. It may exceed `log₂ n`, because the
    /// positive is not among the negatives of its own sum.
    ///
    /// CEBRA's goodness of fit is the same number for one session. For several it counts the
    /// negatives of all of them as chance; here sessions share their negatives, and `n` is their
    /// number.
    pub fn bits_over_chance(self) -> f64 {
        ((self.negatives as f64).ln() - self.loss()) / std::f64::consts::LN_2
    }
}
