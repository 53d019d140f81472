//! Positives of the same class.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::classes::Classes;
use super::{Pieces, Positives};
use crate::element::Element;
use crate::error::Result;
use crate::recording::Recording;

/// Uniform over the centers that have the reference's class, the reference included.
#[derive(Clone, Debug)]
pub struct Discrete {
    classes: Classes,
}

impl Discrete {
    /// Positives by the discrete label `label` of the recording.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] if there is no such label or it is continuous.
    pub fn new<E: Element>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
    ) -> Result<Self> {
        let classes = Classes::new(recording, centers, label, "discrete")?;
        Ok(Self { classes })
    }
}

impl Positives for Discrete {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let groups = self.classes.groups();
        references
            .iter()
            .map(|&r| groups.pick(self.classes.of(r), rng.r#gen()))
            .collect()
    }
}
