//! Samples by their class.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use super::groups::Groups;
use super::subjects::Subjects;
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

    /// The group of the class of a sample, if one of the centers has it.
    fn of(&self, sample: usize) -> Option<usize> {
        let Labels::Discrete(labels) = &*self.labels else {
            unreachable!("other labels were refused");
        };
        self.values.binary_search(&labels[sample]).ok()
    }
}

/// The classes of each subject.
#[derive(Clone, Debug)]
pub struct SubjectClasses {
    subjects: Subjects,
    classes: Vec<Classes>,
}

impl SubjectClasses {
    /// As [`Classes::new`], of each subject.
    ///
    /// # Errors
    /// As [`Classes::new`], and [`CoreError::Data`] if a subject has no center.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: &Pieces,
        label: (&str, &str),
        kind: &str,
    ) -> Result<Self> {
        let subjects = Subjects::of(recording, centers)?;
        let centers = subjects.centers().iter();
        let classes = centers.map(|centers| Classes::new(recording, centers, label, kind));
        Ok(Self {
            classes: classes.collect::<Result<_>>()?,
            subjects,
        })
    }

    /// The centers of each class, of each subject.
    pub fn groups(&self) -> impl Iterator<Item = &Groups> {
        self.classes.iter().map(Classes::groups)
    }

    /// For each reference a subject, drawn at random, and the group of its class there. Where that subject
    /// does not know the class, it is the reference's own.
    pub fn assign(&self, references: &[usize], rng: &mut ChaCha8Rng) -> Vec<[usize; 2]> {
        let assigned = self.subjects.assign(references, rng);
        let of = |(subject, &reference): (usize, &usize)| match self.classes[subject].of(reference)
        {
            Some(group) => [subject, group],
            None => {
                let own = self.subjects.at(reference);
                let group = self.classes[own].of(reference);
                [own, group.expect("references are among the centers")]
            }
        };
        assigned.into_iter().zip(references).map(of).collect()
    }
}
