//! What can go wrong while attributing.

use thiserror::Error;
use xcebra_model::ModelError;
use xcebra_numeric::{NonFinite, NumericError};

/// Result of an attribution.
pub type Result<T, E = AttrError> = std::result::Result<T, E>;

/// An error of an attribution.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttrError {
    /// The model failed, or refused a batch.
    #[error("the model failed on samples {first}..{end}: {source}")]
    Model {
        /// First sample of the batch.
        first: usize,
        /// One past the last sample of the batch.
        end: usize,
        /// What the model said.
        source: ModelError,
    },
    /// The samples could not be read.
    #[error("the samples could not be read: {0}")]
    Samples(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The attributions of samples could not be handed on.
    #[error("the attributions of samples could not be handed on: {0}")]
    Sink(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is nothing to average over.
    #[error("there are no samples to attribute; pass at least one")]
    NoSamples,
    /// An array does not have the shape it should have.
    #[error("{what} has shape {found:?}, expected {expected}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have, in words.
        expected: String,
    },
    /// A value is infinite or not a number.
    #[error(
        "{what} of sample {sample} is {value} at output {output}, input {input}; the usual causes are an overflow or \
         a division by 0 in the model or method: leave that sample out, or choose a model and a method that are \
         finite there"
    )]
    NonFinite {
        /// Which matrix.
        what: String,
        /// Index of the sample among all samples.
        sample: usize,
        /// Index of the output.
        output: usize,
        /// Index of the input, flattened.
        input: usize,
        /// The value.
        value: f64,
    },
    /// A sample holds an infinity or something that is not a number.
    #[error(
        "sample {sample} is {value} at input {input}; fill in missing values, or leave that sample out"
    )]
    NonFiniteSample {
        /// Index of the sample among all samples.
        sample: usize,
        /// Index of the input, flattened.
        input: usize,
        /// The value.
        value: f64,
    },
    /// A result over all samples is infinite or NaN, although all it was computed from is finite.
    #[error(transparent)]
    NonFiniteResult(#[from] NonFinite),
    /// A singular value decomposition did not come to an end.
    #[error(
        "the singular value decomposition of sample {sample} did not converge; leave that sample out"
    )]
    NoConvergence {
        /// Index of the sample among all samples.
        sample: usize,
    },
    /// A parameter lies outside its domain.
    #[error("{name} is {found}, expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// Another error of the arithmetic below.
    #[error(transparent)]
    Numeric(NumericError),
    /// No method has this name.
    #[error("there is no attribution method \"{found}\"; choose among: {valid}")]
    UnknownMethod {
        /// The name given.
        found: String,
        /// All names, separated by commas.
        valid: String,
    },
    /// The watch stopped the work.
    #[error("cancelled after {done} of {total} samples")]
    Cancelled {
        /// Samples attributed so far.
        done: usize,
        /// Samples in all.
        total: usize,
    },
}

impl From<NumericError> for AttrError {
    fn from(error: NumericError) -> Self {
        match error {
            NumericError::Parameter {
                name,
                found,
                expected,
            } => Self::parameter(name, found, expected),
            other => Self::Numeric(other),
        }
    }
}

impl AttrError {
    /// Wraps the error of a [`Samples`](crate::Samples) implementation.
    pub fn samples(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Samples(source.into())
    }

    /// Wraps the error of a [sink](crate::Options::with_sink).
    pub fn sink(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Sink(source.into())
    }

    /// Fails if a number of things is zero.
    pub(crate) fn positive(name: &'static str, value: usize) -> Result<usize> {
        match value {
            0 => Err(Self::parameter(name, "0", "at least 1")),
            value => Ok(value),
        }
    }

    pub(crate) fn parameter(
        name: &'static str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Parameter {
            name,
            found: found.into(),
            expected: expected.into(),
        }
    }
}
