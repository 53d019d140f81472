//! Several inputs of a model, each in its own domain.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis, Slice};
use pyo3::prelude::*;
use xcebra::cdig::CdigError;
use xcebra::cdig::catalogue::{Built, Setting};
use xcebra::cdig::domains::Joined;

use crate::caller::Caller;
use crate::domain::Asked;

/// One of several inputs, as it was asked for.
pub(crate) struct Part {
    name: String,
    domain: Asked,
    shape: Vec<usize>,
    time_axis: usize,
    fs: f64,
    channels: Option<Vec<String>>,
    /// Units of axes to convert: from, to, factor.
    pub(crate) units: Vec<(String, String, f64)>,
}

/// As it comes from Python.
#[derive(FromPyObject)]
struct PartGiven<'py> {
    name: String,
    domain: Bound<'py, PyAny>,
    shape: Vec<usize>,
    time_axis: usize,
    fs: f64,
    channels: Option<Vec<String>>,
    units: Vec<(String, String, f64)>,
}

impl Part {
    /// The parts of an object that says what they are.
    pub(crate) fn all(object: &Bound<'_, PyAny>) -> PyResult<Vec<Self>> {
        let parts: Vec<PartGiven<'_>> = object.getattr("parts")?.extract()?;
        let part = |given: PartGiven<'_>| {
            Ok(Self {
                domain: Asked::of(&given.domain)?,
                name: given.name,
                shape: given.shape,
                time_axis: given.time_axis,
                fs: given.fs,
                channels: given.channels,
                units: given.units,
            })
        };
        parts.into_iter().map(part).collect()
    }

    /// The domain of each part of flat signals.
    pub(crate) fn build(
        parts: &[Self],
        setting: &Setting<'_>,
        caller: &Caller,
    ) -> Result<Vec<Built>, CdigError> {
        let mut first = 0;
        let built = parts.iter().map(|part| {
            let width: usize = part.shape.iter().product();
            let data = own(&setting.data, first..first + width, &part.shape)?;
            first += width;
            let own = Setting {
                time_axis: part.time_axis,
                sampling_rate: Some(part.fs),
                channels: part.channels.clone(),
                seed: setting.seed,
                ..Setting::new(&part.shape, data.view())
            };
            part.domain.build(&own, caller)
        });
        built.collect()
    }

    /// All parts in their domains as one domain of flat signals.
    pub(crate) fn join(parts: &[Self], built: &[Built]) -> Result<Joined<f64>, CdigError> {
        let names = parts.iter().map(|part| part.name.clone());
        Joined::new(names.zip(built.iter().map(|built| Arc::clone(&built.domain))))
    }
}

/// The numbers of one part of flat signals `(m, total)`.
fn own(
    data: &ArrayViewD<'_, f64>,
    range: std::ops::Range<usize>,
    shape: &[usize],
) -> Result<ArrayD<f64>, CdigError> {
    if data.ndim() != 2 || data.len_of(Axis(1)) < range.end {
        return Err(CdigError::Shape {
            what: "the signals".to_owned(),
            found: data.shape().to_vec(),
            expected: "(n, numbers), those of all inputs one after the other".to_owned(),
            advice: None,
        });
    }
    let rows = data.len_of(Axis(0));
    let own = data.slice_axis(Axis(1), Slice::from(range));
    let own = own.as_standard_layout().into_owned();
    let shape = [&[rows], shape].concat();
    Ok(own.into_shape_with_order(shape).expect("as many numbers"))
}
