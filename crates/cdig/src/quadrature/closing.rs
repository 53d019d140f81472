//! Completeness: what a sum over the path lacks, made up for where most is unknown.

use super::points::Points;

/// Largest part of an interval's weight that completeness may move from end to end.
const BALANCE: f64 = 0.5;

/// Moves weight between the ends of intervals so that the sum grows by `lacks`: each interval has its
/// part in proportion to the square of its own error, width times difference of the slopes, as the
/// likeliest split of a sum of independent errors is. Returns what the sum still lacks: all of it if an
/// interval would have to give more than half of its weight, as where all slopes are the same.
pub(super) fn close(
    weights: &mut [f64],
    lacks: f64,
    ends: &[(usize, usize)],
    points: &Points,
    output: usize,
) -> f64 {
    let turns: Vec<(usize, usize, f64, f64)> = ends
        .iter()
        .map(|&(left, right)| {
            let width = points.width(left, right);
            let turn = width * (points.slope(right, output) - points.slope(left, output));
            (left, right, width, turn)
        })
        .collect();
    let most = turns.iter().fold(0.0, |most: f64, t| most.max(t.3.abs()));
    if most == 0.0 {
        return lacks;
    }
    // relative to the largest, so that no square vanishes; the sum is at least 1
    let spread: f64 = turns.iter().map(|t| (t.3 / most).powi(2)).sum();
    let share = lacks / most / spread;
    if share.abs() > BALANCE {
        return lacks;
    }
    for (left, right, width, turn) in turns {
        let moved = share * width * (turn / most);
        weights[left] -= moved;
        weights[right] += moved;
    }
    0.0
}
