//! Attribution methods on any model, and maps as plain data.

use std::sync::Mutex;

use ndarray::{Array2, Array3, Axis, concatenate};
use numpy::{IntoPyArray, PyReadonlyArrayDyn, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use xcebra::Problem;
use xcebra::attr::{AttributionMap, Methods, Options, Piece, attribute};

use crate::caller::{Shown, in_background};
use crate::error::{exception, outcome};
use crate::model::Given;

/// Names of all attribution methods.
#[pyfunction]
pub(crate) fn method_names() -> Vec<String> {
    let all = Methods::<f64>::all();
    all.names().into_iter().map(str::to_owned).collect()
}

/// What is asked of a model.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    methods: String,
    seed: u64,
    batch_size: Option<usize>,
    /// Whether the attributions of each sample are kept.
    kept: bool,
}

/// Maps of a model over samples, and the attributions of each sample if `kept`.
#[pyfunction]
pub(crate) fn attribute_model<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    samples: PyReadonlyArrayDyn<'py, f64>,
    settings: Settings,
    shown: Shown,
) -> PyResult<Bound<'py, PyList>> {
    let Settings {
        methods,
        seed,
        batch_size,
        kept,
    } = settings;
    let model = Given::of(model)?;
    let methods = methods.parse::<Methods<f64>>().map_err(exception)?;
    let samples = samples.as_array().to_owned();
    let pieces: Mutex<Vec<Vec<Array3<f64>>>> = Mutex::new(vec![Vec::new(); methods.len()]);
    let maps = outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let model = model.called(caller);
            let watched = watch.over(model.as_ref());
            let mut options = Options::new().watch(watch).seed(seed);
            if let Some(size) = batch_size {
                options = options.batch_size(size);
            }
            let names = methods.names();
            let sink = |piece: &Piece<'_>| {
                let mut pieces = pieces.lock().expect("no thread panics with the lock");
                for (name, pieces) in names.iter().zip(pieces.iter_mut()) {
                    if *name == piece.method {
                        pieces.push(piece.values.to_owned());
                    }
                }
                Ok(())
            };
            if kept {
                options = options.sink(&sink);
            }
            Ok::<_, Problem>(attribute(&watched, &samples, &methods, &options)?)
        })
    })?)?;
    let pieces = pieces
        .into_inner()
        .expect("no thread panicked with the lock");
    let found = maps.iter().zip(pieces).map(|(map, pieces)| {
        let dict = described(py, map)?;
        let views: Vec<_> = pieces.iter().map(|piece| piece.view()).collect();
        if kept {
            let all = concatenate(Axis(0), &views).expect("pieces of one method have one shape");
            dict.set_item("samples_values", all.into_pyarray(py))?;
        }
        Ok(dict)
    });
    PyList::new(py, found.collect::<PyResult<Vec<_>>>()?)
}

/// A map as a dict, whose keys are the fields of `xcebra.AttributionMap`.
pub(crate) fn described<'py>(
    py: Python<'py>,
    map: &AttributionMap,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("method", map.method())?;
    dict.set_item("input_shape", map.input_shape().to_vec())?;
    dict.set_item("samples", map.samples())?;
    dict.set_item("values", map.values().to_pyarray(py))?;
    dict.set_item("signed", map.signed().to_pyarray(py))?;
    dict.set_item("largest", map.max_abs().to_pyarray(py))?;
    let errors = map.standard_errors().map(|errors| errors.to_pyarray(py));
    dict.set_item("standard_errors", errors)?;
    let residual = map.completeness().map(|c| c.mean_abs.to_pyarray(py));
    dict.set_item("mean_residual", residual)?;
    if let Some(inverses) = map.inverses() {
        dict.set_item("rank_counts", inverses.rank_counts().to_vec())?;
        let condition = inverses.condition();
        dict.set_item(
            "condition",
            condition.map(|c| (c.min, c.geometric_mean, c.max)),
        )?;
    }
    Ok(dict)
}

/// A map by channel, `(channels, latents)`, and its signs: lags of a window are averaged.
pub(crate) fn by_channel(map: &AttributionMap) -> PyResult<(Array2<f64>, Array2<f64>)> {
    match map.input_shape().len() {
        1 => Ok((map.values().clone(), map.signed().clone())),
        _ => Ok((
            map.over_lags().map_err(exception)?,
            map.signed_over_lags().map_err(exception)?,
        )),
    }
}
