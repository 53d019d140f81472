//! What a command prints on standard output.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde_json::Value;

use super::problem::Problem;

/// The result of a command, for a reader and for a program.
#[derive(Debug)]
pub struct Outcome {
    /// For a reader.
    pub text: String,
    /// For `--json`: an object.
    pub json: Value,
}

impl Outcome {
    /// Prints the result in the form that is wanted.
    pub fn print(&self, json: bool) -> ExitCode {
        let printed = if json {
            print(&self.json.to_string())
        } else {
            print(&self.text)
        };
        match printed {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Problem::new(
                format!("standard output cannot be written: {error}"),
                "check where it is redirected to",
            )
            .report(false),
        }
    }
}

/// Prints a text and ends its last line. A reader who went away, as `head` does, is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{}", text.trim_end()).and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
