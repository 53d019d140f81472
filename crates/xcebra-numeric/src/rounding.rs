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
    let Some(first) = values.clone().next() else {
        return true;
    };
    let (mut n, mut sum, mut far) = (0.0, 0.0, 0.0_f64);
    for value in values.clone() {
        let off = value - first;
        if !off.is_finite() {
            return false;
        }
        (n, sum, far) = (n + 1.0, sum + off, far.max(off.abs()));
    }
    if far == 0.0 {
        return true;
    }
    let mean_off = sum / n;
    let mean = (first + mean_off).abs();
    let share = (1.0 - n * f64::EPSILON).max(0.0).sqrt();
    let is_rounding = |deviation: f64| {
        let in_sums = deviation * share <= n * f64::EPSILON * mean;
        let in_storage = epsilon > f64::EPSILON && deviation <= UNITS * epsilon * mean;
        in_sums || in_storage
    };
    // two of the values are `far` apart, and two alone make this deviation: mostly far too much
    if !is_rounding(far / (2.0 * n).sqrt()) {
        return false;
    }
    let square = |value: f64| ((value - first - mean_off) / far).powi(2);
    is_rounding(far * (values.map(square).sum::<f64>() / n).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_constant;

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
