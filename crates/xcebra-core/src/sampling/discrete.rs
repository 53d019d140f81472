//! Positives of the same class.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::Positives;
use super::classes::Classes;
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// Uniform over the centers that have the reference's class, the reference included.
#[derive(Clone, Debug)]
pub struct Discrete {
    classes: Classes,
}

impl Discrete {
    /// Positives by the discrete label `label` of the recording.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if there is no such label or it is continuous.
    pub fn new<E: Scalar>(recording: &Recording<E>, centers: &Pieces, label: &str) -> Result<Self> {
        let classes = Classes::new(recording, centers, ("label", label), "discrete")?;
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
