//! The adaptive rule: where to look next, and with which weights.
//!
//! Everything here is scalar. Of every point of the path the mesh knows, for each output, the value
//! `F` and the slope `dF/dt`; the values at the two ends of an interval give the integral of the
//! slope between them exactly, so that the error of any rule on any interval is known as soon as its
//! ends are. Gradients are somebody else's: at the end they are summed with the mesh's weights.
//!
//! 1. Clenshaw–Curtis nodes on each piece of the path, doubled while the model behaves as a smooth
//!    one. Nested, so that nothing is evaluated twice.
//! 2. If that does not reach the tolerance, the nodes become the ends of intervals with the
//!    trapezoid rule, and the intervals on which `F` leaves its end tangents most are bisected.

use super::clenshaw_curtis::ClenshawCurtis;
use super::two_tangents::TwoTangents;
use crate::numeric::largest;

/// Nodes of the first and of the last order tried whatever the model looks like, less one.
const FIRST: usize = 4;
const LAST: usize = 16;
/// The order beyond which intervals are the better choice even for smooth models.
const HIGHEST: usize = 256;
/// How much a doubling must reduce the error to count as the convergence of a smooth model.
const SMOOTH: f64 = 0.25;
/// Share of the intervals bisected in one round.
const SHARE: f64 = 0.25;
/// Share of the range of `F` on the path that the tolerance refers to if `F(x) − F(x')` is smaller.
const RANGE: f64 = 0.1;
/// Values and slopes are trusted up to so many roundings.
const ROUNDINGS: f64 = 64.0;
/// Largest relative change of a weight that completeness may ask for.
const BALANCE: f64 = 0.5;

/// Fewest points the rule needs on one piece of a path.
pub(crate) const FEWEST: usize = FIRST + 1;

/// A point of the path: piece, and position in `[0, 1]` on it.
pub(crate) type Place = (usize, f64);

/// Part of a piece between two points.
#[derive(Clone, Copy)]
struct Interval {
    left: usize,
    right: usize,
}

pub(crate) struct Mesh {
    outputs: usize,
    pieces: usize,
    tolerance: f64,
    budget: usize,
    epsilon: f64,
    places: Vec<Place>,
    /// `(points, outputs)`, flat.
    values: Vec<f64>,
    slopes: Vec<f64>,
    /// Order of the Clenshaw–Curtis rule, then 0.
    order: usize,
    /// Points of every piece in ascending order, while the order counts.
    nodes: Vec<Vec<usize>>,
    intervals: Vec<Interval>,
    /// Estimate at the last order.
    before: f64,
}

/// What the mesh knows about the integral in the end.
pub(crate) struct Outcome {
    /// Weights `(points, outputs)`, flat.
    pub(crate) weights: Vec<f64>,
    /// Sum of absolute errors of completeness over the intervals, for each output.
    pub(crate) error_estimate: Vec<f64>,
    /// Completeness before the weights were balanced.
    pub(crate) quadrature_residual: Vec<f64>,
    pub(crate) tolerance_met: bool,
}

impl Mesh {
    /// `epsilon` is the machine precision of the model.
    pub(crate) fn new(
        outputs: usize,
        pieces: usize,
        tolerance: f64,
        budget: usize,
        epsilon: f64,
    ) -> Self {
        Self {
            outputs,
            pieces,
            tolerance,
            budget,
            epsilon,
            places: Vec::new(),
            values: Vec::new(),
            slopes: Vec::new(),
            order: FIRST,
            nodes: vec![Vec::new(); pieces],
            intervals: Vec::new(),
            before: f64::INFINITY,
        }
    }

    /// The points to evaluate next, none if the work is done. [`tell`](Self::tell) takes the answer.
    pub(crate) fn ask(&mut self) -> Vec<Place> {
        if self.places.is_empty() {
            return self.places_of_order(FIRST, 1);
        }
        if self.met() {
            return Vec::new();
        }
        if self.order > 0 {
            let estimate = self.largest_error();
            let smooth = estimate <= SMOOTH * self.before && self.order < HIGHEST;
            let next = self.places_of_order(2 * self.order, 2);
            if (self.order < LAST || smooth) && self.places.len() + next.len() <= self.budget {
                self.before = estimate;
                self.order *= 2;
                return next;
            }
            self.cut();
        }
        self.worst()
    }

    /// Values and slopes `(points, outputs)` at the points asked for.
    pub(crate) fn tell(&mut self, places: &[Place], values: &[f64], slopes: &[f64]) {
        let first = self.places.len();
        self.places.extend_from_slice(places);
        self.values.extend_from_slice(values);
        self.slopes.extend_from_slice(slopes);
        for (i, &(piece, at)) in places.iter().enumerate() {
            if self.order > 0 {
                let places = &self.places;
                let nodes = &mut self.nodes[piece];
                let rank = nodes.partition_point(|&node| places[node].1 < at);
                nodes.insert(rank, first + i);
            }
        }
        if self.order == 0 {
            self.split(first);
        }
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    fn places_of_order(&self, order: usize, step: usize) -> Vec<Place> {
        let nodes = ClenshawCurtis::positions(order);
        (0..self.pieces)
            .flat_map(|piece| {
                let new = nodes.iter().skip(step - 1).step_by(step);
                new.map(move |&at| (piece, at))
            })
            .collect()
    }

    /// Turns the nodes into ends of intervals.
    fn cut(&mut self) {
        self.order = 0;
        for nodes in std::mem::take(&mut self.nodes) {
            self.intervals.extend(nodes.windows(2).map(|ends| Interval {
                left: ends[0],
                right: ends[1],
            }));
        }
    }

    /// The middles of the worst intervals, in the order of the path.
    fn worst(&self) -> Vec<Place> {
        self.chosen()
            .into_iter()
            .map(|i| {
                let Interval { left, right } = self.intervals[i];
                let (piece, from) = self.places[left];
                (piece, 0.5 * (from + self.places[right].1))
            })
            .collect()
    }

    fn chosen(&self) -> Vec<usize> {
        let scales = self.scales();
        let mut ranked: Vec<(f64, usize)> = self
            .intervals
            .iter()
            .enumerate()
            .map(|(i, interval)| {
                let need = (0..self.outputs)
                    .filter(|&o| scales[o] > 0.0)
                    .map(|o| self.tangents(interval, o).departure() / scales[o]);
                (largest(need), i)
            })
            .filter(|(need, i)| *need > 0.0 && self.divisible(&self.intervals[*i]))
            .collect();
        let share = (SHARE * ranked.len() as f64).ceil() as usize;
        let most = share.min(self.budget.saturating_sub(self.places.len()));
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.truncate(most);
        let mut chosen: Vec<usize> = ranked.into_iter().map(|(_, i)| i).collect();
        chosen.sort_unstable();
        chosen
    }

    /// Whether a point fits between the ends, in the precision of the model.
    fn divisible(&self, interval: &Interval) -> bool {
        self.places[interval.right].1 - self.places[interval.left].1 > 4.0 * self.epsilon
    }

    /// Splits intervals at the points from `first` on, which come in the order of the path.
    fn split(&mut self, first: usize) {
        let mut points = (first..self.places.len()).peekable();
        let mut intervals = Vec::with_capacity(self.intervals.len() + self.places.len() - first);
        for Interval { left, right } in std::mem::take(&mut self.intervals) {
            let inside = |&point: &usize| {
                self.places[left] < self.places[point] && self.places[point] < self.places[right]
            };
            match points.next_if(inside) {
                None => intervals.push(Interval { left, right }),
                Some(middle) => intervals.extend([
                    Interval {
                        left,
                        right: middle,
                    },
                    Interval {
                        left: middle,
                        right,
                    },
                ]),
            }
        }
        self.intervals = intervals;
    }

    fn value(&self, point: usize, output: usize) -> f64 {
        self.values[point * self.outputs + output]
    }

    fn slope(&self, point: usize, output: usize) -> f64 {
        self.slopes[point * self.outputs + output]
    }

    fn tangents(&self, interval: &Interval, o: usize) -> TwoTangents {
        let Interval { left, right } = *interval;
        let (before, after) = (self.value(left, o), self.value(right, o));
        let (first, last) = (self.slope(left, o), self.slope(right, o));
        let width = self.places[right].1 - self.places[left].1;
        let size = before.abs().max(after.abs()) + width * first.abs().max(last.abs());
        TwoTangents {
            width,
            rise: after - before,
            first,
            last,
            rounding: ROUNDINGS * self.epsilon * size,
        }
    }

    /// `F(x) − F(x')` of one output.
    fn change(&self, output: usize) -> f64 {
        let value = |place: Place| {
            let point = self.places.iter().position(|&p| p == place);
            self.value(point.expect("both ends are nodes of every order"), output)
        };
        value((self.pieces - 1, 1.0)) - value((0, 0.0))
    }

    /// What the tolerance of each output is relative to.
    fn scales(&self) -> Vec<f64> {
        (0..self.outputs)
            .map(|o| {
                let values = self.values.iter().skip(o).step_by(self.outputs);
                let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
                    (l.min(v), h.max(v))
                });
                self.change(o).abs().max(RANGE * (high - low))
            })
            .collect()
    }

    fn errors(&self) -> Vec<f64> {
        let mut errors = vec![0.0; self.outputs];
        if self.order > 0 {
            let rule = ClenshawCurtis::new(self.order);
            for nodes in &self.nodes {
                for (o, error) in errors.iter_mut().enumerate() {
                    let slopes: Vec<f64> = nodes.iter().map(|&i| self.slope(i, o)).collect();
                    for (ends, integral) in nodes.windows(2).zip(rule.between_nodes(&slopes)) {
                        let rise = self.value(ends[1], o) - self.value(ends[0], o);
                        *error += (rise - integral).abs();
                    }
                }
            }
        } else {
            for interval in &self.intervals {
                for (o, error) in errors.iter_mut().enumerate() {
                    *error += self.tangents(interval, o).trapezoid_error();
                }
            }
        }
        errors
    }

    /// Error of the output that is furthest from its tolerance, in units of its scale.
    fn largest_error(&self) -> f64 {
        let errors = self.errors().into_iter().zip(self.scales());
        largest(errors.map(|(error, scale)| if error == 0.0 { 0.0 } else { error / scale }))
    }

    fn met(&self) -> bool {
        let rounding = ROUNDINGS * self.epsilon;
        let errors = self.errors().into_iter().zip(self.scales());
        errors.enumerate().all(|(o, (error, scale))| {
            let values = self.values.iter().skip(o).step_by(self.outputs);
            error <= (self.tolerance * scale).max(rounding * largest(values.map(|v| v.abs())))
        })
    }

    pub(crate) fn finish(&self) -> Outcome {
        let mut weights = self.raw_weights();
        let quadrature_residual = (0..self.outputs)
            .map(|o| self.balance(o, &mut weights))
            .collect();
        Outcome {
            weights,
            error_estimate: self.errors(),
            quadrature_residual,
            tolerance_met: self.met(),
        }
    }

    fn raw_weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.values.len()];
        if self.order > 0 {
            let rule = ClenshawCurtis::new(self.order);
            for nodes in &self.nodes {
                for (&node, weight) in nodes.iter().zip(rule.weights()) {
                    weights[node * self.outputs..][..self.outputs].fill(weight);
                }
            }
            return weights;
        }
        for &Interval { left, right } in &self.intervals {
            let half = 0.5 * (self.places[right].1 - self.places[left].1);
            for o in 0..self.outputs {
                weights[left * self.outputs + o] += half;
                weights[right * self.outputs + o] += half;
            }
        }
        weights
    }

    /// Shifts weight from points of low to points of high slope, by the least that closes the gap of
    /// completeness (in the weighted sum of squared relative changes); returns that gap.
    ///
    /// The slope serves as control variate: its integral is known, so that what the weights get
    /// wrong of it tells what they get wrong of everything that varies along with it.
    fn balance(&self, o: usize, weights: &mut [f64]) -> f64 {
        let points = self.places.len();
        let terms: Vec<(f64, f64)> = (0..points)
            .map(|i| (weights[i * self.outputs + o], self.slope(i, o)))
            .collect();
        let gap = self.change(o) - terms.iter().map(|(w, s)| w * s).sum::<f64>();
        let mean = terms.iter().map(|(w, s)| w * s).sum::<f64>() / self.pieces as f64;
        let spread: f64 = terms.iter().map(|(w, s)| w * (s - mean).powi(2)).sum();
        let size = largest(
            self.values
                .iter()
                .skip(o)
                .step_by(self.outputs)
                .map(|v| v.abs()),
        );
        let most = largest(terms.iter().map(|(_, s)| (s - mean).abs()));
        if gap.abs() <= ROUNDINGS * self.epsilon * size || most * gap.abs() > BALANCE * spread {
            return gap;
        }
        for (i, (weight, slope)) in terms.into_iter().enumerate() {
            weights[i * self.outputs + o] += gap / spread * weight * (slope - mean);
        }
        gap
    }
}
