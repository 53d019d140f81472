//! Deletion and insertion curves (Petsiuk, Das, Saenko 2018): in which order coefficients are exchanged, how
//! many at each point, and the area under the curve.
//!
//! Models and domains are the caller's business: it computes the output of each row that [`exchange`] gives.

/// Positions by falling score; equal scores keep their order.
///
/// ```
/// assert_eq!(xcebra_numeric::ranking(&[0.5, -2.0, 3.0, 0.5]), [2, 0, 3, 1]);
/// ```
#[must_use]
pub fn ranking(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

/// How many of `coefficients` are exchanged at each of `steps + 1` points: `⌊j coefficients / steps⌉`.
#[must_use]
pub fn even_counts(coefficients: usize, steps: usize) -> Vec<usize> {
    (0..=steps)
        .map(|j| (j as f64 / steps as f64 * coefficients as f64).round() as usize)
        .collect()
}

/// How many of `coefficients` are exchanged at each point: none, then numbers that grow geometrically from 1
/// to all in at most `steps + 1` points, because the first few matter most.
#[must_use]
pub fn geometric_counts(coefficients: usize, steps: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = (0..=steps)
        .map(|step| {
            (coefficients as f64)
                .powf(step as f64 / steps as f64)
                .round() as usize
        })
        .collect();
    counts.insert(0, 0);
    counts.dedup();
    counts
}

/// Copies of `start`, one for each count, in which the first `count` positions of `order` hold the values of
/// `replacement`; one after the other in `rows`, which is emptied first.
///
/// # Panics
/// If `start` and `replacement` differ in length, or `order` names a position beyond it, or a count is larger
/// than `order` is long.
pub fn exchange<T: Clone>(
    start: &[T],
    replacement: &[T],
    order: &[usize],
    counts: &[usize],
    rows: &mut Vec<T>,
) {
    assert_eq!(start.len(), replacement.len(), "one value a position");
    rows.clear();
    for &count in counts {
        let first = rows.len();
        rows.extend_from_slice(start);
        for &position in &order[..count] {
            rows[first + position] = replacement[position].clone();
        }
    }
}

/// Area under the curve through the points `(x, y)`, by the trapezoidal rule.
///
/// ```
/// assert_eq!(xcebra_numeric::area(&[0.0, 0.5, 1.0], &[1.0, 0.5, 0.0]), 0.5);
/// ```
#[must_use]
pub fn area(x: &[f64], y: &[f64]) -> f64 {
    let pieces = x.windows(2).zip(y.windows(2));
    pieces
        .map(|(x, y)| 0.5 * (x[1] - x[0]) * (y[0] + y[1]))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        assert_eq!(even_counts(10, 4), [0, 3, 5, 8, 10]);
        assert_eq!(even_counts(2, 4), [0, 1, 1, 2, 2]);
        assert_eq!(geometric_counts(16, 4), [0, 1, 2, 4, 8, 16]);
        // 2^(j/20) rounds to 1 up to j = 11, to 2 beyond
        assert_eq!(geometric_counts(2, 20), [0, 1, 2]);
        assert_eq!(geometric_counts(1, 20), [0, 1]);
    }

    /// On a sum, exchanging the largest terms first leaves what the others sum to.
    #[test]
    fn a_sum_loses_its_largest_terms_first() {
        let terms = [1.0, 5.0, 2.0, 2.0];
        let order = ranking(&terms);
        assert_eq!(order, [1, 2, 3, 0]);
        let mut rows = vec![7.0];
        exchange(&terms, &[0.0; 4], &order, &even_counts(4, 4), &mut rows);
        let sums: Vec<f64> = rows.chunks(4).map(|row| row.iter().sum()).collect();
        assert_eq!(sums, [10.0, 5.0, 3.0, 1.0, 0.0]);
        // trapezoids of width ¼
        assert_eq!(area(&[0.0, 0.25, 0.5, 0.75, 1.0], &sums), 3.5);
    }

    /// The trapezoidal rule is exact for straight lines, whatever the widths.
    #[test]
    fn the_area_under_a_line() {
        assert_eq!(area(&[0.0, 1.0, 4.0], &[1.0, 3.0, 9.0]), 20.0);
        assert_eq!(area(&[2.0], &[1.0]), 0.0);
    }
}
