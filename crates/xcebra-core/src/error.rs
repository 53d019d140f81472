//! Errors of this crate.

use std::borrow::Cow;

use thiserror::Error;
use xcebra_model::{Advice, Kind, ModelError};

use crate::path::SettingPath;

/// Result of this crate's functions.
pub type Result<T, E = CoreError> = std::result::Result<T, E>;

/// What can go wrong when a recording is read, an encoder is built, trained, saved or loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CoreError {
    /// A setting is outside its domain.
    #[error("{field} is {found}, but must be {expected}")]
    Setting {
        /// The setting, such as `train.batch`; of a function's own parameter, its name.
        field: SettingPath,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
        /// What to do next, if the allowed values do not say it already.
        advice: Option<&'static str>,
    },
    /// The recording or its labels cannot be used.
    #[error("{what}: {problem}")]
    Data {
        /// Which array.
        what: String,
        /// What is wrong with it.
        problem: String,
        /// What to do next.
        advice: String,
    },
    /// The loss left the finite numbers or grew without bound.
    #[error("training diverged at step {step}: {reason}")]
    Diverged {
        /// The step, counted from 0.
        step: usize,
        /// What was seen.
        reason: String,
        /// What to do next.
        advice: &'static str,
    },
    /// A model file cannot be used.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
        /// What to do next.
        advice: String,
    },
    /// The observer of the training asked to stop.
    #[error("training was stopped after {step} steps")]
    Stopped {
        /// Steps that were completed.
        step: usize,
    },
    /// The tensor engine failed.
    #[error("the tensor engine failed: {0}")]
    Engine(String),
    /// A batch does not fit the encoder.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Advice for CoreError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Data { advice, .. } | Self::File { advice, .. } => Some(advice.into()),
            Self::Diverged { advice, .. } => Some((*advice).into()),
            Self::Setting { advice, .. } => advice.map(Cow::from),
            Self::Model(error) => error.advice(),
            Self::Stopped { .. } | Self::Engine(_) => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Setting { .. } => Kind::Setting,
            Self::Data { .. } => Kind::Data,
            Self::Diverged { .. } => Kind::Numeric,
            Self::File { .. } => Kind::File,
            Self::Stopped { .. } => Kind::Interrupted,
            Self::Engine(_) => Kind::Model,
            Self::Model(error) => error.kind(),
        }
    }
}

impl CoreError {
    /// The error with `path` in front of what it names: that of the setting it is about, or of the
    /// settings that asked for the data.
    #[must_use]
    pub fn within(self, path: &SettingPath) -> Self {
        match self {
            Self::Setting {
                field,
                found,
                expected,
                advice,
            } => Self::Setting {
                field: path.then(field),
                found,
                expected,
                advice,
            },
            Self::Data {
                what,
                problem,
                advice,
            } => Self::Data {
                what: format!("{what} (for {path})"),
                problem,
                advice,
            },
            other => other,
        }
    }

    pub(crate) fn setting(
        field: impl Into<SettingPath>,
        found: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting {
            field: field.into(),
            found: found.to_string(),
            expected: expected.into(),
            advice: None,
        }
    }

    /// As [`setting`](Self::setting), with advice.
    pub(crate) fn setting_with(
        field: impl Into<SettingPath>,
        found: impl std::fmt::Display,
        expected: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self::Setting {
            field: field.into(),
            found: found.to_string(),
            expected: expected.into(),
            advice: Some(advice),
        }
    }

    pub(crate) fn data(
        what: impl Into<String>,
        problem: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::Data {
            what: what.into(),
            problem: problem.into(),
            advice: advice.into(),
        }
    }

    pub(crate) fn file(
        path: &std::path::Path,
        problem: impl std::fmt::Display,
        advice: impl Into<String>,
    ) -> Self {
        Self::File {
            path: path.display().to_string(),
            problem: problem.to_string(),
            advice: advice.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_advice_and_kind_are_apart() {
        let shape = || ModelError::Shape {
            what: "the input",
            found: vec![4, 3],
            expected: "(n, 50)".to_owned(),
        };
        let diverged = CoreError::Diverged {
            step: 3,
            reason: "the loss is NaN, the penalty 0".to_owned(),
            advice: "try a smaller train.learning_rate",
        };
        let setting = || CoreError::setting("train.steps", 0, "at least 1");
        let setting_with = CoreError::setting_with(
            "objective.0.label",
            "`speed`",
            "a label of whole numbers",
            "use `time-delta` for other labels",
        );
        let path = std::path::Path::new("model.safetensors");
        // the problem of one error in another takes no advice along
        let nested = CoreError::file(
            path,
            CoreError::data("the model", "it has no metadata", "train again"),
            "pass a model written by `fit`",
        );
        for (error, advised, kind) in [
            (setting(), false, Kind::Setting),
            (setting_with, true, Kind::Setting),
            (
                CoreError::data(
                    "the recording",
                    "no channels",
                    "pass an array (time, channels)",
                ),
                true,
                Kind::Data,
            ),
            (diverged, true, Kind::Numeric),
            (nested, true, Kind::File),
            (CoreError::Stopped { step: 7 }, false, Kind::Interrupted),
            (
                CoreError::Engine("no memory".to_owned()),
                false,
                Kind::Model,
            ),
            (shape().into(), true, Kind::Data),
            (ModelError::Stopped.into(), false, Kind::Interrupted),
        ] {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(
                !text.contains("; ") && !text.contains("train again"),
                "{text}"
            );
            let advice = error.advice();
            assert_eq!(advice.is_some(), advised, "{text}");
            assert!(
                advice.is_none_or(|advice| !text.contains(&*advice)),
                "{text}"
            );
        }
        assert_eq!(CoreError::from(shape()).advice(), shape().advice());
    }
}
