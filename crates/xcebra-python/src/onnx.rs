//! ONNX files as models.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use xcebra::model::{Narrowed, Scalar};
use xcebra::onnx::{OnnxModel, OnnxOptions};

use crate::error::exception;
use crate::model::NativeModel;

/// Settings of a file; see `xcebra.models.Onnx`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings<'py> {
    /// The inputs that are explained; one unless several are named.
    inputs: Vec<String>,
    output: Option<String>,
    sample_shape: Option<Vec<usize>>,
    sample_axes: Option<Vec<usize>>,
    batch_axis: Option<usize>,
    dimensions: Vec<(String, usize)>,
    constants: Vec<(String, PyReadonlyArrayDyn<'py, f64>)>,
    /// Values at which derivatives stop.
    detach: Vec<String>,
    /// Whether it computes in single precision.
    single: bool,
    /// Shapes of the signals, in the order of the inputs, from which open lengths are taken.
    signals: Vec<Vec<usize>>,
}

/// Reads an ONNX file.
#[pyfunction]
pub(crate) fn load_onnx(path: PathBuf, settings: Settings<'_>) -> PyResult<NativeModel> {
    let mut options = OnnxOptions::new();
    match (&settings.inputs[..], &settings.signals[..]) {
        (names @ [_, _, ..], shapes) => {
            options = options.inputs(names);
            for (name, shape) in names.iter().zip(shapes) {
                options = options.signal_of(name, shape.clone());
            }
        }
        (names, shapes) => {
            if let Some(name) = names.first() {
                options = options.input(name);
            }
            if let Some(shape) = shapes.first() {
                options = options.signal(shape.clone());
            }
        }
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
    for name in settings.detach {
        options = options.detach(name);
    }
    if settings.single {
        let model = options.load::<f32>(&path).map_err(exception)?;
        return Ok(NativeModel {
            parts: parts(&model),
            precision: f32::EPSILON.into(),
            model: Arc::new(Narrowed(model)),
        });
    }
    let model = options.load::<f64>(&path).map_err(exception)?;
    Ok(NativeModel {
        parts: parts(&model),
        precision: f64::EPSILON,
        model: Arc::new(model),
    })
}

fn parts<A: Scalar>(model: &OnnxModel<A>) -> Vec<(String, Vec<usize>)> {
    let parts = model.parts().iter();
    match parts.len() {
        0 | 1 => Vec::new(),
        _ => parts
            .map(|part| (part.name.clone(), part.shape.clone()))
            .collect(),
    }
}
