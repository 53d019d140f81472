//! What is known of one output's integral at some moment.

use super::closing::close;
use super::doubt::Doubt;
use super::intervals::Intervals;
use super::orders::{Orders, Rules};
use super::points::Points;

/// Share of the range of `F` on the path that the tolerance refers to if `F(x) − F(x')` is smaller.
const RANGE: f64 = 0.1;

/// How the points are put together.
pub(super) enum Known<'a> {
    Orders(&'a Orders, Rules),
    Intervals(&'a Intervals),
}

pub(super) struct State {
    /// Weight of every point.
    pub(super) weights: Vec<f64>,
    /// Estimated deviation of the integrand's integral.
    pub(super) error: f64,
    /// The same without jumps, which no cut makes smaller.
    error_but_for_jumps: f64,
    /// Sum of the absolute sizes of jumps.
    pub(super) jumps: f64,
    /// What the sum lacks with weights that do not know the values.
    pub(super) quadrature_residual: f64,
    /// What the sum lacks with [`weights`](Self::weights).
    residual: f64,
    /// The same without what is in jumps.
    residual_but_for_jumps: f64,
    /// What rounding may make of the residual.
    pub(super) rounding: f64,
    /// What the tolerance of the error is relative to.
    pub(super) scale: f64,
    /// `|F(x) − F(x')|`.
    change: f64,
    /// What is unknown of each interval; none while the order rises.
    pub(super) doubts: Vec<Doubt>,
}

impl State {
    pub(super) fn new(known: &Known<'_>, points: &Points, pieces: usize, output: usize) -> Self {
        let change = points.change(pieces, output);
        let lacks = |weights: &[f64]| {
            let terms = weights.iter().enumerate();
            let sum: f64 = terms.map(|(i, w)| w * points.slope(i, output)).sum();
            change - sum
        };
        let (ends, plain, mut weights, doubts, error): (Vec<_>, _, _, _, _) = match known {
            Known::Orders(orders, rules) => {
                let weights = orders.weights(rules, points);
                let error = orders.error(rules, points, output);
                let ends = orders.ends().collect();
                (ends, lacks(&weights), weights, Vec::new(), [error; 2])
            }
            Known::Intervals(intervals) => {
                let lesson = intervals.lesson(points, output);
                let doubts = intervals.doubts(points, output);
                let error = error(&doubts, lesson.deviation);
                let plain = intervals.weights(points, output, 0.0);
                let weights = intervals.weights(points, output, lesson.belief);
                (
                    intervals.ends().collect(),
                    lacks(&plain),
                    weights,
                    doubts,
                    error,
                )
            }
        };
        let rounding = points.rounding(ends.iter().copied(), output);
        // once one jump is certain, what rises where the gradient is 0 is not taken for curvature
        let certain = doubts.iter().any(|doubt| doubt.jump);
        let jumps = || doubts.iter().filter(|d| d.jump || certain && d.is_flat());
        let in_jumps = jumps().fold(0.0, |sum, doubt| sum + doubt.excess);
        let lacking = lacks(&weights);
        let mut residual_but_for_jumps = lacking - in_jumps;
        if residual_but_for_jumps.abs() > rounding {
            residual_but_for_jumps =
                close(&mut weights, residual_but_for_jumps, &ends, points, output);
        }
        Self {
            weights,
            error: error[0],
            error_but_for_jumps: error[1],
            jumps: jumps().fold(0.0, |sum, doubt| sum + doubt.excess.abs()),
            quadrature_residual: plain,
            residual: residual_but_for_jumps + in_jumps,
            residual_but_for_jumps,
            rounding,
            scale: change.abs().max(RANGE * points.range(output)),
            change: change.abs(),
            doubts,
        }
    }

    /// Whether errors are within the tolerance, and the sum complete as far as the tolerance of the
    /// change of `F` says.
    pub(super) fn is_met(&self, tolerance: f64) -> bool {
        self.within(tolerance, self.error, self.residual)
    }

    /// Whether nothing but jumps keeps the tolerance from being met.
    pub(super) fn is_met_but_for_jumps(&self, tolerance: f64) -> bool {
        let (error, residual) = (self.error_but_for_jumps, self.residual_but_for_jumps);
        self.within(tolerance, error, residual)
    }

    fn within(&self, tolerance: f64, error: f64, residual: f64) -> bool {
        error <= (tolerance * self.scale).max(self.rounding)
            && residual.abs() <= (tolerance * self.change).max(self.rounding)
    }

    /// The doubts about jumps; no others.
    pub(super) fn jumps_alone(&self) -> Vec<Doubt> {
        let none = Doubt {
            walk: 0.0,
            excess: 0.0,
            jump: false,
        };
        let doubts = self.doubts.iter();
        doubts.map(|d| if d.jump { *d } else { none }).collect()
    }
}

/// Deviation of an integral, with jumps and without: errors of intervals add up as independent ones do.
fn error(doubts: &[Doubt], deviation: f64) -> [f64; 2] {
    let (mut walks, mut jumps, mut others) = (0.0, 0.0, 0.0);
    for doubt in doubts {
        walks += doubt.walk.powi(2);
        match doubt.jump {
            true => jumps += doubt.excess.powi(2),
            false => others += doubt.excess.powi(2),
        }
    }
    let but_for_jumps = deviation.powi(2) * walks + others;
    [but_for_jumps + jumps, but_for_jumps].map(f64::sqrt)
}
