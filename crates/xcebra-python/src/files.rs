//! Data files: what is inside, and recordings with their labels.

use ndarray::ArrayD;
use numpy::IntoPyArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xcebra::files::{Source, Values};
use xcebra::{ClockConfig, LabelArray, Loaded};

use crate::caller::{Shown, in_background};
use crate::error::{exception, in_python, outcome};

/// What is inside a data file: in words, and as JSON.
#[pyfunction]
pub(crate) fn show_file(py: Python<'_>, path: &str) -> PyResult<(String, String)> {
    let source: Source = path.parse().map_err(exception)?;
    let shown = py.detach(|| xcebra::show(&source)).map_err(exception)?;
    let answer = shown.answer();
    Ok((answer.text, answer.json.to_string()))
}

/// Reads a recording and its labels; with a clock, the settings `[data.clock]` as JSON, in its bins.
#[pyfunction]
pub(crate) fn read_file<'py>(
    py: Python<'py>,
    path: &str,
    labels: Vec<String>,
    clock: Option<&str>,
    shown: Shown,
) -> PyResult<Bound<'py, PyDict>> {
    let source: Source = path.parse().map_err(exception)?;
    let read =
        |text| serde_json::from_str(text).map_err(|error| PyValueError::new_err(error.to_string()));
    let clock: Option<ClockConfig> = clock.map(read).transpose()?;
    let loaded = outcome(in_background(py, &shown, |_| {
        xcebra::read(&source, &labels, clock.as_ref())
    })?)?;
    to_python(py, loaded)
}

fn to_python(py: Python<'_>, loaded: Loaded) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    let mut x = loaded.x;
    dict.set_item("channels", x.columns.take())?;
    dict.set_item("units", x.units.take())?;
    dict.set_item("fs", x.sampling_rate)?;
    dict.set_item("breaks", std::mem::take(&mut x.breaks))?;
    dict.set_item("x", array(py, x.values))?;
    dict.set_item("t", loaded.times.map(|times| times.into_pyarray(py)))?;
    let labels = PyDict::new(py);
    for (name, label) in loaded.labels {
        match label {
            LabelArray::Numbers(label) => labels.set_item(name, array(py, label.values))?,
            LabelArray::Text(texts) => {
                let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
                labels.set_item(name, texts)?;
            }
        }
    }
    dict.set_item("labels", labels)?;
    let notes: Vec<String> = loaded.notes.iter().map(|note| in_python(note)).collect();
    dict.set_item("notes", notes)?;
    Ok(dict)
}

/// An array of NumPy in the type of the file; physical values are `float64`.
fn array(py: Python<'_>, values: Values) -> Bound<'_, PyAny> {
    match values {
        Values::F32(values) => values.into_pyarray(py).into_any(),
        Values::F64(values) => values.into_pyarray(py).into_any(),
        Values::I8(values) => values.into_pyarray(py).into_any(),
        Values::U8(values) => values.into_pyarray(py).into_any(),
        Values::I16(values) => values.into_pyarray(py).into_any(),
        Values::U16(values) => values.into_pyarray(py).into_any(),
        Values::I32(values) => values.into_pyarray(py).into_any(),
        Values::U32(values) => values.into_pyarray(py).into_any(),
        Values::I64(values) => values.into_pyarray(py).into_any(),
        Values::Bool(values) => values.into_pyarray(py).into_any(),
        recorded => {
            let values: ArrayD<f64> = recorded.to_float();
            values.into_pyarray(py).into_any()
        }
    }
}
