//! What a command prints on standard output.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use xcebra::{Answer, Problem};

use super::problem;

/// Prints an answer in the form that is wanted.
pub fn print_answer(answer: &Answer, json: bool) -> ExitCode {
    let printed = match json {
        true => print(&answer.json.to_string()),
        false => print(&answer.text),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let unwritten = Problem::file(
                format!("standard output cannot be written: {error}"),
                "check where it is redirected to",
            );
            problem::report(&unwritten, false);
            ExitCode::from(problem::EXIT)
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
