//! Positives of the same class.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Positives;
use super::groups::Groups;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::recording::{Labels, Recording};

/// Uniform over the samples that have the reference's class, the reference included.
#[derive(Clone, Debug)]
pub struct Discrete {
    groups: Groups,
}

impl Discrete {
    /// Positives by the discrete label `label` of the recording.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is no such label or it is continuous.
    pub fn new<E: Element>(recording: &Recording<E>, label: &str) -> Result<Self> {
        let Labels::Discrete(classes) = recording.label(label)? else {
            return Err(Error::setting(
                "objective.positives.label",
                format!("`{label}`, which holds real numbers"),
                "a label of whole numbers for `discrete` positives; use `time-delta` for others",
            ));
        };
        let (groups, _) = Groups::new(classes.iter().copied());
        Ok(Self { groups })
    }
}

impl Positives for Discrete {
    fn draw(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
        references
            .iter()
            .map(|&r| self.groups.pick(self.groups.of(r), rng.r#gen()))
            .collect()
    }
}
