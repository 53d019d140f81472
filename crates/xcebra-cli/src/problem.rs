//! How a command fails.

use std::borrow::Cow;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use miette::{MietteDiagnostic, MietteHandlerOpts, NamedSource, ReportHandler};
use serde_json::json;

use super::outcome::print;

/// Result of a command.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// Exit code of every error.
const EXIT: u8 = 2;

/// An error with advice and, where it is about a text file, the place in it.
///
/// Every error of the libraries converts into one. Their messages read `what is wrong; what to do`. Those
/// that quote files and names say themselves what their advice is; of the others the part behind the last
/// semicolon is.
#[derive(Debug)]
pub struct Problem {
    // boxed: a `Result` should not be large because it may be an error
    diagnostic: Box<MietteDiagnostic>,
    source: Option<Box<NamedSource<String>>>,
    /// Name of the text and line, counted from 1, of the place in it.
    place: Option<(String, usize)>,
    exit: u8,
}

impl Problem {
    /// A problem and what to do about it.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::of(MietteDiagnostic::new(message).with_help(help))
    }

    fn of(diagnostic: MietteDiagnostic) -> Self {
        Self {
            diagnostic: Box::new(diagnostic),
            source: None,
            place: None,
            exit: EXIT,
        }
    }

    /// With another exit code.
    pub fn exit(mut self, code: u8) -> Self {
        self.exit = code;
        self
    }

    /// With where it happened before the message.
    pub fn context(mut self, place: &str) -> Self {
        self.diagnostic.message = format!("{place}: {}", self.diagnostic.message);
        self
    }

    /// With other advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// A problem at some bytes of a text, such as a field of a settings file.
    pub fn in_text(
        message: impl Into<String>,
        help: impl Into<String>,
        (name, text): (&str, &str),
        span: std::ops::Range<usize>,
    ) -> Self {
        let before = text.get(..span.start).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let label = miette::LabeledSpan::at(span, "here");
        let diagnostic = MietteDiagnostic::new(message).with_help(help);
        Self {
            source: Some(Box::new(NamedSource::new(name, text.to_owned()))),
            place: Some((name.to_owned(), line)),
            ..Self::of(diagnostic.with_label(label))
        }
    }

    /// Reports the problem on standard error and, with `--json`, also on standard output.
    pub fn report(self, json: bool) -> ExitCode {
        if json {
            let mut object = json!({ "error": self.diagnostic.message });
            if let Some(help) = &self.diagnostic.help {
                object["help"] = json!(help);
            }
            if let Some((file, line)) = &self.place {
                object["file"] = json!(file);
                object["line"] = json!(line);
            }
            let _ = print(&object.to_string());
        }
        let exit = ExitCode::from(self.exit);
        let _ = writeln!(std::io::stderr(), "{}", self.render());
        exit
    }

    fn render(self) -> String {
        // lines stay whole where a program may search them
        let wrap = std::io::stderr().is_terminal();
        let handler = MietteHandlerOpts::new()
            .wrap_lines(wrap)
            .break_words(false)
            .build();
        let report = match self.source {
            Some(source) => miette::Report::new(*self.diagnostic).with_source_code(*source),
            None => miette::Report::new(*self.diagnostic),
        };
        struct Rendered<'a>(&'a dyn ReportHandler, &'a dyn miette::Diagnostic);
        impl std::fmt::Display for Rendered<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.debug(self.1, f)
            }
        }
        format!("Error:{}", Rendered(&handler, report.as_ref()))
            .trim_end()
            .to_owned()
    }
}

impl<E: Error + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        let mut advice = advice_of(&error);
        while let Some(error) = cause {
            let text = error.to_string();
            // many messages already end in their cause
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            advice = advice.or_else(|| advice_of(error));
            cause = error.source();
        }
        match advice {
            Some(None) => Self::of(MietteDiagnostic::new(message)),
            Some(Some(advice)) => {
                let tail = format!("; {advice}");
                if let Some(at) = message.rfind(&tail) {
                    message.replace_range(at..at + tail.len(), "");
                }
                Self::new(message, advice)
            }
            None => match message.rsplit_once("; ") {
                Some((problem, help)) => Self::new(problem, help),
                None => Self::of(MietteDiagnostic::new(message)),
            },
        }
    }
}

/// What an error says is its advice, if it is one that does.
fn advice_of(error: &(dyn Error + 'static)) -> Option<Option<String>> {
    use xcebra::{FitFileError, RetrainError, RunError, core, files::FileError, model::Advice};
    if let Some(error) = error.downcast_ref::<FileError>() {
        return Some(error.advice().map(Cow::into_owned));
    }
    if let Some(error) = error.downcast_ref::<RunError>() {
        return Some(error.advice());
    }
    if let Some(error) = error.downcast_ref::<FitFileError>() {
        return Some(Some(error.advice.clone()));
    }
    // an error that passes on one of another crate has the form of that one
    if let Some(error) = error.downcast_ref::<core::Error>() {
        let other = matches!(error, core::Error::Model(_));
        return (!other).then(|| error.advice().map(Cow::into_owned));
    }
    if let Some(error) = error.downcast_ref::<RetrainError>() {
        let other = matches!(error, RetrainError::Attribution(_));
        return (!other).then(|| error.advice());
    }
    None
}

/// Reports what the argument parser has to say: help on standard output, errors as such.
pub fn report_usage(usage: &clap::Error) -> ExitCode {
    if !usage.use_stderr() {
        // a reader who went away is no error
        let _ = usage.print();
        return ExitCode::SUCCESS;
    }
    // the arguments could not be parsed, so this flag has to be looked for
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = usage.render().to_string();
        let message = text.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let _ = print(&json!({ "error": message, "help": "see xcebra --help" }).to_string());
    }
    let _ = usage.print();
    ExitCode::from(EXIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer; do this")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn the_part_behind_the_semicolon_is_advice() {
        let problem = Problem::from(xcebra::eval::EvalError::TooFewSamples {
            what: "R²",
            needed: 9,
            found: 3,
        });
        assert!(problem.diagnostic.message.ends_with("found 3"));
        assert_eq!(
            problem.diagnostic.help.as_deref(),
            Some("pass more samples")
        );
        assert!(problem.source.is_none());
    }

    #[test]
    fn names_are_not_torn_apart_and_lists_are_no_advice() {
        use xcebra::files::FileError;
        let missing = |name: &str, available: &[&str]| FileError::Missing {
            path: "n.npz".into(),
            kind: "array",
            name: name.to_owned(),
            available: available.iter().map(|&n| n.to_owned()).collect(),
        };
        let problem = Problem::from(missing("x", &["rest; eyes closed", "y"]));
        assert_eq!(
            problem.diagnostic.message,
            "n.npz has no array `x`; it has `rest; eyes closed`, `y`"
        );
        assert_eq!(
            problem.diagnostic.help.as_deref(),
            Some("name one of these")
        );
        assert_eq!(Problem::from(missing("x", &[])).diagnostic.help, None);
        let value = FileError::Value {
            place: "array `a; b` of n.npz".to_owned(),
            problem: "row 3 is NaN; so is row 4".to_owned(),
            advice: "fill it; or cut it out".to_owned(),
        };
        for problem in [
            Problem::from(xcebra::RetrainError::from(xcebra::core::Error::Data {
                what: "a; b".to_owned(),
                problem: "c; d".to_owned(),
                advice: "e; f".to_owned(),
            })),
            Problem::from(xcebra::RunError::File(value)),
        ] {
            let (message, help) = (&problem.diagnostic.message, &problem.diagnostic.help);
            assert!(
                message.contains("a; b") && message.contains("; "),
                "{message}"
            );
            assert!(
                !message.contains("fill it") && !message.contains("e; f"),
                "{message}"
            );
            assert!(
                matches!(help.as_deref(), Some("e; f" | "fill it; or cut it out")),
                "{help:?}"
            );
        }
    }

    #[test]
    fn causes_are_told() {
        let problem = Problem::from(Outer(std::fmt::Error));
        let text = problem.render();
        assert!(text.contains("an error occurred when formatting"), "{text}");
    }

    #[test]
    fn a_place_in_a_text_is_shown() {
        let problem = Problem::in_text(
            "unknown field",
            "remove it",
            ("fit.toml", "stepz = 3"),
            0..5,
        );
        let text = problem.render();
        assert!(
            text.contains("fit.toml") && text.contains("stepz") && text.contains("here"),
            "{text}"
        );
    }
}
