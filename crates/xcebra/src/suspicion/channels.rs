//! The channels of a recording, looked at row by row.

use super::columns::{BINS, Ends, Findings, bin, bin_width, hold_most};
use crate::files::Table;

/// Channels whose values are counted in bins in one pass.
const TOGETHER: usize = 256;

/// Sentences about the channels of a recording, in sessions that have the same channels.
///
/// Two passes over the rows find the channels that may deserve one. Only these are looked at value by value.
pub fn of_channels(sessions: &[Table]) -> Vec<String> {
    let ends = ends(sessions);
    let mut findings = Findings::default();
    let may_have_outliers = gathered(sessions, &ends);
    for (c, ends) in ends.iter().enumerate() {
        if ends.mark().is_some() || may_have_outliers[c] {
            let values: Vec<f64> = sessions.iter().flat_map(|s| s.column(c)).collect();
            findings.look_at(&sessions[0].channels[c], &values);
        }
    }
    findings.sentences("channel")
}

/// The ends of each channel.
fn ends(sessions: &[Table]) -> Vec<Ends> {
    let Some(first) = sessions.first() else {
        return Vec::new();
    };
    let channels = first.channels.len();
    let mut ends: Vec<Ends> = Vec::new();
    let (mut least, mut most) = (Vec::new(), Vec::new());
    for session in sessions {
        session.each_block(|_, mut rows| {
            if ends.is_empty() {
                let (first, others) = rows.split_at(channels);
                ends.extend(first.iter().map(|&v| Ends::at(v)));
                rows = others;
            }
            extremes(rows, channels, (&mut least, &mut most));
            // in most blocks no value is near an end
            let changed = |c: &usize| ends[*c].are_changed_by(least[*c], most[*c]);
            let changed: Vec<usize> = (0..channels).filter(changed).collect();
            for c in changed {
                let column = rows.iter().skip(c).step_by(channels);
                column.for_each(|&v| ends[c].push(v));
            }
        });
    }
    ends
}

/// Makes `least` and `most` those of each column of some rows.
fn extremes(rows: &[f64], columns: usize, (least, most): (&mut Vec<f64>, &mut Vec<f64>)) {
    for (list, value) in [
        (&mut *least, f64::INFINITY),
        (&mut *most, f64::NEG_INFINITY),
    ] {
        list.clear();
        list.resize(columns, value);
    }
    for row in rows.chunks_exact(columns) {
        for ((&v, least), most) in row.iter().zip(&mut *least).zip(&mut *most) {
            *least = least.min(v);
            *most = most.max(v);
        }
    }
}

/// Which channels may have an outlier, because most of their values are close together.
fn gathered(sessions: &[Table], ends: &[Ends]) -> Vec<bool> {
    let mut gathered = vec![false; ends.len()];
    for first in (0..ends.len()).step_by(TOGETHER) {
        let group = first..ends.len().min(first + TOGETHER);
        let mut bins = vec![0; group.len() * BINS];
        let of = |ends: &Ends| (ends.range().0, bin_width(ends.range()));
        let ranges: Vec<(f64, f64)> = ends[group.clone()].iter().map(of).collect();
        for session in sessions {
            session.each_block(|_, rows| {
                for row in rows.chunks_exact(ends.len()) {
                    let places = bins.chunks_exact_mut(BINS);
                    let values = row[group.clone()].iter().zip(&ranges);
                    for ((&v, &(least, width)), bins) in values.zip(places) {
                        bins[bin(v, least, width)] += 1;
                    }
                }
            });
        }
        for (c, bins) in group.zip(bins.chunks_exact(BINS)) {
            gathered[c] = ends[c].differ() && hold_most(bins);
        }
    }
    gathered
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, Slice};
    use proptest::prelude::*;

    use super::*;
    use crate::files::{DataArray, Values};

    proptest! {
        /// The sentences are those of looking at every value of every channel.
        #[test]
        fn passes_over_rows_find_what_columns_hold(
            marks in prop::collection::vec((0usize..3000, 0usize..4), 0..6),
            mark in prop::sample::select(&[-9999.0_f32, 32767.0, 1e20, 1e7, 3.0][..]),
            cut in 1usize..2999,
            whole: bool,
        ) {
            let mut x = Array2::from_shape_fn((3000, 4), |(t, c)| {
                let value = (0.01 * (t * (c + 1)) as f32).sin() * 10.0;
                if whole { value.round() } else { value }
            });
            x.column_mut(3).fill(1.0);
            marks.iter().for_each(|&place| x[place] = mark);
            let sessions = [0..cut, cut..3000].map(|rows| {
                let part = x.slice_axis(Axis(0), Slice::from(rows)).to_owned().into_dyn();
                DataArray::in_memory("x", Values::F32(part)).recording().unwrap()
            });
            let mut findings = Findings::default();
            for (c, column) in x.columns().into_iter().enumerate() {
                let column: Vec<f64> = column.iter().map(|&v| f64::from(v)).collect();
                findings.look_at(&c.to_string(), &column);
            }
            prop_assert_eq!(of_channels(&sessions), findings.sentences("channel"));
        }
    }
}
