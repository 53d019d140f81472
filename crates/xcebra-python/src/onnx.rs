//! ONNX files as models.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use xcebra::onnx::OnnxOptions;

use crate::error::exception;
use crate::model::NativeModel;

/// Settings of a file; see `xcebra.models.Onnx`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings<'py> {
    input: Option<String>,
    output: Option<String>,
    sample_shape: Option<Vec<usize>>,
    sample_axes: Option<Vec<usize>>,
    batch_axis: Option<usize>,
    dimensions: Vec<(String, usize)>,
    constants: Vec<(String, PyReadonlyArrayDyn<'py, f64>)>,
}

/// Reads an ONNX file.
#[pyfunction]
pub(crate) fn load_onnx(path: PathBuf, settings: Settings<'_>) -> PyResult<NativeModel> {
    let mut options = OnnxOptions::new();
    if let Some(name) = settings.input {
        options = options.input(name);
    }
    if let Some(name) = settings.output {
        options = options.output(name);
    }
    if let Some(shape) = settings.sample_shape {
        options = options.sample_shape(shape);
    }
    if let Some(axes) = settings.sample_axes {
        options = options.sample_axes(axes);
    }
    options = match settings.batch_axis {
        Some(axis) => options.batch_axis(axis),
        None => options.no_batch_axis(),
    };
    for (name, length) in settings.dimensions {
        options = options.dimension(name, length);
    }
    for (name, value) in settings.constants {
        options = options.constant(name, value.as_array().to_owned());
    }
    let model = options.load::<f64>(&path).map_err(exception)?;
    Ok(NativeModel {
        model: Arc::new(model),
    })
}
