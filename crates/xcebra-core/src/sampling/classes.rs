//! Samples by their class.

use super::Pieces;
use super::groups::Groups;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::recording::{Labels, Recording};

/// The classes of a discrete label, and which centers are of which.
#[derive(Clone, Debug)]
pub struct Classes {
    /// Class of every sample of the recording.
    labels: Vec<i64>,
    /// The classes of the centers, rising; `groups` has them in the same order.
    values: Vec<i64>,
    groups: Groups,
}

impl Classes {
    /// Those of the discrete label `label`; `kind` is the distribution that asks.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is no such label or it is continuous.
    pub fn new<E: Element>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: &str,
        kind: &str,
    ) -> Result<Self> {
        let Labels::Discrete(labels) = recording.label(label)? else {
            return Err(Error::setting_with(
                "objective.positives.label",
                format!("`{label}`, which holds real numbers"),
                format!("a label of whole numbers for `{kind}` positives"),
                "use `time-delta` for other labels",
            ));
        };
        let groups = Groups::new(centers.samples().collect(), |a, b| {
            labels[a].cmp(&labels[b])
        });
        let values = (0..groups.len())
            .map(|g| labels[groups.members(g)[0]])
            .collect();
        Ok(Self {
            labels: labels.clone(),
            values,
            groups,
        })
    }

    /// The centers of each class.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The group of a center.
    ///
    /// # Panics
    /// If no center has the class of this sample.
    pub fn of(&self, sample: usize) -> usize {
        self.values
            .binary_search(&self.labels[sample])
            .expect("references are among the centers")
    }
}
