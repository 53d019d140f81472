//! What a supervised objective is trained to give.

use xcebra_model::Scalar;

use crate::error::{CoreError, Result};
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

impl<E: Scalar> Targets<E> {
    /// The values of a label, for the mean squared error over `dims` embedding dimensions. Whole numbers
    /// count as real ones.
    ///
    /// # Errors
    /// [`CoreError::Data`] if there is no such label, or if the precision of the training cannot hold it;
    /// [`CoreError::Setting`] if `dims` differs from its columns.
    pub fn values(recording: &Recording<E>, label: &str, dims: usize) -> Result<Self> {
        let values: Vec<E> = match recording.label(label)? {
            Labels::Continuous(values) => values.iter().map(|&v| E::of(v)).collect(),
            Labels::Discrete(classes) => classes.iter().map(|&c| E::of(c as f64)).collect(),
        };
        if let Some(row) = values.iter().position(|v| !v.is_finite()) {
            return Err(CoreError::data(
                format!("the label `{label}`"),
                format!("value {row} is too large for the precision of the training"),
                "choose a unit that gives moderate numbers",
            ));
        }
        let columns = values.len() / recording.len();
        fits(dims, columns, label, "columns")?;
        Ok(Self::Values { values, columns })
    }

    /// The classes of a discrete label, for the cross-entropy over `dims` embedding dimensions.
    ///
    /// # Errors
    /// [`CoreError::Data`] if there is no such label; [`CoreError::Setting`] if it holds real numbers, or if
    /// `dims` differs from the number of its classes.
    pub fn classes(recording: &Recording<E>, label: &str, dims: usize) -> Result<Self> {
        let Labels::Discrete(labels) = recording.label(label)? else {
            return Err(CoreError::setting_with(
                "label",
                format!("`{label}`, which holds real numbers"),
                "a label of whole numbers for loss = \"cross-entropy\"",
                "use loss = \"mse\" for other labels",
            ));
        };
        let mut classes = labels.clone();
        classes.sort_unstable();
        classes.dedup();
        fits(dims, classes.len(), label, "classes")?;
        let of = |c| classes.partition_point(|k| k < c);
        Ok(Self::Classes(labels.iter().map(of).collect()))
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

/// Refuses a label that needs another number of dimensions.
fn fits(dims: usize, needed: usize, label: &str, what: &str) -> Result<()> {
    if needed == dims {
        return Ok(());
    }
    Err(CoreError::setting(
        "dims",
        format!("a range of {dims} dimensions"),
        format!("{needed}: one for each of the {what} of label `{label}`"),
    ))
}
