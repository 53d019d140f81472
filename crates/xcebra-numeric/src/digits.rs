//! How many digits of a number a reader needs.

/// Decimals that show this many significant digits of a number of this size, which is positive and finite; none
/// where the digits before the point are enough.
///
/// ```
/// use xcebra_numeric::decimals;
///
/// assert_eq!([0.0123, 1.23, 12.3, 12_300.0].map(|size| decimals(size, 4)), [5, 3, 2, 0]);
/// ```
#[must_use]
pub fn decimals(size: f64, digits: u32) -> usize {
    (f64::from(digits) - 1.0 - size.log10().floor()).max(0.0) as usize
}

/// A number with at most this many decimals: without zeros at its end, and without the sign of a zero.
///
/// ```
/// use xcebra_numeric::trimmed;
///
/// assert_eq!([12.5, 1.0 / 3.0, -1e-9, 100.0].map(|v| trimmed(v, 3)), ["12.5", "0.333", "0", "100"]);
/// ```
#[must_use]
pub fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    match text {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_have_one_digit_more() {
        let sizes = [9.999, 10.0, 999.0, 1000.0, 0.1, 0.0999];
        assert_eq!(sizes.map(|size| decimals(size, 4)), [3, 2, 1, 0, 4, 5]);
        assert_eq!(decimals(0.5, 1), 1);
        assert_eq!(decimals(5.0, 1), 0);
    }

    #[test]
    fn zeros_before_the_point_are_kept() {
        assert_eq!(trimmed(1200.0, 0), "1200");
        assert_eq!(trimmed(-0.04, 1), "0");
        assert_eq!(trimmed(-0.06, 1), "-0.1");
        assert_eq!(trimmed(0.0, 2), "0");
        assert_eq!(trimmed(f64::NAN, 2), "NaN");
        assert_eq!(trimmed(f64::NEG_INFINITY, 2), "-inf");
    }
}
