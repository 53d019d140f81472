//! What can go wrong between a model and the code that asks it.

use thiserror::Error;
use xcebra_numeric::NumericError;

/// Result of a question to a model.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

/// An error of a model, or of a question put to it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// An array does not have the shape the model needs.
    #[error(
        "{what} has shape {found:?}, expected {expected}; pass a batch whose first axis counts the samples"
    )]
    Shape {
        /// Which array.
        what: &'static str,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have, in words, such as `(n, 50)`.
        expected: String,
    },
    /// The code of a model handed back an array of the wrong shape.
    #[error(
        "{what} returned an array of shape {found:?}, expected {expected:?}; let it return one row a sample, in the order of the batch"
    )]
    Returned {
        /// Which function of the model.
        what: &'static str,
        /// The shape it returned.
        found: Vec<usize>,
        /// The shape it should have returned.
        expected: Vec<usize>,
    },
    /// A parameter of a model or of a check lies outside its domain.
    #[error("{name} is {found}, expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// The work was asked to stop; see [`Watch::over`](crate::Watch::over).
    #[error("stopped")]
    Stopped,
    /// The model itself failed.
    #[error("the model failed: {0}")]
    Evaluation(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<NumericError> for ModelError {
    fn from(error: NumericError) -> Self {
        match error {
            NumericError::Parameter {
                name,
                found,
                expected,
            } => Self::Parameter {
                name,
                found,
                expected: expected.to_owned(),
            },
            other => Self::evaluation(other),
        }
    }
}

impl ModelError {
    /// Wraps the error of a model's own code.
    pub fn evaluation(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Evaluation(source.into())
    }
}
