//! What several rules make of an interval that was cut.

use super::points::Points;

/// Integrals of an interval that was cut, by several rules, less that by halves of its ends.
pub(super) struct Differences {
    /// Halves of the ends of both parts.
    halves: Vec<f64>,
    /// What full weight at the left instead of the right end adds: first part, last part, whole.
    pub(super) shift: [Vec<f64>; 3],
    /// How far the tangents' meeting points lie beyond the middle: first part, last part, whole.
    towards: [f64; 3],
}

impl Differences {
    pub(super) fn new(points: &Points, [left, middle, right]: [usize; 3], output: usize) -> Self {
        let sides = [(left, middle), (middle, right), (left, right)];
        let shift = sides.map(|(l, r)| {
            let width = points.width(l, r);
            let pairs = points
                .sketch(l, output)
                .iter()
                .zip(points.sketch(r, output));
            pairs.map(|(a, b)| width * (a - b)).collect::<Vec<f64>>()
        });
        let towards = sides.map(|(l, r)| {
            let meet = points.tangents(l, r, output).meet();
            meet.map_or(0.0, |at| at - 0.5)
        });
        let half = |l: usize, r: usize, i: usize| {
            0.5 * points.width(l, r) * (points.sketch(l, output)[i] + points.sketch(r, output)[i])
        };
        let halves = (0..points.sketch_len())
            .map(|i| half(left, middle, i) + half(middle, right, i) - half(left, right, i))
            .collect();
        Self {
            halves,
            shift,
            towards,
        }
    }

    /// Of both parts, for a share of the way from one half to the meeting points.
    pub(super) fn of_parts(&self, share: f64) -> impl Iterator<Item = f64> {
        let [first, last, _] = self.towards.map(|towards| share * towards);
        let shifts = self.shift[0].iter().zip(&self.shift[1]);
        let shifts = shifts.map(move |(a, b)| first * a + last * b);
        self.halves
            .iter()
            .zip(shifts)
            .map(|(half, shift)| half + shift)
    }

    /// Of the whole.
    pub(super) fn of_whole(&self, share: f64) -> impl Iterator<Item = f64> {
        let towards = share * self.towards[2];
        self.shift[2].iter().map(move |shift| towards * shift)
    }
}
