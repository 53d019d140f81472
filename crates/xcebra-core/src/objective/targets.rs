//! What a supervised objective is trained to give.

use crate::config::LossConfig;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::recording::{Labels, Recording};

/// The targets of every sample of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<E> {
    /// For the mean squared error: label values (time, columns), one row after another.
    Values {
        /// The values.
        values: Vec<E>,
        /// Columns of the label, as many as the objective has dimensions.
        columns: usize,
    },
    /// For the cross-entropy: the class of each sample, counted from 0 in the order of the label's
    /// values; class `k` belongs to the `k`-th dimension of the objective.
    Classes(Vec<usize>),
}

impl<E: Element> Targets<E> {
    /// Those of a loss over `dims` embedding dimensions; none for InfoNCE. Whole numbers count as
    /// real ones. `objective` is its number, for messages.
    ///
    /// # Errors
    /// [`Error::Data`] if there is no such label, or if the precision of the training cannot hold it;
    /// [`Error::Setting`] if it holds real numbers where classes are needed, or if `dims` differs from
    /// its columns or classes.
    pub fn new(
        loss: &LossConfig,
        recording: &Recording<E>,
        dims: usize,
        objective: usize,
    ) -> Result<Option<Self>> {
        let fits = |label: &str, needed: usize, what: &str| {
            if needed == dims {
                return Ok(());
            }
            Err(Error::setting(
                format!("objective.{objective}.dims"),
                format!("a range of {dims} dimensions"),
                format!("{needed}: one for each of the {what} of label `{label}`"),
            ))
        };
        Ok(match loss {
            LossConfig::InfoNce { .. } => None,
            LossConfig::Mse { label } => {
                let values: Vec<E> = match recording.label(label)? {
                    Labels::Continuous(values) => values.iter().map(|&v| E::of(v)).collect(),
                    Labels::Discrete(classes) => classes.iter().map(|&c| E::of(c as f64)).collect(),
                };
                if let Some(row) = values.iter().position(|v| !v.is_finite()) {
                    return Err(Error::data(
                        format!("the label `{label}`"),
                        format!("value {row} is too large for the precision of the training"),
                        "choose a unit that gives moderate numbers",
                    ));
                }
                let columns = values.len() / recording.len();
                fits(label, columns, "columns")?;
                Some(Self::Values { values, columns })
            }
            LossConfig::CrossEntropy { label } => {
                let Labels::Discrete(labels) = recording.label(label)? else {
                    return Err(Error::setting_with(
                        format!("objective.{objective}.label"),
                        format!("`{label}`, which holds real numbers"),
                        "a label of whole numbers for loss = \"cross-entropy\"",
                        "use loss = \"mse\" for other labels",
                    ));
                };
                let mut classes = labels.clone();
                classes.sort_unstable();
                classes.dedup();
                fits(label, classes.len(), "classes")?;
                let of = |c| classes.partition_point(|k| k < c);
                Some(Self::Classes(labels.iter().map(of).collect()))
            }
        })
    }

    /// Those of the samples at the given times.
    pub fn at(&self, times: &[usize]) -> Self {
        match self {
            Self::Values { values, columns } => {
                let rows = times.iter().map(|&t| &values[t * columns..][..*columns]);
                Self::Values {
                    values: rows.flatten().copied().collect(),
                    columns: *columns,
                }
            }
            Self::Classes(classes) => Self::Classes(times.iter().map(|&t| classes[t]).collect()),
        }
    }
}
