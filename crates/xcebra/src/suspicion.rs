//! What in data is likely a mistake, though it can be computed with: a sentence each.

mod channels;
mod columns;

pub use channels::of_channels;
pub use columns::{marks_in, times};

use std::collections::BTreeMap;
use std::ops::Range;

use ndarray::Array2;

use columns::Findings;

/// Names of channels that are shown before the others are only counted.
const SHOWN: usize = 6;

/// Sentences about a label of real numbers, (time, columns).
pub fn of_label(name: &str, values: &Array2<f64>) -> Vec<String> {
    let mut findings = Findings::default();
    for column in values.columns() {
        findings.look_at(name, &column.to_vec());
    }
    let mut notes = findings.sentences("label");
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
        let mut findings = Findings::default();
        findings.look_at(name, &values);
        notes.extend(findings.sentences("label"));
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

#[cfg(test)]
mod tests {
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
