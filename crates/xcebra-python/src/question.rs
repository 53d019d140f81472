//! What is asked about signals: settings and arrays, as the layer in Python checked and converted them.

use ndarray::{ArrayD, ArrayViewD, Axis};
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use xcebra::cdig::catalogue::{Built, Setting};
use xcebra::cdig::{Baseline, CdigError, Domain, Explainer, Gradient, Rule};
use xcebra::model::Model;

use crate::caller::Caller;
use crate::domain::Asked;
use crate::inputs::Part;
use crate::model::Given;

/// Signals that are explained side by side at most.
const MOST_LANES: usize = 16;
/// Bytes of gradients that they may hold together.
const ROOM: usize = 512 << 20;

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
    /// Points of one signal in one call of the model.
    batch_size: usize,
    /// Points of several signals in one call.
    pub(crate) joined: usize,
    round_trip_tolerance: Option<f64>,
    /// Outputs with weights, one list for all signals or one for each.
    targets: Vec<Vec<(usize, f64)>>,
    /// Whether outputs are summed with their weights.
    summed: bool,
    /// `zero`, `mean`, `given` or `expected`.
    pub(crate) baseline: String,
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

    /// How many of `n` signals are explained side by side, so that their evaluations go through a model of Python together;
    /// 0 if there is nothing to join.
    pub(crate) fn lanes(&self, model: &Given, n: usize) -> usize {
        let Given::Functions(functions) = model else {
            return 0;
        };
        let points = self.rule.parse::<Rule>().map_or(0, Rule::points);
        let rows = match self.summed {
            true => 1,
            false => self.targets(0).len(),
        };
        let lane = [functions.inputs(), rows, points.max(self.batch_size)]
            .into_iter()
            .fold(size_of::<f64>(), usize::saturating_mul);
        match (ROOM / lane.max(1)).min(MOST_LANES).min(n) {
            0 | 1 => 0,
            lanes => lanes,
        }
    }

    /// The outputs to explain of a signal; one list may stand for all signals.
    pub(crate) fn targets(&self, signal: usize) -> &[(usize, f64)] {
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

    /// The domains of the signals, each with those of its parts if it has some.
    pub(crate) fn build_with_parts(
        &self,
        domains: &[Asked],
        model: &dyn Model<f64>,
        arrays: &Arrays,
        caller: &Caller,
    ) -> Result<Vec<(Built, Vec<Built>)>, CdigError> {
        let data = arrays.fit_on.as_ref().unwrap_or(&arrays.signals).view();
        let setting = self.setting(model.input_shape(), data);
        let built = domains.iter().map(|domain| match domain {
            Asked::Joined(parts) => {
                // once: a search for independent components takes its time
                let own = Part::build(parts, &setting, caller)?;
                let joined = Part::join(parts, &own)?;
                let name = joined.name().to_owned();
                Ok((Built::new(name, Box::new(joined), &setting), own))
            }
            other => Ok((other.build(&setting, caller)?, Vec::new())),
        });
        built.collect()
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
