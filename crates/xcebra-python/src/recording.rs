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
    /// The session of the training whose encoder it is given to.
    pub(crate) session: Option<usize>,
}

impl RecordingGiven<'_> {
    pub(crate) fn to_arrays(&self) -> PyResult<Arrays> {
        let one = self.sessions.len() == 1;
        let sessions = self.sessions.iter().enumerate().map(|(i, session)| {
            let name = match one {
                true => "X".to_owned(),
                false => format!("X[{i}]"),
            };
            let mut array = self.array(&name, session)?;
            array.columns = self.channels.get(i).cloned().flatten();
            Ok(array)
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

    pub(crate) fn array(&self, name: &str, given: &Given<'_>) -> PyResult<DataArray> {
        let values = given.values();
        let values =
            values.ok_or_else(|| PyValueError::new_err("a recording is text, not numbers"))?;
        let mut array = DataArray::in_memory(name, values);
        array.columns = self.channels.first().cloned().flatten();
        array.sampling_rate = self.fs;
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
