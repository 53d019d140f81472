//! Attributions as dicts of arrays.

use ndarray::ArrayD;
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xcebra::cdig::Attribution;
use xcebra::cdig::catalogue::Built;

use crate::axes;

/// What was found for one signal in one domain.
pub(crate) struct Found {
    pub(crate) attribution: Attribution<f64>,
    /// Standard errors over several baselines.
    pub(crate) standard_error: Option<ArrayD<f64>>,
}

/// Name, number field and axes of a domain.
pub(crate) fn described<'py>(
    py: Python<'py>,
    built: &Built,
    units: &[(String, String, f64)],
) -> PyResult<Bound<'py, PyDict>> {
    let axes = built.axes.clone();
    let axes = units.iter().fold(axes, |axes, (from, to, factor)| {
        axes.converted(from, to, *factor)
    });
    let answer = PyDict::new(py);
    answer.set_item("domain", &built.name)?;
    answer.set_item("is_real", built.domain.is_real())?;
    answer.set_item("axes", axes::to_python(py, &axes)?)?;
    Ok(answer)
}

impl Found {
    /// A dict of arrays.
    pub(crate) fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let found = self.attribution;
        let dict = PyDict::new(py);
        dict.set_item("values", found.attribution.into_pyarray(py))?;
        dict.set_item("outputs", found.outputs)?;
        dict.set_item("weights", found.weights)?;
        dict.set_item("coefficients", found.coefficients.into_pyarray(py))?;
        let baseline = found.baseline_coefficients.into_pyarray(py);
        dict.set_item("baseline_coefficients", baseline)?;
        dict.set_item("value", found.value.into_pyarray(py))?;
        dict.set_item("baseline_value", found.baseline_value.into_pyarray(py))?;
        dict.set_item("residual", found.residual.into_pyarray(py))?;
        dict.set_item("rounding", found.rounding.into_pyarray(py))?;
        dict.set_item("rule", found.rule.to_string())?;
        dict.set_item(
            "evaluations",
            (found.evaluations.values, found.evaluations.gradients),
        )?;
        let error = self.standard_error.map(|error| error.into_pyarray(py));
        dict.set_item("standard_error", error)?;
        if let Some(convergence) = found.convergence {
            dict.set_item(
                "error_estimate",
                convergence.error_estimate.into_pyarray(py),
            )?;
            dict.set_item("jumps", convergence.jumps.into_pyarray(py))?;
            dict.set_item("tolerance_met", convergence.tolerance_met)?;
            dict.set_item("points", convergence.points)?;
        }
        Ok(dict)
    }
}
