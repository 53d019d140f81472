//! Piecewise linear models: intervals of the path, cut where the integrand jumps most.
//!
//! On an interval the integrand `g` is known at both ends only. With one kink between them, the end
//! tangents of `F` meet at it, and `g` of either side, weighted by the length of its part, gives the
//! integral exactly. With many, `g` is like a random walk, of which half of each is the best guess.
//! Which of the two, the intervals already cut tell: `belief` is the share of the way from one half
//! to the tangents' meeting point that would have served them best.

use super::points::{Place, Points};
use crate::numeric::largest;

/// Share of the intervals cut in one round.
const SHARE: f64 = 0.25;
/// How far beside a kink an interval is cut, in parts of it, so that one side is seen to be straight.
const BESIDE: f64 = 0.05;
/// Most cuts looked at to learn from.
const LESSONS: usize = 256;
/// Squared error of the integral of a random walk known at its ends, in units of
/// (width · difference of the ends)².
const WALK: f64 = 1.0 / 12.0;
/// A cut halves the deviation of a random walk's integral and uncovers the other three quarters
/// of its square.
const UNCOVERED: f64 = 0.75;

/// Part of a piece between two points.
#[derive(Debug, Clone, Copy)]
struct Interval {
    left: usize,
    right: usize,
}

/// What the cuts so far tell of one output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson {
    /// How much of the way from ½ to the meeting point of the tangents to go, 0 to 1.
    pub(super) belief: f64,
    /// Deviation of an interval's integral, in units of width · difference of the ends.
    deviation: f64,
}

#[derive(Default)]
pub(super) struct Intervals {
    intervals: Vec<Interval>,
    /// Left end, point between, right end.
    cuts: Vec<[usize; 3]>,
}

impl Intervals {
    /// Intervals between neighbouring nodes.
    pub(super) fn between(ends: impl Iterator<Item = (usize, usize)>) -> Self {
        Self {
            intervals: ends.map(|(left, right)| Interval { left, right }).collect(),
            cuts: Vec::new(),
        }
    }

    /// Points in the worst intervals, `most` at most, in the order of the path.
    pub(super) fn worst(&self, points: &Points, scales: &[f64], most: usize) -> Vec<Place> {
        let mut ranked: Vec<(f64, usize, usize)> = Vec::new();
        for (i, &Interval { left, right }) in self.intervals.iter().enumerate() {
            let needs = (0..points.outputs)
                .filter(|&o| scales[o] > 0.0)
                .map(|o| (unknown(points, left, right, o) / scales[o], o));
            let Some((need, output)) = needs.max_by(|a, b| a.0.total_cmp(&b.0)) else {
                continue;
            };
            if need > 0.0 && points.divisible(left, right) {
                ranked.push((need, i, output));
            }
        }
        let share = (SHARE * ranked.len() as f64).ceil() as usize;
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.truncate(share.min(most));
        ranked.sort_unstable_by_key(|&(_, i, _)| i);
        let place = |(_, i, output)| {
            let Interval { left, right } = self.intervals[i];
            let width = points.width(left, right);
            let at = points.at(left) + width * self.position(points, i, output);
            (points.places[left].0, at)
        };
        ranked.into_iter().map(place).collect()
    }

    /// Where to cut: beside the meeting point of the tangents, on its longer side, if kinks are so rare that
    /// a neighbouring interval has none, otherwise in the middle.
    fn position(&self, points: &Points, i: usize, output: usize) -> f64 {
        let Interval { left, right } = self.intervals[i];
        let before = i.checked_sub(1).map(|i| self.intervals[i]);
        let after = self.intervals.get(i + 1).copied();
        let touches = |n: &Interval| n.right == left || n.left == right;
        let mut neighbours = [before, after].into_iter().flatten().filter(touches);
        let alone = neighbours.any(|n| unknown(points, n.left, n.right, output) == 0.0);
        match points.tangents(left, right, output).meet() {
            Some(at) if alone => {
                let beside = if at > 0.5 { at - BESIDE } else { at + BESIDE };
                beside.clamp(BESIDE, 1.0 - BESIDE)
            }
            _ => 0.5,
        }
    }

    /// Cuts intervals at the points from number `first` on, which come in the order of the path.
    pub(super) fn cut(&mut self, points: &Points, first: usize) {
        let mut new = (first..points.len()).peekable();
        let mut intervals = Vec::with_capacity(self.intervals.len() + points.len() - first);
        for Interval { left, right } in std::mem::take(&mut self.intervals) {
            let places = &points.places;
            let inside = |&p: &usize| places[left] < places[p] && places[p] < places[right];
            match new.next_if(inside) {
                None => intervals.push(Interval { left, right }),
                Some(middle) => {
                    self.cuts.push([left, middle, right]);
                    let ends = [(left, middle), (middle, right)];
                    intervals.extend(ends.map(|(left, right)| Interval { left, right }));
                }
            }
        }
        self.intervals = intervals;
    }

    /// What one half, and the meeting point, would have made of intervals that were cut later; the
    /// later half of the cuts, because intervals were wider before.
    pub(super) fn lesson(&self, points: &Points, output: usize) -> Lesson {
        let count = self.cuts.len().div_ceil(2).min(LESSONS);
        let cuts: Vec<Differences> = self.cuts[self.cuts.len() - count..]
            .iter()
            .map(|&cut| Differences::new(points, cut, output))
            .collect();
        let (mut along, mut size) = (0.0, 0.0);
        for cut in &cuts {
            // parts between both rules
            let finer = cut.of_parts(0.5);
            for (finer, step) in finer.zip(cut.of_whole(1.0)) {
                along += step * finer;
                size += step * step;
            }
        }
        let belief = if size > 0.0 {
            (along / size).clamp(0.0, 1.0)
        } else {
            0.0
        };

        let (mut errors, mut units) = (0.0, 0.0);
        for cut in &cuts {
            for (finer, coarser) in cut.of_parts(belief).zip(cut.of_whole(belief)) {
                errors += (finer - coarser) * (finer - coarser) / UNCOVERED;
            }
            units += cut.shift[2].iter().map(|u| u * u).sum::<f64>();
        }
        // as if one more had been a random walk, so that few lucky cuts are not believed
        let one = if count > 0 { units / count as f64 } else { 1.0 };
        Lesson {
            belief,
            deviation: ((errors + WALK * one) / (units + one).max(f64::MIN_POSITIVE)).sqrt(),
        }
    }

    /// Deviation of the integral: errors of intervals add up as independent ones do.
    pub(super) fn error(&self, points: &Points, output: usize) -> f64 {
        let squares = self
            .intervals
            .iter()
            .map(|i| unknown(points, i.left, i.right, output).powi(2));
        let unknown = squares.sum::<f64>().sqrt();
        if unknown == 0.0 {
            0.0
        } else {
            unknown * self.lesson(points, output).deviation
        }
    }

    /// Weight of every point for one output, for a share of the way from one half to the meeting points.
    pub(super) fn weights(&self, points: &Points, output: usize, belief: f64) -> Vec<f64> {
        let mut weights = vec![0.0; points.len()];
        for &Interval { left, right } in &self.intervals {
            let tangents = points.tangents(left, right, output);
            let share = 0.5 + belief * (tangents.meet().unwrap_or(0.5) - 0.5);
            weights[left] += share * tangents.width;
            weights[right] += (1.0 - share) * tangents.width;
        }
        weights
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = (usize, usize)> {
        self.intervals.iter().map(|i| (i.left, i.right))
    }
}

/// What may be wrong with an interval: its width times the difference of the integrand at its ends; 0 if
/// it is straight as far as anyone can tell.
fn unknown(points: &Points, left: usize, right: usize, output: usize) -> f64 {
    let jump = points.jump(left, right, output);
    if jump > 0.0 {
        return points.width(left, right) * jump;
    }
    // the same gradient at both ends, and yet kinks between them
    let tangents = points.tangents(left, right, output);
    if tangents.is_line() {
        0.0
    } else {
        (tangents.rise - tangents.width * tangents.first).abs()
    }
}

/// Integrals of an interval that was cut, by several rules, less that by halves of its ends.
struct Differences {
    /// Halves of the ends of both parts.
    halves: Vec<f64>,
    /// What full weight at the left instead of the right end adds: first part, last part, whole.
    shift: [Vec<f64>; 3],
    /// How far the tangents' meeting points lie beyond the middle: first part, last part, whole.
    towards: [f64; 3],
}

impl Differences {
    fn new(points: &Points, [left, middle, right]: [usize; 3], output: usize) -> Self {
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
    fn of_parts(&self, share: f64) -> impl Iterator<Item = f64> {
        let [first, last, _] = self.towards.map(|towards| share * towards);
        let shifts = self.shift[0].iter().zip(&self.shift[1]);
        let shifts = shifts.map(move |(a, b)| first * a + last * b);
        self.halves
            .iter()
            .zip(shifts)
            .map(|(half, shift)| half + shift)
    }

    /// Of the whole.
    fn of_whole(&self, share: f64) -> impl Iterator<Item = f64> {
        let towards = share * self.towards[2];
        self.shift[2].iter().map(move |shift| towards * shift)
    }
}

/// Scales may be 0 where an output is constant.
pub(super) fn relative(errors: impl Iterator<Item = (f64, f64)>) -> f64 {
    largest(errors.map(|(error, scale)| if error == 0.0 { 0.0 } else { error / scale }))
}
