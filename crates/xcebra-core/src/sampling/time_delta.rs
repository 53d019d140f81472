//! Positives whose label differs from the reference's as labels differ over time.

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::differences::Differences;
use super::index::Indices;
use super::subjects::Subjects;
use super::{Positives, uniforms};
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// The reference's label plus a random label difference over `delta` samples, seen anywhere among
/// the centers, and then the center whose label is nearest to that sum.
///
/// Of several subjects, differences are those of all, and the nearest center is that of a subject drawn at
/// random ([`sampling`](crate::sampling)).
#[derive(Debug)]
pub struct TimeDelta {
    differences: Differences,
    subjects: Subjects,
    indices: Indices,
}

impl TimeDelta {
    /// Positives by the label `label` of the recording; whole numbers count as real ones.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if there is no such label or `delta` is 0;
    /// [`crate::CoreError::Data`] if no piece is longer than `delta` or the label has too many columns.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        delta: usize,
    ) -> Result<Self> {
        let differences = Differences::new(recording, centers, label, delta)?;
        let subjects = Subjects::of(recording, centers)?;
        let indices = Indices::new(label, differences.labels(), &subjects)?;
        Ok(Self {
            differences,
            subjects,
            indices,
        })
    }
}

impl Positives for TimeDelta {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let queries = self.differences.moved(references, rng);
        let uniform = uniforms(references.len(), rng);
        let assigned = self.subjects.assign(references, rng);
        self.indices.nearest(&assigned, &queries, &uniform)
    }
}
