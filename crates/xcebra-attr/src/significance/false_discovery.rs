//! Control of false discoveries among many p-values.

use crate::error::{AttrError, Result};

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

/// Adjusted p-values: an entry is a discovery at a rate `α` if its adjusted p-value is at most `α`.
///
/// # Errors
/// [`AttrError::Parameter`] if one of them lies outside [0, 1].
pub fn adjust(p_values: &[f64], control: Control) -> Result<Vec<f64>> {
    if let Some(p) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(AttrError::parameter(
            "a p-value",
            p.to_string(),
            "a number in [0, 1]",
        ));
    }
    let count = p_values.len();
    let factor = match control {
        Control::BenjaminiHochberg => 1.0,
        Control::BenjaminiYekutieli => (1..=count).map(|i| 1.0 / i as f64).sum(),
        Control::None => return Ok(p_values.to_vec()),
    };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; count];
    let mut least = 1.0_f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(p_values[at] * count as f64 * factor / (rank + 1) as f64);
        adjusted[at] = least;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
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
        assert!(adjust(&[0.5, 1.5], Control::None).is_err());
        assert!(adjust(&[f64::NAN], Control::None).is_err());
    }
}
