//! Signals in groups: by a label, or by the output that is largest for them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;

use xcebra_files::{Clock, DataFile, Source};

use super::settings::SignalSource;
use crate::explain::Signals;
use crate::labelled::read_label;
use crate::{LabelArray, Problem, Result};

/// More values than these are measured, not classes.
const MOST_GROUPS: usize = 50;

/// By what signals are put into groups.
#[derive(Debug, Clone)]
pub enum GroupBy {
    /// By the output that is largest for them.
    Predicted,
    /// By an array of the file that holds the signals.
    Array(String),
    /// By an array of another file.
    File(Source),
    /// By the values themselves, one for each signal or for each sample of the recording.
    Values(Vec<f64>),
}

impl FromStr for GroupBy {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text == "predicted" {
            return Ok(Self::Predicted);
        }
        Ok(match Source::of_other_file(text) {
            Some(source) => Self::File(source),
            None => Self::Array(text.to_owned()),
        })
    }
}

/// Signals in groups.
#[derive(Debug, Clone)]
pub struct Groups {
    /// What the groups are, in words.
    pub what: String,
    /// Names of the groups, in ascending order of their values.
    pub names: Vec<String>,
    /// Their values, if these are numbers.
    pub values: Option<Vec<f64>>,
    /// The group of each signal.
    pub of: Vec<usize>,
}

impl Groups {
    /// Groups of signals by the output that is largest for each.
    pub fn by_output(predicted: &[usize]) -> Self {
        let values: Vec<f64> = predicted.iter().map(|&k| k as f64).collect();
        let mut groups = Self::of_numbers("the predicted output".to_owned(), &values);
        groups
            .names
            .iter_mut()
            .for_each(|name| *name = format!("output {name}"));
        groups
    }

    /// The signals of a group.
    pub fn members(&self, group: usize) -> Vec<usize> {
        let signals = 0..self.of.len();
        signals.filter(|&i| self.of[i] == group).collect()
    }

    fn of_numbers(what: String, values: &[f64]) -> Self {
        // one zero
        let values: Vec<f64> = values.iter().map(|v| v + 0.0).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        let place = |value: &f64| sorted.binary_search_by(|v| v.total_cmp(value)).unwrap_or(0);
        Self {
            what,
            names: sorted.iter().map(ToString::to_string).collect(),
            of: values.iter().map(place).collect(),
            values: Some(sorted),
        }
    }

    fn of_texts(what: String, texts: &[String]) -> Self {
        let mut sorted = texts.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let place = |text: &String| sorted.binary_search(text).unwrap_or(0);
        Self {
            what,
            of: texts.iter().map(place).collect(),
            names: sorted,
            values: None,
        }
    }
}

/// Values of a label.
enum Values {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Those of these signals.
    fn part(&self, chosen: &[usize]) -> Self {
        match self {
            Self::Numbers(values) => Self::Numbers(chosen.iter().map(|&i| values[i]).collect()),
            Self::Texts(values) => Self::Texts(chosen.iter().map(|&i| values[i].clone()).collect()),
        }
    }
}

/// The recording that signals were cut from.
pub struct Recorded {
    /// Its number of samples.
    pub samples: usize,
    /// When they were measured, if the file tells.
    pub clock: Option<Clock>,
}

/// Signals as they were read.
pub struct Cut<'a> {
    /// How many there are.
    pub all: usize,
    /// Which of them are explained, if not all.
    pub chosen: Option<Vec<usize>>,
    /// Those that are explained.
    pub signals: &'a Signals,
    /// What they were cut from.
    pub recorded: &'a Recorded,
}

/// The groups of the signals that are explained by a label, which has a value for each signal or for each sample of the recording.
pub fn by_label(
    label: &GroupBy,
    input: &SignalSource,
    cut: &Cut<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<Groups>> {
    let (signals, samples) = (cut.signals, cut.recorded.samples);
    let clock = cut.recorded.clock.as_ref();
    let (place, values) = match label {
        GroupBy::Predicted => return Ok(None),
        GroupBy::Values(values) => ("the label".to_owned(), Values::Numbers(values.clone())),
        GroupBy::File(source) => (source.to_string(), of_file(source, clock, notes)?),
        GroupBy::Array(name) => {
            let SignalSource::File(file) = input else {
                return Err(Problem::setting(
                    format!(
                        "--group-by {name}: the signals are not in a file that has such an array"
                    ),
                    "name the label as FILE:ARRAY",
                ));
            };
            let source = Source {
                array: Some(name.clone()),
                ..file.clone()
            };
            (source.to_string(), of_file(&source, clock, notes)?)
        }
    };
    let (n, length) = (cut.all, signals.values.shape()[1 + signals.time_axis]);
    let values = match (&signals.starts, values.len()) {
        (_, found) if found == n => match &cut.chosen {
            Some(chosen) => values.part(chosen),
            None => values,
        },
        (Some(starts), found) if found == samples => {
            most_frequent(&values, starts, length, &place, notes)
        }
        (starts, found) => {
            let or = match starts {
                Some(_) => format!(", or {samples}, one for each sample of the recording"),
                None => String::new(),
            };
            return Err(Problem::data(
                format!("--group-by: {place} has {found} values for {n} signals"),
                format!("pass {n} values, one for each signal{or}"),
            ));
        }
    };
    let what = place;
    let groups = match values {
        Values::Texts(texts) => Groups::of_texts(what, &texts),
        Values::Numbers(values) => match values.iter().position(|v| !v.is_finite()) {
            Some(i) => {
                return Err(Problem::data(
                    format!(
                        "--group-by: {what} is {} for signal {} (counting from 0)",
                        values[i],
                        cut.chosen.as_ref().map_or(i, |chosen| chosen[i])
                    ),
                    "give every signal a value, or leave such signals out with --signals",
                ));
            }
            None => Groups::of_numbers(what, &values),
        },
    };
    if groups.names.len() > MOST_GROUPS {
        return Err(Problem::data(
            format!(
                "--group-by: {} has {} different values, and at most {MOST_GROUPS} groups are summarised",
                groups.what,
                groups.names.len()
            ),
            "make classes of the values first, for instance by rounding them",
        ));
    }
    Ok(Some(groups))
}

fn of_file(source: &Source, clock: Option<&Clock>, notes: &mut Vec<String>) -> Result<Values> {
    let mut file = DataFile::of(source)?;
    let array = match read_label(&mut file, source.array.as_deref(), clock, notes)? {
        LabelArray::Text(texts) => {
            return Ok(Values::Texts(
                texts.iter().map(ToString::to_string).collect(),
            ));
        }
        LabelArray::Numbers(array) => array,
    };
    let long = array.shape().iter().filter(|&&n| n != 1).count();
    if long > 1 {
        return Err(Problem::data(
            format!(
                "--group-by: {} has shape {:?}",
                array.place(),
                array.shape()
            ),
            "pass one value for each signal, such as one column",
        ));
    }
    let values = array.values.to_float::<f64>();
    Ok(Values::Numbers(values.iter().copied().collect()))
}

/// The value that most samples of each signal have, the first in order of those that tie.
fn most_frequent(
    values: &Values,
    starts: &[usize],
    length: usize,
    place: &str,
    notes: &mut Vec<String>,
) -> Values {
    let mut mixed = 0;
    let found = match values {
        Values::Texts(texts) => Values::Texts(
            starts
                .iter()
                .map(|&start| most_of(texts[start..start + length].iter().cloned(), &mut mixed))
                .collect(),
        ),
        Values::Numbers(numbers) => Values::Numbers(
            starts
                .iter()
                .map(|&start| {
                    let bits = numbers[start..start + length].iter().map(|v| ordered(*v));
                    unordered(most_of(bits, &mut mixed))
                })
                .collect(),
        ),
    };
    if mixed > 0 {
        notes.push(format!(
            "{place} changes within {mixed} of {} signals; each of these is in the group that most of its samples are in",
            starts.len()
        ));
    }
    found
}

fn most_of<T: Ord + Clone>(values: impl Iterator<Item = T>, mixed: &mut usize) -> T {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    *mixed += usize::from(counts.len() > 1);
    let most = counts.values().copied().max();
    let first = counts.into_iter().find(|(_, count)| Some(*count) == most);
    first.map(|(value, _)| value).expect("a signal has samples")
}

/// A key that orders numbers as they are.
fn ordered(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    match bits >> 63 {
        0 => bits | 1 << 63,
        _ => !bits,
    }
}

fn unordered(key: u64) -> f64 {
    f64::from_bits(match key >> 63 {
        1 => key & !(1 << 63),
        _ => !key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_and_value() {
        let all = [f64::NEG_INFINITY, -2.5, -0.0, 1e-300, 3.0, f64::INFINITY];
        for pair in all.windows(2) {
            assert!(ordered(pair[0]) < ordered(pair[1]), "{pair:?}");
        }
        assert!(all.iter().all(|&v| unordered(ordered(v)) == v));
        assert!(unordered(ordered(f64::NAN)).is_nan());
    }

    #[test]
    fn a_signal_belongs_to_what_most_of_its_samples_are() {
        let mut notes = Vec::new();
        let values = Values::Numbers(vec![1.0, 1.0, 2.0, 3.0, 2.0, 3.0]);
        let Values::Numbers(found) = most_frequent(&values, &[0, 3, 0], 3, "y", &mut notes) else {
            panic!("numbers")
        };
        assert_eq!(found, [1.0, 3.0, 1.0]);
        assert!(
            notes[0].contains("y changes within 3 of 3 signals"),
            "{notes:?}"
        );
    }

    #[test]
    fn groups_are_in_order() {
        let groups = Groups::of_numbers("y".into(), &[10.0, 2.0, 10.0, -1.0]);
        assert_eq!(groups.names, ["-1", "2", "10"]);
        assert_eq!(groups.of, [2, 1, 2, 0]);
        assert_eq!(groups.members(2), [0, 2]);
        assert_eq!(groups.values, Some(vec![-1.0, 2.0, 10.0]));
        let texts = Groups::of_texts("s".into(), &["b".into(), "a".into(), "b".into()]);
        assert_eq!(
            (texts.names.join(""), texts.of),
            ("ab".to_owned(), vec![1, 0, 1])
        );
        assert_eq!(Groups::by_output(&[2, 0]).names, ["output 0", "output 2"]);
    }
}
