//! Smooth models: Clenshaw–Curtis rules of rising order on each piece of the path.

use super::clenshaw_curtis::ClenshawCurtis;
use super::points::{Place, Points};

/// The first order.
pub(super) const FIRST: usize = 4;

/// Nodes of the rule of an order on every piece. Orders double, so that nothing is evaluated twice.
pub(super) struct Orders {
    pub(super) order: usize,
    /// Points of every piece in ascending order.
    pub(super) nodes: Vec<Vec<usize>>,
}

impl Orders {
    pub(super) fn new(pieces: usize) -> Self {
        Self {
            order: FIRST,
            nodes: vec![Vec::new(); pieces],
        }
    }

    /// Nodes of the first order.
    pub(super) fn first(&self) -> Vec<Place> {
        self.places(FIRST, 1)
    }

    /// Nodes of the next order that the present one has not.
    pub(super) fn next(&self) -> Vec<Place> {
        self.places(2 * self.order, 2)
    }

    fn places(&self, order: usize, step: usize) -> Vec<Place> {
        let nodes = ClenshawCurtis::positions(order);
        (0..self.nodes.len())
            .flat_map(|piece| {
                let new = nodes.iter().skip(step - 1).step_by(step);
                new.map(move |&at| (piece, at))
            })
            .collect()
    }

    /// Sorts in the points from number `first` on.
    pub(super) fn insert(&mut self, points: &Points, first: usize) {
        for point in first..points.len() {
            let nodes = &mut self.nodes[points.places[point].0];
            let rank = nodes.partition_point(|&node| points.at(node) < points.at(point));
            nodes.insert(rank, point);
        }
    }

    /// Neighbouring nodes.
    pub(super) fn ends(&self) -> impl Iterator<Item = (usize, usize)> {
        let pairs = self.nodes.iter().flat_map(|nodes| nodes.windows(2));
        pairs.map(|ends| (ends[0], ends[1]))
    }

    /// Rules of the present order, its half and its quarter.
    pub(super) fn rules(&self) -> Rules {
        Rules {
            finest: ClenshawCurtis::new(self.order),
            weights: [1, 2, 4].map(|step| ClenshawCurtis::new(self.order / step).weights()),
        }
    }

    /// Weight of every point, the same for all outputs.
    pub(super) fn weights(&self, rules: &Rules, points: &Points) -> Vec<f64> {
        let mut weights = vec![0.0; points.len()];
        for nodes in &self.nodes {
            for (&node, weight) in nodes.iter().zip(&rules.weights[0]) {
                weights[node] = *weight;
            }
        }
        weights
    }

    /// How far the integral may be off: the larger of the sum of absolute errors of completeness between
    /// neighbouring nodes, which the values tell exactly, and of what the next doubling would change
    /// of the integrand's other directions if it changed them less than the last by the same factor
    /// as the last less than the one before.
    pub(super) fn error(&self, rules: &Rules, points: &Points, output: usize) -> f64 {
        let mut incomplete = 0.0;
        for nodes in &self.nodes {
            let slopes: Vec<f64> = nodes.iter().map(|&i| points.slope(i, output)).collect();
            let integrals = rules.finest.between_nodes(&slopes);
            for (ends, integral) in nodes.windows(2).zip(integrals) {
                let rise = points.value(ends[1], output) - points.value(ends[0], output);
                incomplete += (rise - integral).abs();
            }
        }
        let [finest, finer, coarse] =
            [0, 1, 2].map(|halvings| self.integral(rules, points, output, halvings));
        let (last, before) = (distance(&finest, &finer), distance(&finer, &coarse));
        let next = if last < before {
            last * last / before
        } else {
            last
        };
        incomplete.max(next)
    }

    /// The integral of the sketches by every node, every second or every fourth.
    fn integral(&self, rules: &Rules, points: &Points, output: usize, halvings: usize) -> Vec<f64> {
        let weights = &rules.weights[halvings];
        let mut sum = vec![0.0; points.sketch_len()];
        for nodes in &self.nodes {
            for (&node, weight) in nodes.iter().step_by(1 << halvings).zip(weights) {
                for (sum, term) in sum.iter_mut().zip(points.sketch(node, output)) {
                    *sum += weight * term;
                }
            }
        }
        sum
    }
}

/// The rules that an order is judged by, the same for all outputs.
pub(super) struct Rules {
    finest: ClenshawCurtis,
    weights: [Vec<f64>; 3],
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f64>().sqrt()
}
