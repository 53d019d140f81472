//! What is known of the model at points of a path.

use super::sketch::Sketch;
use super::two_tangents::TwoTangents;
use crate::numeric::largest;

/// A point of the path: piece, and position in `[0, 1]` on it.
pub(crate) type Place = (usize, f64);

/// Values and slopes are trusted up to so many roundings.
pub(super) const ROUNDINGS: f64 = 64.0;

/// What the model answers at some points.
#[derive(Default)]
pub(crate) struct Answers {
    /// `F`, `(points, outputs)`, flat.
    pub(crate) values: Vec<f64>,
    /// `dF/dt`, `(points, outputs)`, flat: the sum of the integrand.
    pub(crate) slopes: Vec<f64>,
    /// Sketches of the integrand `(points, outputs, sketch)`, flat.
    pub(crate) sketches: Vec<f64>,
}

/// All points so far, by number.
pub(super) struct Points {
    pub(super) outputs: usize,
    pub(super) places: Vec<Place>,
    sketch: Sketch,
    /// Machine precision of the model.
    epsilon: f64,
    answers: Answers,
}

impl Points {
    pub(super) fn new(outputs: usize, sketch: Sketch, epsilon: f64) -> Self {
        Self {
            outputs,
            places: Vec::new(),
            sketch,
            epsilon,
            answers: Answers::default(),
        }
    }

    pub(super) fn extend(&mut self, places: &[Place], answers: &Answers) {
        self.places.extend_from_slice(places);
        self.answers.values.extend_from_slice(&answers.values);
        self.answers.slopes.extend_from_slice(&answers.slopes);
        self.answers.sketches.extend_from_slice(&answers.sketches);
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn at(&self, point: usize) -> f64 {
        self.places[point].1
    }

    pub(super) fn width(&self, left: usize, right: usize) -> f64 {
        self.at(right) - self.at(left)
    }

    pub(super) fn value(&self, point: usize, output: usize) -> f64 {
        self.answers.values[point * self.outputs + output]
    }

    pub(super) fn slope(&self, point: usize, output: usize) -> f64 {
        self.answers.slopes[point * self.outputs + output]
    }

    pub(super) fn sketch(&self, point: usize, output: usize) -> &[f64] {
        let len = self.sketch.len;
        &self.answers.sketches[(point * self.outputs + output) * len..][..len]
    }

    pub(super) fn sketch_len(&self) -> usize {
        self.sketch.len
    }

    /// Euclidean length of the difference of the integrand at two points; 0 if it is rounding.
    pub(super) fn jump(&self, left: usize, right: usize, output: usize) -> f64 {
        let (first, last) = (self.sketch(left, output), self.sketch(right, output));
        let pairs = || first.iter().zip(last);
        let square: f64 = pairs().map(|(a, b)| (a - b) * (a - b)).sum();
        let size: f64 = pairs().map(|(a, b)| a * a + b * b).sum();
        let jump = square.sqrt();
        if jump <= ROUNDINGS * self.epsilon * size.sqrt() {
            0.0
        } else {
            jump
        }
    }

    pub(super) fn tangents(&self, left: usize, right: usize, output: usize) -> TwoTangents {
        let (before, after) = (self.value(left, output), self.value(right, output));
        let (first, last) = (self.slope(left, output), self.slope(right, output));
        let width = self.width(left, right);
        let size = before.abs().max(after.abs()) + width * first.abs().max(last.abs());
        TwoTangents {
            width,
            rise: after - before,
            first,
            last,
            rounding: ROUNDINGS * self.epsilon * size,
        }
    }

    /// Whether a point fits between two, in the precision of the model.
    pub(super) fn divisible(&self, left: usize, right: usize) -> bool {
        self.width(left, right) > 4.0 * self.epsilon
    }

    fn values(&self, output: usize) -> impl Iterator<Item = f64> {
        self.answers
            .values
            .iter()
            .skip(output)
            .step_by(self.outputs)
            .copied()
    }

    /// `F` at the end less `F` at the start.
    pub(super) fn change(&self, pieces: usize, output: usize) -> f64 {
        let value = |place: Place| {
            let point = self.places.iter().position(|&p| p == place);
            self.value(point.expect("both ends are nodes of every order"), output)
        };
        value((pieces - 1, 1.0)) - value((0, 0.0))
    }

    /// Largest less smallest value.
    pub(super) fn range(&self, output: usize) -> f64 {
        let (low, high) = self
            .values(output)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        high - low
    }

    /// What rounding may make of a value.
    pub(super) fn rounding(&self, output: usize) -> f64 {
        ROUNDINGS * self.epsilon * largest(self.values(output).map(f64::abs))
    }
}
