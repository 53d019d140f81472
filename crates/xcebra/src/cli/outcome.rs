//! What a command prints on standard output.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use ndarray::arr0;
use serde_json::{Value, json};
use xcebra::numeric::ensure_finite;

use super::problem::{Problem, Result};

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

/// A number of the answer under this key.
///
/// JSON has neither NaN nor infinity: `json!` turns both into null without a word. Here they are errors.
pub(super) fn number(key: &str, value: f64) -> Result<Value> {
    match ensure_finite(key, &arr0(value)) {
        Ok(()) => Ok(json!(value)),
        Err(error) => Err(Problem::new(
            format!("the result `{key}` is {}, not a finite number", error.value),
            "the computation left the range of floating point: bring the data and the model's output to the \
             order of 1",
        )),
    }
}

/// As [`number`], and null where there is no such number.
pub(super) fn optional(key: &str, value: Option<f64>) -> Result<Value> {
    value.map_or(Ok(Value::Null), |value| number(key, value))
}

/// As [`number`], of several.
pub(super) fn numbers(key: &str, values: &[f64]) -> Result<Value> {
    values.iter().map(|&value| number(key, value)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_an_error_that_names_it() {
        assert_eq!(number("loss", 1.5).unwrap(), json!(1.5));
        assert_eq!(numbers("bits", &[1.0, -2.0]).unwrap(), json!([1.0, -2.0]));
        assert_eq!(optional("fdr", None).unwrap(), Value::Null);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            // the fault that this is for
            assert_eq!(json!(value), Value::Null);
            let problems = [
                number("loss", value),
                optional("loss", Some(value)),
                numbers("loss", &[1.0, value]),
            ];
            for problem in problems {
                let said = format!("{:?}", problem.unwrap_err());
                assert!(said.contains(&format!("`loss` is {value}")), "{said}");
            }
        }
    }
}
