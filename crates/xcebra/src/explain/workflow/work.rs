//! The computation: every signal in every domain, with progress.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::explain::{Built, Order, OrderCurves, Signals};
use cdig::{CdigError, Domain, Explainer, Gradient, Rule, Time};
use ndarray::Axis;
use rayon::prelude::*;
use xcebra_model::{Model, Progress, Watch};

use super::found::{Explained, One, Row, Scored};
use super::start::Start;
use super::target::Target;
use super::{Subject, gradient, notes};
use crate::{Problem, Result};

/// Points of insertion and deletion curves, besides their start.
const STEPS: usize = 50;
/// Parts in which the work on one signal is counted.
const PARTS: u64 = 1000;

/// Numbers of the gradients at path points that go through the model together, at most.
const NUMBERS_AT_ONCE: usize = 1 << 23;
/// Path points that go through the model together, at most.
const POINTS_AT_ONCE: usize = 64;

/// What is to be explained, and how.
pub struct Job<'a> {
    pub subject: &'a Subject,
    pub domains: &'a [Built],
    pub signals: &'a Signals,
    pub target: &'a Target,
    pub start: &'a Start,
    pub rule: Rule,
    pub gradient: Gradient,
    /// Number and seed of random orders, if insertion and deletion are wanted.
    pub curves: Option<(usize, u64)>,
}

impl Job<'_> {
    /// Explains all signals: for each output, all signals.
    pub fn run(&self, watch: &Watch<'_>) -> Result<Vec<Row>> {
        let signals: Vec<usize> = (0..self.signals.len()).collect();
        Ok(self.rows(self.each(&signals, |_, _| Ok(()), watch)?))
    }

    /// Rows of what was found for each signal.
    pub fn rows(&self, found: Vec<Vec<One>>) -> Vec<Row> {
        let row = |output| Row {
            output,
            found: Vec::with_capacity(found.len()),
        };
        let mut rows: Vec<Row> = self.target.names().into_iter().map(row).collect();
        for of_signal in found {
            for (row, one) in rows.iter_mut().zip(of_signal) {
                row.found.push(one);
            }
        }
        rows
    }

    /// Explains these signals: for each an entry for each output, which goes through `then` first.
    pub fn each(
        &self,
        signals: &[usize],
        then: impl Fn(usize, &[One]) -> Result<()> + Sync,
        watch: &Watch<'_>,
    ) -> Result<Vec<Vec<One>>> {
        let n = signals.len();
        let total = n as u64 * PARTS;
        watch.progress("explain", (0, total), "");
        let done = Mutex::new(vec![0_u64; n]);
        let tell = |place: usize, parts: u64| {
            let Ok(mut done) = done.lock() else { return };
            done[place] = done[place].max(parts);
            let finished = done.iter().filter(|&&parts| parts == PARTS).count();
            let message = format!("{finished} of {n} signals");
            watch.progress("explain", (done.iter().sum(), total), &message);
        };
        // once one signal fails, the others stop after their next batch of points
        let failed = AtomicBool::new(false);
        let stop = || failed.load(Ordering::Relaxed) || watch.is_stopped();
        let explain = |(place, &signal): (usize, &usize)| -> Option<Result<Vec<One>>> {
            if stop() {
                return None;
            }
            let points = |points: Progress<'_>| {
                let share = points.done as f64 / points.total.max(1) as f64;
                tell(place, ((PARTS - 1) as f64 * share.min(1.0)) as u64);
            };
            let own = Watch::new().on_progress(&points).stop_when(&stop);
            let one = self.one(&own, signal);
            let one = one.and_then(|one| then(signal, &one).map(|()| one));
            match one {
                Ok(_) => tell(place, PARTS),
                // an explanation that was stopped by another's failure has no error of its own
                Err(_) if failed.swap(true, Ordering::Relaxed) => return None,
                Err(_) => {}
            }
            Some(one)
        };
        let results = signals.par_iter().enumerate().map(explain);
        let results: Vec<Option<Result<Vec<One>>>> = results.collect();
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        results.into_iter().flatten().collect()
    }

    /// Path points of one explanation, at most.
    pub fn points(&self) -> Result<usize> {
        let domains: Vec<&dyn Domain<f64>> = self.domains.iter().map(|b| &*b.domain).collect();
        let explainer = self.explainer(self.subject.model());
        Ok(explainer.planned_points(&domains)?)
    }

    fn explainer<'m>(&self, model: &'m dyn Model<f64>) -> Explainer<'m, f64> {
        Explainer::new(model)
            .rule(self.rule)
            .gradient(self.gradient)
            .precision(self.subject.precision())
            .batch_size(self.points_at_once())
    }

    /// One signal: an entry for each output.
    fn one(&self, watch: &Watch<'_>, signal: usize) -> Result<Vec<One>> {
        let model = &watch.over(self.subject.model());
        let x = self.signals.values.index_axis(Axis(0), signal);
        let explainer = self.explainer(model).watch(*watch);
        let explainer = match self.target {
            Target::Sum(sum) => match sum.0.as_slice() {
                [(output, weight)] if *weight == 1.0 => explainer.outputs([*output]),
                weights => explainer.output_sum(weights.iter().copied()),
            },
            Target::Each(list) => explainer.outputs(list.iter().copied()),
            Target::Predicted(each) => explainer.outputs([each[signal]]),
        };
        let time = Time::new(self.subject.shape())?;
        let mut domains: Vec<&dyn Domain<f64>> = self.domains.iter().map(|b| &*b.domain).collect();
        if domains.iter().any(|domain| domain.has_affine_inverse()) {
            domains.push(&time);
        }
        let at_signal = |error: CdigError| {
            let advice = notes::advice(&error);
            let without = notes::has_no_gradient(&error);
            let mut problem = Problem::from(error);
            if without {
                problem = gradient::without_gradient(problem);
            }
            if let Some(advice) = advice {
                problem = problem.advise(advice);
            }
            match self.signals.len() {
                0 | 1 => problem,
                _ => problem.context(&format!("signal {signal} (counting from 0)")),
            }
        };
        let found: Result<Vec<Explained>, CdigError> = match self.start {
            Start::One(_) | Start::Each(_) => {
                let explainer = explainer.baseline(self.start.of(signal));
                explainer.explain_many(&domains, x).map(|found| {
                    let found = found.into_iter();
                    let found = found.map(|attribution| Explained {
                        attribution,
                        standard_error: None,
                    });
                    found.collect()
                })
            }
            Start::Several(baselines) => explainer
                .explain_expected_many(&domains, x, baselines.view())
                .map(|found| {
                    let found = found.into_iter();
                    let found = found.map(|found| Explained {
                        attribution: found.mean,
                        standard_error: found.standard_error,
                    });
                    found.collect()
                }),
        };
        let mut found = found.map_err(at_signal)?;
        let in_time = match found.len() > self.domains.len() {
            true => found.pop().map(|found| found.attribution.attribution),
            false => None,
        };
        let found: Vec<Arc<Explained>> = found.into_iter().map(Arc::new).collect();
        let rows = 0..self.target.names().len();
        let rows = rows.map(|row| {
            let scored = found.iter().zip(self.domains).map(|(found, built)| {
                let curves = match self.curves {
                    Some(random) => OrderCurves::of(
                        model,
                        &*built.domain,
                        &found.attribution,
                        Order::Signed,
                        STEPS,
                        random,
                    )?,
                    _ => None,
                };
                Ok(Scored::new(Arc::clone(found), row, curves))
            });
            Ok(One {
                scored: scored.collect::<Result<_>>()?,
                in_time: in_time
                    .as_ref()
                    .map(|found| found.index_axis(Axis(0), row).to_owned()),
            })
        });
        rows.collect()
    }

    /// Memory is bounded however many outputs there are.
    fn points_at_once(&self) -> usize {
        let inputs: usize = self.subject.shape().iter().product();
        let coefficients = self
            .domains
            .iter()
            .map(|built| built.domain.coefficient_shape().iter().product::<usize>());
        let entries = coefficients.fold(inputs, usize::max).max(1);
        let rows = match self.target {
            Target::Each(list) => list.len(),
            _ => 1,
        };
        (NUMBERS_AT_ONCE / entries.saturating_mul(rows)).clamp(1, POINTS_AT_ONCE)
    }
}
