//! What in data is likely a mistake, though it can be computed with: a sentence each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ndarray::{Array2, ArrayView1};

use crate::files::Table;

/// Names of channels that are shown before the others are only counted.
const SHOWN: usize = 6;
/// From this size on, a value that appears repeatedly is hardly a measurement.
const HUGE: f64 = 1e10;
/// An outlier that rules the scale is this many times the range of most values away from them.
const OUTLYING: f64 = 1e3;
/// A mark that appears once is this many times as large as all other values.
const FAR: f64 = 3.0;

/// Sentences about the channels of a recording.
pub fn of_channels(recording: &Table<f64>) -> Vec<String> {
    let columns: Vec<(&str, ArrayView1<'_, f64>)> = recording
        .channels
        .iter()
        .map(String::as_str)
        .zip(recording.values.columns())
        .collect();
    of_columns("channel", &columns)
}

/// Sentences about a label of real numbers, (time, columns).
pub fn of_label(name: &str, values: &Array2<f64>) -> Vec<String> {
    let columns: Vec<_> = values.columns().into_iter().map(|c| (name, c)).collect();
    let mut notes = of_columns("label", &columns);
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest > f64::from(f32::MAX) {
        notes.push(format!(
            "label `{name}`: its values reach {largest:e}, more than the single precision of a training \
             holds (choose a unit that gives moderate numbers)"
        ));
    }
    notes
}

/// Sentences about a label of classes; a class is called by its name, or by its number.
pub fn of_classes(name: &str, classes: &[i64], names: Option<&[String]>) -> Vec<String> {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for &class in classes {
        *counts.entry(class).or_default() += 1;
    }
    let mut notes = Vec::new();
    let single: Vec<i64> = counts
        .iter()
        .filter(|(_, n)| **n == 1)
        .map(|(c, _)| *c)
        .collect();
    let word = |class: &i64| {
        let named = names.and_then(|names| names.get(usize::try_from(*class).ok()?));
        named.map_or_else(|| class.to_string(), Clone::clone)
    };
    if single.len() == counts.len() {
        notes.push(format!(
            "label `{name}`: every sample is the only one of its class, so that a sample is its only positive \
             (a label of real numbers belongs to kind = \"time-delta\")"
        ));
    } else if !single.is_empty() {
        let shown: Vec<String> = single.iter().take(SHOWN).map(word).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        notes.push(format!(
            "label `{name}`: {} of {} classes have a single sample, which is its only positive: {}{}",
            single.len(),
            counts.len(),
            shown.join(", "),
            if single.len() > SHOWN { ", …" } else { "" }
        ));
    }
    if names.is_none() {
        let values: Vec<f64> = classes.iter().map(|&class| class as f64).collect();
        notes.extend(of_columns("label", &[(name, ArrayView1::from(&values))]));
    }
    notes
}

/// A sentence about the segments of a recording that is not in one piece.
pub fn of_segments(place: &str, segments: &[Range<usize>], window: usize) -> Option<String> {
    if segments.len() < 2 {
        return None;
    }
    let short = segments.iter().filter(|s| s.len() < window).count();
    let short = match short {
        0 => String::new(),
        n => format!(
            "; {n} of them are shorter than the encoder's window of {window} samples and are left out"
        ),
    };
    Some(format!(
        "{place} is in {} segments: windows and offsets in time do not cross gaps{short}",
        segments.len()
    ))
}

/// Names in back quotes behind the word for them, the first of many.
pub fn names_in_words(word: &str, names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    match names.len() {
        1 => format!("{word} {}", shown[0]),
        n if n > SHOWN => format!("{word}s {} and {} more", shown.join(", "), n - SHOWN),
        _ => format!("{word}s {}", shown.join(", ")),
    }
}

fn of_columns(word: &str, columns: &[(&str, ArrayView1<'_, f64>)]) -> Vec<String> {
    // by the value, so that one sentence serves all channels; as bits, which have an order
    let mut marks: BTreeMap<u64, (f64, usize, Vec<&str>)> = BTreeMap::new();
    let mut outliers: Vec<(&str, f64, [f64; 2])> = Vec::new();
    for (name, column) in columns {
        // a column of a matrix is far apart in memory, and it is passed over several times
        let values = column.to_vec();
        let found = marks_in(values.iter().copied());
        for (value, count) in &found {
            let entry = marks
                .entry(value.to_bits())
                .or_insert((*value, 0, Vec::new()));
            entry.1 += count;
            entry.2.push(name);
        }
        let is_mark = |v: &f64| found.iter().any(|(mark, _)| mark == v);
        let rest = values.iter().copied().filter(|v| !is_mark(v));
        if let Some((value, most)) = outlier(rest) {
            outliers.push((name, value, most));
        }
    }
    let mut notes: Vec<String> = marks
        .into_values()
        .map(|(value, count, names)| {
            let names: BTreeSet<&str> = names.into_iter().collect();
            let names: Vec<&str> = names.into_iter().collect();
            format!(
                "{}: the value {value} appears {}, far from all others: if it marks missing \
                 or saturated samples, cut them out or interpolate them; it counts as measured",
                names_in_words(word, &names),
                times(count)
            )
        })
        .collect();
    if let Some((_, value, [low, high])) = outliers.first() {
        let names: Vec<&str> = outliers.iter().map(|(name, ..)| *name).collect();
        notes.push(format!(
            "{}: values reach {value:e} where nine of ten are between {low:.3e} and {high:.3e}, so that \
             few samples rule the scale (check them)",
            names_in_words(word, &names)
        ));
    }
    notes
}

/// Values that mark missing or saturated samples, by all appearances, with how often they appear.
///
/// Such a value is the smallest or the largest of all, farther from the others than half their range, and
/// one that nobody measures: nines, the end of an integer type, or huge. It appears twice or more, or
/// is several times as large as all others.
pub fn marks_in(values: impl Iterator<Item = f64> + Clone) -> Vec<(f64, usize)> {
    let mut found: Vec<(f64, usize)> = Vec::new();
    loop {
        let is_found = |v: &f64| found.iter().any(|(mark, _)| mark == v);
        let ends = Ends::of(values.clone().filter(|v| !is_found(v)));
        let Some(mark) = ends.and_then(|ends| ends.mark()) else {
            return found;
        };
        found.push(mark);
    }
}

/// The smallest and the largest of some values, how often they appear, and their neighbours.
struct Ends {
    low: (f64, usize),
    above: f64,
    high: (f64, usize),
    below: f64,
}

impl Ends {
    /// None unless there are two different values.
    fn of(mut values: impl Iterator<Item = f64>) -> Option<Self> {
        let first = values.next()?;
        let (mut low, mut high) = ((first, 1), (first, 1));
        let (mut above, mut below) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values {
            if v < low.0 {
                (above, low) = (low.0, (v, 1));
            } else if v == low.0 {
                low.1 += 1;
            } else if v < above {
                above = v;
            }
            if v > high.0 {
                (below, high) = (high.0, (v, 1));
            } else if v == high.0 {
                high.1 += 1;
            } else if v > below {
                below = v;
            }
        }
        (low.0 < high.0).then_some(Self {
            low,
            above,
            high,
            below,
        })
    }

    /// The end that is a mark, if one is.
    fn mark(&self) -> Option<(f64, usize)> {
        let bottom = (self.low, [self.above, self.high.0]);
        let top = (self.high, [self.low.0, self.below]);
        [bottom, top].into_iter().find_map(|(end, [first, last])| {
            let (value, count) = end;
            let gap = (first - value).max(value - last);
            let largest = first.abs().max(last.abs());
            let telling = count >= 2 || value.abs() > FAR * largest;
            let isolated = gap > 0.5 * (last - first);
            (telling && isolated && is_mark(value, largest)).then_some(end)
        })
    }
}

/// How often, in words.
pub fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// Whether a number is one that programs write where there is no value; `largest` is the size of the
/// largest other one.
fn is_mark(value: f64, largest: f64) -> bool {
    let size = value.abs();
    let digits = format!("{size}");
    let nines = digits.chars().all(|c| c == '9' || c == '.');
    let nines = nines && digits.chars().filter(|&c| c == '9').count() >= 3;
    // 127 and 128, 255, 32767 and 32768, 65535, …: the ends of signed and unsigned integers
    let ends = [8, 12, 16, 24, 32].into_iter().any(|bits| {
        let half = 2_f64.powi(bits - 1);
        [half, half - 1.0, 2.0 * half - 1.0].contains(&size)
    });
    nines || (ends && size > 1000.0) || (size >= HUGE && size > OUTLYING * largest)
}

/// The value farthest from nine tenths of the values, and the range of those, if it rules their scale.
fn outlier(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, [f64; 2])> {
    let Ends { low, high, .. } = Ends::of(values.clone())?;
    let (least, most) = (low.0, high.0);
    if !are_gathered(values.clone(), (least, most)) {
        return None;
    }
    let mut values: Vec<f64> = values.collect();
    let last = values.len() - 1;
    let mut at = |share: f64| {
        let at = (share * last as f64) as usize;
        *values.select_nth_unstable_by(at, f64::total_cmp).1
    };
    let (low, high) = (at(0.05), at(0.95));
    let range = high - low;
    let (value, distance) = match low - least > most - high {
        true => (least, low - least),
        false => (most, most - high),
    };
    (range > 0.0 && distance > OUTLYING * range).then_some((value, [low, high]))
}

/// Whether nine tenths of the values may be in a small part of their range, as those beside an
/// [`outlier`] are. It costs a pass over the values, where their order costs ten.
fn are_gathered(values: impl Iterator<Item = f64>, (least, most): (f64, f64)) -> bool {
    // a range of nine tenths that an outlier rules is narrower than a bin
    let mut bins = [0_usize; OUTLYING as usize];
    let width = (most - least) / OUTLYING;
    let mut n = 0;
    for v in values {
        bins[(((v - least) / width) as usize).min(bins.len() - 1)] += 1;
        n += 1;
    }
    let neighbours = bins.windows(2).map(|pair| pair[0] + pair[1]).max();
    // as many as are between the quantiles, whose places are rounded
    neighbours.unwrap_or(n) as f64 + 2.0 >= 0.9 * n as f64
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;
    use proptest::prelude::*;

    use super::*;

    const MARKS: [f64; 14] = [
        -9999.0,
        -999.0,
        9999.0,
        999.0,
        -99.9,
        999.9,
        32767.0,
        -32768.0,
        65535.0,
        1e20,
        -1e20,
        1e36,
        2_147_483_647.0,
        -9.969209968386869e36,
    ];

    fn label(values: Vec<f64>) -> Vec<String> {
        let n = values.len();
        of_label("z", &Array2::from_shape_vec((n, 1), values).unwrap())
    }

    proptest! {
        /// Wherever a mark stands and however often, twice at least, it is noted once, with its number.
        #[test]
        fn marks_are_noted(
            mark in prop::sample::select(&MARKS[..]),
            places in prop::collection::btree_set(0usize..300, 2..280),
            gain in 0.01f64..30.0,
        ) {
            let signal = |t: usize| gain * (0.3 * t as f64).sin();
            let values: Vec<f64> = (0..300)
                .map(|t| if places.contains(&t) { mark } else { signal(t) })
                .collect();
            let notes = label(values);
            let words = format!("the value {mark} appears {} times", places.len());
            prop_assert!(notes.len() == 1 && notes[0].contains(&words), "{:?}", notes);
        }

        /// Signals of any scale and offset deserve no note, clipped or not, nor do whole numbers.
        #[test]
        fn signals_are_not(
            gain in prop::num::f64::POSITIVE.prop_filter("moderate", |g| (1e-12..1e12).contains(g)),
            offset in -3.0f64..3.0,
            clip in 0.3f64..2.0,
            whole: bool,
        ) {
            let values = (0..500).map(|t| {
                let value = gain * ((0.1 * t as f64).sin() + offset).clamp(-clip, clip);
                if whole { value.round() } else { value }
            });
            let notes = label(values.collect());
            prop_assert!(notes.is_empty(), "{:?}", notes);
        }
    }

    proptest! {
        /// The shortcut finds what sorting finds, for any share and distance of the outliers.
        #[test]
        fn outliers_are_those_of_the_sorted_values(
            scale in -6i32..6,
            far in prop::sample::select(&[1.0, 30.0, 900.0, 1100.0, 1e5][..]),
            every in 2usize..60,
            n in 3usize..400,
            flip: bool,
        ) {
            let gain = 10_f64.powi(scale) * if flip { -1.0 } else { 1.0 };
            let value = |t: usize| gain * if t.is_multiple_of(every) { far } else { (t as f64).sin() };
            let values: Vec<f64> = (0..n).map(value).collect();
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let at = |share: f64| sorted[(share * (n - 1) as f64) as usize];
            let (low, high, least, most) = (at(0.05), at(0.95), sorted[0], sorted[n - 1]);
            let range = high - low;
            let is = range > 0.0 && (low - least).max(most - high) > OUTLYING * range;
            let found = outlier(values.iter().copied());
            prop_assert_eq!(found.map(|f| f.1), is.then_some([low, high]));
        }
    }

    #[test]
    fn several_marks_in_several_channels_are_told_apart() {
        let a = Array1::from_iter((0..50).map(|t| match t % 10 {
            0 => -9999.0,
            1 => -999.0,
            _ => f64::from(t).cos(),
        }));
        let b = Array1::from_iter((0..50).map(|t| if t < 2 { -9999.0 } else { f64::from(t) }));
        let notes = of_columns("channel", &[("a", a.view()), ("b", b.view())]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        let has = |part: &str| notes.iter().any(|note| note.starts_with(part));
        assert!(
            has("channels `a`, `b`: the value -9999 appears 7 times"),
            "{notes:?}"
        );
        assert!(
            has("channel `a`: the value -999 appears 5 times"),
            "{notes:?}"
        );
    }

    #[test]
    fn one_huge_value_and_values_beyond_single_precision() {
        let mut values: Vec<f64> = (0..200).map(|t| f64::from(t).sin()).collect();
        values[7] = 1e9;
        let notes = label(values.clone());
        assert!(
            notes.len() == 1 && notes[0].contains("values reach 1e9"),
            "{notes:?}"
        );
        let notes = label(values.iter().map(|v| v * 1e40).collect());
        assert!(
            notes[1].contains("more than the single precision"),
            "{notes:?}"
        );
    }

    #[test]
    fn classes_of_one_sample() {
        let own: Vec<i64> = (0..9).collect();
        let notes = of_classes("state", &own, None);
        assert!(
            notes.len() == 1 && notes[0].contains("the only one of its class"),
            "{notes:?}"
        );
        let names = ["rest", "left", "right"].map(str::to_owned);
        let notes = of_classes("state", &[0, 0, 1, 2, 0, 2], Some(&names));
        assert!(
            notes.len() == 1
                && notes[0].contains("1 of 3 classes have a single sample")
                && notes[0].ends_with(": left"),
            "{notes:?}"
        );
        assert!(of_classes("state", &[0, 1, 0, 1], None).is_empty());
        let notes = of_classes("state", &[0, 1, 0, 1, -999, -999], None);
        assert!(
            notes.len() == 1 && notes[0].contains("-999 appears 2 times"),
            "{notes:?}"
        );
    }

    #[test]
    fn segments_are_counted() {
        assert_eq!(of_segments("x", std::slice::from_ref(&(0..100)), 10), None);
        let note = of_segments("x", &[0..100, 100..105, 105..200], 10).unwrap();
        assert!(
            note.contains("in 3 segments") && note.contains("1 of them are shorter"),
            "{note}"
        );
    }
}
