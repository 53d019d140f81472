//! The channels of a recording, looked at row by row.

use super::columns::{BINS, Ends, Findings, OUTLYING, bin, bin_width, hold_most};
use crate::files::Table;

/// Channels whose values are counted in bins in one pass.
const TOGETHER: usize = 256;
/// As many in a file that is read again for each pass.
const TOGETHER_ON_DISK: usize = 4096;
/// Bytes of columns of such a file that are in memory at once, and how often it is read for them.
const COLUMNS_ON_DISK: (usize, usize) = (64 << 20, 4);

/// Sentences about the channels of a recording, in sessions that have the same channels.
///
/// Two passes over the rows find the channels that may deserve one. Only these are looked at value by value; of a
/// recording that stays in its file, only the first of many.
pub fn of_channels(sessions: &[Table]) -> Vec<String> {
    let ends = ends(sessions);
    let mut findings = Findings::default();
    let may_have_outliers = gathered(sessions, &ends);
    let closer = |c: &usize| ends[*c].mark().is_some() || may_have_outliers[*c];
    let chosen: Vec<usize> = (0..ends.len()).filter(closer).collect();
    let samples: usize = sessions.iter().map(Table::samples).sum();
    let (together, passes) = match on_disk(sessions) {
        true => {
            let (bytes, passes) = COLUMNS_ON_DISK;
            ((bytes / size_of::<f64>() / samples.max(1)).max(1), passes)
        }
        false => (1, usize::MAX),
    };
    for chosen in chosen.chunks(together).take(passes) {
        let mut parts = sessions.iter().map(|s| match chosen {
            [one] => vec![s.column(*one)],
            several => s.columns(several),
        });
        let mut columns = parts.next().unwrap_or_default();
        for part in parts {
            columns
                .iter_mut()
                .zip(part)
                .for_each(|(all, part)| all.extend(part));
        }
        for (&c, values) in chosen.iter().zip(&columns) {
            findings.look_at(&sessions[0].channels[c], values);
        }
    }
    findings.sentences("channel")
}

fn on_disk(sessions: &[Table]) -> bool {
    sessions.iter().any(|s| s.values().on_disk().is_some())
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
    // a distance of many times a range is no less than as many whole numbers
    let whole = sessions.iter().all(|s| s.values().is_whole());
    let small = |ends: &Ends| whole && ends.range().1 - ends.range().0 <= OUTLYING;
    if ends.iter().all(small) {
        return gathered;
    }
    let together = match on_disk(sessions) {
        true => TOGETHER_ON_DISK,
        false => TOGETHER,
    };
    for first in (0..ends.len()).step_by(together) {
        let group = first..ends.len().min(first + together);
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
            gathered[c] = ends[c].differ() && !small(&ends[c]) && hold_most(bins);
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
