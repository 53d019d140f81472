//! Cross-domain integrated gradients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ndarray::{ArrayD, ArrayViewD, Axis};
use num_complex::Complex64;
use numpy::{IntoPyArray, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rayon::prelude::*;
use xcebra::Problem;
use xcebra::cdig::catalogue::{Built, Setting};
use xcebra::cdig::{Attribution, Baseline, CdigError, Domain, Explainer, Gradient, Path, Rule};
use xcebra::model::{Model, Watch};

use crate::axes;
use crate::caller::{Caller, Shown, in_background};
use crate::domain::Asked;
use crate::error::outcome;
use crate::joined::Part;
use crate::model::Given;

/// Everything that is asked, checked and converted by the layer in Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Question {
    pub(crate) time_axis: usize,
    pub(crate) fs: Option<f64>,
    pub(crate) channels: Option<Vec<String>>,
    /// Units of axes to convert: from, to, factor.
    pub(crate) units: Vec<(String, String, f64)>,
    pub(crate) seed: u64,
    rule: String,
    batch_size: usize,
    round_trip_tolerance: Option<f64>,
    /// Outputs with weights, one list for all signals or one for each.
    targets: Vec<Vec<(usize, f64)>>,
    /// Whether outputs are summed with their weights.
    summed: bool,
    /// `zero`, `mean`, `given` or `expected`.
    baseline: String,
    /// Absolute steps of finite differences.
    finite_differences: Option<f64>,
    /// Standard deviation and pairs of randomised smoothing.
    smoothing: Option<(f64, usize)>,
}

/// Arrays of a question.
pub(crate) struct Arrays {
    /// `(n, …)`.
    pub(crate) signals: ArrayD<f64>,
    /// One baseline for all signals, one for each, or those of expected gradients.
    pub(crate) baselines: Option<ArrayD<f64>>,
    /// Signals from which components are fitted.
    pub(crate) fit_on: Option<ArrayD<f64>>,
}

/// The arrays as they come from Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ArraysGiven<'py> {
    signals: PyReadonlyArrayDyn<'py, f64>,
    baselines: Option<PyReadonlyArrayDyn<'py, f64>>,
    fit_on: Option<PyReadonlyArrayDyn<'py, f64>>,
}

impl ArraysGiven<'_> {
    pub(crate) fn to_arrays(&self) -> Arrays {
        let owned = |array: &PyReadonlyArrayDyn<'_, f64>| array.as_array().to_owned();
        Arrays {
            signals: owned(&self.signals),
            baselines: self.baselines.as_ref().map(owned),
            fit_on: self.fit_on.as_ref().map(owned),
        }
    }
}

/// A path that is not straight.
#[derive(FromPyObject)]
pub(crate) enum PathGiven<'py> {
    /// Points `(m, …)` of a polyline.
    Polyline(PyReadonlyArrayDyn<'py, Complex64>),
    /// A function of the position that gives the point and the derivative.
    Curve(Py<PyAny>),
}

/// What was found for one signal in one domain.
pub(crate) struct Found {
    attribution: Attribution<f64>,
    /// Standard errors over several baselines.
    standard_error: Option<ArrayD<f64>>,
}

impl Question {
    pub(crate) fn explainer<'a>(
        &self,
        model: &'a dyn Model<f64>,
        targets: &[(usize, f64)],
    ) -> Result<Explainer<'a, f64>, CdigError> {
        let rule: Rule = self.rule.parse()?;
        let mut explainer = Explainer::new(model).rule(rule).batch_size(self.batch_size);
        if let Some(tolerance) = self.round_trip_tolerance {
            explainer = explainer.round_trip_tolerance(tolerance);
        }
        if let Some(step) = self.finite_differences {
            explainer = explainer.gradient(Gradient::FiniteDifferences { step });
        }
        if let Some((sigma, pairs)) = self.smoothing {
            let seed = self.seed;
            explainer = explainer.gradient(Gradient::Smoothing { sigma, pairs, seed });
        }
        Ok(match self.summed {
            true => explainer.output_sum(targets.iter().copied()),
            false => explainer.outputs(targets.iter().map(|target| target.0)),
        })
    }

    pub(crate) fn setting<'a>(&self, shape: &[usize], data: ArrayViewD<'a, f64>) -> Setting<'a> {
        Setting {
            time_axis: self.time_axis,
            sampling_rate: self.fs,
            channels: self.channels.clone(),
            seed: self.seed,
            ..Setting::new(shape, data)
        }
    }

    /// The outputs to explain of a signal; one list may stand for all signals.
    fn targets(&self, signal: usize) -> &[(usize, f64)] {
        &self.targets[signal.min(self.targets.len() - 1)]
    }

    /// The baseline of a signal.
    pub(crate) fn baseline(&self, arrays: &Arrays, signal: usize) -> Baseline<f64> {
        match (self.baseline.as_str(), &arrays.baselines) {
            ("mean", _) => Baseline::Mean(self.time_axis),
            ("given", Some(given)) => {
                let row = signal.min(given.len_of(Axis(0)).saturating_sub(1));
                Baseline::Signal(given.index_axis(Axis(0), row).to_owned())
            }
            _ => Baseline::Zero,
        }
    }

    /// The domains of the parts of those that have some.
    fn parts(
        &self,
        domains: &[Asked],
        model: &dyn Model<f64>,
        arrays: &Arrays,
        caller: &Caller,
    ) -> Result<Vec<Vec<Built>>, CdigError> {
        let data = arrays.fit_on.as_ref().unwrap_or(&arrays.signals).view();
        let setting = self.setting(model.input_shape(), data);
        let parts = domains.iter().map(|domain| match domain {
            Asked::Joined(parts) => Part::build(parts, &setting, caller),
            _ => Ok(Vec::new()),
        });
        parts.collect()
    }

    /// The domains of the signals.
    pub(crate) fn build(
        &self,
        domains: &[Asked],
        model: &dyn Model<f64>,
        arrays: &Arrays,
        caller: &Caller,
    ) -> Result<Vec<Built>, CdigError> {
        let data = arrays.fit_on.as_ref().unwrap_or(&arrays.signals).view();
        let setting = self.setting(model.input_shape(), data);
        let built = domains.iter().map(|domain| domain.build(&setting, caller));
        built.collect()
    }
}

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
    // functions of Python are called one at a time
    let abreast = matches!(model, Given::Native(_));
    let precision = model.precision();
    let (built, parts, found) = outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let model = model.called(caller)?;
            let model = model.as_ref();
            let built = question.build(&domains, model, &arrays, caller)?;
            let parts = question.parts(&domains, model, &arrays, caller)?;
            let path = path.map(|path| path.called(caller));
            let n = arrays.signals.len_of(Axis(0));
            let one = |i: usize| {
                // of several signals, the signals are counted
                let watch = if n == 1 {
                    watch
                } else {
                    watch.without_progress()
                };
                question.one((model, precision), &built, &arrays, path.as_ref(), i, watch)
            };
            let found = in_order(n, abreast, watch, one)?;
            Ok::<_, Problem>((built, parts, found))
        })
    })?)?;
    let mut columns: Vec<Vec<Found>> = built.iter().map(|_| Vec::new()).collect();
    for row in found {
        for (column, found) in columns.iter_mut().zip(row) {
            column.push(found);
        }
    }
    let answers = built
        .iter()
        .zip(columns)
        .zip(domains.iter().zip(parts))
        .map(|((built, found), (asked, parts))| {
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

/// What `one` gives for 0 to `n`, several at a time if `abreast`; the order does not depend on it.
fn in_order<T: Send>(
    n: usize,
    abreast: bool,
    watch: Watch<'_>,
    one: impl Fn(usize) -> Result<T, CdigError> + Sync,
) -> Result<Vec<T>, CdigError> {
    let done = AtomicU64::new(0);
    let counted = |i| {
        let found = one(i)?;
        if n > 1 {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            watch.progress("explain", (done, n as u64), "");
        }
        Ok(found)
    };
    match abreast {
        true => (0..n).into_par_iter().map(counted).collect(),
        false => (0..n).map(counted).collect(),
    }
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

impl Found {
    /// A dict of arrays.
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
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

/// A path that has let go of Python.
enum PathOwned {
    Polyline(ArrayD<Complex64>),
    Curve(Arc<Py<PyAny>>),
}

impl PathOwned {
    fn of(given: PathGiven<'_>) -> Self {
        match given {
            PathGiven::Polyline(points) => Self::Polyline(points.as_array().to_owned()),
            PathGiven::Curve(function) => Self::Curve(Arc::new(function)),
        }
    }

    fn called(self, caller: &Caller) -> Path<f64> {
        let function = match self {
            Self::Polyline(points) => return Path::Polyline(points),
            Self::Curve(function) => function,
        };
        let part = |which: usize| {
            let (function, caller) = (Arc::clone(&function), caller.clone());
            move |position: f64| {
                let function = Arc::clone(&function);
                let found = caller.call(move |py| {
                    let both = function.bind(py).call1((position,))?;
                    let part: PyReadonlyArrayDyn<'_, Complex64> =
                        both.get_item(which)?.extract()?;
                    Ok(part.as_array().to_owned())
                });
                // the exception itself stops the job
                found.unwrap_or_else(|_| ArrayD::zeros(vec![0]))
            }
        };
        Path::curve(part(0), part(1))
    }
}

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
    outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let model = model.called(caller)?;
            let built = question.build(&domains, model.as_ref(), &arrays, caller)?;
            let list: Vec<&dyn Domain<f64>> = built.iter().map(|b| &*b.domain as _).collect();
            let signals = arrays.signals.outer_iter().enumerate();
            let scores = signals.map(|(i, signal)| {
                let explainer = question.explainer(model.as_ref(), question.targets(i))?;
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
            });
            scores.collect::<Result<_, CdigError>>()
        })
    })?)
}
