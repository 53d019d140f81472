//! Positives that have nothing to do with their reference.

use rand_chacha::ChaCha8Rng;

use super::{Positives, References};
use crate::error::Result;
use crate::recording::Pieces;

/// Uniform over all centers: what a distribution that says nothing about the reference gives, so
/// the chance level of the others.
#[derive(Clone, Debug)]
pub struct Uniform {
    all: References,
}

impl Uniform {
    /// Positives anywhere among `centers`.
    ///
    /// # Errors
    /// None for pieces that exist.
    pub fn new(centers: &Pieces) -> Result<Self> {
        Ok(Self {
            all: References::new(centers, 0)?,
        })
    }
}

impl Positives for Uniform {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        self.all.draw(references.len(), rng)
    }
}
