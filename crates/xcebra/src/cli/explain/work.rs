//! The computation: every signal in every domain, with progress.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{ArrayD, Axis};
use rayon::prelude::*;
use xcebra::cdig::{
    Attribution, Baseline, CdigError, Concentration, Domain, DomainScore, Explainer,
    Progress as Points, Rule, Time,
};
use xcebra::explain::{Built, Order, OrderCurves, Signals};

use super::super::interrupt;
use super::super::{Problem, Result, Session};
use super::arguments::OutputSpec;
use super::{Subject, in_domain};

mod notes;

pub use notes::note_tolerance;

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
    pub time_axis: usize,
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
    /// Area under the deletion curve of [`Explainer::choose`], if several domains are compared.
    pub deletion_area: Option<f64>,
    pub curves: Option<OrderCurves>,
}

impl Job<'_> {
    /// Explains all signals.
    pub fn run(&self, session: &Session) -> Result<Vec<One>> {
        let n = self.signals.len();
        let progress = session.progress("explain", n as u64 * PARTS);
        let done = Mutex::new(vec![0_u64; n]);
        let tell = |signal: usize, parts: u64| {
            let Ok(mut done) = done.lock() else { return };
            done[signal] = done[signal].max(parts);
            let finished = done.iter().filter(|&&parts| parts == PARTS).count();
            progress.at(done.iter().sum(), &format!("{finished} of {n} signals"));
        };
        // once one signal fails, the others stop after their next batch of points
        let failed = AtomicBool::new(false);
        let flow = || match failed.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => interrupt::flow(),
        };
        let explain = |signal: usize| -> Option<Result<One>> {
            if flow().is_break() {
                return None;
            }
            let one = self.one(signal, &|points: Points| {
                let share = points.done as f64 / points.total.max(1) as f64;
                tell(signal, ((PARTS - 1) as f64 * share.min(1.0)) as u64);
                flow()
            });
            match one {
                Ok(_) => tell(signal, PARTS),
                // whoever is stopped by another's failure has nothing to say
                Err(_) if failed.swap(true, Ordering::Relaxed) => return None,
                Err(_) => {}
            }
            Some(one)
        };
        let results: Vec<Option<Result<One>>> = (0..n).into_par_iter().map(explain).collect();
        interrupt::check()?;
        results
            .into_iter()
            .flatten()
            .collect::<Result<_>>()
            .map_err(interrupt::or)
    }

    /// Errors may be consequences of Ctrl-C.
    fn one(
        &self,
        signal: usize,
        progress: &(dyn Fn(Points) -> ControlFlow<()> + Send + Sync),
    ) -> Result<One> {
        let model = &interrupt::Interruptible(&*self.subject.model);
        let x = self.signals.values.index_axis(Axis(0), signal);
        let explainer = Explainer::new(model)
            .baseline(self.baseline.clone())
            .rule(self.rule)
            .progress(progress);
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
                problem = problem.help(advice);
            }
            match self.signals.len() {
                0 | 1 => problem,
                _ => problem.context(&format!("signal {signal} (counting from 0)")),
            }
        };
        let mut scored = Vec::with_capacity(domains.len());
        if self.domains.len() > 1 {
            let mut scores = explainer.choose(&domains, x).map_err(at_signal)?;
            for domain in &domains {
                let at = scores.iter().position(|score| belongs(score, *domain));
                let score = scores.swap_remove(at.expect("each domain has a score"));
                scored.push((
                    score.attribution,
                    score.deletion[0].as_ref().map(|d| d.area),
                ));
            }
        } else {
            let found = explainer.explain_many(&domains, x).map_err(at_signal)?;
            scored.extend(found.into_iter().map(|found| (found, None)));
        }
        let in_time = match scored.len() > self.domains.len() {
            true => scored
                .pop()
                .map(|(found, _)| found.attribution.index_axis_move(Axis(0), 0)),
            false => None,
        };
        let scored = scored
            .into_iter()
            .zip(self.domains)
            .map(|((found, deletion_area), built)| {
                let all = Points { done: 1, total: 1 };
                if progress(all).is_break() {
                    return Err(Problem::new("stopped", "run the command again"));
                }
                let curves = match self.curves {
                    Some(random) => OrderCurves::of(
                        model,
                        &*built.domain,
                        &found,
                        Order::Signed,
                        STEPS,
                        random,
                    )?,
                    _ => None,
                };
                Ok(Scored {
                    concentration: Concentration::of(found.attribution.view()),
                    found,
                    deletion_area,
                    curves,
                })
            });
        let scored: Vec<Scored> = scored.collect::<Result<_>>()?;
        Ok(One { scored, in_time })
    }
}

fn belongs(score: &DomainScore<f64>, domain: &dyn Domain<f64>) -> bool {
    let found = &score.attribution;
    found.domain == domain.name() && found.coefficients.shape() == domain.coefficient_shape()
}

/// Domains by falling rank: those first in which few coefficients carry the output, on average over
/// signals.
pub fn rank(found: &[One]) -> Vec<usize> {
    let domains = found.first().map_or(0, |one| one.scored.len());
    let carriers = |domain: usize| -> usize {
        in_domain(found, domain)
            .map(|scored| scored.concentration.carriers)
            .sum()
    };
    let mut order: Vec<usize> = (0..domains).collect();
    order.sort_by_key(|&domain| carriers(domain));
    order
}
