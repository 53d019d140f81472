//! Control of false discoveries among many p-values.

use crate::error::{NumericError, Result};

/// How the expected share of false discoveries is controlled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Benjamini, Hochberg 1995: for p-values that are independent, or positively dependent (on each
    /// of those of true nulls). Entries of attribution maps usually are.
    #[default]
    BenjaminiHochberg,
    /// Benjamini, Yekutieli 2001: for any dependence, at the price of a factor of about the logarithm
    /// of the number of p-values.
    BenjaminiYekutieli,
    /// None: p-values as they are.
    None,
}

/// Adjusted p-values, in the order given: a test is a discovery at a rate `α` if its adjusted p-value is at most
/// `α`. No p-values give none.
///
/// `p̃_(i) = min_{j ≥ i} min(1, c m p_(j) / j)` over the `m` sorted p-values, with `c = 1` by Benjamini and
/// Hochberg, and `c = Σ_{i=1}^m 1/i` by Benjamini and Yekutieli. No adjusted p-value is below its p-value, not
/// even by a rounding.
///
/// ```
/// use xcebra_numeric::{Control, adjust};
///
/// let adjusted = adjust(&[0.01, 0.5, 0.02], Control::BenjaminiHochberg)?;
/// assert_eq!(adjusted, [0.03, 0.5, 0.03]);
/// # Ok::<(), xcebra_numeric::NumericError>(())
/// ```
///
/// # Errors
/// [`NumericError::Parameter`] if one of them is not in [0, 1].
pub fn adjust(p_values: &[f64], control: Control) -> Result<Vec<f64>> {
    if let Some(p) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        let expected = "a number in [0, 1]";
        return Err(NumericError::parameter("a p-value", p, expected));
    }
    let m = p_values.len();
    let penalty = match control {
        Control::BenjaminiHochberg => 1.0,
        Control::BenjaminiYekutieli => (1..=m).map(|i| 1.0 / i as f64).sum(),
        Control::None => return Ok(p_values.to_vec()),
    };
    let factor = m as f64 * penalty;
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; m];
    let mut least = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        // the quotient first: it is at least 1, so that no p-value is rounded to less than it was
        least = least.min(p_values[index] * (factor / (rank + 1) as f64));
        adjusted[index] = least;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// `p m / rank`, and the running minimum from the largest on; BY multiplies by 1 + 1/2 + … + 1/6 = 2.45.
    #[test]
    fn adjusted_values_by_hand() {
        let p = [0.01, 0.02, 0.03, 0.04, 0.9, 0.005];
        let by_hand = [0.03, 0.04, 0.045, 0.048, 0.9, 0.03];
        let found = adjust(&p, Control::BenjaminiHochberg).unwrap();
        for (found, expected) in found.iter().zip(by_hand) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        let found = adjust(&p, Control::BenjaminiYekutieli).unwrap();
        for (found, expected) in found.iter().zip(by_hand) {
            assert!((found - (2.45 * expected).min(1.0)).abs() < 1e-14);
        }
        assert_eq!(adjust(&p, Control::None).unwrap(), p);
        assert!(adjust(&[], Control::BenjaminiHochberg).unwrap().is_empty());
        // one test needs no correction
        assert_eq!(
            adjust(&[0.25], Control::BenjaminiYekutieli).unwrap(),
            [0.25]
        );
    }

    #[test]
    fn values_outside_the_unit_interval_are_refused() {
        for control in [Control::BenjaminiHochberg, Control::None] {
            assert!(adjust(&[f64::NAN], control).is_err());
            assert!(adjust(&[-0.1], control).is_err());
            let error = adjust(&[0.5, 1.5], control).unwrap_err();
            assert_eq!(
                error.to_string(),
                "a p-value is 1.5, expected a number in [0, 1]"
            );
        }
    }

    /// 100 · p / 3 and (100 · p) / 3 differ in the last bit for many p; whatever the rounding, an adjusted
    /// p-value of equal p-values is the p-value itself, and none is smaller.
    #[test]
    fn rounding_makes_no_p_value_smaller() {
        for i in 1..2000 {
            let p = f64::from(i) / 2001.0;
            for m in [3, 7, 49] {
                let adjusted = adjust(&vec![p; m], Control::BenjaminiHochberg).unwrap();
                assert!(adjusted.iter().all(|&q| q == p), "{p} {m}");
            }
        }
    }

    proptest! {
        #[test]
        fn step_up_decides_as_benjamini_and_hochberg(
            p in vec(0.0..=1.0f64, 1..30),
            q in 0.01..0.99f64,
        ) {
            let adjusted = adjust(&p, Control::BenjaminiHochberg).unwrap();
            // the largest k with p_(k) ≤ k q / m; all up to it are discoveries
            let m = p.len() as f64;
            let mut sorted = p.clone();
            sorted.sort_by(f64::total_cmp);
            let passes = |i: &usize| sorted[*i] * m / (*i as f64 + 1.0) <= q;
            let last = (0..sorted.len()).rfind(passes).map(|i| sorted[i]);
            for (adjusted, &p) in adjusted.iter().zip(&p) {
                prop_assert_eq!(*adjusted <= q, last.is_some_and(|last| p <= last));
                prop_assert!(*adjusted >= p && *adjusted <= 1.0);
            }
            let yekutieli = adjust(&p, Control::BenjaminiYekutieli).unwrap();
            prop_assert!(yekutieli.iter().zip(&adjusted).all(|(y, h)| y >= h));
        }
    }
}
