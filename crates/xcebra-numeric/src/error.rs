//! What can go wrong in a computation.

use thiserror::Error;

/// Result of a computation.
pub type Result<T, E = NumericError> = std::result::Result<T, E>;

/// Why something cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NumericError {
    /// A parameter lies outside its domain.
    #[error("{name} is {found}, expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// There is nothing to compute with.
    #[error("{what} are empty")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// A value is infinite or not a number.
    #[error("found {value} in {what} at index {index}")]
    NotFinite {
        /// Which values.
        what: &'static str,
        /// The value as text: `NaN`, `inf` or `-inf`.
        value: String,
        /// Where the first one is.
        index: usize,
    },
    /// An iteration came to no end.
    #[error("{what} did not converge in {iterations} iterations")]
    NoConvergence {
        /// What was computed.
        what: &'static str,
        /// Iterations made.
        iterations: usize,
    },
}

impl NumericError {
    pub(crate) fn parameter(
        name: &'static str,
        found: impl ToString,
        expected: &'static str,
    ) -> Self {
        Self::Parameter {
            name,
            found: found.to_string(),
            expected,
        }
    }
}
