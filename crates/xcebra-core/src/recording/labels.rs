//! Labels of samples.

use ndarray::Array2;
use xcebra_numeric::is_constant;

use crate::error::{CoreError, Result};

/// Differences of larger labels cannot be squared and added.
const LARGEST: f64 = 1e150;

/// A label of every sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Real numbers, (time, k).
    Continuous(Array2<f64>),
    /// Classes, (time,).
    Discrete(Vec<i64>),
}

impl Labels {
    /// Number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Continuous(values) => values.nrows(),
            Self::Discrete(classes) => classes.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses labels that do not fit `samples` samples or from which nothing can be learned; `name` is
    /// for the message.
    pub(super) fn check(&self, name: &str, samples: usize) -> Result<()> {
        let refused = |problem: String, advice: &str| {
            Err(CoreError::data(
                format!("the label `{name}`"),
                problem,
                advice,
            ))
        };
        if self.len() != samples {
            return refused(
                format!("{} values for {samples} samples", self.len()),
                "give one value or one row a sample",
            );
        }
        match self {
            Self::Continuous(values) => {
                if values.ncols() == 0 {
                    return refused("no columns".to_owned(), "pass (time,) or (time, k)");
                }
                if let Some(((t, k), v)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
                    return refused(
                        format!("sample {t}, column {k} is {v}"),
                        "drop or interpolate such samples first",
                    );
                }
                if let Some(((t, k), v)) = values.indexed_iter().find(|(_, v)| v.abs() > LARGEST) {
                    return refused(
                        format!("sample {t}, column {k} is {v:e}, and squares of it overflow"),
                        "choose a unit that gives moderate numbers",
                    );
                }
                let constant =
                    |c: ndarray::ArrayView1<'_, f64>| is_constant(c.iter().copied(), f64::EPSILON);
                if values.columns().into_iter().all(constant) {
                    return refused("it never changes".to_owned(), "choose another label");
                }
            }
            Self::Discrete(classes) => {
                if classes.iter().all(|&c| c == classes[0]) {
                    return refused(
                        format!("every sample is of class {}", classes[0]),
                        "choose a label of at least two classes",
                    );
                }
            }
        }
        Ok(())
    }
}
