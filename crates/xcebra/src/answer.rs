//! Numbers of an answer that is written as JSON.

use ndarray::arr0;
use serde_json::{Value, json};
use xcebra_model::Kind;
use xcebra_numeric::ensure_finite;

use crate::{Problem, Result};

/// What a workflow found, for a reader and for a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// For a reader: some lines.
    pub text: String,
    /// For a program: an object.
    pub json: Value,
}

/// A number of the answer under this key.
///
/// JSON has neither NaN nor infinity: `json!` turns both into null without a word. Here they are errors.
///
/// # Errors
/// [`Kind::Numeric`].
pub fn number(key: &str, value: f64) -> Result<Value> {
    match ensure_finite(key, &arr0(value)) {
        Ok(()) => Ok(json!(value)),
        Err(error) => Err(Problem::new(
            Kind::Numeric,
            format!("the result `{key}` is {}, not a finite number", error.value),
            "the computation left the range of floating point: bring the data and the model's output to the \
             order of 1",
        )),
    }
}

/// As [`number`], and null where there is no such number.
///
/// # Errors
/// [`Kind::Numeric`].
pub fn optional(key: &str, value: Option<f64>) -> Result<Value> {
    value.map_or(Ok(Value::Null), |value| number(key, value))
}

/// As [`number`], of several.
///
/// # Errors
/// [`Kind::Numeric`].
pub fn numbers(key: &str, values: &[f64]) -> Result<Value> {
    values.iter().map(|&value| number(key, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_a_number_is_an_error_that_names_it() {
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
                let said = problem.unwrap_err().to_string();
                assert!(said.contains(&format!("`loss` is {value}")), "{said}");
            }
        }
    }
}
