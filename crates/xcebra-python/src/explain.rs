//! Cross-domain integrated gradients.

use std::sync::atomic::{AtomicU64, Ordering};

use ndarray::Axis;
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use pyo3::types::PyList;
use xcebra::Problem;
use xcebra::cdig::catalogue::Built;
use xcebra::cdig::{CdigError, Domain, Path};
use xcebra::model::{Model, Watch};

use crate::caller::{Shown, in_background, in_background_with_lanes};
use crate::domain::Asked;
use crate::error::outcome;
use crate::found::{Found, described};
use crate::lanes::each_signal;
use crate::model::Given;
use crate::path::{PathGiven, PathOwned};
use crate::question::{Arrays, ArraysGiven, Question};

/// Explains signals `(n, …)` in each domain: for each domain, what was found for each signal.
#[pyfunction]
pub(crate) fn explain<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    domains: Vec<Bound<'py, PyAny>>,
    arrays: ArraysGiven<'py>,
    path: Option<PathGiven<'py>>,
    question: Question,
    shown: Shown,
) -> PyResult<Bound<'py, PyList>> {
    let model = Given::of(model)?;
    let domains = Asked::all(&domains)?;
    let arrays = arrays.to_arrays();
    let path = path.map(PathOwned::of);
    let n = arrays.signals.len_of(Axis(0));
    let lanes = question.lanes(&model, n);
    let precision = model.precision();
    let (built, parts, found) = outcome(in_background_with_lanes(py, &shown, lanes, |crew| {
        let caller = &crew.caller;
        caller.watched(|watch| {
            let called = model.called(caller);
            let built = question.build_with_parts(&domains, called.as_ref(), &arrays, caller)?;
            let (built, parts): (Vec<Built>, Vec<Vec<Built>>) = built.into_iter().unzip();
            let path = path.map(|path| path.called(caller));
            let done = AtomicU64::new(0);
            let found = each_signal(&model, crew, question.joined, n, |model, i| {
                // of several signals, the signals are counted
                let own = match n {
                    1 => watch,
                    _ => watch.without_progress(),
                };
                let found =
                    question.one((model, precision), &built, &arrays, path.as_ref(), i, own)?;
                if n > 1 {
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    watch.progress("explain", (done, n as u64), "");
                }
                Ok(found)
            })?;
            Ok::<_, Problem>((built, parts, found))
        })
    })?)?;
    let mut columns: Vec<Vec<Found>> = built.iter().map(|_| Vec::new()).collect();
    for row in found {
        for (column, found) in columns.iter_mut().zip(row) {
            column.push(found);
        }
    }
    let described_as = domains.iter().zip(parts);
    let answers = built.iter().zip(columns).zip(described_as);
    let answers = answers.map(|((built, found), (asked, parts))| {
        let answer = described(py, built, &question.units)?;
        if let Asked::Joined(asked) = asked {
            let parts = parts.iter().zip(asked).map(|(built, part)| {
                let told = described(py, built, &part.units)?;
                told.set_item("shape", built.domain.coefficient_shape().to_vec())?;
                Ok(told)
            });
            answer.set_item("parts", parts.collect::<PyResult<Vec<_>>>()?)?;
        }
        let found = found.into_iter().map(|found| found.into_python(py));
        answer.set_item("found", found.collect::<PyResult<Vec<_>>>()?)?;
        Ok(answer)
    });
    PyList::new(py, answers.collect::<PyResult<Vec<_>>>()?)
}

/// Of each signal `(n, …)` the output that is largest for it.
#[pyfunction]
pub(crate) fn predicted(
    py: Python<'_>,
    model: &Bound<'_, PyAny>,
    signals: PyReadonlyArrayDyn<'_, f64>,
    shown: Shown,
) -> PyResult<Vec<usize>> {
    let model = Given::of(model)?;
    let signals = signals.as_array().to_owned();
    outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let called = model.called(caller);
            xcebra::explain::predicted(called.as_ref(), &signals, &watch)
        })
    })?)
}

impl Question {
    /// One signal in all domains.
    fn one(
        &self,
        (model, precision): (&dyn Model<f64>, f64),
        built: &[Built],
        arrays: &Arrays,
        path: Option<&Path<f64>>,
        i: usize,
        watch: Watch<'_>,
    ) -> Result<Vec<Found>, CdigError> {
        let signal = arrays.signals.index_axis(Axis(0), i);
        let explainer = self.explainer(model, self.targets(i))?;
        let mut explainer = explainer.precision(precision).watch(watch);
        if let Some(path) = path {
            explainer = explainer.path(path.clone());
        }
        if let ("expected", Some(baselines)) = (self.baseline.as_str(), &arrays.baselines) {
            let found = built.iter().map(|built| {
                let found =
                    explainer.explain_expected(&*built.domain, signal.view(), baselines.view())?;
                Ok(Found {
                    attribution: found.mean,
                    standard_error: found.standard_error,
                })
            });
            return found.collect();
        }
        let explainer = explainer.baseline(self.baseline(arrays, i));
        let domains: Vec<&dyn Domain<f64>> = built.iter().map(|b| &*b.domain as _).collect();
        let found = explainer.explain_many(&domains, signal)?.into_iter();
        let found = found.map(|attribution| Found {
            attribution,
            standard_error: None,
        });
        Ok(found.collect())
    }
}
