//! Recordings and labels as they come from Python.

use std::collections::BTreeMap;

use numpy::PyReadonlyArrayDyn;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::files::{DataArray, Values};
use xcebra::{Arrays, LabelArray};

/// An array of a recording or of a label.
#[derive(FromPyObject)]
pub(crate) enum Given<'py> {
    F32(PyReadonlyArrayDyn<'py, f32>),
    F64(PyReadonlyArrayDyn<'py, f64>),
    I64(PyReadonlyArrayDyn<'py, i64>),
    Text(Vec<String>),
}

impl Given<'_> {
    fn values(&self) -> Option<Values> {
        Some(match self {
            Self::F32(array) => Values::F32(array.as_array().to_owned()),
            Self::F64(array) => Values::F64(array.as_array().to_owned()),
            Self::I64(array) => Values::I64(array.as_array().to_owned()),
            Self::Text(_) => return None,
        })
    }
}

/// What a recording is made of.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct RecordingGiven<'py> {
    pub(crate) sessions: Vec<Given<'py>>,
    labels: BTreeMap<String, Vec<Given<'py>>>,
    /// Names of the channels of each session, if it has some.
    channels: Vec<Option<Vec<String>>>,
    fs: Option<f64>,
    /// Rows of each session before which it was interrupted.
    breaks: Vec<Vec<usize>>,
    /// The session of the training whose encoder it is given to.
    pub(crate) session: Option<usize>,
}

impl RecordingGiven<'_> {
    pub(crate) fn to_arrays(&self) -> PyResult<Arrays> {
        let one = self.sessions.len() == 1;
        let sessions = (0..self.sessions.len()).map(|i| match one {
            true => self.array("X", i),
            false => self.array(&format!("X[{i}]"), i),
        });
        let labels = |name: &String, parts: &Vec<Given<'_>>| {
            let parts = parts.iter().map(|part| label(name, part));
            (name.clone(), parts.collect())
        };
        Ok(Arrays {
            sessions: sessions.collect::<PyResult<_>>()?,
            labels: self
                .labels
                .iter()
                .map(|(name, parts)| labels(name, parts))
                .collect(),
        })
    }

    /// The array of one session.
    pub(crate) fn array(&self, name: &str, session: usize) -> PyResult<DataArray> {
        let values = self.sessions[session].values();
        let values =
            values.ok_or_else(|| PyValueError::new_err("a recording is text, not numbers"))?;
        let mut array = DataArray::in_memory(name, values);
        array.columns = self.channels.get(session).cloned().flatten();
        array.sampling_rate = self.fs;
        array.breaks.clone_from(&self.breaks[session]);
        Ok(array)
    }
}

/// A label of one session.
pub(crate) fn label(name: &str, given: &Given<'_>) -> LabelArray {
    match (given, given.values()) {
        (Given::Text(text), _) => {
            LabelArray::Text(text.iter().map(|text| text.as_str().into()).collect())
        }
        (_, Some(values)) => DataArray::in_memory(name, values).into(),
        (_, None) => unreachable!("only text has no values"),
    }
}
