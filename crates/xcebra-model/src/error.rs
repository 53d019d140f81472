//! What can go wrong between a model and the code that asks it.

use std::borrow::Cow;

use thiserror::Error;
use xcebra_numeric::NumericError;

use crate::advice::{Advice, Kind, find_cause};
use xcebra_numeric::NonFinite;

/// Result of a question to a model.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

/// An error of a model, or of a question put to it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// An array does not have the shape the model needs.
    #[error("{what} has shape {found:?}, expected {expected}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have, in words, such as `(n, 50)`.
        expected: String,
    },
    /// The code of a model handed back an array of the wrong shape.
    #[error("{what} returned an array of shape {found:?}, expected {expected:?}")]
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

impl Advice for ModelError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Shape { .. } => Some("pass a batch whose first axis counts the samples".into()),
            Self::Returned { .. } => {
                Some("return one row per sample, in the order of the batch".into())
            }
            Self::Evaluation(source) => known(source.as_ref())?.advice(),
            Self::Parameter { .. } | Self::Stopped => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Shape { .. } => Kind::Data,
            Self::Parameter { .. } => Kind::Setting,
            Self::Returned { .. } => Kind::Model,
            Self::Stopped => Kind::Interrupted,
            Self::Evaluation(source) => known(source.as_ref()).map_or(Kind::Model, Advice::kind),
        }
    }
}

/// The error of this crate behind the error of a model's own code, such as that of a model inside it.
fn known<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a dyn Advice> {
    if let Some(found) = find_cause::<ModelError>(error) {
        return Some(found);
    }
    find_cause::<NonFinite>(error).map(|found| found as &dyn Advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("layer 3 failed: {0}")]
    struct Layer(#[source] ModelError);

    fn shape() -> ModelError {
        ModelError::Shape {
            what: "the input",
            found: vec![4, 3],
            expected: "(n, 50)".to_owned(),
        }
    }

    #[test]
    fn problem_and_advice_are_apart() {
        let overflow = NonFinite {
            what: "the map".to_owned(),
            index: vec![0, 1],
            value: "NaN".to_owned(),
            count: 1,
            total: 2,
        };
        let returned = ModelError::Returned {
            what: "forward",
            found: vec![3],
            expected: vec![3, 1],
        };
        let parameter = ModelError::Parameter {
            name: "step",
            found: "-1".to_owned(),
            expected: "a positive finite number".to_owned(),
        };
        let cases: [(&dyn Advice, bool, Kind); 6] = [
            (&overflow, true, Kind::Numeric),
            (&shape(), true, Kind::Data),
            (&returned, true, Kind::Model),
            (&parameter, false, Kind::Setting),
            (&ModelError::Stopped, false, Kind::Interrupted),
            (&ModelError::evaluation("no memory"), false, Kind::Model),
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

    #[test]
    fn the_advice_of_a_cause_is_passed_on() {
        let outer = ModelError::evaluation(Layer(shape()));
        assert_eq!(outer.advice(), shape().advice());
        assert_eq!(outer.kind(), Kind::Data);
        let stopped = ModelError::evaluation(Layer(ModelError::Stopped));
        assert_eq!(stopped.kind(), Kind::Interrupted);
    }
}
