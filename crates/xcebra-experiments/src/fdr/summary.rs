//! What the recordings say together: rates of false discoveries, by test and nominal rate.

use ndarray::Array2;
use serde::Serialize;
use xcebra::SMALLEST_EFFECT;
use xcebra::attr::significance::{Connection, Control, Significance, Tail};

use super::cell::Outcome;
use crate::error::{Error, Result};
use crate::statistics;

/// Nominal rates.
const LEVELS: [f64; 3] = [0.05, 0.1, 0.2];

/// Entries of a map by truth and verdict.
#[derive(Debug, Default)]
struct Counts {
    /// Connected, and called so.
    found: usize,
    /// Not connected, and called connected.
    false_discoveries: usize,
    /// Connected, and called not connected.
    missed: usize,
    /// Connected with the smallest effect of interest or more, and called not connected.
    false_omissions: usize,
    /// Called not connected.
    rejected: usize,
    /// Called neither.
    undecided: usize,
    /// Connected in truth.
    connected: usize,
    /// All.
    entries: usize,
}

fn count(truth: &Array2<bool>, effects: &Array2<f64>, verdicts: &Array2<Connection>) -> Counts {
    let mut counts = Counts::default();
    for ((&connected, &effect), verdict) in truth.iter().zip(effects).zip(verdicts) {
        counts.entries += 1;
        counts.connected += usize::from(connected);
        match (verdict, connected) {
            (Connection::Connected, true) => counts.found += 1,
            (Connection::Connected, false) => counts.false_discoveries += 1,
            (Connection::NotConnected, _) => {
                counts.rejected += 1;
                counts.missed += usize::from(connected);
                counts.false_omissions += usize::from(effect >= SMALLEST_EFFECT);
            }
            (Connection::Undecided, _) => counts.undecided += 1,
        }
    }
    counts
}

/// The ways to test: control, tail, and name.
const WAYS: [(&str, Control, Tail); 3] = [
    ("BH, fitted tail", Control::BenjaminiHochberg, Tail::Fitted),
    ("BY, fitted tail", Control::BenjaminiYekutieli, Tail::Fitted),
    ("BH, ranks", Control::BenjaminiHochberg, Tail::Ranks),
];

/// A map from its entries, row by row.
fn matrix<A: Copy>(entries: &[A], columns: usize) -> Result<Array2<A>> {
    let shape = (entries.len() / columns.max(1), columns);
    Array2::from_shape_vec(shape, entries.to_vec()).map_err(|_| Error::Setting {
        what: "the number of entries of a map in a cell's file",
        found: entries.len().to_string(),
        expected: "channels times blocks",
    })
}

impl Outcome {
    /// The share of entries without a connection whose p-value is 0.05 or less, and counts of verdicts.
    fn judge(&self, control: Control, tail: Tail, level: f64) -> Result<(f64, Counts)> {
        let truth = matrix(&self.truth, self.blocks)?;
        let nulls = self.nulls.iter().map(|null| matrix(null, self.blocks));
        let nulls: Vec<_> = nulls.collect::<Result<_>>()?;
        let test = Significance::new().level(level).control(control).tail(tail);
        // as `xcebra attribute --significance`
        let test = test.without_strays();
        let found = test.test(&matrix(&self.map, self.blocks)?, &nulls)?;
        let verdicts = found.verdicts(&vec![SMALLEST_EFFECT; self.blocks])?;
        let p_values = found.p_values().iter().zip(&truth);
        let unconnected = p_values.filter(|(_, connected)| !**connected);
        let small = unconnected.clone().filter(|(p, _)| **p <= 0.05).count();
        let share = small as f64 / unconnected.count() as f64;
        let effects = matrix(&self.effects, self.blocks)?;
        Ok((share, count(&truth, &effects, verdicts.map())))
    }
}

/// One row of the table: means over recordings, rates with the half-width of an interval of 95 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The kind of recording.
    pub kind: &'static str,
    /// The way to test.
    pub test: String,
    /// The nominal rate.
    pub nominal: f64,
    /// Share of false ones among entries called connected.
    pub false_discoveries: (f64, f64),
    /// Share of connections called so.
    pub power: f64,
    /// Share of entries that are undecided.
    pub undecided: f64,
    /// Share of connections of the smallest effect of interest or more among entries called not connected.
    pub false_omissions: (f64, f64),
    /// Share of connections of any size among them.
    pub missed: f64,
    /// Share of entries without a connection that are called not connected.
    pub rejected: f64,
    /// Share of p-values up to 0.05 among entries without a connection.
    pub small_p: (f64, f64),
}

/// The table.
///
/// # Errors
/// If a cell's file held something else than results.
pub(super) fn rows(kind: &'static str, outcomes: &[Outcome]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, control, tail) in WAYS {
        for nominal in LEVELS {
            let judged = outcomes.iter();
            let judged = judged.map(|outcome| outcome.judge(control, tail, nominal));
            let judged: Vec<(f64, Counts)> = judged.collect::<Result<_>>()?;
            let share = |of: &dyn Fn(&Counts) -> (usize, usize)| {
                let share = |(_, counts): &(f64, Counts)| {
                    let (part, all) = of(counts);
                    part as f64 / all.max(1) as f64
                };
                mean(&judged.iter().map(share).collect::<Vec<_>>())
            };
            rows.push(Row {
                kind,
                test: name.to_owned(),
                nominal,
                false_discoveries: share(&|c| (c.false_discoveries, c.found + c.false_discoveries)),
                power: share(&|c| (c.found, c.connected)).0,
                undecided: share(&|c| (c.undecided, c.entries)).0,
                false_omissions: share(&|c| (c.false_omissions, c.rejected)),
                missed: share(&|c| (c.missed, c.rejected)).0,
                rejected: share(&|c| (c.rejected - c.missed, c.entries - c.connected)).0,
                small_p: mean(&judged.iter().map(|(small, _)| *small).collect::<Vec<_>>()),
            });
        }
    }
    Ok(rows)
}

/// Mean and half-width of its interval of 95 %.
pub(super) fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = statistics::mean(values);
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ndarray::array;

    use super::*;

    #[test]
    fn entries_are_counted_by_truth_and_verdict() {
        use Connection::{Connected, NotConnected, Undecided};
        let truth = array![[true, true, true], [false, false, false]];
        let verdicts = array![
            [Connected, NotConnected, Undecided],
            [Connected, NotConnected, NotConnected]
        ];
        let effects = array![[0.9, 0.5, 0.1], [0.0, 0.0, 0.0]];
        let counts = count(&truth, &effects, &verdicts);
        assert_eq!(counts.false_omissions, 1);
        assert_eq!((counts.found, counts.false_discoveries), (1, 1));
        assert_eq!((counts.missed, counts.rejected), (1, 3));
        assert_eq!(
            (counts.undecided, counts.connected, counts.entries),
            (1, 3, 6)
        );
    }

    /// Two latents, three channels; the first latent drives the first channel.
    fn outcome(first: f64) -> Outcome {
        Outcome {
            pooled: BTreeMap::new(),
            by_latent: BTreeMap::new(),
            r2: 1.0,
            blocks: 2,
            truth: vec![true, false, false, false, false, false],
            map: vec![first, 0.1, 0.1, 0.1, 0.1, 0.1],
            effects: vec![0.9, 0.0, 0.0, 0.0, 0.0, 0.0],
            nulls: (0..40)
                .map(|i| {
                    (0..6)
                        .map(|j| 0.1 + 0.001 * f64::from((7 * i + 11 * j) % 40))
                        .collect()
                })
                .collect(),
        }
    }

    #[test]
    fn an_entry_far_above_its_null_is_found_and_no_other() {
        let rows = rows("protocol", &[outcome(9.0), outcome(9.0)]).unwrap();
        assert_eq!(rows.len(), 9);
        let fitted = &rows[0];
        assert_eq!((fitted.nominal, fitted.power), (0.05, 1.0));
        assert_eq!(fitted.false_discoveries, (0.0, 0.0));
        assert_eq!(fitted.small_p, (0.0, 0.0));
    }

    #[test]
    fn maps_of_another_size_are_named() {
        let mut damaged = outcome(9.0);
        damaged.map.pop();
        let message = rows("protocol", &[damaged]).unwrap_err().to_string();
        assert!(
            message.contains("is 5; it must be channels times blocks"),
            "{message}"
        );
    }

    #[test]
    fn means_have_intervals_of_two_standard_errors() {
        let (mean, half) = mean(&[1.0, 2.0, 3.0]);
        assert_eq!(mean, 2.0);
        // a variance of 1 over three values
        assert!((half - 1.96 / 3f64.sqrt()).abs() < 1e-12);
    }
}
