//! Labels moved as labels move over time.

use ndarray::ArrayView2;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::{RealLabels, References};
use crate::checks::at_least_one;
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// A label, and its differences over `delta` samples within a piece.
#[derive(Clone, Debug)]
pub struct Differences {
    labels: RealLabels,
    delta: usize,
    /// Centers with another `delta` centers later in their piece.
    starts: References,
}

impl Differences {
    /// Those of the label `label`.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if there is no such label or `delta` is 0;
    /// [`crate::CoreError::Data`] if no piece is longer than `delta`.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        delta: usize,
    ) -> Result<Self> {
        at_least_one("delta", delta)?;
        Ok(Self {
            labels: RealLabels::of(recording, label)?,
            delta,
            starts: References::new(centers, delta)?,
        })
    }

    /// The label, (time, columns).
    pub fn labels(&self) -> ArrayView2<'_, f64> {
        self.labels.view()
    }

    /// For each reference its label plus a difference drawn anywhere among the centers, one row
    /// after another.
    pub fn moved(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<f64> {
        let labels = self.labels.view();
        let row = |t: usize| labels.row(t);
        let starts = self.starts.draw(references.len(), rng);
        let mut moved = Vec::with_capacity(references.len() * labels.ncols());
        for (&r, &s) in references.iter().zip(&starts) {
            let (now, before, after) = (row(r), row(s), row(s + self.delta));
            let columns = now.iter().zip(before).zip(after);
            moved.extend(columns.map(|((now, before), after)| now + (after - before)));
        }
        moved
    }
}
