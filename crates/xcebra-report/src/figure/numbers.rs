//! The numbers behind a picture: as a table for readers, and packed for the script of a page.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::{Value, json};

use crate::figure::scale::{Scale, number, range};
use crate::page::Table;

/// Rows of a table behind a picture; of more, evenly spaced ones are listed.
const MOST_ROWS: usize = 200;
/// Cells of such a table.
const MOST_CELLS: usize = 3_000;
/// Numbers that are written as digits; more are packed in two bytes each.
const MOST_DIGITS: usize = 400;
/// Pairs of a lowest and a highest value by which a long curve is kept.
const MOST_PAIRS: usize = 4_000;
/// Numbers of all curves of a recording together.
const MOST_OF_RECORDING: f64 = 120_000.0;
/// Pairs of a channel among very many.
const FEWEST_PAIRS: f64 = 40.0;

/// Numbers for the script: a list, or an object with the lowest and the highest value and the rest in 65 534 steps
/// between them, deflated and in base64. What is not finite is missing.
pub(crate) fn packed(values: impl IntoIterator<Item = f64>) -> Value {
    let values: Vec<f64> = values.into_iter().collect();
    if values.len() <= MOST_DIGITS {
        let digits = |v: &f64| {
            v.is_finite()
                .then(|| format!("{v:.5e}").parse().unwrap_or(*v))
        };
        return json!(values.iter().map(digits).collect::<Vec<Option<f64>>>());
    }
    steps(&values)
}

/// Numbers as steps between the lowest and the highest, two bytes each.
fn steps(values: &[f64]) -> Value {
    const MISSING: u16 = u16::MAX;
    let (low, high) = match range(values.iter().copied()) {
        (low, high) if low <= high => (low, high),
        _ => (0.0, 0.0),
    };
    // halves: the difference of two finite numbers may not be one
    let half = (high / 2.0 - low / 2.0).max(f64::MIN_POSITIVE);
    let step = |v: f64| match v.is_finite() {
        true => (((v / 2.0 - low / 2.0) / half) * f64::from(MISSING - 1)).round() as u16,
        false => MISSING,
    };
    let bytes: Vec<u8> = values.iter().flat_map(|v| step(*v).to_le_bytes()).collect();
    json!({ "low": low, "high": high, "steps": deflated(&bytes) })
}

fn deflated(bytes: &[u8]) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    STANDARD.encode(written.expect("memory takes all bytes"))
}

/// A curve or bars over positions that do not fall, with the axis they are drawn on; of very many points this share of
/// the usual number is kept.
pub(crate) fn curve(
    name: &str,
    y: &Scale,
    (log, bars): (bool, bool),
    points: &[(f64, f64)],
    share: f64,
) -> Value {
    let pairs = MOST_PAIRS.min(points.len()) as f64 * share;
    let kept = envelope(points, (pairs as usize).max(FEWEST_PAIRS as usize));
    let mut curve = described(name, y, log, bars);
    curve["xs"] = packed(kept.iter().map(|point| point.0));
    curve["values"] = packed(kept.iter().map(|point| point.1));
    curve
}

/// A channel that is sampled evenly from `start` in steps of `step`, and has one of `of` equal parts of all numbers
/// of a recording.
pub(crate) fn lane(
    name: &str,
    y: &Scale,
    (start, step): (f64, f64),
    values: &[f64],
    of: f64,
) -> Value {
    let most = (MOST_OF_RECORDING / of.max(1.0) / 2.0).clamp(FEWEST_PAIRS, MOST_PAIRS as f64);
    let most = most as usize;
    let mut lane = described(name, y, false, false);
    let each = values.len().div_ceil(most).max(1);
    if each <= 2 {
        lane["even"] = json!([start, step]);
        lane["values"] = steps(values);
        return lane;
    }
    // the lowest and the highest value of each stretch
    let pairs = values.chunks(each).flat_map(|chunk| {
        let (low, high) = range(chunk.iter().copied());
        match low <= high {
            true => [low, high],
            false => [f64::NAN; 2],
        }
    });
    lane["even"] = json!([start, step * each as f64 / 2.0]);
    lane["values"] = steps(&pairs.collect::<Vec<f64>>());
    lane["each"] = json!(each);
    lane
}

fn described(name: &str, y: &Scale, log: bool, bars: bool) -> Value {
    json!({
        "name": name,
        "y": [y.ends().0, y.ends().1],
        "pixels": [y.pixels().0, y.pixels().1],
        "log": log,
        "bars": bars,
    })
}

/// Of very many points the lowest and the highest of each stretch, in their order.
fn envelope(points: &[(f64, f64)], pairs: usize) -> Vec<(f64, f64)> {
    if points.len() <= 2 * pairs {
        return points.to_vec();
    }
    let mut kept = Vec::with_capacity(2 * pairs);
    for stretch in points.chunks(points.len().div_ceil(pairs)) {
        let by_height =
            |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
        let finite = || {
            stretch
                .iter()
                .enumerate()
                .filter(|point| point.1.1.is_finite())
        };
        match (finite().min_by(by_height), finite().max_by(by_height)) {
            (Some(low), Some(high)) if low.0 <= high.0 => kept.extend([*low.1, *high.1]),
            (Some(low), Some(high)) => kept.extend([*high.1, *low.1]),
            _ => kept.extend(stretch.first().map(|point| (point.0, f64::NAN))),
        }
    }
    kept
}

/// A table with these rows, of which only evenly spaced ones are listed if there are very many.
pub(crate) fn listed_rows(
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    count: usize,
) -> Table {
    let most = MOST_ROWS.min(MOST_CELLS / header.len().max(1)).max(10);
    let every = count.div_ceil(most).max(1);
    let table = rows.step_by(every).fold(Table::new(header), Table::row);
    match every {
        1 => table,
        every => table.caption(&format!(
            "One of every {every} of the {} rows.",
            number(count as f64)
        )),
    }
}

/// The points of curves as a table: side by side if they stand at the same positions, else below each other.
pub(crate) fn curve_numbers(x: &str, curves: &[(&str, &[(f64, f64)])]) -> Table {
    let Some(((_, first), others)) = curves.split_first() else {
        return Table::new(&[x]);
    };
    let together = others.iter().all(|(_, points)| {
        points.len() == first.len() && points.iter().zip(*first).all(|(a, b)| a.0 == b.0)
    });
    if together {
        let mut header = vec![x];
        header.extend(curves.iter().map(|curve| curve.0));
        let row = |i: usize| {
            let values = curves.iter().map(|curve| number(curve.1[i].1));
            std::iter::once(number(first[i].0)).chain(values).collect()
        };
        return listed_rows(&header, (0..first.len()).map(row), first.len());
    }
    let all = curves.iter().flat_map(|(name, points)| {
        let row = |p: &(f64, f64)| vec![(*name).to_owned(), number(p.0), number(p.1)];
        points.iter().map(row)
    });
    let count = curves.iter().map(|curve| curve.1.len()).sum();
    listed_rows(&["curve", x, "value"], all, count)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    /// What the script does, with another decoder of the same formats.
    fn unpacked(value: &Value) -> Vec<f64> {
        if let Some(list) = value.as_array() {
            return list
                .iter()
                .map(|v| v.as_f64().unwrap_or(f64::NAN))
                .collect();
        }
        let bytes = STANDARD.decode(value["steps"].as_str().unwrap()).unwrap();
        let mut raw = Vec::new();
        DeflateDecoder::new(&bytes[..])
            .read_to_end(&mut raw)
            .unwrap();
        let (low, high) = (
            value["low"].as_f64().unwrap(),
            value["high"].as_f64().unwrap(),
        );
        let number = |pair: &[u8]| match u16::from_le_bytes([pair[0], pair[1]]) {
            u16::MAX => f64::NAN,
            step => low + (high - low) * f64::from(step) / 65_534.0,
        };
        raw.chunks(2).map(number).collect()
    }

    #[test]
    fn packed_numbers_come_back() {
        for n in [0, 1, MOST_DIGITS, MOST_DIGITS + 1, 5_000] {
            let mut values: Vec<f64> = (0..n)
                .map(|i| (i as f64 * 0.37).sin() * 40.0 - 3.0)
                .collect();
            if n > 1 {
                values[1] = f64::NAN;
            }
            let found = unpacked(&packed(values.clone()));
            assert_eq!(found.len(), n);
            for (a, b) in found.iter().zip(&values) {
                // half a step of 80 / 65 534, or six digits
                assert!((a - b).abs() <= 7e-4 || a.is_nan() && b.is_nan(), "{a} {b}");
            }
        }
        for extreme in [[f64::MAX, f64::MIN], [0.0, 0.0], [f64::NAN, f64::INFINITY]] {
            let value = packed(extreme.into_iter().cycle().take(1_000));
            assert_eq!(value["steps"].as_str().map(str::is_empty), Some(false));
        }
    }

    #[test]
    fn envelopes_keep_the_extremes() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 0.0)).collect();
        points[54_321].1 = 7.0;
        points[54_325].1 = -9.0;
        let kept = envelope(&points, 4_000);
        assert!(kept.len() <= 8_000);
        assert!(kept.contains(&(54_321.0, 7.0)) && kept.contains(&(54_325.0, -9.0)));
        assert!(kept.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn long_tables_say_what_they_leave_out() {
        let rows = (0..1_000).map(|i| vec![i.to_string()]);
        let table = listed_rows(&["n"], rows, 1_000);
        assert_eq!(table.len(), MOST_ROWS);
        let (a, b) = ([(0.0, 1.0), (1.0, 2.0)], [(0.0, 5.0)]);
        assert_eq!(curve_numbers("t", &[("a", &a), ("b", &b)]).len(), 3);
        assert_eq!(curve_numbers("t", &[("a", &a), ("b", &a)]).len(), 2);
    }
}
