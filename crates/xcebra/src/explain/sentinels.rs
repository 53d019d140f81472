//! Numbers that stand for missing or clipped values.

use ndarray::ArrayD;

use crate::suspicion::{marks_in, times};

/// Ends of the ranges of integers of 8, 12, 16, 24 and 32 bits.
const ENDS: [f64; 12] = [
    255.0,
    4095.0,
    2047.0,
    -2048.0,
    32_767.0,
    -32_768.0,
    65_535.0,
    8_388_607.0,
    -8_388_608.0,
    2_147_483_647.0,
    -2_147_483_648.0,
    4_294_967_295.0,
];
/// This many equal neighbours at the end of a range do not happen by chance.
const RUN: usize = 5;
/// Marks that are told; a list of many helps nobody.
const SHOWN: usize = 3;

/// A note for each number in the values that seems to stand for something else: one by which files mark missing
/// values, far from all others, or the end of a range of integers several times in a row.
pub fn sentinels(values: &ArrayD<f64>, place: &str) -> Vec<String> {
    let clipped = clipped(values);
    let marks = marks_in(values.iter().copied());
    let marks = marks
        .into_iter()
        // one note is enough for a value
        .filter(|(mark, _)| clipped.is_none_or(|(end, _)| end != *mark))
        .take(SHOWN)
        .map(|(mark, count)| {
            format!(
                "{place} holds the number {mark:?} {}, far from all others: if it stands for a missing value, cut \
                 it out or fill it first",
                times(count)
            )
        });
    let clipped = clipped.map(|(end, run)| {
        format!(
            "{place} stays at {end}, an end of the range of integers, for {run} values: the signal may be \
             clipped or missing there"
        )
    });
    marks.chain(clipped).collect()
}

/// The largest or smallest value if it ends a range of integers and stays there, and for how long.
fn clipped(values: &ArrayD<f64>) -> Option<(f64, usize)> {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        });
    // a signal that never leaves the value is constant, not clipped
    let ends = [low, high]
        .into_iter()
        .filter(|end| low < high && ENDS.contains(end));
    let longest = |end: f64| {
        let lanes = (0..values.ndim()).flat_map(|axis| values.lanes(ndarray::Axis(axis)));
        let runs = lanes.map(|lane| {
            let values = lane.to_vec();
            let runs = values.split(|v| *v != end).map(<[f64]>::len);
            runs.max().unwrap_or(0)
        });
        runs.max().unwrap_or(0)
    };
    ends.map(|end| (end, longest(end)))
        .find(|(_, run)| *run >= RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(f: impl Fn(usize) -> f64) -> Vec<String> {
        let values = (0..200).map(f).collect::<ndarray::Array1<f64>>();
        sentinels(
            &values.into_shape_with_order((100, 2)).unwrap().into_dyn(),
            "x",
        )
    }

    #[test]
    fn numbers_that_mean_missing_are_said() {
        for (mark, text) in [
            (-9999.0, "-9999.0"),
            (1e20, "1e20"),
            (-999.0, "-999.0"),
            (3.4e38, "3.4e38"),
        ] {
            let found = notes(|i| if i % 90 == 7 { mark } else { (i as f64).sin() });
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].contains(text) && found[0].contains("3 times"),
                "{found:?}"
            );
        }
        let clipped = notes(|i| {
            if (60..80).contains(&i) {
                32_767.0
            } else {
                900.0 * (i as f64).sin()
            }
        });
        assert!(
            clipped[0].contains("32767") && clipped[0].contains("10 values"),
            "{clipped:?}"
        );
    }

    #[test]
    fn ordinary_numbers_are_not() {
        // -999 within the range of the others, a ramp over all integers, a constant
        assert!(notes(|i| -1000.0 + i as f64 * 10.0).is_empty());
        assert!(
            notes(|i| if i == 3 {
                -999.0
            } else {
                800.0 * (i as f64).cos()
            })
            .is_empty()
        );
        assert!(notes(|i| 32_767.0 - (i % 7) as f64).is_empty());
        assert!(notes(|_| -9999.0).is_empty());
        assert!(notes(|_| 0.0).is_empty());
        // data in a small unit
        assert!(notes(|i| 1e21 + i as f64 * 1e18).is_empty());
    }
}
