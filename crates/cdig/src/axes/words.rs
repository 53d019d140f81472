//! Numbers with units in words.

use std::ops::Range;

use xcebra_numeric::{decimals, trimmed};

/// A number among others with its unit; `None` beyond their end.
pub(super) fn number(values: &[f64], index: usize, unit: &str) -> Option<String> {
    let number = rounded(*values.get(index)?, distance(values, index));
    Some(match unit.is_empty() {
        true => number,
        false => format!("{number} {unit}"),
    })
}

/// A range with its unit, for example `4–8 Hz`.
pub(super) fn range(limits: &Range<f64>, unit: &str) -> String {
    let width = limits.end - limits.start;
    let [low, high] = [limits.start, limits.end].map(|value| rounded(value, width));
    match unit.is_empty() {
        true => format!("{low}–{high}"),
        false => format!("{low}–{high} {unit}"),
    }
}

/// Distance of an entry to the nearer of its neighbours; its own size if it has none.
fn distance(values: &[f64], index: usize) -> f64 {
    let value = values[index];
    let neighbours = [index.checked_sub(1), Some(index + 1)];
    let distances = neighbours
        .into_iter()
        .filter_map(|at| values.get(at?))
        .map(|other| (other - value).abs())
        .filter(|distance| *distance > 0.0);
    match distances.fold(f64::INFINITY, f64::min) {
        f64::INFINITY => value.abs(),
        distance => distance,
    }
}

/// A number to a thousandth of `step`: as exact as a reader can use, and without the noise of rounding.
pub(crate) fn rounded(value: f64, step: f64) -> String {
    let step = match step.is_finite() && step > 0.0 {
        true => step,
        false => 1.0,
    };
    let decimals = decimals(step, 4);
    if decimals > 12 || value.abs() >= 1e15 {
        return format!("{value:e}");
    }
    trimmed(value, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_what_tells_them_apart() {
        for (value, step, text) in [
            (0.001_125_000_000_000_000_1, 0.000_125, "0.001125"),
            (1.0 / 3.0, 1.0 / 3.0, "0.3333"),
            (6.000_000_000_000_001, 6.0, "6"),
            (-1e-20, 1.0, "0"),
            (112.5, 12.5, "112.5"),
            (2e-13, 1e-13, "2e-13"),
            (44_100.0, 0.0, "44100"),
        ] {
            assert_eq!(rounded(value, step), text);
        }
    }
}
