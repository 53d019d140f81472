//! What an error is about, and what to do about it.

use std::borrow::Cow;
use std::error::Error;

use xcebra_numeric::{NonFinite, NumericError};

/// What an error is about, so that a caller can react without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A setting or an argument.
    Setting,
    /// Values, shapes, names or lengths of data.
    Data,
    /// Reading or writing a file.
    File,
    /// The model, in its own code or in its file.
    Model,
    /// Arithmetic that left the finite numbers or did not converge.
    Numeric,
    /// The work was asked to stop.
    Interrupted,
}

/// An error in three parts: the problem, which is its text, the advice and the kind.
///
/// The text says what is wrong and where; it does not repeat the advice.
pub trait Advice: Error {
    /// What the reader can do about it, if there is something to say.
    fn advice(&self) -> Option<Cow<'_, str>>;

    /// What it is about.
    fn kind(&self) -> Kind;
}

impl Advice for NonFinite {
    fn advice(&self) -> Option<Cow<'_, str>> {
        Some(
            "bring the signal and the model's output to the order of 1, or choose another baseline or method"
                .into(),
        )
    }

    fn kind(&self) -> Kind {
        Kind::Numeric
    }
}

impl Advice for NumericError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Empty { .. } => Some("pass at least one value".into()),
            Self::NotFinite { .. } => Some("remove or replace such values first".into()),
            Self::NoConvergence { .. } => Some(
                "bring the columns to a common scale, leave out columns that depend on others, or choose a \
                 stronger penalty"
                    .into(),
            ),
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NoConvergence { .. } => Kind::Numeric,
            Self::Parameter { .. } => Kind::Setting,
            _ => Kind::Data,
        }
    }
}

/// The first error of type `E` among an error and its causes.
///
/// An error that wraps errors of any type looks here for the advice and the kind of a cause it knows.
///
/// ```
/// use xcebra_model::{ModelError, find_cause};
///
/// let stopped = ModelError::evaluation(ModelError::Stopped);
/// let cause = std::error::Error::source(&stopped).unwrap();
/// assert!(matches!(find_cause(cause), Some(ModelError::Stopped)));
/// ```
pub fn find_cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
