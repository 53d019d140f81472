//! Goodness of fit of a contrastive loss.

use std::f64::consts::LN_2;

use crate::check::parameter;
use crate::error::Result;

/// Goodness of fit of an InfoNCE loss in bits over chance: `(ln n − loss) / ln 2`.
///
/// `loss = mean_i [−φ(x_i, x_i^+) + ln Σ_j exp φ(x_i, x_j^-)]` in nats, over `n` negatives that are
/// summed, not averaged. An embedding that tells nothing has `loss = ln n`, that is 0 bits; worse than
/// chance is negative. This is CEBRA's `infonce_to_goodness_of_fit` with `n` = batch size × sessions.
///
/// # Errors
/// [`EvalError::Parameter`](crate::EvalError::Parameter) unless the loss is finite and there is a
/// negative.
pub fn goodness_of_fit(loss: f64, negatives: usize) -> Result<f64> {
    parameter("loss", loss, loss.is_finite(), "a finite number of nats")?;
    parameter("negatives", negatives, negatives > 0, "at least 1")?;
    Ok(((negatives as f64).ln() - loss) / LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_zero_and_one_of_n_is_all_bits() {
        assert_eq!(goodness_of_fit(512f64.ln(), 512), Ok(0.0));
        // a loss of 0 picks the positive out of 512: 9 bits, to a rounding of a quotient
        assert!((goodness_of_fit(0.0, 512).unwrap() - 9.0).abs() < 1e-14);
        let worse = goodness_of_fit(512f64.ln() + LN_2, 512).unwrap();
        assert!((worse + 1.0).abs() < 1e-14);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(goodness_of_fit(f64::NAN, 512).is_err());
        let error = goodness_of_fit(1.0, 0).unwrap_err();
        assert_eq!(error.to_string(), "negatives is 0, expected at least 1");
    }
}
