//! What went wrong, as exceptions of Python.

use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use xcebra::Problem;
use xcebra::model::Kind;

/// How the program spells what are arguments in Python. Longer names first.
const SPELLINGS: &[(&str, &str)] = &[
    ("--frequency-unit", "frequency_unit"),
    ("--batch-axis", "batch_axis"),
    ("--baseline", "baselines"),
    ("--domains", "domain"),
    ("--output", "target"),
    ("--seeds", "seeds"),
    ("--signals", "signals"),
    ("--force", "overwrite=True"),
    ("--fs", "fs"),
    ("set data.transpose = true", "pass the transpose, X.T"),
    ("set data.standardize = true", "pass standardize=True"),
    ("data.standardize = true", "standardize=True"),
    ("train.learning_rate", "learning_rate"),
    ("train.steps", "max_iterations"),
    ("train.batch", "batch_size"),
    ("train.seed", "random_state"),
    ("train.weight_decay", "weight_decay"),
    ("validation.held_out", "held_out"),
    ("encoder.outputs", "output_dimension"),
    ("encoder.name", "model_architecture"),
    ("encoder.hidden", "num_hidden_units"),
    ("regularizer.weight", "regularizer_weight"),
    ("regularizer.start", "regularizer_start"),
    ("regularizer.ramp", "regularizer_ramp"),
];

/// A text of the workflows with what they call flags and settings as arguments of Python.
pub(crate) fn in_python(text: &str) -> String {
    let mut text = text.to_owned();
    for (program, python) in SPELLINGS {
        text = text.replace(program, python);
    }
    text
}

/// The exception that tells a problem: `ValueError` for settings and data, `OSError` for files, `RuntimeError` for
/// numbers and models.
pub(crate) fn exception(problem: impl Into<Problem>) -> PyErr {
    let problem = problem.into();
    let mut text = problem.to_string();
    if let Some(advice) = problem.advice() {
        text = format!("{text}; {advice}");
    }
    let text = in_python(&text);
    match problem.kind() {
        Kind::Interrupted => PyKeyboardInterrupt::new_err(text),
        Kind::File => PyOSError::new_err(text),
        Kind::Numeric | Kind::Model => PyRuntimeError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// What a job gave, or the exception that stopped it, or the problem.
pub(crate) fn outcome<T, E: Into<Problem>>(
    (found, failure): (Result<T, E>, Option<PyErr>),
) -> PyResult<T> {
    match failure {
        Some(error) => Err(error),
        None => found.map_err(exception),
    }
}
