//! The adaptive rule: where to look next, and with which weights.
//!
//! Of every point of the path the mesh knows, for each output, the value `F`, the slope `dF/dt` and a
//! sketch of the integrand. Full gradients are somebody else's: at the end they are summed with
//! the mesh's weights.
//!
//! 1. Clenshaw–Curtis nodes on each piece of the path, doubled while the model behaves as a smooth
//!    one ([`Orders`]).
//! 2. If that does not reach the tolerance, the nodes become the ends of intervals, and those in which
//!    most is unknown are cut ([`Intervals`]).
//! 3. What the sum still lacks is made up for where most is unknown.

use super::intervals::{Intervals, relative};
use super::orders::{FIRST, Orders};
use super::points::{Answers, Place, Points};
use super::sketch::Sketch;

/// Orders below this are doubled whatever the model looks like; below the larger one if points
/// are plenty.
const LEAST: usize = 8;
const LEAST_OF_MANY: usize = 16;
/// So many points a piece are plenty.
const MANY: usize = 128;
/// The order beyond which intervals are the better choice even for smooth models.
const HIGHEST: usize = 256;
/// How much a doubling must reduce the error to count as the convergence of a smooth model.
const SMOOTH: f64 = 0.25;
/// Share of the range of `F` on the path that the tolerance refers to if `F(x) − F(x')` is smaller.
const RANGE: f64 = 0.1;
/// Largest part of an interval's weight that completeness may move from end to end.
const BALANCE: f64 = 0.5;

/// Fewest points the rule needs on one piece of a path.
pub(crate) const FEWEST: usize = FIRST + 1;

/// What is known of the integrals, and what was asked for.
pub(crate) struct Mesh {
    pieces: usize,
    tolerance: f64,
    budget: usize,
    points: Points,
    orders: Orders,
    /// None while the order rises.
    intervals: Option<Intervals>,
    /// Error at the last order.
    before: f64,
}

/// What the mesh knows about the integral in the end.
pub(crate) struct Outcome {
    /// Weights `(points, outputs)`, flat.
    pub(crate) weights: Vec<f64>,
    /// Deviation of the integrand's integral, for each output.
    pub(crate) error_estimate: Vec<f64>,
    /// What the sum lacks with weights that do not know the values.
    pub(crate) quadrature_residual: Vec<f64>,
    pub(crate) tolerance_met: bool,
}

impl Mesh {
    /// `epsilon` is the machine precision of the model.
    pub(crate) fn new(
        outputs: usize,
        pieces: usize,
        sketch: Sketch,
        (tolerance, budget): (f64, usize),
        epsilon: f64,
    ) -> Self {
        Self {
            pieces,
            tolerance,
            budget,
            points: Points::new(outputs, sketch, epsilon),
            orders: Orders::new(pieces),
            intervals: None,
            before: f64::INFINITY,
        }
    }

    /// The points to evaluate next, none if the work is done. [`tell`](Self::tell) takes the answer.
    pub(crate) fn ask(&mut self) -> Vec<Place> {
        if self.points.len() == 0 {
            return self.orders.first();
        }
        let (errors, scales) = (self.errors(), self.scales());
        if self.met(&errors, &scales) {
            return Vec::new();
        }
        if self.intervals.is_none() {
            let error = relative(errors.into_iter().zip(scales.iter().copied()));
            let order = self.orders.order;
            let many = self.budget >= MANY * self.pieces;
            let least = if many { LEAST_OF_MANY } else { LEAST };
            let smooth = error <= SMOOTH * self.before && order < HIGHEST;
            let next = self.orders.next();
            if (order < least || smooth) && self.points.len() + next.len() <= self.budget {
                self.before = error;
                self.orders.order *= 2;
                return next;
            }
        }
        let intervals = self
            .intervals
            .get_or_insert_with(|| Intervals::between(self.orders.ends()));
        let most = self.budget.saturating_sub(self.points.len());
        intervals.worst(&self.points, &scales, most)
    }

    /// Answers at the points asked for.
    pub(crate) fn tell(&mut self, places: &[Place], answers: &Answers) {
        let first = self.points.len();
        self.points.extend(places, answers);
        match &mut self.intervals {
            None => self.orders.insert(&self.points, first),
            Some(intervals) => intervals.cut(&self.points, first),
        }
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.points.places
    }

    /// What the tolerance of each output is relative to.
    fn scales(&self) -> Vec<f64> {
        (0..self.points.outputs)
            .map(|o| {
                let change = self.points.change(self.pieces, o).abs();
                change.max(RANGE * self.points.range(o))
            })
            .collect()
    }

    fn errors(&self) -> Vec<f64> {
        (0..self.points.outputs)
            .map(|o| match &self.intervals {
                None => self.orders.error(&self.points, o),
                Some(intervals) => intervals.error(&self.points, o),
            })
            .collect()
    }

    fn met(&self, errors: &[f64], scales: &[f64]) -> bool {
        let mut errors = errors.iter().zip(scales).enumerate();
        errors.all(|(o, (error, scale))| {
            *error <= (self.tolerance * scale).max(self.points.rounding(o))
        })
    }

    pub(crate) fn finish(&self) -> Outcome {
        let (outputs, points) = (self.points.outputs, self.points.len());
        let mut weights = vec![0.0; points * outputs];
        let mut quadrature_residual = Vec::with_capacity(outputs);
        for o in 0..outputs {
            let (plain, mut best) = match &self.intervals {
                None => {
                    let weights = self.orders.weights(&self.points);
                    (weights.clone(), weights)
                }
                Some(intervals) => {
                    let weights = |belief| intervals.weights(&self.points, o, belief);
                    let belief = intervals.lesson(&self.points, o).belief;
                    (weights(0.0), weights(belief))
                }
            };
            quadrature_residual.push(self.lacks(&plain, o));
            self.close(&mut best, o);
            for (i, weight) in best.into_iter().enumerate() {
                weights[i * outputs + o] = weight;
            }
        }
        let error_estimate = self.errors();
        Outcome {
            weights,
            tolerance_met: self.met(&error_estimate, &self.scales()),
            error_estimate,
            quadrature_residual,
        }
    }

    fn lacks(&self, weights: &[f64], output: usize) -> f64 {
        let terms = weights.iter().enumerate();
        let sum: f64 = terms.map(|(i, w)| w * self.points.slope(i, output)).sum();
        self.points.change(self.pieces, output) - sum
    }

    /// Moves weight between the ends of intervals so that completeness holds: to each interval its
    /// part of what is lacking in proportion to the square of its own error, width times difference
    /// of the slopes, as the likeliest split of a sum of independent errors is.
    fn close(&self, weights: &mut [f64], output: usize) {
        let lacks = self.lacks(weights, output);
        let ends: Vec<(usize, usize)> = match &self.intervals {
            Some(intervals) => intervals.ends().collect(),
            None => self.orders.ends().collect(),
        };
        let turns: Vec<(usize, usize, f64, f64)> = ends
            .into_iter()
            .map(|(left, right)| {
                let turn = self.points.slope(right, output) - self.points.slope(left, output);
                (left, right, self.points.width(left, right), turn)
            })
            .collect();
        let spread: f64 = turns
            .iter()
            .map(|(.., width, turn)| (width * turn).powi(2))
            .sum();
        let most = turns.iter().map(|(.., width, turn)| (width * turn).abs());
        let most = crate::numeric::largest(most);
        if lacks.abs() <= self.points.rounding(output) || most * lacks.abs() > BALANCE * spread {
            return;
        }
        for (left, right, width, turn) in turns {
            let moved = lacks / spread * width * width * turn;
            weights[left] -= moved;
            weights[right] += moved;
        }
    }
}
