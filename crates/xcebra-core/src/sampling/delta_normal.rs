//! Positives whose label differs from the reference's by Gaussian noise.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use xcebra_model::Scalar;

use super::index::Indices;
use super::subjects::Subjects;
use super::{Positives, RealLabels, uniforms};
use crate::checks::positive;
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// The reference's label plus independent N(0, σ²) in every column, and then the center whose
/// label is nearest to that sum; of several subjects, one is drawn at random in which it is looked for.
#[derive(Debug)]
pub struct DeltaNormal {
    labels: RealLabels,
    sigma: f64,
    subjects: Subjects,
    indices: Indices,
}

impl DeltaNormal {
    /// Positives by the label `label` of the recording, `sigma` in its units; whole numbers count
    /// as real ones.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if there is no such label or `sigma` is not positive;
    /// [`crate::CoreError::Data`] if the label has too many columns.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        sigma: f64,
    ) -> Result<Self> {
        positive("sigma", sigma)?;
        let labels = RealLabels::of(recording, label)?;
        let subjects = Subjects::of(recording, centers)?;
        let indices = Indices::new(label, labels.view(), &subjects)?;
        Ok(Self {
            labels,
            sigma,
            subjects,
            indices,
        })
    }
}

impl Positives for DeltaNormal {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let labels = self.labels.view();
        let mut queries = Vec::with_capacity(references.len() * labels.ncols());
        for &r in references {
            let noise = labels.row(r).into_iter().map(|label| {
                let z: f64 = rng.sample(StandardNormal);
                label + self.sigma * z
            });
            queries.extend(noise);
        }
        let uniform = uniforms(references.len(), rng);
        let assigned = self.subjects.assign(references, rng);
        self.indices.nearest(&assigned, &queries, &uniform)
    }
}
