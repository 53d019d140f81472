//! Why a workflow fails, with advice and kind.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::Range;

use xcebra_model::{Advice, Kind};

/// Result of a workflow.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// An error of a workflow: what is wrong, what to do about it, what it is about, and the place in a text if
/// it is about one.
///
/// Every error of the components converts into one. Its text is the problem alone, with the causes that it
/// does not name itself.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    advice: Option<String>,
    kind: Kind,
    place: Option<TextPlace>,
}

/// Some bytes of a text, such as a field of a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPlace {
    /// Name of the text.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// The bytes.
    pub span: Range<usize>,
}

impl TextPlace {
    /// The line in which the bytes begin, counted from 1.
    pub fn line(&self) -> usize {
        let before = self.text.get(..self.span.start).unwrap_or_default();
        1 + before.matches('\n').count()
    }
}

impl Problem {
    /// A problem and what to do about it.
    pub fn new(kind: Kind, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::of(kind, message.into(), Some(advice.into()))
    }

    /// A wrong setting.
    pub fn setting(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Kind::Setting, message, advice)
    }

    /// Data that cannot be used.
    pub fn data(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Kind::Data, message, advice)
    }

    /// A file or folder that cannot be used.
    pub fn file(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Kind::File, message, advice)
    }

    /// The work was asked to stop, and nothing was written.
    pub fn stopped() -> Self {
        Self::new(
            Kind::Interrupted,
            "interrupted; nothing was written",
            "run the command again",
        )
    }

    fn of(kind: Kind, message: String, advice: Option<String>) -> Self {
        Self(Box::new(Inner {
            message,
            advice,
            kind,
            place: None,
        }))
    }

    /// The same problem with where it happened before its text.
    #[must_use]
    pub fn context(mut self, place: &str) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// The same problem with other advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// The same problem at some bytes of a text.
    #[must_use]
    pub fn in_text(mut self, name: &str, text: &str, span: Range<usize>) -> Self {
        self.0.place = Some(TextPlace {
            name: name.to_owned(),
            text: text.to_owned(),
            span,
        });
        self
    }

    /// For work that writes only when all of it is done: a wish to stop, in whatever words, means that
    /// nothing was written. Other problems stay as they are.
    #[must_use]
    pub fn nothing_written(self) -> Self {
        match self.kind() {
            Kind::Interrupted => Self::stopped(),
            _ => self,
        }
    }

    /// What to do about it, if there is something to say.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The place in a text, if it is about one.
    pub fn place(&self) -> Option<&TextPlace> {
        self.0.place.as_ref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for Problem {}

/// Converts errors of the components.
macro_rules! converted {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                told(&error)
            }
        }
    )+};
}

converted! {
    cdig::CdigError,
    crate::FitFileError,
    crate::RetrainError,
    crate::RunError,
    xcebra_attr::AttrError,
    xcebra_core::CoreError,
    xcebra_eval::EvalError,
    xcebra_files::FileError,
    xcebra_model::ModelError,
    xcebra_numeric::NonFinite,
    xcebra_numeric::NumericError,
}

#[cfg(feature = "onnx")]
converted! { xcebra_onnx::OnnxError }

#[cfg(feature = "synth")]
converted! { xcebra_synth::SynthError }

/// The problem that an error tells, with the causes that its text does not name.
fn told(error: &(impl Advice + 'static)) -> Problem {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // many texts already end in their cause
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    Problem::of(error.kind(), message, error.advice().map(Cow::into_owned))
}

#[cfg(test)]
mod tests {
    use cdig::CdigError;
    use xcebra_attr::AttrError;
    use xcebra_core::CoreError;
    use xcebra_files::FileError;
    use xcebra_model::ModelError;

    use super::*;
    use crate::{RetrainError, RunError};

    #[test]
    fn problem_advice_and_kind_are_apart_whatever_their_words() {
        let data = || CoreError::Data {
            what: "a; b".to_owned(),
            problem: "c; d".to_owned(),
            advice: "e; f".to_owned(),
        };
        let missing = |name: &str, available: &[&str]| FileError::Missing {
            path: "n.npz".into(),
            kind: "array",
            name: name.to_owned(),
            available: available.iter().map(|&n| n.to_owned()).collect(),
        };
        for (problem, text, advice, kind) in [
            (
                Problem::from(data()),
                "a; b: c; d",
                Some("e; f"),
                Kind::Data,
            ),
            (
                Problem::from(RetrainError::from(data())),
                "a; b: c; d",
                Some("e; f"),
                Kind::Data,
            ),
            (
                Problem::from(missing("x", &["rest; eyes closed", "y"])),
                "n.npz has no array `x`; it has `rest; eyes closed`, `y`",
                Some("name one of these"),
                Kind::Data,
            ),
            (
                Problem::from(RunError::File(missing("x", &["y"]))),
                "n.npz has no array `x`; it has `y`",
                Some("name one of these"),
                Kind::Data,
            ),
            (
                Problem::from(ModelError::Stopped),
                "stopped",
                None,
                Kind::Interrupted,
            ),
        ] {
            assert_eq!(problem.to_string(), text);
            assert_eq!(problem.advice(), advice, "{text}");
            assert_eq!(problem.kind(), kind, "{text}");
        }
    }

    #[test]
    fn causes_are_told_once() {
        let source = std::io::Error::other("the disk is gone");
        let problem = Problem::from(FileError::read(std::path::Path::new("a.npz"), source));
        assert_eq!(problem.to_string().matches("the disk is gone").count(), 1);
        assert_eq!(problem.kind(), Kind::File);
    }

    #[test]
    fn an_interrupt_is_known_by_its_kind_and_not_by_its_words() {
        let failed = |source| AttrError::Model {
            first: 0,
            end: 2,
            source,
        };
        for problem in [
            Problem::from(ModelError::Stopped),
            Problem::from(failed(ModelError::Stopped)),
            Problem::from(AttrError::Cancelled { done: 1, total: 9 }),
            Problem::from(CdigError::from(ModelError::Stopped)),
            Problem::from(CdigError::Cancelled { done: 1, total: 9 }),
        ] {
            assert_eq!(problem.kind(), Kind::Interrupted, "{problem}");
            let stopped = problem.nothing_written();
            assert!(stopped.to_string().contains("nothing was written"));
        }
        let words = Problem::from(failed(ModelError::evaluation("the fan has stopped")));
        assert_eq!(words.kind(), Kind::Model);
        assert!(
            words
                .nothing_written()
                .to_string()
                .contains("the fan has stopped")
        );
    }
}
