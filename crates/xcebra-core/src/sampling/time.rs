//! Positives a fixed time after their reference.

use rand_chacha::ChaCha8Rng;

use super::Positives;
use crate::checks::at_least_one;
use crate::error::Result;

/// `positive = reference + offset`, within a piece.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    offset: usize,
}

impl Time {
    /// Positives `offset ≥ 1` samples later.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if the offset is 0.
    pub fn new(offset: usize) -> Result<Self> {
        at_least_one("offset", offset)?;
        Ok(Self { offset })
    }
}

impl Positives for Time {
    fn lookahead(&self) -> usize {
        self.offset
    }

    fn draw(&self, references: &[usize], _: &mut ChaCha8Rng) -> Vec<usize> {
        references.iter().map(|r| r + self.offset).collect()
    }
}
