//! Training of encoders, and its settings.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::model::Watch;
use xcebra::{Arrays, Data, FitFile, Fitted, Problem, adapt, fit_further, fit_so_far};

use crate::caller::{Shown, in_background};
use crate::encoder::TrainedEncoder;
use crate::error::exception;
use crate::recording::RecordingGiven;

/// Trains encoders, one for each subject. Gives them, and the exception that stopped the training early, if one did.
#[pyfunction]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    settings: &str,
    recording: RecordingGiven<'py>,
    shown: Shown,
) -> PyResult<(TrainedEncoder, Option<PyErr>)> {
    trained(
        py,
        settings,
        &recording,
        &shown,
        |settings, arrays, watch| fit_so_far(settings, Data::of_arrays(arrays, settings)?, watch),
    )
}

/// Goes on with encoders that were trained before; or, with `new`, leaves them as they are and adds one for the subject
/// of the last sessions.
#[pyfunction]
pub(crate) fn go_on<'py>(
    py: Python<'py>,
    encoder: &TrainedEncoder,
    settings: &str,
    recording: RecordingGiven<'py>,
    new: bool,
    shown: Shown,
) -> PyResult<(TrainedEncoder, Option<PyErr>)> {
    let earlier = encoder.earlier();
    trained(
        py,
        settings,
        &recording,
        &shown,
        |settings, arrays, watch| match new {
            true => adapt(settings, arrays, earlier, watch),
            false => fit_further(settings, arrays, earlier, watch),
        },
    )
}

fn trained<'py>(
    py: Python<'py>,
    settings: &str,
    recording: &RecordingGiven<'py>,
    shown: &Shown,
    train: impl FnOnce(&FitFile, Arrays, &Watch<'_>) -> Result<Fitted, Problem> + Send,
) -> PyResult<(TrainedEncoder, Option<PyErr>)> {
    let settings = read_settings(settings)?;
    let arrays = recording.to_arrays()?;
    let (fitted, failure) = in_background(py, shown, |caller| {
        caller.watched(|watch| train(&settings, arrays, &watch))
    })?;
    match (fitted, failure) {
        (Ok(fitted), failure) => Ok((TrainedEncoder::of(fitted), failure)),
        (Err(_), Some(failure)) => Err(failure),
        (Err(problem), None) => Err(exception(problem)),
    }
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
