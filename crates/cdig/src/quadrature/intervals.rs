//! Piecewise linear models: intervals of the path, cut where the integrand jumps most.
//!
//! On an interval the integrand `g` is known at both ends only. With one kink between them, the end
//! tangents of `F` meet at it, and `g` of either side, weighted by the length of its part, gives the
//! integral exactly. With many, `g` is like a random walk, of which half of each is the best guess.
//! Which of the two, the intervals already cut tell: `belief` is the share of the way from one half
//! to the tangents' meeting point that would have served them best.

use super::differences::Differences;
use super::doubt::{Doubt, Elsewhere, is_flat};
use super::points::{Place, Points};
use crate::numeric::largest;

/// Share of the intervals cut in one round.
const SHARE: f64 = 0.25;
/// Intervals with a smaller part of the largest need are not cut in the same round: while a steep place is
/// closed in upon, there is nothing to gain elsewhere.
const SMALL: f64 = 1e-3;
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
/// Points kept for finding out whether a model that rises where its gradient is 0 jumps: halving an
/// interval so often leaves nothing but a jump.
pub(super) const RESERVE: usize = 40;

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
    pub(super) deviation: f64,
}

/// How much an interval needs a cut, its number, and the output that needs it.
type Need = (f64, usize, usize);

fn larger(first: Option<Need>, second: Need) -> Option<Need> {
    Some(first.filter(|first| first.0 >= second.0).unwrap_or(second))
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

    /// What is unknown of each interval, for one output.
    pub(super) fn doubts(&self, points: &Points, output: usize) -> Vec<Doubt> {
        let elsewhere = Elsewhere::new(points, output);
        let all = self.ends();
        all.map(|ends| Doubt::of(points, ends, output, elsewhere))
            .collect()
    }

    /// Points in the worst intervals, `most` at most, in the order of the path; `doubts` and `scales` by
    /// output. Jumps come last: cutting them finds out only whether they are merely steep.
    ///
    /// With `reserved`, the last points look into one interval in which a model rises while its gradient is 0.
    pub(super) fn worst(
        &self,
        points: &Points,
        doubts: &[&[Doubt]],
        scales: &[f64],
        (most, reserved): (usize, bool),
    ) -> Vec<Place> {
        let (mut ranked, mut jumps): (Vec<Need>, Vec<Need>) = Default::default();
        let mut flat: Option<Need> = None;
        for (i, &Interval { left, right }) in self.intervals.iter().enumerate() {
            if !points.divisible(left, right) {
                continue;
            }
            let (mut most, mut jump): (Option<Need>, Option<Need>) = (None, None);
            for output in (0..points.outputs).filter(|&o| scales[o] > 0.0) {
                let doubt = doubts[output][i];
                let need = |size: f64| (size / scales[output], i, output);
                let size = doubt.size();
                if size > 0.0 {
                    let largest = if doubt.jump { &mut jump } else { &mut most };
                    *largest = larger(*largest, need(size));
                }
                if doubt.is_flat() && !doubt.jump {
                    flat = larger(flat, need(size / points.width(left, right)));
                }
            }
            match most {
                Some(need) => ranked.push(need),
                None => jumps.extend(jump),
            }
        }
        let known = doubts.iter().any(|doubts| doubts.iter().any(|d| d.jump));
        let flat = flat.filter(|_| reserved && !known);
        let most = match flat {
            Some((_, i, output)) if most <= RESERVE => {
                return match most {
                    0 => Vec::new(),
                    _ => vec![self.place(points, i, output)],
                };
            }
            Some(_) => most - RESERVE,
            None => most,
        };
        if ranked.is_empty() {
            ranked = jumps;
        } else {
            let share = (SHARE * ranked.len() as f64).ceil() as usize;
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let least = SMALL * ranked[0].0;
            let worth = ranked.partition_point(|need| need.0 >= least);
            ranked.truncate(share.min(worth));
        }
        ranked.truncate(most);
        ranked.sort_unstable_by_key(|&(_, i, _)| i);
        let place = |(_, i, output)| self.place(points, i, output);
        ranked.into_iter().map(place).collect()
    }

    fn place(&self, points: &Points, i: usize, output: usize) -> Place {
        let Interval { left, right } = self.intervals[i];
        let width = points.width(left, right);
        let at = points.at(left) + width * self.position(points, i, output);
        (points.places[left].0, at)
    }

    /// Where to cut: beside the meeting point of the tangents, on its longer side, if kinks are so rare that
    /// a neighbouring interval has none, otherwise in the middle.
    fn position(&self, points: &Points, i: usize, output: usize) -> f64 {
        let Interval { left, right } = self.intervals[i];
        let before = i.checked_sub(1).map(|i| self.intervals[i]);
        let after = self.intervals.get(i + 1).copied();
        let touches = |n: &Interval| n.right == left || n.left == right;
        let mut neighbours = [before, after].into_iter().flatten().filter(touches);
        let alone = neighbours.any(|n| is_straight(points, n.left, n.right, output));
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
            .filter(|[left, _, right]| !is_flat(points, (*left, *right), output))
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
        if units == 0.0 {
            // nothing was learnt
            let deviation = WALK.sqrt();
            return Lesson { belief, deviation };
        }
        // as if one more had been a random walk, so that few lucky cuts are not believed
        let one = units / cuts.len() as f64;
        Lesson {
            belief,
            deviation: ((errors + WALK * one) / (units + one)).sqrt(),
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

/// Whether nothing speaks against the interval being straight.
fn is_straight(points: &Points, left: usize, right: usize, output: usize) -> bool {
    points.jump(left, right, output) == 0.0 && points.tangents(left, right, output).excess() == 0.0
}

/// Scales may be 0 where an output is constant.
pub(super) fn relative(errors: impl Iterator<Item = (f64, f64)>) -> f64 {
    largest(errors.map(|(error, scale)| if error == 0.0 { 0.0 } else { error / scale }))
}
