//! Sampling rates that come from a rounded duration.

/// Relative difference of two rates up to which they count as one: what the eight characters of a
/// header field leave open.
const ROUNDING: f64 = 1e-5;
/// Relative width of a range of rates beyond which a whole one in it says nothing.
const WIDEST: f64 = 2e-3;
/// Largest denominator of a rate such as 512 / 3 Hz.
const DENOMINATORS: u32 = 16;
/// Bytes of a header field.
const FIELD: usize = 8;

/// Whether two sampling rates are the same but for rounding in the header of a file.
///
/// ```
/// assert!(xcebra_files::rates_agree(192.000192, 192.0));
/// assert!(!xcebra_files::rates_agree(192.1, 192.0));
/// ```
pub fn rates_agree(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * a.abs().max(b.abs())
}

/// The rate of `samples` in a time of `seconds`, which the header writes as `text`.
///
/// A duration such as 0.333333 is rounded or cut. If a whole rate, or a simple fraction, is
/// within one unit of its last place, that is the rate.
pub(crate) fn of_record(samples: usize, seconds: f64, text: &str) -> f64 {
    let samples = samples as f64;
    let plain = samples / seconds;
    let step = last_place(text).filter(|&step| step < seconds && plain.fract() != 0.0);
    let Some(step) = step else {
        return plain;
    };
    let (low, high) = (samples / (seconds + step), samples / (seconds - step));
    let width = (high - low) / plain;
    let fits = |rate: f64| rate > 0.0 && low <= rate && rate <= high;
    let narrow = width <= 2.0 * ROUNDING;
    // a wide range holds a whole number by chance, and a last 0 is more likely exact than rounded
    let telling = narrow || (width < WIDEST && high - low < 1.0 && !text.ends_with('0'));
    let whole = plain.round();
    if telling && fits(whole) {
        return whole;
    }
    if !narrow {
        return plain;
    }
    (2..=DENOMINATORS)
        .map(|d| (plain * f64::from(d)).round() / f64::from(d))
        .find(|&rate| fits(rate))
        .unwrap_or(plain)
}

/// One unit of the last place of a number that may be rounded: it fills its field, or has as many
/// digits as programs print by default.
fn last_place(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once(['.', ','])?;
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0').len();
    let numeric = digits.bytes().all(|b| b.is_ascii_digit());
    let full = text.len() >= FIELD || significant >= 6;
    let places = i32::try_from(fraction.len()).ok()?;
    (numeric && full).then(|| 10_f64.powi(-places))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounded_durations() {
        for (samples, text, expected) in [
            (64, "0.333333", 192.0),
            (64, "0,333333", 192.0),
            (256, "1", 256.0),
            (256, "1.000000", 256.0),
            (100, "0.7", 100.0 / 0.7),
            (1, "0.001953", 512.0),
            (512, "2.999999", 512.0 / 3.0),
            (25, "0.195313", 128.0),
            // exact as they stand
            (1, "0.005120", 1.0 / 0.005_12),
            (1, "0.00512", 1.0 / 0.005_12),
            (256, "1.000064", 256.0 / 1.000_064),
            (1, "0.000123", 1.0 / 0.000_123),
            (1, "30", 1.0 / 30.0),
        ] {
            let seconds: f64 = text.replace(',', ".").parse().unwrap();
            assert_eq!(of_record(samples, seconds, text), expected, "{text}");
        }
    }

    proptest! {
        /// A whole rate survives the rounding of its duration to the header's eight characters.
        #[test]
        fn whole_rates_are_found_again(rate in 1..20_000_u32, samples in 1..5_000_usize, cut in any::<bool>()) {
            let exact = samples as f64 / f64::from(rate);
            prop_assume!((0.01..1_000.0).contains(&exact));
            let long = format!("{exact:.12}");
            let text = match cut {
                true => long[..8].to_owned(),
                false => format!("{exact:.*}", 7 - exact.trunc().to_string().len()),
            };
            let found = of_record(samples, text.parse().unwrap(), &text);
            // the rounding of the field is small enough to tell one whole rate from the next
            let step = 10_f64.powi(-(text.split_once('.').map_or(0, |p| p.1.len()) as i32));
            let width = 2.0 * step / exact;
            if width < 0.9 * WIDEST && width * f64::from(rate) < 0.5 && (width < ROUNDING || !text.ends_with('0')) {
                prop_assert_eq!(found, f64::from(rate), "{}", text);
            }
            prop_assert!((found / f64::from(rate) - 1.0).abs() < 1e-3, "{} {}", text, found);
        }
    }
}
