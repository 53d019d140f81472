//! What can go wrong in an explanation.

use std::fmt::Display;

use thiserror::Error;
use xcebra_model::ModelError;
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
        /// The shape it should have and what to do, in words.
        expected: String,
    },
    /// A setting lies outside what is allowed.
    #[error("{name} is {found}; expected {expected}")]
    Parameter {
        /// Name of the setting.
        name: &'static str,
        /// The value given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// An array holds NaN or an infinity.
    #[error("{what} holds {value} at index {index:?}; {hint}")]
    NonFinite {
        /// Which array.
        what: String,
        /// Index of the first such entry.
        index: Vec<usize>,
        /// The entry.
        value: String,
        /// What to do.
        hint: &'static str,
    },
    /// Something computed on the path is NaN or infinite.
    #[error("{what} is not finite {}; {}", place(*position), advice(*position))]
    NonFinitePath {
        /// What was computed, for example the gradient of an output.
        what: String,
        /// Where on the path, in `[0, 1]`.
        position: f64,
    },
    /// A domain does not give the signal back.
    #[error(
        "the domain '{domain}' does not give the {which} back: inverse(forward(x)) is off by {error:.3e} \
         relative to the largest sample, tolerance {tolerance:.1e}; the attribution would explain another \
         signal. Use a domain that represents it fully, wrap this one in `WithRemainder`, or raise the tolerance \
         with `round_trip_tolerance`"
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
         over the largest coefficient, tolerance {tolerance:.1e}); build the path from `domain.forward` of both"
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
         {position}, tolerance {tolerance:.1e}; the first function gives γ(α), the second dγ/dα"
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
        "the domain '{domain}' breaks the law of {law}: relative error {error:.3e}, tolerance {tolerance:.1e}; {hint}"
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
        hint: &'static str,
    },
    /// The spectrum of a signal vanishes somewhere, where its logarithm does not exist.
    #[error(
        "the spectrum of signal {signal} of the batch vanishes at {frequency} Hz (below {least:.0e} of its \
         largest entry), so that it has no cepstrum; choose a signal and a baseline with energy at every \
         frequency, such as a unit impulse as baseline"
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
        "{what} has not converged: one more step moves it by {change:.1e}, tolerance {tolerance:.0e}; \
         give more data, fewer components or another seed (sources with a normal distribution cannot be separated)"
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
        source: Box<dyn std::error::Error + Send + Sync>,
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
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Domain {
            domain: name.into(),
            source: source.into(),
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
        }
    }
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
fn advice(position: f64) -> &'static str {
    match position {
        0.0 => {
            "choose a baseline at which the model is smooth, such as another recorded signal (for a model that              divides by the standard deviation of its input neither zero nor a mean is, because both are constant)"
        }
        1.0 => {
            "the model is singular at the signal itself, where no baseline helps: leave the signal out, or              add a small constant to what the model divides by or takes the root or logarithm of"
        }
        _ => {
            "choose a baseline from which the path does not meet that place, such as another recorded signal, or              another path"
        }
    }
}
