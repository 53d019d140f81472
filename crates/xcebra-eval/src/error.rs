//! What can go wrong when something is scored.

use thiserror::Error;
use xcebra_numeric::NumericError;

/// Result of a score.
pub type Result<T, E = EvalError> = std::result::Result<T, E>;

/// Why a score cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Two arrays that belong together differ in shape.
    #[error(
        "the shape of {what} is {found:?}, expected {expected:?} to match {other}; pass arrays that describe the same samples"
    )]
    Shape {
        /// The array that does not fit.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
        /// What it should match.
        other: &'static str,
    },
    /// There is nothing to score.
    #[error("the shape of {what} is {shape:?}; pass at least one sample and one column")]
    Empty {
        /// The array without elements.
        what: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Too few samples for the score to mean anything.
    #[error("{what} needs at least {needed} samples, found {found}; pass more samples")]
    TooFewSamples {
        /// The score.
        what: &'static str,
        /// Samples needed.
        needed: usize,
        /// Samples given.
        found: usize,
    },
    /// All labels are equal, so there is no ranking to judge.
    #[error(
        "all {count} labels are {label}; a ranking score needs at least one positive and one negative label"
    )]
    OneClass {
        /// The label they all have.
        label: bool,
        /// How many labels there are.
        count: usize,
    },
    /// A value is not a number or, where that matters, not finite.
    #[error("found {value} in {what} at index {index:?}; remove or replace such values first")]
    NotFinite {
        /// Which array.
        what: &'static str,
        /// The value as text: `NaN`, `inf` or `-inf`.
        value: String,
        /// Where the first one is.
        index: Vec<usize>,
    },
    /// A parameter is outside its domain.
    #[error("{name} is {found}, expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given, as text.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// All values are equal where the score needs them to differ.
    #[error(
        "all values of {what} are equal; {score} compares how values vary and needs at least two"
    )]
    Constant {
        /// The array without variation.
        what: &'static str,
        /// The score.
        score: &'static str,
    },
    /// A vector of length zero where its direction counts.
    #[error("row {row} of {what} is zero and has no direction; leave it out or use another metric")]
    ZeroVector {
        /// Which array.
        what: &'static str,
        /// The first such row.
        row: usize,
    },
    /// Another error of the arithmetic below.
    #[error(transparent)]
    Numeric(NumericError),
    /// The model or explainer that was to be scored failed.
    #[error("the model failed: {message}; make it accept the batches it is given")]
    Model {
        /// What it said.
        message: String,
    },
}

impl From<NumericError> for EvalError {
    fn from(error: NumericError) -> Self {
        match error {
            NumericError::Parameter {
                name,
                found,
                expected,
            } => Self::Parameter {
                name,
                found,
                expected,
            },
            NumericError::Empty { what } => Self::Empty {
                what,
                shape: vec![0],
            },
            NumericError::NotFinite { what, value, index } => Self::NotFinite {
                what,
                value,
                index: vec![index],
            },
            other => Self::Numeric(other),
        }
    }
}

impl EvalError {
    /// Wraps the failure of a model, for closures that are scored:
    /// `model.forward(x).map_err(EvalError::model)`.
    pub fn model(error: impl std::fmt::Display) -> Self {
        Self::Model {
            message: error.to_string(),
        }
    }
}
