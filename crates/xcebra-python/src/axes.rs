//! Axes of coefficients as plain data of Python.

use std::ops::Range;

use numpy::ToPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use xcebra::cdig::axes::{Axes, AxisLabels, Band, Role, Ticks};
use xcebra::cdig::catalogue::Bands;

/// Each axis as a dict, whose keys are the fields of `xcebra.Axis`.
pub(crate) fn to_python<'py>(py: Python<'py>, axes: &Axes) -> PyResult<Bound<'py, PyList>> {
    let axes = axes.iter().map(|axis| one(py, axis));
    PyList::new(py, axes.collect::<PyResult<Vec<_>>>()?)
}

fn one<'py>(py: Python<'py>, axis: &AxisLabels) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("role", axis.role.to_string())?;
    dict.set_item("unit", &axis.unit)?;
    let labels: Vec<String> = (0..axis.len())
        .map(|i| axis.text(i).unwrap_or_default())
        .collect();
    dict.set_item("labels", labels)?;
    let groups = axis.groups().into_iter();
    let groups: Vec<_> = groups.map(|group| (group.name, group.members)).collect();
    dict.set_item("groups", groups)?;
    match &axis.ticks {
        Ticks::Numbers(values) => dict.set_item("values", values.to_pyarray(py))?,
        Ticks::Tiles(tiles) => {
            let centres: Vec<f64> = tiles.iter().map(|tile| tile.centre).collect();
            let widths: Vec<f64> = tiles.iter().map(|tile| tile.width).collect();
            dict.set_item("centres", centres.to_pyarray(py))?;
            dict.set_item("widths", widths.to_pyarray(py))?;
        }
        Ticks::Components { mixing, .. } => {
            dict.set_item(
                "mixing",
                mixing.as_ref().map(|mixing| mixing.to_pyarray(py)),
            )?;
        }
        _ => {}
    }
    let limits = axis.frequency_ranges();
    let limits = limits.map(|ranges| ranges.iter().map(|r| (r.start, r.end)).collect::<Vec<_>>());
    dict.set_item("frequency_limits", limits)?;
    Ok(dict)
}

/// A band with its name, its limits (none for what is in no band) and the entries in it.
type Found = (String, Option<(f64, f64)>, Vec<usize>);

/// The role of an axis, the limits of its entries if it has frequencies, and their number.
type Described = (String, Option<Vec<(f64, f64)>>, usize);

/// The axis that has frequencies, and which of its entries are in which band.
///
/// `axes` are roles with the limits of each entry, for axes that have frequencies.
#[pyfunction]
pub(crate) fn bands_of(
    axes: Vec<Described>,
    bands: Vec<(String, (f64, f64))>,
) -> PyResult<(usize, Vec<Found>)> {
    let axes = axes.into_iter().map(|(role, limits, len)| match limits {
        Some(limits) if role == "frequency" => {
            AxisLabels::frequencies(limits.iter().map(|l| l.0).collect())
        }
        Some(limits) => AxisLabels::bands(limits.iter().map(|l| Band::new(l.0..l.1)).collect()),
        None => AxisLabels::indices(Role::Other(role), len),
    });
    let axes = Axes::new(axes.collect());
    let bands: Vec<(String, Range<f64>)> = bands
        .into_iter()
        .map(|(name, (low, high))| (name, low..high))
        .collect();
    let found = Bands::of(&axes, &bands).map_err(|why| {
        pyo3::exceptions::PyValueError::new_err(format!("the attribution has no such bands: {why}"))
    })?;
    let rows = found.bands.into_iter();
    let rows = rows.map(|band| {
        (
            band.name,
            band.limits.map(|l| (l.start, l.end)),
            band.members,
        )
    });
    Ok((found.axis, rows.collect()))
}
