//! Positives a fixed time after their reference.

use rand_chacha::ChaCha8Rng;

use super::Positives;
use crate::error::{Error, Result};

/// `positive = reference + offset`, within a session.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    offset: usize,
}

impl Time {
    /// Positives `offset ≥ 1` samples later.
    ///
    /// # Errors
    /// [`Error::Setting`] if the offset is 0.
    pub fn new(offset: usize) -> Result<Self> {
        if offset == 0 {
            return Err(Error::setting(
                "objective.positives.offset",
                0,
                "at least 1 sample",
            ));
        }
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
