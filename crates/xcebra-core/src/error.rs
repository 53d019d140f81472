//! Errors of this crate.

use thiserror::Error;

use crate::path::SettingPath;

/// Result of this crate's functions.
pub type Result<T, E = CoreError> = std::result::Result<T, E>;

/// What can go wrong when a recording is read, an encoder is built, trained, saved or loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CoreError {
    /// A setting lies outside its domain.
    #[error("{field} is {found}, but must be {expected}")]
    Setting {
        /// The setting, such as `train.batch`; of a function's own parameter, its name.
        field: SettingPath,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// The recording or its labels cannot be used.
    #[error("{what}: {problem}{}", self.tail())]
    Data {
        /// Which array.
        what: String,
        /// What is wrong with it.
        problem: String,
        /// What to do next.
        advice: String,
    },
    /// The loss left the finite numbers or grew without bound.
    #[error("training diverged at step {step}: {reason}{}", self.tail())]
    Diverged {
        /// The step, counted from 0.
        step: usize,
        /// What was seen.
        reason: String,
        /// What to do next.
        advice: &'static str,
    },
    /// A model file cannot be used.
    #[error("{path}: {problem}{}", self.tail())]
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
    Model(#[from] xcebra_model::ModelError),
}

impl CoreError {
    /// What to do next, if there is more to say than the message says already.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Data { advice, .. } | Self::File { advice, .. } => Some(advice.clone()),
            Self::Diverged { advice, .. } => Some((*advice).to_owned()),
            Self::Model(_) | Self::Setting { .. } | Self::Stopped { .. } | Self::Engine(_) => None,
        }
    }

    /// The error with `path` in front of what it names: that of the setting it is about, or of the
    /// settings that asked for the data.
    #[must_use]
    pub fn within(self, path: &SettingPath) -> Self {
        match self {
            Self::Setting {
                field,
                found,
                expected,
            } => Self::Setting {
                field: path.then(field),
                found,
                expected,
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

    /// The advice as the end of a message.
    fn tail(&self) -> String {
        let advice = self.advice();
        advice.map_or(String::new(), |advice| format!("; {advice}"))
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
