//! Generated data, scores of maps, and lists of what there is.

use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xcebra::cdig::catalogue;
use xcebra::eval;
use xcebra::synth::DatasetConfig;

use crate::error::exception;

/// A data set with a known answer: observations, latents and the true map.
#[pyfunction]
pub(crate) fn generate(
    py: Python<'_>,
    latents: usize,
    samples: usize,
    seed: u64,
    noise: f64,
) -> PyResult<Bound<'_, PyDict>> {
    let config = DatasetConfig::paper_protocol(latents).map_err(exception)?;
    let config = config.samples(samples).seed(seed).noise(noise);
    let data = py.detach(|| config.generate::<f32>()).map_err(exception)?;
    let dict = PyDict::new(py);
    for (name, group) in [("z1", 0), ("z2", 1)] {
        dict.set_item(
            name,
            data.group(group)
                .map_err(exception)?
                .to_owned()
                .into_pyarray(py),
        )?;
    }
    dict.set_item("x", data.x.into_pyarray(py))?;
    dict.set_item("z", data.z.into_pyarray(py))?;
    dict.set_item("map", data.map.into_pyarray(py))?;
    Ok(dict)
}

/// Area under the ROC curve of a map against the true one.
#[pyfunction]
pub(crate) fn auroc(
    truth: PyReadonlyArray2<'_, bool>,
    map: PyReadonlyArray2<'_, f64>,
) -> PyResult<f64> {
    eval::auroc_map(&truth.as_array(), &map.as_array()).map_err(exception)
}

/// Average precision of a map against the true one.
#[pyfunction]
pub(crate) fn average_precision(
    truth: PyReadonlyArray2<'_, bool>,
    map: PyReadonlyArray2<'_, f64>,
) -> PyResult<f64> {
    eval::average_precision_map(&truth.as_array(), &map.as_array()).map_err(exception)
}

/// Every domain that has a name: how it is written, what it is, whether it needs a sampling rate.
#[pyfunction]
pub(crate) fn domain_names() -> Vec<(String, &'static str, bool)> {
    catalogue::list().collect()
}
