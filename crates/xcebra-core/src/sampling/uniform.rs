//! Positives that have nothing to do with their reference.

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::subjects::Subjects;
use super::{Positives, References};
use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// Uniform over all centers: what a distribution that says nothing about the reference gives, so
/// the chance level of the others. Of several subjects, one is drawn at random first.
#[derive(Clone, Debug)]
pub struct Uniform {
    subjects: Subjects,
    centers: Vec<References>,
}

impl Uniform {
    /// Positives anywhere among `centers`, which are of one subject.
    ///
    /// # Errors
    /// None for pieces that exist.
    pub fn new(centers: &Pieces) -> Result<Self> {
        Self::across(Subjects::one(centers))
    }

    /// Positives anywhere among `centers` of a recording, whose subjects count alike.
    ///
    /// # Errors
    /// [`crate::CoreError::Data`] if a subject has no center.
    pub fn of_subjects<E: Scalar>(recording: &Recording<E>, centers: &Pieces) -> Result<Self> {
        Self::across(Subjects::of(recording, centers)?)
    }

    fn across(subjects: Subjects) -> Result<Self> {
        let centers = subjects.centers().iter();
        Ok(Self {
            centers: centers
                .map(|centers| References::new(centers, 0))
                .collect::<Result<_>>()?,
            subjects,
        })
    }
}

impl Positives for Uniform {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let assigned = self.subjects.assign(references, rng);
        let draw = |subject: usize| self.centers[subject].draw(1, rng)[0];
        assigned.into_iter().map(draw).collect()
    }
}
