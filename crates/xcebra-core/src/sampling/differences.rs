//! Labels moved as labels move over time.

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

use super::{Pieces, References, at_least_one, real_labels};
use crate::element::Element;
use crate::error::Result;
use crate::recording::Recording;

/// A label, and its differences over `delta` samples within a piece.
#[derive(Clone, Debug)]
pub struct Differences {
    labels: Array2<f64>,
    delta: usize,
    /// Centers with another `delta` centers later in their piece.
    starts: References,
}

impl Differences {
    /// Those of the label `label`.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] if there is no such label or `delta` is 0;
    /// [`crate::Error::Data`] if no piece is longer than `delta`.
    pub fn new<E: Element>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        delta: usize,
    ) -> Result<Self> {
        at_least_one("objective.positives.delta", delta)?;
        Ok(Self {
            labels: real_labels(recording, label)?,
            delta,
            starts: References::new(centers, delta)?,
        })
    }

    /// The label, (time, columns).
    pub fn labels(&self) -> &Array2<f64> {
        &self.labels
    }

    /// For each reference its label plus a difference drawn anywhere among the centers, one row
    /// after another.
    pub fn moved(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<f64> {
        let row = |t: usize| self.labels.row(t);
        let starts = self.starts.draw(references.len(), rng);
        let mut moved = Vec::with_capacity(references.len() * self.labels.ncols());
        for (&r, &s) in references.iter().zip(&starts) {
            let (now, before, after) = (row(r), row(s), row(s + self.delta));
            let columns = now.iter().zip(before).zip(after);
            moved.extend(columns.map(|((now, before), after)| now + (after - before)));
        }
        moved
    }
}
