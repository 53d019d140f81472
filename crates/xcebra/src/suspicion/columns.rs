//! Values in columns that mark what is missing or saturated, and outliers that rule a scale.

use std::collections::{BTreeMap, BTreeSet};

use super::names_in_words;

/// From this size on, a value that appears repeatedly is hardly a measurement.
const HUGE: f64 = 1e10;
/// An outlier that rules the scale is this many times the range of most values away from them.
pub(super) const OUTLYING: f64 = 1e3;
/// A mark that appears once is this many times as large as all other values.
const FAR: f64 = 3.0;

/// What was found in columns.
#[derive(Default)]
pub(super) struct Findings {
    /// By the value, so that one sentence serves all columns; as bits, which have an order.
    marks: BTreeMap<u64, (f64, usize, BTreeSet<String>)>,
    /// Names of columns, their outlier, and the range of most values.
    outliers: Vec<(String, f64, [f64; 2])>,
}

impl Findings {
    /// Looks at the values of a column.
    pub(super) fn look_at(&mut self, name: &str, values: &[f64]) {
        let found = marks_in(values.iter().copied());
        for (value, count) in &found {
            let entry = self.marks.entry(value.to_bits());
            let (_, total, names) = entry.or_insert((*value, 0, BTreeSet::new()));
            *total += count;
            names.insert(name.to_owned());
        }
        let is_mark = |v: &f64| found.iter().any(|(mark, _)| mark == v);
        let rest = values.iter().copied().filter(|v| !is_mark(v));
        if let Some((value, most)) = outlier(rest) {
            self.outliers.push((name.to_owned(), value, most));
        }
    }

    /// The findings in words; `word` is that for a column.
    pub(super) fn sentences(self, word: &str) -> Vec<String> {
        let mut notes: Vec<String> = self
            .marks
            .into_values()
            .map(|(value, count, names)| {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!(
                    "{}: the value {value} appears {}, far from all others: if it marks missing \
                     or saturated samples, cut them out or interpolate them; it counts as measured",
                    names_in_words(word, &names),
                    times(count)
                )
            })
            .collect();
        if let Some((_, value, [low, high])) = self.outliers.first() {
            let names: Vec<&str> = self
                .outliers
                .iter()
                .map(|(name, ..)| name.as_str())
                .collect();
            notes.push(format!(
                "{}: values reach {value:e} where nine of ten are between {low:.3e} and {high:.3e}, so that \
                 few samples rule the scale (check them)",
                names_in_words(word, &names)
            ));
        }
        notes
    }
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
#[derive(Clone, Copy)]
pub(super) struct Ends {
    low: (f64, usize),
    above: f64,
    high: (f64, usize),
    below: f64,
}

impl Ends {
    /// None unless there are two different values.
    fn of(mut values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut ends = Self::at(values.next()?);
        values.for_each(|v| ends.push(v));
        ends.differ().then_some(ends)
    }

    /// Of one value.
    pub(super) fn at(value: f64) -> Self {
        Self {
            low: (value, 1),
            above: f64::INFINITY,
            high: (value, 1),
            below: f64::NEG_INFINITY,
        }
    }

    pub(super) fn push(&mut self, v: f64) {
        if v < self.low.0 {
            (self.above, self.low) = (self.low.0, (v, 1));
        } else if v == self.low.0 {
            self.low.1 += 1;
        } else if v < self.above {
            self.above = v;
        }
        if v > self.high.0 {
            (self.below, self.high) = (self.high.0, (v, 1));
        } else if v == self.high.0 {
            self.high.1 += 1;
        } else if v > self.below {
            self.below = v;
        }
    }

    /// Whether values from `least` to `most` change anything.
    pub(super) fn are_changed_by(&self, least: f64, most: f64) -> bool {
        least < self.above || least == self.low.0 || most > self.below || most == self.high.0
    }

    /// Whether there are two different values.
    pub(super) fn differ(&self) -> bool {
        self.low.0 < self.high.0
    }

    /// The smallest and the largest value.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.low.0, self.high.0)
    }

    /// The end that is a mark, if one is.
    pub(super) fn mark(&self) -> Option<(f64, usize)> {
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
fn are_gathered(values: impl Iterator<Item = f64>, range: (f64, f64)) -> bool {
    let mut bins = [0; BINS];
    let width = bin_width(range);
    values.for_each(|v| bins[bin(v, range.0, width)] += 1);
    hold_most(&bins)
}

/// A range of nine tenths that an outlier rules is narrower than one of these bins.
pub(super) const BINS: usize = OUTLYING as usize;

/// The width of the bins between the least and the most of some values.
pub(super) fn bin_width((least, most): (f64, f64)) -> f64 {
    (most - least) / OUTLYING
}

/// The bin of a value.
pub(super) fn bin(value: f64, least: f64, width: f64) -> usize {
    (((value - least) / width) as usize).min(BINS - 1)
}

/// Whether two neighbouring bins hold nine tenths of all values.
pub(super) fn hold_most(bins: &[usize]) -> bool {
    let n: usize = bins.iter().sum();
    let neighbours = bins.windows(2).map(|pair| pair[0] + pair[1]).max();
    // as many as are between the quantiles, whose places are rounded
    neighbours.unwrap_or(n) as f64 + 2.0 >= 0.9 * n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        let a = (0..50).map(|t| match t % 10 {
            0 => -9999.0,
            1 => -999.0,
            _ => f64::from(t).cos(),
        });
        let b = (0..50).map(|t| if t < 2 { -9999.0 } else { f64::from(t) });
        let mut findings = Findings::default();
        findings.look_at("a", &a.collect::<Vec<_>>());
        findings.look_at("b", &b.collect::<Vec<_>>());
        let notes = findings.sentences("channel");
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
}
