//! What can go wrong when something is scored.

use std::borrow::Cow;

use thiserror::Error;
use xcebra_model::{Advice, Kind};
use xcebra_numeric::NumericError;

/// Result of a score.
pub type Result<T, E = EvalError> = std::result::Result<T, E>;

/// Why a score cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Two arrays that belong together differ in shape.
    #[error("the shape of {what} is {found:?}, expected {expected:?} to match {other}")]
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
    #[error("the shape of {what} is {shape:?}, which leaves nothing to score")]
    Empty {
        /// The array without elements.
        what: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Too few samples for the score to mean anything.
    #[error("{what} needs at least {needed} samples, found {found}")]
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
        "all {count} labels are {label}, but a ranking score needs at least one positive and one negative label"
    )]
    OneClass {
        /// The label they all have.
        label: bool,
        /// How many labels there are.
        count: usize,
    },
    /// A value is not a number or, where that matters, not finite.
    #[error("found {value} in {what} at index {index:?}")]
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
        "all values of {what} are equal, but {score} compares how values vary and needs at least two"
    )]
    Constant {
        /// The array without variation.
        what: &'static str,
        /// The score.
        score: &'static str,
    },
    /// A vector of length zero where its direction counts.
    #[error("row {row} of {what} is zero and has no direction")]
    ZeroVector {
        /// Which array.
        what: &'static str,
        /// The first such row.
        row: usize,
    },
    /// An embedding has no sample whose label is near a bin.
    #[error("embedding {embedding} has no sample whose label is near bin {bin} of {bins}")]
    EmptyBin {
        /// Which embedding, counted from 0.
        embedding: usize,
        /// Which bin, counted from 1.
        bin: usize,
        /// How many there are.
        bins: usize,
    },
    /// Another error of the arithmetic below.
    #[error(transparent)]
    Numeric(NumericError),
    /// The model or explainer that was to be scored failed.
    #[error("{problem}")]
    Model {
        /// What it said.
        problem: String,
        /// What it advised.
        advice: Option<String>,
        /// What its error is about, such as a wish to stop.
        kind: Kind,
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
    /// The failure of a model, for closures that are scored: `model.forward(x).map_err(EvalError::model)`.
    ///
    /// Problem, advice and kind are those of the error. Wrap an error that has no advice with
    /// [`ModelError::evaluation`](xcebra_model::ModelError::evaluation) first.
    pub fn model(error: impl Advice) -> Self {
        Self::Model {
            problem: error.to_string(),
            advice: error.advice().map(Cow::into_owned),
            kind: error.kind(),
        }
    }
}

impl Advice for EvalError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Shape { .. } => Some("pass arrays that describe the same samples".into()),
            Self::Empty { .. } => Some("pass at least one sample and one column".into()),
            Self::TooFewSamples { .. } => Some("pass more samples".into()),
            Self::NotFinite { .. } => Some("remove or replace such values first".into()),
            Self::ZeroVector { .. } => Some("leave that row out, or use another metric".into()),
            Self::EmptyBin { .. } => Some(
                "use fewer bins, or keep the range of the label that all embeddings have".into(),
            ),
            Self::Model { advice, .. } => advice.as_deref().map(Cow::from),
            Self::Numeric(error) => error.advice(),
            Self::OneClass { .. } | Self::Parameter { .. } | Self::Constant { .. } => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Parameter { .. } => Kind::Setting,
            Self::Model { kind, .. } => *kind,
            Self::Numeric(error) => error.kind(),
            Self::Shape { .. }
            | Self::Empty { .. }
            | Self::TooFewSamples { .. }
            | Self::OneClass { .. }
            | Self::NotFinite { .. }
            | Self::Constant { .. }
            | Self::EmptyBin { .. }
            | Self::ZeroVector { .. } => Kind::Data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xcebra_model::ModelError;

    #[test]
    fn problem_advice_and_kind_are_apart() {
        use EvalError::*;
        let shape = Shape {
            what: "the map",
            found: vec![2, 1],
            expected: vec![1, 2],
            other: "the true map",
        };
        let empty = Empty {
            what: "the scores",
            shape: vec![0],
        };
        let few = TooFewSamples {
            what: "R²",
            needed: 9,
            found: 3,
        };
        let one_class = OneClass {
            label: true,
            count: 4,
        };
        let not_finite = NotFinite {
            what: "the map",
            value: "NaN".to_owned(),
            index: vec![1],
        };
        let parameter = Parameter {
            name: "negatives",
            found: "0".to_owned(),
            expected: "at least 1",
        };
        let constant = Constant {
            what: "the scores",
            score: "a threshold",
        };
        let zero = ZeroVector {
            what: "the known samples",
            row: 0,
        };
        let bin = EmptyBin {
            embedding: 1,
            bin: 7,
            bins: 100,
        };
        let misfit = ModelError::Shape {
            what: "the input",
            found: vec![5, 3],
            expected: "(n, 9)".to_owned(),
        };
        for (error, advised, kind) in [
            (shape, true, Kind::Data),
            (empty, true, Kind::Data),
            (few, true, Kind::Data),
            (one_class, false, Kind::Data),
            (not_finite, true, Kind::Data),
            (parameter, false, Kind::Setting),
            (constant, false, Kind::Data),
            (zero, true, Kind::Data),
            (bin, true, Kind::Data),
            (EvalError::model(misfit), true, Kind::Data),
            (
                EvalError::model(ModelError::Stopped),
                false,
                Kind::Interrupted,
            ),
        ] {
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
