//! What an error is about, and what to do about it.

use std::borrow::Cow;
use std::error::Error;

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
