//! Which domain explains a signal in the fewest coefficients.

use ndarray::Axis;
use pyo3::prelude::*;
use xcebra::cdig::Domain;

use crate::caller::{Shown, in_background_with_lanes};
use crate::domain::Asked;
use crate::error::outcome;
use crate::lanes::each_signal;
use crate::model::Given;
use crate::question::{ArraysGiven, Question};

/// A domain, and for each output its Gini coefficient, how many coefficients carry nine tenths, and the area under
/// the deletion curve.
type Score = (String, Vec<f64>, Vec<usize>, Vec<Option<f64>>);

/// Scores of domains, those first in which few coefficients carry the output, for each signal.
#[pyfunction]
pub(crate) fn choose<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    domains: Vec<Bound<'py, PyAny>>,
    arrays: ArraysGiven<'py>,
    question: Question,
    shown: Shown,
) -> PyResult<Vec<Vec<Score>>> {
    let model = Given::of(model)?;
    let domains = Asked::all(&domains)?;
    let arrays = arrays.to_arrays();
    let n = arrays.signals.len_of(Axis(0));
    let lanes = question.lanes(&model, n);
    outcome(in_background_with_lanes(py, &shown, lanes, |crew| {
        let caller = &crew.caller;
        caller.watched(|watch| {
            let built = question.build(&domains, model.called(caller).as_ref(), &arrays, caller)?;
            let list: Vec<&dyn Domain<f64>> = built.iter().map(|b| &*b.domain as _).collect();
            each_signal(&model, crew, question.joined, n, |model, i| {
                let signal = arrays.signals.index_axis(Axis(0), i);
                let explainer = question.explainer(model, question.targets(i))?;
                let explainer = explainer
                    .baseline(question.baseline(&arrays, i))
                    .watch(watch);
                let scores = explainer.choose(&list, signal)?.into_iter();
                let scores = scores.map(|score| {
                    let concentration = &score.concentration;
                    (
                        score.attribution.domain.clone(),
                        concentration.iter().map(|c| c.gini).collect(),
                        concentration.iter().map(|c| c.carriers).collect(),
                        score
                            .deletion
                            .iter()
                            .map(|d| d.as_ref().map(|d| d.area))
                            .collect(),
                    )
                });
                Ok(scores.collect())
            })
        })
    })?)
}
