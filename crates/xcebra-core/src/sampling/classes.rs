//! Samples by their class.

use std::sync::Arc;

use xcebra_model::Scalar;

use super::groups::Groups;
use crate::error::{CoreError, Result};
use crate::recording::{Labels, Pieces, Recording};

/// The classes of a discrete label, and which centers are of which.
#[derive(Clone, Debug)]
pub struct Classes {
    /// Class of every sample of the recording, which shares them.
    labels: Arc<Labels>,
    /// The classes of the centers, rising; `groups` has them in the same order.
    values: Vec<i64>,
    groups: Groups,
}

impl Classes {
    /// Those of the discrete label that the parameter `name` gives; `kind` is the distribution that asks.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if there is no such label or it is continuous.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        (name, label): (&str, &str),
        kind: &str,
    ) -> Result<Self> {
        let shared = recording.shared_label(label)?;
        let Labels::Discrete(labels) = &*shared else {
            return Err(CoreError::setting_with(
                name,
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
            labels: shared,
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
        let Labels::Discrete(labels) = &*self.labels else {
            unreachable!("other labels were refused");
        };
        self.values
            .binary_search(&labels[sample])
            .expect("references are among the centers")
    }
}
