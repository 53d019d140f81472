//! References and negatives: uniform over pieces of a recording.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::error::Result;
use crate::recording::Pieces;

/// Uniform over the samples that have all their positives.
#[derive(Clone, Debug)]
pub struct References {
    pieces: Pieces,
}

impl References {
    /// The centers with at least `lookahead` centers after them in their piece.
    ///
    /// # Errors
    /// [`crate::CoreError::Data`] if there is none.
    pub fn new(centers: &Pieces, lookahead: usize) -> Result<Self> {
        Ok(Self {
            pieces: centers.with_lookahead(lookahead)?,
        })
    }

    /// Uniform draws, with replacement, each in O(log pieces).
    pub fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let len = self.pieces.len();
        (0..count)
            .map(|_| self.pieces.sample(rng.gen_range(0..len)))
            .collect()
    }
}
