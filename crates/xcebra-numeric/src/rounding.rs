//! Numbers that differ by rounding alone.

/// Units in the last place by which numbers of a narrow type may deviate and still count as constant.
///
/// A few roundings, each of half a unit, deviate by one or two; signals of any use by hundreds.
const UNITS: f64 = 2.0;

/// Whether values are constant but for rounding, given the machine epsilon of the type they were stored
/// in. Values that are not finite are not constant.
///
/// The rule is that of scikit-learn's `StandardScaler`: with the mean `m` and the variance `v` of `n`
/// values, `v ≤ n ε v + (n m ε)²` with the `ε` of `f64`, computed here from deviations in two passes so
/// that nothing overflows or cancels. It bounds the error of a sum of `n` numbers in `f64`, whatever type
/// they came in. Values of a narrower type also count as constant if their standard deviation is at most
/// two of its epsilons times the mean; there `n` has no part in it, because each value is rounded once.
///
/// ```
/// use xcebra_numeric::is_constant;
///
/// let dead = [1e5, 1e5 + 1.5e-11, 1e5];
/// assert!(is_constant(dead.into_iter(), f64::EPSILON));
/// assert!(!is_constant([1e5, 1e5 + 1e-3, 1e5].into_iter(), f64::EPSILON));
/// ```
pub fn is_constant(values: impl Iterator<Item = f64> + Clone, epsilon: f64) -> bool {
    let mut spreads = Spreads::new(1);
    values.clone().for_each(|value| spreads.add(&[value]));
    let known = spreads.is_constant(0, epsilon);
    known.unwrap_or_else(|| spreads.is_constant_on_closer_look(0, values, epsilon))
}

/// As [`is_constant`], of several columns whose values come row by row.
///
/// One pass decides almost every column. The few others need their values once more.
///
/// ```
/// use xcebra_numeric::Spreads;
///
/// let mut spreads = Spreads::new(2);
/// spreads.add(&[1.0, 5.0, 2.0, 5.0]);
/// spreads.add(&[3.0, 5.0]);
/// assert_eq!(spreads.is_constant(0, f64::EPSILON), Some(false));
/// assert_eq!(spreads.is_constant(1, f64::EPSILON), Some(true));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Spreads {
    rows: f64,
    /// The first row.
    first: Vec<f64>,
    /// Sums of the distances from the first row, and the largest distances.
    sum: Vec<f64>,
    far: Vec<f64>,
    /// 0, and NaN once a value or its distance from the first is not finite.
    lost: Vec<f64>,
}

impl Spreads {
    /// Of no rows yet.
    pub fn new(columns: usize) -> Self {
        Self {
            rows: 0.0,
            first: Vec::new(),
            sum: vec![0.0; columns],
            far: vec![0.0; columns],
            lost: vec![0.0; columns],
        }
    }

    /// Adds rows, one after another.
    ///
    /// # Panics
    /// If they are not whole rows.
    pub fn add(&mut self, rows: &[f64]) {
        let columns = self.sum.len();
        assert!(rows.len().is_multiple_of(columns), "whole rows");
        if self.first.is_empty() {
            self.first.extend(rows.iter().take(columns));
        }
        let Self {
            first,
            sum,
            far,
            lost,
            ..
        } = self;
        for row in rows.chunks_exact(columns) {
            self.rows += 1.0;
            let places = sum.iter_mut().zip(&mut *far).zip(&mut *lost);
            for ((&value, &first), ((sum, far), lost)) in row.iter().zip(&*first).zip(places) {
                let off = value - first;
                *sum += off;
                *far = far.max(off.abs());
                *lost += 0.0 * off;
            }
        }
    }

    /// Whether a column is constant but for rounding; none if only a closer look at its values can tell.
    pub fn is_constant(&self, column: usize, epsilon: f64) -> Option<bool> {
        let far = self.far[column];
        if self.lost[column].is_nan() {
            return Some(false);
        }
        if far == 0.0 {
            return Some(true);
        }
        // two of the values are `far` apart, and two alone make this deviation: mostly far too much
        let least = far / (2.0 * self.rows).sqrt();
        (!self.is_rounding(column, least, epsilon)).then_some(false)
    }

    /// As [`is_constant`](Self::is_constant), with the values of the column.
    pub fn is_constant_on_closer_look(
        &self,
        column: usize,
        values: impl Iterator<Item = f64>,
        epsilon: f64,
    ) -> bool {
        let (first, far) = (self.first[column], self.far[column]);
        let mean_off = self.sum[column] / self.rows;
        let square = |value: f64| ((value - first - mean_off) / far).powi(2);
        let deviation = far * (values.map(square).sum::<f64>() / self.rows).sqrt();
        self.is_rounding(column, deviation, epsilon)
    }

    /// Whether a standard deviation is no more than rounding of the column's mean.
    fn is_rounding(&self, column: usize, deviation: f64, epsilon: f64) -> bool {
        let n = self.rows;
        let mean = (self.first[column] + self.sum[column] / n).abs();
        let share = (1.0 - n * f64::EPSILON).max(0.0).sqrt();
        let in_sums = deviation * share <= n * f64::EPSILON * mean;
        let in_storage = epsilon > f64::EPSILON && deviation <= UNITS * epsilon * mean;
        in_sums || in_storage
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Spreads, is_constant};

    const NARROW: f64 = f32::EPSILON as f64;

    fn wide(values: &[f64]) -> bool {
        is_constant(values.iter().copied(), f64::EPSILON)
    }

    #[test]
    fn sizes_at_the_ends_of_the_type() {
        assert!(wide(&[]) && wide(&[3.0]) && wide(&[0.0, -0.0]));
        assert!(!wide(&[1e308, -1e308, 0.0]), "a difference overflows");
        assert!(!wide(&[1e200, -1e200]), "a variance would overflow");
        assert!(!wide(&[1e-200, 2e-200]), "a variance would be zero");
        assert!(!wide(&[5e-324, 0.0]));
        assert!(!wide(&[f64::NAN, f64::NAN]) && !wide(&[f64::INFINITY; 2]));
    }

    proptest! {
        /// Columns in blocks of rows are judged as each is alone, by the formula of the documentation.
        #[test]
        fn columns_are_judged_as_each_is_alone(
            steps in prop::collection::vec(prop::collection::vec(0u8..3, 3), 2..40),
            scale in prop::sample::select(&[1.0, 1e-6, 1e-13, 1e-16, 0.0][..]),
            block in 1usize..7,
        ) {
            let rows: Vec<Vec<f64>> = steps
                .iter()
                .map(|row| row.iter().map(|&step| 7.0 * (1.0 + scale * f64::from(step))).collect())
                .collect();
            let mut spreads = Spreads::new(3);
            rows.chunks(block).for_each(|rows| spreads.add(&rows.concat()));
            for column in 0..3 {
                let values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
                let n = values.len() as f64;
                let off = |v: &f64| v - values[0];
                let mean_off = values.iter().map(off).sum::<f64>() / n;
                let variance = values.iter().map(|v| (off(v) - mean_off).powi(2)).sum::<f64>() / n;
                let mean = values[0] + mean_off;
                let expected = variance <= n * f64::EPSILON * variance + (n * mean * f64::EPSILON).powi(2);
                let found = spreads.is_constant(column, f64::EPSILON).unwrap_or_else(|| {
                    let values = values.iter().copied();
                    spreads.is_constant_on_closer_look(column, values, f64::EPSILON)
                });
                prop_assert_eq!(found, expected);
            }
        }

        /// The last bit of single precision comes and goes; sixteen bits of signal stay.
        #[test]
        fn single_precision(
            mean in prop::num::f32::NORMAL.prop_filter("no overflow", |m| m.abs() < 1e30 && m.abs() > 1e-30),
            flips in prop::collection::vec(0u32..2, 2..3000),
        ) {
            let last = |k: u32| f64::from(f32::from_bits(mean.to_bits() + k));
            let noise = flips.iter().map(|&k| last(k));
            prop_assert!(is_constant(noise, NARROW));
            let signal = (0..flips.len()).map(|i| last(65_536 * (i as u32 % 2)));
            prop_assert!(!is_constant(signal, NARROW));
        }

        /// Around any offset a signal of a thousandth of it is one, for any number of samples.
        #[test]
        fn signals_are_not_constant(mean in -1e9f64..1e9, n in 2usize..20_000, narrow: bool) {
            let epsilon = if narrow { NARROW } else { f64::EPSILON };
            let signal = (0..n).map(|t| mean * (1.0 + 1e-3 * (t % 2) as f64));
            prop_assume!(mean != 0.0);
            prop_assert!(!is_constant(signal, epsilon));
        }
    }
}
