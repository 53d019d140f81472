//! Positives of the same class whose continuous label differs as labels differ over time.

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::classes::SubjectClasses;
use super::differences::Differences;
use super::index::{Index, nearest_in};
use super::{Positives, uniforms};
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// As [`TimeDelta`](super::TimeDelta) by a continuous label, but the nearest label is looked for
/// among the centers of the reference's class only. The differences come from all classes.
///
/// Of several subjects, one is drawn at random; one that does not know the class is left out.
#[derive(Debug)]
pub struct Mixed {
    classes: SubjectClasses,
    differences: Differences,
    /// One for each class of each subject.
    indices: Vec<Index>,
    /// The first of each subject.
    starts: Vec<usize>,
}

impl Mixed {
    /// Positives by a discrete and a continuous label of the recording.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if there is no such label, the discrete one is continuous or
    /// `delta` is 0; [`crate::CoreError::Data`] if no piece is longer than `delta` or the continuous
    /// label has too many columns.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        discrete: &str,
        continuous: &str,
        delta: usize,
    ) -> Result<Self> {
        let classes = SubjectClasses::new(recording, centers, ("discrete", discrete), "mixed")?;
        let differences = Differences::new(recording, centers, continuous, delta)?;
        let (mut indices, mut starts) = (Vec::new(), Vec::new());
        for groups in classes.groups() {
            starts.push(indices.len());
            for g in 0..groups.len() {
                let members = groups.members(g).to_vec();
                indices.push(Index::new(continuous, differences.labels(), members)?);
            }
        }
        Ok(Self {
            classes,
            differences,
            indices,
            starts,
        })
    }
}

impl Positives for Mixed {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let queries = self.differences.moved(references, rng);
        let uniform = uniforms(references.len(), rng);
        let assigned = self.classes.assign(references, rng).into_iter();
        let assigned = assigned.map(|[subject, group]| self.starts[subject] + group);
        let assigned: Vec<usize> = assigned.collect();
        let indices: Vec<&Index> = self.indices.iter().collect();
        nearest_in(&indices, &assigned, &queries, &uniform)
    }
}
