//! Maps of an encoder, and tests of their entries.

use numpy::{IntoPyArray, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use xcebra::attr::significance::{Connection, Control};
use xcebra::{Attributed, Null, SignificanceSettings};

use crate::attribution;
use crate::error::exception;

/// How entries of maps are tested.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Significance {
    trainings: usize,
    null: String,
    level: f64,
    control: String,
    blocks: usize,
    smallest_effect: f64,
}

impl Significance {
    pub(crate) fn settings(self) -> PyResult<SignificanceSettings> {
        let null = match self.null.as_str() {
            "resampled" => Null::Resampled,
            "shifted-labels" => Null::ShiftedLabels,
            other => {
                return Err(PyValueError::new_err(format!(
                    "null is {other:?}; pass \"resampled\" or \"shifted-labels\""
                )));
            }
        };
        let control = match self.control.as_str() {
            "bh" => Control::BenjaminiHochberg,
            "by" => Control::BenjaminiYekutieli,
            other => {
                return Err(PyValueError::new_err(format!(
                    "control is {other:?}; pass \"bh\" or \"by\""
                )));
            }
        };
        Ok(SignificanceSettings {
            trainings: self.trainings,
            null,
            level: self.level,
            control,
            tail: None,
            blocks: self.blocks,
            smallest_effect: self.smallest_effect,
            keep: None,
        })
    }
}

/// Maps of an encoder with their report.
#[pyclass(frozen, module = "xcebra._xcebra")]
pub(crate) struct Maps {
    pub(crate) found: Attributed,
}

#[pymethods]
impl Maps {
    /// Each map as a dict.
    fn maps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let maps = self.found.maps.iter().map(|map| {
            let dict = attribution::described(py, map)?;
            let (values, signed) = attribution::by_channel(map)?;
            dict.set_item("by_channel", values.into_pyarray(py))?;
            dict.set_item("signed_by_channel", signed.into_pyarray(py))?;
            let comparable = self.found.comparable.as_ref();
            if let Some(comparable) = comparable.filter(|_| map.method() == "ing") {
                dict.set_item("comparable", comparable.map.values.to_pyarray(py))?;
                dict.set_item("effects", comparable.map.effects.to_pyarray(py))?;
            }
            Ok(dict)
        });
        PyList::new(py, maps.collect::<PyResult<Vec<_>>>()?)
    }

    /// The tests of each map as a dict; none if there were none.
    fn tests<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let Some(all) = &self.found.tested else {
            return Ok(None);
        };
        let tests = all.tested.iter().map(|(method, tested)| {
            let dict = PyDict::new(py);
            dict.set_item("method", method)?;
            dict.set_item("trainings", all.trainings)?;
            dict.set_item("left_out", tested.findings.left_out())?;
            dict.set_item("level", all.level)?;
            dict.set_item("smallest_effect", all.smallest_effect)?;
            dict.set_item("agreement", &all.agreement)?;
            dict.set_item("pvalues", tested.p_values().into_pyarray(py))?;
            dict.set_item("qvalues", tested.q_values().into_pyarray(py))?;
            dict.set_item("low", tested.intervals.low.to_pyarray(py))?;
            dict.set_item("high", tested.intervals.high.to_pyarray(py))?;
            let verdicts = tested.connections().mapv(|verdict| match verdict {
                Connection::Connected => 1_i64,
                Connection::NotConnected => -1,
                Connection::Undecided => 0,
            });
            dict.set_item("verdicts", verdicts.into_pyarray(py))?;
            dict.set_item("words", all.words(method, tested))?;
            Ok(dict)
        });
        Ok(Some(PyList::new(py, tests.collect::<PyResult<Vec<_>>>()?)?))
    }

    /// The answer in words.
    fn text(&self) -> PyResult<String> {
        Ok(self.found.answer(None).map_err(exception)?.text)
    }

    /// The report, a page of HTML.
    fn report(&self) -> String {
        self.found.report().html()
    }
}
