//! Positives of the same class whose continuous label differs as labels differ over time.

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::classes::Classes;
use super::differences::Differences;
use super::index::Index;
use super::{Positives, uniforms};
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// As [`TimeDelta`](super::TimeDelta) by a continuous label, but the nearest label is looked for
/// among the centers of the reference's class only. The differences come from all classes.
#[derive(Debug)]
pub struct Mixed {
    classes: Classes,
    differences: Differences,
    /// One for each class.
    indices: Vec<Index>,
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
        let classes = Classes::new(recording, centers, ("discrete", discrete), "mixed")?;
        let differences = Differences::new(recording, centers, continuous, delta)?;
        let groups = classes.groups();
        let indices = (0..groups.len())
            .map(|g| {
                let members = groups.members(g).to_vec();
                Index::new(continuous, differences.labels(), members)
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            classes,
            differences,
            indices,
        })
    }
}

impl Positives for Mixed {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let columns = self.differences.labels().ncols();
        let queries = self.differences.moved(references, rng);
        let uniform = uniforms(references.len(), rng);
        let mut of_class = vec![Vec::new(); self.indices.len()];
        for (i, &r) in references.iter().enumerate() {
            of_class[self.classes.of(r)].push(i);
        }
        let mut positives = vec![0; references.len()];
        for (index, places) in self.indices.iter().zip(&of_class) {
            let queries: Vec<f64> = places
                .iter()
                .flat_map(|&i| &queries[i * columns..][..columns])
                .copied()
                .collect();
            let uniform: Vec<f64> = places.iter().map(|&i| uniform[i]).collect();
            for (&i, found) in places.iter().zip(index.nearest(&queries, &uniform)) {
                positives[i] = found;
            }
        }
        positives
    }
}
