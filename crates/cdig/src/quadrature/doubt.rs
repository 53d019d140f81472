//! What may be wrong with an interval of which only the ends are known.

use super::points::Points;

/// How many times steeper than anything seen elsewhere on the path a change must be, on average over an
/// interval, to count as a jump. Intervals of that kind are cut further as long as the budget lasts.
const STEEPER: f64 = (1 << 20) as f64;
/// The same for intervals that cannot be cut further.
const STEEPER_IF_LAST: f64 = 64.0;
/// How many times larger than the change of the integrand an unexplained rise must be for an interval
/// to be called flat: the model rises there, and its gradient shows nothing of it.
const FLAT: f64 = 8.0;

/// What may be wrong with one output's integral over an interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// Width times the length of the difference of the integrand at both ends; 0 if it is rounding.
    pub(super) walk: f64,
    /// The part of the rise of `F` that no slope between those of the two ends explains, with its
    /// sign; 0 if it is rounding.
    pub(super) excess: f64,
    /// Whether `F` jumps here, as far as anyone can tell.
    pub(super) jump: bool,
}

/// What an interval is compared with, for one output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elsewhere {
    /// The steepest slope at any point, or the range of `F` if that is more.
    steepest: f64,
}

impl Elsewhere {
    pub(super) fn new(points: &Points, output: usize) -> Self {
        let slopes = (0..points.len()).map(|i| points.slope(i, output).abs());
        Self {
            steepest: slopes.fold(points.range(output), f64::max),
        }
    }
}

impl Doubt {
    pub(super) fn of(
        points: &Points,
        (left, right): (usize, usize),
        output: usize,
        elsewhere: Elsewhere,
    ) -> Self {
        let tangents = points.tangents(left, right, output);
        let walk = tangents.width * points.jump(left, right, output);
        let excess = tangents.excess();
        let steepness = match points.divisible(left, right) {
            true => STEEPER,
            false => STEEPER_IF_LAST,
        };
        Self {
            walk,
            excess,
            jump: excess.abs() > steepness * tangents.width * elsewhere.steepest,
        }
    }

    /// How much is unknown; 0 if the interval looks straight from its ends.
    pub(super) fn size(&self) -> f64 {
        self.walk.max(self.excess.abs())
    }

    /// Whether `F` rises and its gradient shows nothing of it.
    pub(super) fn is_flat(&self) -> bool {
        self.excess.abs() > FLAT * self.walk
    }
}

/// Whether an interval is [flat](Doubt::is_flat): what it was wrong about tells nothing of others, whose
/// gradient changes.
pub(super) fn is_flat(points: &Points, (left, right): (usize, usize), output: usize) -> bool {
    let tangents = points.tangents(left, right, output);
    tangents.excess().abs() > FLAT * tangents.width * points.jump(left, right, output)
}
