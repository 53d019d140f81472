//! What can go wrong in an explanation.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::Display;

use thiserror::Error;
use xcebra_model::{Advice, Kind, ModelError, find_cause};
use xcebra_numeric::{NonFinite, NumericError};

/// Result of this crate's functions.
pub type Result<T, E = CdigError> = std::result::Result<T, E>;

/// An error of an explanation, of a domain or of a path.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CdigError {
    /// An array does not have the shape it needs.
    #[error("{what} has shape {found:?}, expected {expected}")]
    Shape {
        /// Which array.
        what: String,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have, in words.
        expected: String,
        /// What to do, if the shapes do not say it already.
        advice: Option<&'static str>,
    },
    /// A setting is outside what is allowed.
    #[error("{name} is {found}; expected {expected}")]
    Parameter {
        /// Name of the setting.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
        /// What to do, if the allowed values do not say it already.
        advice: Option<Cow<'static, str>>,
    },
    /// An array holds NaN or an infinity.
    #[error("{what} holds {value} at index {index:?}")]
    NonFinite {
        /// Which array.
        what: String,
        /// Index of the first such entry.
        index: Vec<usize>,
        /// The entry.
        value: String,
        /// What to do.
        advice: &'static str,
    },
    /// Something computed on the path is NaN or infinite.
    #[error("{what} is not finite {}", place(*position))]
    NonFinitePath {
        /// What was computed, for example the gradient of an output.
        what: String,
        /// Where on the path, in `[0, 1]`.
        position: f64,
    },
    /// A domain does not give the signal back.
    #[error(
        "the domain '{domain}' does not give the {which} back: inverse(forward(x)) is off by {error:.3e} \
         relative to the largest sample, tolerance {tolerance:.1e}, so that the attribution would explain \
         another signal"
    )]
    RoundTrip {
        /// Name of the domain.
        domain: String,
        /// The signal or the baseline.
        which: &'static str,
        /// Largest deviation over the largest absolute sample.
        error: f64,
        /// The tolerance it exceeds.
        tolerance: f64,
    },
    /// A path does not run between the two points it should join.
    #[error(
        "the path's {which} is {distance:.3e} away from the coefficients of the {joins} (largest deviation \
         over the largest coefficient, tolerance {tolerance:.1e})"
    )]
    PathEnd {
        /// Start or end.
        which: &'static str,
        /// Baseline or signal.
        joins: &'static str,
        /// Largest deviation over the largest absolute coefficient.
        distance: f64,
        /// The tolerance it exceeds.
        tolerance: f64,
    },
    /// The derivative of a curve is not the derivative of the curve.
    #[error(
        "the derivative of the path differs from finite differences of the path by {error:.3e} at position \
         {position}, tolerance {tolerance:.1e}"
    )]
    PathDerivative {
        /// Where on the path, in `[0, 1]`.
        position: f64,
        /// Largest deviation relative to the size of path and derivative.
        error: f64,
        /// The tolerance it exceeds.
        tolerance: f64,
    },
    /// A domain breaks one of the laws of [`Domain`](crate::Domain).
    #[error(
        "the domain '{domain}' breaks the law of {law} ({statement}): relative error {error:.3e}, tolerance \
         {tolerance:.1e}"
    )]
    Law {
        /// Name of the domain.
        domain: String,
        /// Name of the law.
        law: &'static str,
        /// The error found.
        error: f64,
        /// The tolerance it exceeds.
        tolerance: f64,
        /// What the law says.
        statement: &'static str,
        /// What to do, if the law does not say it already.
        advice: Option<&'static str>,
    },
    /// The spectrum of a signal vanishes somewhere, where its logarithm does not exist.
    #[error(
        "the spectrum of signal {signal} of the batch vanishes at {frequency} Hz (below {least:.0e} of its \
         largest entry), so that it has no cepstrum"
    )]
    SpectralZero {
        /// Index in the batch; baseline 0 and signal 1 in an explanation.
        signal: usize,
        /// Where, in Hz.
        frequency: f64,
        /// The least part of the largest entry.
        least: f64,
    },
    /// An iterative fit has not arrived.
    #[error(
        "{what} has not converged: one more step moves it by {change:.1e}, tolerance {tolerance:.0e}"
    )]
    NotConverged {
        /// What was fitted.
        what: &'static str,
        /// How far one more step moves it.
        change: f64,
        /// The tolerance it exceeds.
        tolerance: f64,
    },
    /// The progress callback asked to stop.
    #[error("cancelled by the progress callback after {done} of {total} path points")]
    Cancelled {
        /// Path points evaluated.
        done: usize,
        /// Path points planned.
        total: usize,
    },
    /// A domain's own code failed.
    #[error("the domain '{domain}' failed: {source}")]
    Domain {
        /// Name of the domain.
        domain: String,
        /// What its code reported.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
        /// What to do, if its code reports nothing about that itself.
        advice: Option<&'static str>,
    },
    /// A result is NaN or infinite, although all it was computed from is finite.
    #[error(transparent)]
    NonFiniteResult(#[from] NonFinite),
    /// Another error of the arithmetic below.
    #[error(transparent)]
    Numeric(NumericError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl From<NumericError> for CdigError {
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

impl CdigError {
    /// Wraps the error of a domain's own code.
    pub fn domain(
        name: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Domain {
            domain: name.into(),
            source: source.into(),
            advice: None,
        }
    }

    pub(crate) fn parameter(
        name: &'static str,
        found: impl Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::Parameter {
            name,
            found: found.to_string(),
            expected: expected.into(),
            advice: None,
        }
    }

    /// As [`parameter`](Self::parameter), with advice.
    pub(crate) fn parameter_with(
        name: &'static str,
        found: impl Display,
        expected: impl Into<String>,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Parameter {
            name,
            found: found.to_string(),
            expected: expected.into(),
            advice: Some(advice.into()),
        }
    }
}

impl Advice for CdigError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Shape { advice, .. } | Self::Law { advice, .. } => advice.map(Cow::from),
            Self::Parameter { advice, .. } => advice.as_deref().map(Cow::from),
            Self::NonFinite { advice, .. } => Some((*advice).into()),
            Self::NonFinitePath { position, .. } => Some(around_singularity(*position).into()),
            Self::RoundTrip { .. } => Some(
                "use a domain that represents it fully, wrap this one in `WithRemainder`, or raise the \
                 tolerance with `round_trip_tolerance`"
                    .into(),
            ),
            Self::PathEnd { .. } => Some("build the path from `domain.forward` of both".into()),
            Self::PathDerivative { .. } => {
                Some("return γ(α) from the first function and dγ/dα from the second".into())
            }
            Self::SpectralZero { .. } => Some(
                "choose a signal and a baseline with energy at every frequency, such as a unit impulse as \
                 baseline"
                    .into(),
            ),
            Self::NotConverged { .. } => Some(
                "give more data, fewer components or another seed (sources with a normal distribution \
                 cannot be separated)"
                    .into(),
            ),
            Self::Domain { source, advice, .. } => {
                let of_cause = known(source.as_ref()).and_then(Advice::advice);
                advice.map(Cow::from).or(of_cause)
            }
            Self::NonFiniteResult(error) => error.advice(),
            Self::Numeric(error) => error.advice(),
            Self::Model(error) => error.advice(),
            Self::Cancelled { .. } => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Shape { .. } | Self::NonFinite { .. } | Self::SpectralZero { .. } => Kind::Data,
            Self::Parameter { .. }
            | Self::RoundTrip { .. }
            | Self::PathEnd { .. }
            | Self::PathDerivative { .. } => Kind::Setting,
            Self::NonFinitePath { .. } | Self::NotConverged { .. } => Kind::Numeric,
            Self::Law { .. } => Kind::Model,
            Self::Cancelled { .. } => Kind::Interrupted,
            Self::Domain { source, .. } => known(source.as_ref()).map_or(Kind::Model, Advice::kind),
            Self::NonFiniteResult(error) => error.kind(),
            Self::Numeric(error) => error.kind(),
            Self::Model(error) => error.kind(),
        }
    }
}

/// The error behind that of a domain's own code, if it says more than its text.
fn known<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a dyn Advice> {
    if let Some(found) = find_cause::<CdigError>(error) {
        return Some(found);
    }
    if let Some(found) = find_cause::<ModelError>(error) {
        return Some(found);
    }
    find_cause::<NonFinite>(error).map(|found| found as &dyn Advice)
}

/// A position on the path in words.
fn place(position: f64) -> String {
    match position {
        0.0 => "at the baseline".to_owned(),
        1.0 => "at the signal".to_owned(),
        position => {
            format!("at position {position} of the path (0 is the baseline, 1 the signal)")
        }
    }
}

/// What helps against a singularity. A rule that leaves it out is not among that: the model often has
/// most of its change there, which the rule would miss.
fn around_singularity(position: f64) -> &'static str {
    match position {
        0.0 => {
            "choose a baseline at which the model is smooth, such as another recorded signal (a model that \
             divides by the standard deviation of its input is smooth neither at zero nor at a mean, because \
             both are constant)"
        }
        1.0 => {
            "leave the signal out, or add a small constant to what the model divides by or takes the root or \
             logarithm of (no baseline helps where the model is singular at the signal itself)"
        }
        _ => {
            "choose another path, or a baseline from which the path does not meet that place, such as another \
             recorded signal"
        }
    }
}

#[cfg(test)]
mod tests;
