//! How a command fails: the words on standard error, the object for programs, the exit code.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use miette::{LabeledSpan, MietteDiagnostic, MietteHandlerOpts, NamedSource, ReportHandler};
use serde_json::json;
use xcebra::Problem;

use super::outcome::print;

/// Exit code of every error but an interrupt.
pub const EXIT: u8 = 2;

/// Reports a problem on standard error and, with `--json`, also on standard output.
pub fn report(problem: &Problem, json: bool) {
    if json {
        let mut object = json!({ "error": problem.to_string() });
        if let Some(advice) = problem.advice() {
            object["help"] = json!(advice);
        }
        if let Some(place) = problem.place() {
            object["file"] = json!(place.name);
            object["line"] = json!(place.line());
        }
        let _ = print(&object.to_string());
    }
    let _ = writeln!(std::io::stderr(), "{}", render(problem));
}

fn render(problem: &Problem) -> String {
    let mut diagnostic = MietteDiagnostic::new(problem.to_string());
    if let Some(advice) = problem.advice() {
        diagnostic = diagnostic.with_help(advice);
    }
    let report = match problem.place() {
        Some(place) => {
            let label = LabeledSpan::at(place.span.clone(), "here");
            let source = NamedSource::new(&place.name, place.text.clone());
            miette::Report::new(diagnostic.with_label(label)).with_source_code(source)
        }
        None => miette::Report::new(diagnostic),
    };
    // lines stay whole where a program may search them
    let wrap = std::io::stderr().is_terminal();
    let handler = MietteHandlerOpts::new()
        .wrap_lines(wrap)
        .break_words(false)
        .build();
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

    #[test]
    fn a_place_in_a_text_is_shown() {
        let problem = Problem::setting("unknown field", "remove it");
        let problem = problem.in_text("fit.toml", "stepz = 3", 0..5);
        let text = render(&problem);
        assert!(
            text.contains("fit.toml") && text.contains("stepz") && text.contains("here"),
            "{text}"
        );
        assert!(text.contains("remove it"), "{text}");
    }
}
