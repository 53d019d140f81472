//! In which subject a positive is looked for.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use crate::error::Result;
use crate::recording::{Pieces, Recording};

/// The centers of each subject.
#[derive(Clone, Debug)]
pub struct Subjects {
    centers: Vec<Pieces>,
    /// The end of each range of all centers, and its subject.
    ends: Vec<(usize, usize)>,
}

impl Subjects {
    /// Those of a recording among the given centers.
    ///
    /// # Errors
    /// [`crate::CoreError::Data`] if a subject has none.
    pub fn of<E: Scalar>(recording: &Recording<E>, centers: &Pieces) -> Result<Self> {
        let ends = centers.ranges().iter();
        Ok(Self {
            ends: ends
                .map(|range| (range.end, recording.subject_at(range.start)))
                .collect(),
            centers: (0..recording.subjects())
                .map(|subject| recording.pieces_of(subject, centers))
                .collect::<Result<_>>()?,
        })
    }

    /// One subject that has all centers.
    pub fn one(centers: &Pieces) -> Self {
        Self {
            centers: vec![centers.clone()],
            ends: Vec::new(),
        }
    }

    /// The centers of each subject.
    pub fn centers(&self) -> &[Pieces] {
        &self.centers
    }

    /// The subject of a center.
    pub fn at(&self, center: usize) -> usize {
        match self.centers.len() {
            1 => 0,
            _ => self.ends[self.ends.partition_point(|(end, _)| *end <= center)].1,
        }
    }

    /// The subject in which the positive of each reference is looked for, so that equal labels of several
    /// subjects meet.
    ///
    /// It is that of another reference, by a random permutation of them all: each subject is asked as often
    /// as it has references (CEBRA's multi-session sampler). One subject takes no random number.
    pub fn assign(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut assigned = vec![0; references.len()];
        if self.centers.len() > 1 {
            let mut order: Vec<usize> = (0..references.len()).collect();
            order.shuffle(rng);
            for (query, &slot) in order.iter().zip(references) {
                assigned[*query] = self.at(slot);
            }
        }
        assigned
    }
}
