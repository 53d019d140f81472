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
//! 3. What the sum still lacks is made up for where most is unknown ([`close`](super::closing::close)),
//!    except where the model jumps: no weights can make up for that.

use super::intervals::{Intervals, RESERVE, relative};
use super::orders::{FIRST, Orders};
use super::points::{Answers, Place, Points};
use super::sketch::Sketch;
use super::state::{Known, State};

/// Orders below this are doubled whatever the model looks like; below the larger one if points
/// are plenty.
const LEAST: usize = 8;
const LEAST_OF_MANY: usize = 16;
/// This many points a piece are plenty.
const MANY: usize = 128;
/// The order beyond which intervals are the better choice even for smooth models.
const HIGHEST: usize = 256;
/// How much a doubling must reduce the error to count as the convergence of a smooth model.
const SMOOTH: f64 = 0.25;
/// How many times the points kept for telling jumps apart a budget must have to keep them.
const AMPLE: usize = 4;

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
    /// Sum of the absolute sizes of jumps.
    pub(crate) jumps: Vec<f64>,
    /// What rounding may make of the change of `F` less the sum.
    pub(crate) rounding: Vec<f64>,
    pub(crate) tolerance_met: bool,
}

impl Mesh {
    /// `epsilon` is the machine precision of the model, `rounding` what it may make of a sum of terms, relative
    /// to their size.
    pub(crate) fn new(
        outputs: usize,
        pieces: usize,
        sketch: Sketch,
        (tolerance, budget): (f64, usize),
        (epsilon, rounding): (f64, f64),
    ) -> Self {
        Self {
            pieces,
            tolerance,
            budget,
            points: Points::new(outputs, sketch, epsilon, rounding),
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
        let mut states = self.states();
        if states.iter().all(|state| state.is_met(self.tolerance)) {
            return Vec::new();
        }
        if self.intervals.is_none() {
            let error = relative(states.iter().map(|state| (state.error, state.scale)));
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
            self.intervals = Some(Intervals::between(self.orders.ends()));
            states = self.states();
        }
        let mut doubts: Vec<_> = states.iter().map(|state| &state.doubts[..]).collect();
        let only_jumps = states
            .iter()
            .all(|s| s.is_met_but_for_jumps(self.tolerance));
        let jumps: Vec<Vec<_>>;
        if only_jumps {
            jumps = states.iter().map(State::jumps_alone).collect();
            doubts = jumps.iter().map(Vec::as_slice).collect();
        }
        let scales: Vec<f64> = states.iter().map(|state| state.scale).collect();
        let most = self.budget.saturating_sub(self.points.len());
        let reserved = self.budget >= AMPLE * RESERVE * self.pieces;
        let intervals = self.intervals.as_ref().expect("they were just made");
        intervals.worst(&self.points, &doubts, &scales, (most, reserved))
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

    fn states(&self) -> Vec<State> {
        let known = match &self.intervals {
            None => Known::Orders(&self.orders, self.orders.rules()),
            Some(intervals) => Known::Intervals(intervals),
        };
        let state = |o| State::new(&known, &self.points, self.pieces, o);
        (0..self.points.outputs).map(state).collect()
    }

    pub(crate) fn finish(&self) -> Outcome {
        let (outputs, points) = (self.points.outputs, self.points.len());
        let states = self.states();
        let mut weights = vec![0.0; points * outputs];
        for (o, state) in states.iter().enumerate() {
            for (i, weight) in state.weights.iter().enumerate() {
                weights[i * outputs + o] = *weight;
            }
        }
        let each = |quantity: fn(&State) -> f64| -> Vec<f64> {
            let states = states.iter().enumerate();
            let in_unit = |(o, state)| self.points.in_unit(quantity(state), o);
            states.map(in_unit).collect()
        };
        Outcome {
            weights,
            error_estimate: each(|state| state.error),
            quadrature_residual: each(|state| state.quadrature_residual),
            jumps: each(|state| state.jumps),
            rounding: each(|state| state.rounding),
            tolerance_met: states.iter().all(|state| state.is_met(self.tolerance)),
        }
    }
}
