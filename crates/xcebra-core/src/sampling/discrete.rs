//! Positives of the same class.

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::classes::SubjectClasses;
use super::{Positives, uniforms};
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// Uniform over the centers that have the reference's class, the reference included.
///
/// Of several subjects, one is drawn at random; one that does not know the class is left out.
#[derive(Clone, Debug)]
pub struct Discrete {
    classes: SubjectClasses,
}

impl Discrete {
    /// Positives by the discrete label `label` of the recording.
    ///
    /// # Errors
    /// [`crate::CoreError::Setting`] if there is no such label or it is continuous.
    pub fn new<E: Scalar>(recording: &Recording<E>, centers: &Pieces, label: &str) -> Result<Self> {
        let classes = SubjectClasses::new(recording, centers, ("label", label), "discrete")?;
        Ok(Self { classes })
    }
}

impl Positives for Discrete {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let groups: Vec<_> = self.classes.groups().collect();
        let uniform = uniforms(references.len(), rng);
        let assigned = self.classes.assign(references, rng);
        let both = assigned.into_iter().zip(uniform);
        both.map(|([subject, group], u)| groups[subject].pick(group, u))
            .collect()
    }
}
