//! The batches of one part of a recording.

use rand_chacha::ChaCha8Rng;

use crate::error::Result;
use crate::objective::Batch;
use crate::recording::Pieces;
use crate::sampling::{Positives, References};

/// Draws references, negatives, and the positives of each contrastive objective.
pub struct Sampler {
    centers: Pieces,
    references: References,
    negatives: References,
    positives: Vec<Box<dyn Positives>>,
}

impl Sampler {
    /// Over the given centers, without objectives.
    pub fn new(centers: Pieces) -> Result<Self> {
        Ok(Self {
            references: References::new(&centers, 0)?,
            negatives: References::new(&centers, 0)?,
            centers,
            positives: Vec::new(),
        })
    }

    /// Where samples come from.
    pub fn centers(&self) -> &Pieces {
        &self.centers
    }

    /// Adds a contrastive objective with the positives that `make` gives for the centers.
    pub fn add(&mut self, make: impl Fn(&Pieces) -> Result<Box<dyn Positives>>) -> Result<()> {
        self.positives.push(make(&self.centers)?);
        let ahead = self.positives.iter().map(|p| p.lookahead()).max();
        self.references = References::new(&self.centers, ahead.unwrap_or(0))?;
        Ok(())
    }

    /// A batch of `n` references, their positives, and `n` negatives.
    pub fn draw(&self, n: usize, rng: &mut ChaCha8Rng) -> Batch {
        let mut times = self.references.draw(n, rng);
        let references = times.clone();
        let mut positives = Vec::with_capacity(self.positives.len());
        if !self.positives.is_empty() {
            times.extend(self.negatives.draw(n, rng));
        }
        let negatives = n..times.len();
        for distribution in &self.positives {
            let start = times.len();
            times.extend(distribution.draw(&references, rng));
            positives.push(start..times.len());
        }
        Batch {
            times,
            references: 0..n,
            negatives,
            positives,
        }
    }
}
