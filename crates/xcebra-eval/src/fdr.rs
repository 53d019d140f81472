//! Control of the false discovery rate among many tests.

use crate::check::{finite_values, parameter};
use crate::error::Result;

/// p-values adjusted by Benjamini and Hochberg (1995): calling those up to `q` discoveries keeps the
/// expected share of false ones at most `q` if the tests are independent or positively dependent.
///
/// In the order of the input: `p̃_(i) = min_{j ≥ i} min(1, m p_(j) / j)` over the sorted p-values.
///
/// # Errors
/// [`EvalError::Empty`](crate::EvalError::Empty), [`EvalError::NotFinite`](crate::EvalError::NotFinite),
/// [`EvalError::Parameter`](crate::EvalError::Parameter) unless all are in `[0, 1]`.
///
/// ```
/// let adjusted = xcebra_eval::benjamini_hochberg(&[0.01, 0.5, 0.02])?;
/// assert_eq!(adjusted, [0.03, 0.5, 0.03]);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>> {
    adjust(p_values, |_| 1.0)
}

/// p-values adjusted by Benjamini and Yekutieli (2001), for tests that depend on each other in any
/// way: Benjamini and Hochberg's times `Σ_{i=1}^m 1/i`.
///
/// # Errors
/// As [`benjamini_hochberg`].
pub fn benjamini_yekutieli(p_values: &[f64]) -> Result<Vec<f64>> {
    adjust(p_values, |m| (1..=m).map(|i| 1.0 / i as f64).sum())
}

fn adjust(p_values: &[f64], penalty: impl Fn(usize) -> f64) -> Result<Vec<f64>> {
    let p_values = finite_values("the p-values", p_values)?;
    if let Some(outside) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        parameter("a p-value", outside, false, "0 to 1")?;
    }
    let m = p_values.len();
    let factor = m as f64 * penalty(m);
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
    use super::*;
    use crate::EvalError;

    #[test]
    fn what_is_no_p_value_is_refused() {
        for adjust in [benjamini_hochberg, benjamini_yekutieli] {
            assert!(matches!(adjust(&[]), Err(EvalError::Empty { .. })));
            assert!(matches!(
                adjust(&[0.5, f64::NAN]),
                Err(EvalError::NotFinite { .. })
            ));
            let error = adjust(&[0.5, 1.5]).unwrap_err();
            assert_eq!(error.to_string(), "a p-value is 1.5, expected 0 to 1");
            // one test needs no correction
            assert_eq!(adjust(&[0.25]), Ok(vec![0.25]));
        }
    }
}
