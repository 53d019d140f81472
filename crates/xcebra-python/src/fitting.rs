//! Training of encoders, and its settings.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::{Data, FitFile, fit_so_far};

use crate::caller::{Shown, in_background};
use crate::encoder::TrainedEncoder;
use crate::error::exception;
use crate::recording::RecordingGiven;

/// Trains an encoder. Gives it, and the exception that stopped the training early, if one did.
#[pyfunction]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    settings: &str,
    recording: RecordingGiven<'py>,
    shown: Shown,
) -> PyResult<(TrainedEncoder, Option<PyErr>)> {
    let settings = read_settings(settings)?;
    let arrays = recording.to_arrays()?;
    let (fitted, failure) = in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let data = Data::of_arrays(arrays, &settings)?;
            fit_so_far(&settings, data, &watch)
        })
    })?;
    let fitted = match (fitted, failure) {
        (Ok(fitted), failure) => (fitted, failure),
        (Err(_), Some(failure)) => return Err(failure),
        (Err(problem), None) => return Err(exception(problem)),
    };
    let (fitted, failure) = fitted;
    let diagnostics = Some(fitted.diagnostics().clone());
    let run = fitted.run().clone();
    Ok((
        TrainedEncoder {
            run,
            fitted: Some(fitted),
            diagnostics,
        },
        failure,
    ))
}

/// The settings of a text of JSON.
pub(crate) fn read_settings(text: &str) -> PyResult<FitFile> {
    serde_json::from_str(text)
        .map_err(|error| PyValueError::new_err(format!("the settings do not fit: {error}")))
}

/// The settings, every default written out, as JSON.
#[pyfunction]
pub(crate) fn complete_settings(settings: &str) -> PyResult<String> {
    let settings = read_settings(settings)?;
    Ok(serde_json::to_string(&settings).expect("settings are plain tables"))
}
