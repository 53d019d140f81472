//! Positives whose label differs from the reference's as labels differ over time.

use ndarray::{Array2, ArrayView1};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::index::Index;
use super::{Positives, References};
use crate::element::Element;
use crate::error::{Error, Result};
use crate::recording::{Labels, Recording};

/// The reference's label plus a random label difference over `delta` samples, seen anywhere in
/// the recording, and then the sample whose label is nearest to that sum.
#[derive(Debug)]
pub struct TimeDelta {
    labels: Array2<f64>,
    delta: usize,
    /// Samples with another `delta` samples later in their session.
    starts: References,
    index: Index,
}

impl TimeDelta {
    /// Positives by the label `label` of the recording; whole numbers count as real ones.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is no such label or `delta` is 0; [`Error::Data`] if no
    /// session is longer than `delta` or the label has too many columns.
    pub fn new<E: Element>(recording: &Recording<E>, label: &str, delta: usize) -> Result<Self> {
        if delta == 0 {
            return Err(Error::setting(
                "objective.positives.delta",
                0,
                "at least 1 sample",
            ));
        }
        let labels = match recording.label(label)? {
            Labels::Continuous(values) => values.clone(),
            Labels::Discrete(classes) => {
                Array2::from_shape_fn((classes.len(), 1), |(t, _)| classes[t] as f64)
            }
        };
        let starts = References::new(recording.sessions(), delta)?;
        let index = Index::new(label, labels.view())?;
        Ok(Self {
            labels,
            delta,
            starts,
            index,
        })
    }
}

impl Positives for TimeDelta {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let columns = self.labels.ncols();
        let row = |t: usize| -> ArrayView1<'_, f64> { self.labels.row(t) };
        let starts = self.starts.draw(references.len(), rng);
        let uniform: Vec<f64> = references.iter().map(|_| rng.r#gen()).collect();
        let mut queries = Vec::with_capacity(references.len() * columns);
        for (&r, &s) in references.iter().zip(&starts) {
            let (now, before, after) = (row(r), row(s), row(s + self.delta));
            queries.extend((0..columns).map(|k| now[k] + (after[k] - before[k])));
        }
        self.index.nearest(&queries, columns, &uniform)
    }
}
