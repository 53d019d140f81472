//! What can go wrong while attributing.

use std::borrow::Cow;
use std::error::Error as StdError;

use thiserror::Error;
use xcebra_model::{Advice, Kind, ModelError, find_cause};
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
    Samples(#[source] Box<dyn StdError + Send + Sync>),
    /// The attributions of samples could not be handed on.
    #[error("the attributions of samples could not be handed on: {0}")]
    Sink(#[source] Box<dyn StdError + Send + Sync>),
    /// There is nothing to average over.
    #[error("there are no samples to attribute")]
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
        "{what} of sample {sample} is {value} at output {output}, input {input}, usually because of an \
         overflow or a division by 0 in the model or the method"
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
    #[error("sample {sample} is {value} at input {input}")]
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
    #[error("the singular value decomposition of sample {sample} did not converge")]
    NoConvergence {
        /// Index of the sample among all samples.
        sample: usize,
    },
    /// A parameter is outside its domain.
    #[error("{name} is {found}, expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
        /// What to do, if the allowed values do not say it already.
        advice: Option<&'static str>,
    },
    /// Another error of the arithmetic below.
    #[error(transparent)]
    Numeric(NumericError),
    /// No method has this name.
    #[error("there is no attribution method \"{found}\"")]
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
    pub fn samples(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Samples(source.into())
    }

    /// Wraps the error of a [sink](crate::Options::sink).
    pub fn sink(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Sink(source.into())
    }

    /// Fails if a number of things is zero.
    pub(crate) fn positive(name: &'static str, value: usize) -> Result<()> {
        match value {
            0 => Err(Self::parameter(name, "0", "at least 1")),
            _ => Ok(()),
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
            advice: None,
        }
    }

    /// As [`parameter`](Self::parameter), with advice.
    pub(crate) fn parameter_with(
        name: &'static str,
        found: impl Into<String>,
        expected: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self::Parameter {
            name,
            found: found.into(),
            expected: expected.into(),
            advice: Some(advice),
        }
    }
}

impl Advice for AttrError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Numeric(error) => error.advice(),
            Self::Model { source, .. } => source.advice(),
            Self::Samples(source) | Self::Sink(source) => known(source.as_ref())?.advice(),
            Self::NoSamples => Some("pass at least one sample".into()),
            Self::NonFinite { .. } => Some(
                "leave that sample out, or choose a model and a method that are finite there"
                    .into(),
            ),
            Self::NonFiniteSample { .. } => {
                Some("fill in missing values, or leave that sample out".into())
            }
            Self::NonFiniteResult(error) => error.advice(),
            Self::NoConvergence { .. } => Some("leave that sample out".into()),
            Self::Parameter { advice, .. } => advice.map(Cow::from),
            Self::UnknownMethod { valid, .. } => Some(format!("choose among: {valid}").into()),
            Self::Shape { .. } | Self::Cancelled { .. } => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Numeric(error) => error.kind(),
            Self::Model { source, .. } => source.kind(),
            Self::Samples(source) | Self::Sink(source) => {
                known(source.as_ref()).map_or(Kind::File, Advice::kind)
            }
            Self::NoSamples | Self::Shape { .. } | Self::NonFiniteSample { .. } => Kind::Data,
            Self::NonFinite { .. } | Self::NoConvergence { .. } => Kind::Numeric,
            Self::NonFiniteResult(error) => error.kind(),
            Self::Parameter { .. } | Self::UnknownMethod { .. } => Kind::Setting,
            Self::Cancelled { .. } => Kind::Interrupted,
        }
    }
}

/// The error behind that of samples or a sink, if it says more than its text.
fn known<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a dyn Advice> {
    if let Some(found) = find_cause::<AttrError>(error) {
        return Some(found);
    }
    if let Some(found) = find_cause::<ModelError>(error) {
        return Some(found);
    }
    find_cause::<NonFinite>(error).map(|found| found as &dyn Advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_advice_and_kind_are_apart() {
        let failed = |source| AttrError::Model {
            first: 0,
            end: 5,
            source,
        };
        let misfit = ModelError::Shape {
            what: "the input",
            found: vec![5, 3],
            expected: "(n, 9)".to_owned(),
        };
        let overflow = NonFinite {
            what: "the map".to_owned(),
            index: vec![0],
            value: "inf".to_owned(),
            count: 1,
            total: 1,
        };
        let entry = AttrError::NonFinite {
            what: "the Jacobian".to_owned(),
            sample: 3,
            output: 0,
            input: 1,
            value: f64::NAN,
        };
        let sample = AttrError::NonFiniteSample {
            sample: 3,
            input: 1,
            value: f64::NAN,
        };
        let shape = AttrError::Shape {
            what: "a batch of samples",
            found: vec![3],
            expected: "(n, 9)".to_owned(),
        };
        let unknown = AttrError::UnknownMethod {
            found: "gradient".to_owned(),
            valid: "ing, neuron-gradient".to_owned(),
        };
        let cases = [
            (failed(misfit), true, Kind::Data),
            (
                failed(ModelError::evaluation("no memory")),
                false,
                Kind::Model,
            ),
            (failed(ModelError::Stopped), false, Kind::Interrupted),
            (AttrError::samples("the disk is gone"), false, Kind::File),
            (
                AttrError::samples(ModelError::Stopped),
                false,
                Kind::Interrupted,
            ),
            (AttrError::sink(AttrError::NoSamples), true, Kind::Data),
            (AttrError::NoSamples, true, Kind::Data),
            (shape, false, Kind::Data),
            (entry, true, Kind::Numeric),
            (sample, true, Kind::Data),
            (overflow.into(), true, Kind::Numeric),
            (AttrError::NoConvergence { sample: 3 }, true, Kind::Numeric),
            (
                AttrError::parameter("draws", "0", "at least 1"),
                false,
                Kind::Setting,
            ),
            (
                AttrError::parameter_with("draws", "0", "at least 1", "take more"),
                true,
                Kind::Setting,
            ),
            (unknown, true, Kind::Setting),
            (
                AttrError::Cancelled { done: 3, total: 9 },
                false,
                Kind::Interrupted,
            ),
        ];
        for (error, advised, kind) in cases {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(!text.contains("; "), "{text}");
            let advice = error.advice();
            assert_eq!(advice.is_some(), advised, "{text}");
            assert!(
                advice.is_none_or(|advice| !text.contains(&*advice)),
                "{text}"
            );
        }
    }
}
