//! What groups of coefficients do only together.

use ndarray::{ArrayD, Axis};
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use xcebra::cdig::CdigError;
use xcebra::cdig::axes::Group;
use xcebra::cdig::catalogue::Built;
use xcebra::cdig::interactions::{
    Switched, integrated_hessians, interactions, interactions_across,
};

use crate::caller::{Shown, in_background};
use crate::domain::Asked;
use crate::error::outcome;
use crate::model::Given;
use crate::question::{Arrays, ArraysGiven, Question};

/// Named sets of flat indices of the coefficients.
type Groups = Vec<(String, Vec<usize>)>;

fn groups(named: Groups) -> Vec<Group> {
    let named = named.into_iter();
    named
        .map(|(name, members)| Group { name, members })
        .collect()
}

/// Axes of a domain of such signals, as `explain` gives them.
#[pyfunction]
pub(crate) fn describe<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    domain: &Bound<'py, PyAny>,
    arrays: ArraysGiven<'py>,
    question: Question,
) -> PyResult<Bound<'py, PyDict>> {
    let model = Given::of(model)?;
    let domain = [Asked::of(domain)?];
    let arrays = arrays.to_arrays();
    let built: Built = outcome(in_background(py, &Shown::default(), |caller| {
        let model = model.called(caller);
        let mut built = question.build(&domain, model.as_ref(), &arrays, caller)?;
        Ok::<_, CdigError>(built.remove(0))
    })?)?;
    crate::found::described(py, &built, &question.units)
}

/// Interactions of the groups of one domain: values `(outputs, groups, groups)`. With `hessians` (nodes, step) by
/// integrated Hessians, else by inclusion and exclusion.
#[pyfunction]
pub(crate) fn interact<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    grouped: (Bound<'py, PyAny>, Groups),
    arrays: ArraysGiven<'py>,
    hessians: Option<(usize, f64)>,
    question: Question,
    shown: Shown,
) -> PyResult<Bound<'py, PyDict>> {
    let model = Given::of(model)?;
    let domain = [Asked::of(&grouped.0)?];
    let arrays = arrays.to_arrays();
    let groups = groups(grouped.1);
    let found = outcome(in_background(py, &shown, |caller| {
        let model = model.called(caller);
        let built = question.build(&domain, model.as_ref(), &arrays, caller)?;
        let (signal, baseline) = ends(&question, &arrays)?;
        let domain = &*built[0].domain;
        let switched = Switched::between(
            model.as_ref(),
            domain,
            baseline.view(),
            signal.view(),
            &groups,
        )?;
        match hessians {
            Some((nodes, step)) => integrated_hessians(&switched, nodes, step),
            None => interactions(&switched),
        }
    })?)?;
    let answer = PyDict::new(py);
    answer.set_item("names", found.names)?;
    answer.set_item("values", found.values.into_pyarray(py))?;
    answer.set_item("evaluations", found.evaluations)?;
    Ok(answer)
}

/// Interactions between groups of two domains.
#[pyfunction]
pub(crate) fn interact_across<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    domains: (Bound<'py, PyAny>, Bound<'py, PyAny>),
    named: (Groups, Groups),
    arrays: ArraysGiven<'py>,
    question: Question,
    shown: Shown,
) -> PyResult<Bound<'py, PyDict>> {
    let model = Given::of(model)?;
    let domains = [Asked::of(&domains.0)?, Asked::of(&domains.1)?];
    let arrays = arrays.to_arrays();
    let (first, second) = (groups(named.0), groups(named.1));
    let found = outcome(in_background(py, &shown, |caller| {
        let model = model.called(caller);
        let built = question.build(&domains, model.as_ref(), &arrays, caller)?;
        let (signal, baseline) = ends(&question, &arrays)?;
        interactions_across(
            model.as_ref(),
            (&*built[0].domain, &first),
            (&*built[1].domain, &second),
            baseline.view(),
            signal.view(),
        )
    })?)?;
    let answer = PyDict::new(py);
    let [first, second] = found.alone;
    answer.set_item("names", found.names.to_vec())?;
    answer.set_item("alone", (first.into_pyarray(py), second.into_pyarray(py)))?;
    answer.set_item("values", found.values.into_pyarray(py))?;
    answer.set_item("evaluations", found.evaluations)?;
    Ok(answer)
}

/// The first signal and its baseline.
fn ends(question: &Question, arrays: &Arrays) -> Result<(ArrayD<f64>, ArrayD<f64>), CdigError> {
    let signal = arrays.signals.index_axis(Axis(0), 0).to_owned();
    let baseline = question.baseline(arrays, 0).of(&signal)?;
    Ok((signal, baseline))
}
