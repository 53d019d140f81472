//! Positives whose label differs from the reference's by Gaussian noise.

use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::index::Index;
use super::{Pieces, Positives, positive, real_labels, uniforms};
use crate::element::Element;
use crate::error::Result;
use crate::recording::Recording;

/// The reference's label plus independent N(0, σ²) in every column, and then the center whose
/// label is nearest to that sum.
#[derive(Debug)]
pub struct DeltaNormal {
    labels: Array2<f64>,
    sigma: f64,
    index: Index,
}

impl DeltaNormal {
    /// Positives by the label `label` of the recording, `sigma` in its units; whole numbers count
    /// as real ones.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] if there is no such label or `sigma` is not positive;
    /// [`crate::Error::Data`] if the label has too many columns.
    pub fn new<E: Element>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        sigma: f64,
    ) -> Result<Self> {
        positive("objective.positives.sigma", sigma)?;
        let labels = real_labels(recording, label)?;
        let index = Index::new(label, labels.view(), centers.samples().collect())?;
        Ok(Self {
            labels,
            sigma,
            index,
        })
    }
}

impl Positives for DeltaNormal {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut queries = Vec::with_capacity(references.len() * self.labels.ncols());
        for &r in references {
            let noise = self.labels.row(r).into_iter().map(|label| {
                let z: f64 = rng.sample(StandardNormal);
                label + self.sigma * z
            });
            queries.extend(noise);
        }
        let uniform = uniforms(references.len(), rng);
        self.index.nearest(&queries, &uniform)
    }
}
