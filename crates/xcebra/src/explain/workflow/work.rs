//! The computation: every signal in every domain, with progress.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::explain::{Built, Order, OrderCurves, Signals};
use cdig::choose::Concentration;
use cdig::{Attribution, Baseline, CdigError, Domain, Explainer, Rule, Time};
use ndarray::{ArrayD, Axis};
use rayon::prelude::*;
use xcebra_model::{Progress, Watch};

use super::output::OutputSpec;
use super::{Subject, in_domain, notes};
use crate::{Problem, Result};

/// Points of insertion and deletion curves, besides their start.
const STEPS: usize = 50;
/// Parts in which the work on one signal is counted.
const PARTS: u64 = 1000;

/// What is to be explained, and how.
pub struct Job<'a> {
    pub subject: &'a Subject,
    pub domains: &'a [Built],
    pub signals: &'a Signals,
    pub output: &'a OutputSpec,
    pub baseline: Baseline<f64>,
    pub rule: Rule,
    /// Number and seed of random orders, if insertion and deletion are wanted.
    pub curves: Option<(usize, u64)>,
}

/// One signal, explained.
pub struct One {
    /// In the order of the domains.
    pub scored: Vec<Scored>,
    /// Attribution of the samples, where it costs nothing more.
    pub in_time: Option<ArrayD<f64>>,
}

/// One signal in one domain.
pub struct Scored {
    pub found: Attribution<f64>,
    pub concentration: Concentration,
    /// The share of the change of the output that the coefficient of most absolute attribution carries; none
    /// if the output does not change.
    pub first_share: Option<f64>,
    /// The sum of absolute attributions.
    pub absolute: f64,
    pub curves: Option<OrderCurves>,
}

impl Job<'_> {
    /// Explains all signals.
    pub fn run(&self, watch: &Watch<'_>) -> Result<Vec<One>> {
        let n = self.signals.len();
        let total = n as u64 * PARTS;
        watch.progress("explain", (0, total), "");
        let done = Mutex::new(vec![0_u64; n]);
        let tell = |signal: usize, parts: u64| {
            let Ok(mut done) = done.lock() else { return };
            done[signal] = done[signal].max(parts);
            let finished = done.iter().filter(|&&parts| parts == PARTS).count();
            let message = format!("{finished} of {n} signals");
            watch.progress("explain", (done.iter().sum(), total), &message);
        };
        // once one signal fails, the others stop after their next batch of points
        let failed = AtomicBool::new(false);
        let stop = || failed.load(Ordering::Relaxed) || watch.is_stopped();
        let explain = |signal: usize| -> Option<Result<One>> {
            if stop() {
                return None;
            }
            let points = |points: Progress<'_>| {
                let share = points.done as f64 / points.total.max(1) as f64;
                tell(signal, ((PARTS - 1) as f64 * share.min(1.0)) as u64);
            };
            let own = Watch::new().on_progress(&points).stop_when(&stop);
            let one = self.one(&own, signal);
            match one {
                Ok(_) => tell(signal, PARTS),
                // an explanation that was stopped by another's failure has no error of its own
                Err(_) if failed.swap(true, Ordering::Relaxed) => return None,
                Err(_) => {}
            }
            Some(one)
        };
        let results: Vec<Option<Result<One>>> = (0..n).into_par_iter().map(explain).collect();
        if watch.is_stopped() {
            return Err(Problem::stopped());
        }
        results.into_iter().flatten().collect()
    }

    fn one(&self, watch: &Watch<'_>, signal: usize) -> Result<One> {
        let model = &watch.over(self.subject.model());
        let x = self.signals.values.index_axis(Axis(0), signal);
        let explainer = Explainer::new(model)
            .baseline(self.baseline.clone())
            .rule(self.rule)
            .watch(*watch);
        let explainer = match self.output.0.as_slice() {
            [(output, weight)] if *weight == 1.0 => explainer.outputs([*output]),
            weights => explainer.output_sum(weights.iter().copied()),
        };
        let time = Time::new(self.subject.shape())?;
        let mut domains: Vec<&dyn Domain<f64>> = self.domains.iter().map(|b| &*b.domain).collect();
        if domains.iter().any(|domain| domain.has_affine_inverse()) {
            domains.push(&time);
        }
        let at_signal = |error: CdigError| {
            let advice = notes::advice(&error);
            let mut problem = Problem::from(error);
            if let Some(advice) = advice {
                problem = problem.advise(advice);
            }
            match self.signals.len() {
                0 | 1 => problem,
                _ => problem.context(&format!("signal {signal} (counting from 0)")),
            }
        };
        let mut found = explainer.explain_many(&domains, x).map_err(at_signal)?;
        let in_time = match found.len() > self.domains.len() {
            true => found
                .pop()
                .map(|found| found.attribution.index_axis_move(Axis(0), 0)),
            false => None,
        };
        let scored = found.into_iter().zip(self.domains).map(|(found, built)| {
            let curves = match self.curves {
                Some(random) => {
                    OrderCurves::of(model, &*built.domain, &found, Order::Signed, STEPS, random)?
                }
                _ => None,
            };
            Ok(Scored::new(found, curves))
        });
        let scored: Vec<Scored> = scored.collect::<Result<_>>()?;
        Ok(One { scored, in_time })
    }
}

impl Scored {
    fn new(found: Attribution<f64>, curves: Option<OrderCurves>) -> Self {
        let change = found.value[0] - found.baseline_value[0];
        let first = found.attribution.iter().copied();
        let first = first.max_by(|a, b| a.abs().total_cmp(&b.abs()));
        Self {
            concentration: Concentration::of(found.attribution.view()),
            first_share: first.map(|a| a / change).filter(|share| share.is_finite()),
            absolute: found.attribution.iter().map(|a| a.abs()).sum(),
            found,
            curves,
        }
    }

    /// The attribution of the coefficient that has most of it, positive if it has the sign of the change.
    pub fn first_towards_change(&self) -> f64 {
        let change = self.found.value[0] - self.found.baseline_value[0];
        self.first_share.map_or(0.0, |share| share * change.abs())
    }
}

/// Domains by falling Gini coefficient of absolute attribution, on average over signals.
pub fn rank(found: &[One]) -> Vec<usize> {
    let domains = found.first().map_or(0, |one| one.scored.len());
    let gini = |domain: usize| -> f64 {
        in_domain(found, domain)
            .map(|scored| scored.concentration.gini)
            .sum()
    };
    let mut order: Vec<usize> = (0..domains).collect();
    order.sort_by(|&a, &b| gini(b).total_cmp(&gini(a)));
    order
}
