//! Quantiles.

/// The quantile `q`, from 0 to 1, of values in ascending order, by linear interpolation between the two
/// nearest ranks (Hyndman and Fan 1996, type 7; the default of `numpy.quantile`).
///
/// # Panics
/// If there are no values, or `q` is outside `[0, 1]`.
///
/// ```
/// assert_eq!(xcebra_numeric::quantile(&[1.0, 2.0, 4.0, 8.0], 0.5), 3.0);
/// ```
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    let fraction = position - below as f64;
    sorted[below] + fraction * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_ranks() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [
            (0.0, 1.0),
            (0.25, 2.0),
            (0.3, 2.4),
            (0.9, 12.8),
            (1.0, 16.0),
        ] {
            assert!((quantile(&sorted, q) - expected).abs() < 1e-14);
        }
        assert_eq!(quantile(&[3.0], 0.7), 3.0);
    }
}
