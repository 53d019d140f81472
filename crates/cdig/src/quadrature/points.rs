//! What is known of the model at points of a path.

use super::sketch::Sketch;
use super::two_tangents::TwoTangents;
use crate::numeric::largest;

/// A point of the path: piece, and position in `[0, 1]` on it.
pub(crate) type Place = (usize, f64);

/// Values and slopes are trusted up to this many roundings of their terms; for long signals up to the square
/// root of their number, with which the rounding of a sum grows (Higham and Mary 2019).
pub(crate) const ROUNDINGS: f64 = 64.0;
/// Exponents of the factors that bring outputs to the order of 1: all that are numbers, and their inverses.
const EXPONENTS: f64 = 1000.0;

/// What the model answers at some points.
#[derive(Default)]
pub(crate) struct Answers {
    /// `F`, `(points, outputs)`, flat.
    pub(crate) values: Vec<f64>,
    /// `dF/dt`, `(points, outputs)`, flat: the sum of the integrand.
    pub(crate) slopes: Vec<f64>,
    /// How large the terms are that values and slopes are sums of, `(points, outputs)`, flat.
    pub(crate) sizes: Vec<f64>,
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
    /// What one entry of the integrand or value may be off, relative to the size of its terms.
    rounding: f64,
    /// Powers of two that bring outputs to the order of 1, so that no square overflows or vanishes.
    factors: Vec<f64>,
    answers: Answers,
}

impl Points {
    /// `epsilon` is the machine precision of the model, `rounding` what it may make of a sum of terms,
    /// relative to their size.
    pub(super) fn new(outputs: usize, sketch: Sketch, epsilon: f64, rounding: f64) -> Self {
        Self {
            outputs,
            rounding,
            factors: Vec::new(),
            places: Vec::new(),
            sketch,
            epsilon,
            answers: Answers::default(),
        }
    }

    pub(super) fn extend(&mut self, places: &[Place], answers: &Answers) {
        self.places.extend_from_slice(places);
        if self.factors.is_empty() {
            self.factors = (0..self.outputs).map(|o| self.factor(answers, o)).collect();
        }
        let scaled = |numbers: &[f64], each: usize| -> Vec<f64> {
            let factor = |i: usize| self.factors[i / each % self.outputs];
            let numbers = numbers.iter().enumerate();
            numbers.map(|(i, number)| number * factor(i)).collect()
        };
        let known = &mut self.answers;
        known.values.extend(scaled(&answers.values, 1));
        known.slopes.extend(scaled(&answers.slopes, 1));
        known.sizes.extend(scaled(&answers.sizes, 1));
        let sketches = scaled(&answers.sketches, self.sketch.len.max(1));
        known.sketches.extend(sketches);
    }

    fn factor(&self, answers: &Answers, output: usize) -> f64 {
        let numbers = |all: &[f64], each: usize| {
            let rows = all.chunks(each).skip(output).step_by(self.outputs);
            largest(rows.flatten().map(|number| number.abs()))
        };
        let size = numbers(&answers.values, 1)
            .max(numbers(&answers.slopes, 1))
            .max(numbers(&answers.sketches, self.sketch.len.max(1)));
        match size.log2().floor() {
            exponent if exponent.is_finite() => {
                2.0_f64.powi(-exponent.clamp(-EXPONENTS, EXPONENTS) as i32)
            }
            _ => 1.0,
        }
    }

    /// A quantity that was computed here, in the unit of its output.
    pub(super) fn in_unit(&self, quantity: f64, output: usize) -> f64 {
        quantity / self.factors[output]
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
        TwoTangents {
            width,
            rise: after - before,
            first,
            last,
            rounding: self.rounding * self.size(left, output).max(self.size(right, output)),
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

    /// Size of the terms of value and slope at a point.
    fn size(&self, point: usize, output: usize) -> f64 {
        let size = self.answers.sizes[point * self.outputs + output];
        size + self.value(point, output).abs()
    }

    /// What rounding may make of the change of `F` and of an integral over intervals between these points.
    ///
    /// Each term is taken where it is used: where a model is steep, its value is as uncertain as it is
    /// steep, but only there.
    pub(super) fn rounding(
        &self,
        ends: impl Iterator<Item = (usize, usize)>,
        output: usize,
    ) -> f64 {
        let size = |point| self.size(point, output);
        let (mut first, mut last) = (0, 0);
        let mut integral = 0.0;
        for (left, right) in ends {
            if self.places[left] < self.places[first] {
                first = left;
            }
            if self.places[right] > self.places[last] {
                last = right;
            }
            integral += 0.5 * self.width(left, right) * (size(left) + size(right));
        }
        self.rounding * (size(first) + size(last) + integral)
    }
}
