//! Random biosignals, written by the definition of the format, read back.

use std::fs;

use ndarray::Array2;
use proptest::prelude::*;
use xcebra_files::{DataArray, DataFile, Source, read};

/// One signal of a biosignal: ranges as the header writes them, and digital values.
#[derive(Debug, Clone)]
struct Signal {
    unit: &'static str,
    physical: (String, String),
    digital: (i32, i32),
    values: Vec<i32>,
}

/// Width of a field, and its text for a signal.
type Column<'a> = (usize, &'a dyn Fn(usize, &Signal) -> String);

const UNITS: [(&str, i32); 5] = [("uV", -6), ("mV", -3), ("V", 0), ("nV", -9), ("bpm", 0)];

fn field(text: &str, width: usize, fill: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    assert!(bytes.len() <= width, "{text}");
    bytes.resize(width, fill);
    bytes
}

/// A file of records of one second; `onsets` makes it one with `+`, in which each record also holds
/// its list of annotations.
fn biosignal(
    width: usize,
    fill: u8,
    signals: &[Signal],
    onsets: Option<&[(f64, String)]>,
    records: usize,
) -> Vec<u8> {
    const LIST: usize = 60;
    let per_record = signals[0].values.len() / records;
    let count = signals.len() + usize::from(onsets.is_some());
    let name = if width == 2 { "EDF" } else { "BDF" };
    let mut bytes = match width {
        2 => field("0", 8, fill),
        _ => b"\xffBIOSEMI".to_vec(),
    };
    let kind = onsets.map_or(String::new(), |_| format!("{name}+D"));
    for (text, width) in [
        ("X", 80),
        ("X", 80),
        ("01.02.03", 8),
        ("04.05.06", 8),
        (&(256 * (count + 1)).to_string(), 8),
    ] {
        bytes.extend(field(text, width, fill));
    }
    for (text, width) in [
        (kind, 44),
        (records.to_string(), 8),
        ("1".to_owned(), 8),
        (count.to_string(), 4),
    ] {
        bytes.extend(field(&text, width, fill));
    }
    let columns: [Column<'_>; 10] = [
        (16, &|i, _| format!("S{i}")),
        (80, &|_, _| String::new()),
        (8, &|_, s| s.unit.to_owned()),
        (8, &|_, s| s.physical.0.clone()),
        (8, &|_, s| s.physical.1.clone()),
        (8, &|_, s| s.digital.0.to_string()),
        (8, &|_, s| s.digital.1.to_string()),
        (80, &|_, _| String::new()),
        (8, &|_, _| per_record.to_string()),
        (32, &|_, _| String::new()),
    ];
    let last = [
        format!("{name} Annotations"),
        String::new(),
        String::new(),
        "-1".to_owned(),
        "1".to_owned(),
        "-1".to_owned(),
        "1".to_owned(),
        String::new(),
        LIST.to_string(),
        String::new(),
    ];
    for ((width, text), last) in columns.iter().zip(last) {
        for (i, signal) in signals.iter().enumerate() {
            bytes.extend(field(&text(i, signal), *width, fill));
        }
        if onsets.is_some() {
            bytes.extend(field(&last, *width, fill));
        }
    }
    for record in 0..records {
        for signal in signals {
            for value in &signal.values[record * per_record..(record + 1) * per_record] {
                bytes.extend(&value.to_le_bytes()[..width]);
            }
        }
        if let Some(onsets) = onsets {
            let (onset, list) = &onsets[record];
            bytes.extend(field(&format!("+{onset}\x14\x14\0{list}"), LIST * width, 0));
        }
    }
    bytes
}

fn limits(width: usize) -> (i32, i32) {
    let most = 1 << (8 * width - 1);
    (-most, most - 1)
}

fn signal(width: usize, samples: usize) -> impl Strategy<Value = Signal> {
    let (low, high) = limits(width);
    let physical = || {
        prop_oneof![
            (-99_999..999_999_i32).prop_map(|v| v.to_string()),
            (-9_999..9_999_i32).prop_map(|v| format!("{:.1}", f64::from(v) / 10.0)),
            (-999..999_i32).prop_map(|v| format!("{:.3}", f64::from(v) / 1000.0)),
        ]
    };
    let digital = (low.max(-9_999_999)..=high, low.max(-9_999_999)..=high);
    let values = prop::collection::vec(low..=high, samples);
    (
        prop::sample::select(&UNITS[..]),
        (physical(), physical()),
        digital,
        values,
    )
        .prop_map(|(unit, physical, digital, values)| Signal {
            unit: unit.0,
            physical,
            digital,
            values,
        })
        .prop_filter("a range is empty", |s| {
            s.digital.0 != s.digital.1
                && s.physical.0.parse::<f64>().unwrap() != s.physical.1.parse::<f64>().unwrap()
        })
}

fn signals(width: usize) -> impl Strategy<Value = (usize, Vec<Signal>)> {
    (1..5_usize, 1..5_usize).prop_flat_map(move |(records, per_record)| {
        let signals = prop::collection::vec(signal(width, records * per_record), 1..5);
        (Just(records), signals)
    })
}

fn read_bytes(name: &str, bytes: &[u8]) -> (tempfile::TempDir, DataArray) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let array = read(&Source::new(path, "x")).unwrap();
    (folder, array)
}

/// The definition of the format, in the finest of the units.
fn physical(signals: &[Signal]) -> Array2<f64> {
    let power = |s: &Signal| UNITS.iter().find(|u| u.0 == s.unit).unwrap().1;
    let volts = signals.iter().filter(|s| s.unit != "bpm");
    let finest = volts.map(power).min().unwrap_or(0);
    Array2::from_shape_fn((signals[0].values.len(), signals.len()), |(t, c)| {
        let s = &signals[c];
        let (pmin, pmax): (f64, f64) =
            (s.physical.0.parse().unwrap(), s.physical.1.parse().unwrap());
        let (dmin, dmax) = (f64::from(s.digital.0), f64::from(s.digital.1));
        let value = pmin + (pmax - pmin) * (f64::from(s.values[t]) - dmin) / (dmax - dmin);
        match s.unit {
            "bpm" => value,
            _ => value * 10_f64.powi(power(s) - finest),
        }
    })
}

/// The rule in its own words: which annotation covers the time of a sample?
fn covering(annotations: &[(f64, f64, char)], time: f64) -> Option<char> {
    let mut best: Option<(f64, char)> = None;
    for &(onset, duration, text) in annotations {
        let next = annotations
            .iter()
            .map(|a| a.0)
            .filter(|o| *o > onset)
            .fold(f64::INFINITY, f64::min);
        let end = if duration > 0.0 {
            onset + duration
        } else {
            next
        };
        if onset <= time && time < end && best.is_none_or(|(begun, _)| begun <= onset) {
            best = Some((onset, text));
        }
    }
    best.map(|(_, text)| text)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn biosignals_are_read_by_their_definition(
        (width, (records, signals)) in (2..=3_usize).prop_flat_map(|w| (Just(w), signals(w))),
        zeros in any::<bool>(),
        gaps in prop::option::of(prop::collection::vec(0..3_u8, 5)),
    ) {
        let onsets: Option<Vec<(f64, String)>> = gaps.map(|gaps| {
            let mut at = 0.0;
            let next = |gap: &u8| {
                let onset = at;
                at += 1.0 + f64::from(*gap);
                (onset, String::new())
            };
            gaps.iter().map(next).collect()
        });
        let fill = if zeros { 0 } else { b' ' };
        let bytes = biosignal(width, fill, &signals, onsets.as_deref(), records);
        let (_folder, array) = read_bytes(if width == 2 { "a.edf" } else { "a.bdf" }, &bytes);
        let expected = physical(&signals);
        let found = array.matrix::<f64>().unwrap();
        prop_assert_eq!(found.dim(), expected.dim());
        for (c, (found, expected)) in found.columns().into_iter().zip(expected.columns()).enumerate() {
            let s = &signals[c];
            // digital values far outside a narrow range cancel: roundings of the largest term
            let largest = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            let (dmin, dmax) = (f64::from(s.digital.0), f64::from(s.digital.1));
            let stretch = 1.0 + (dmin.abs() + dmax.abs()) / (dmax - dmin).abs();
            for (f, e) in found.iter().zip(expected) {
                prop_assert!((f - e).abs() <= 1e-14 * stretch * largest.max(1e-300) + 1e-9 * 1e-6, "{} {} {:?}", f, e, s);
            }
        }
        let per_record = signals[0].values.len() / records;
        prop_assert_eq!(array.sampling_rate, Some(per_record as f64));
        let onsets: Vec<f64> = onsets.unwrap_or_default().iter().map(|o| o.0).take(records).collect();
        let expected: Vec<usize> = onsets
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[1] - pair[0] > 1.0)
            .map(|(k, _)| (k + 1) * per_record)
            .collect();
        prop_assert_eq!(array.breaks, expected);
    }

    #[test]
    fn labels_are_the_annotations_that_cover_the_samples(
        per_record in 1..6_usize,
        gaps in prop::collection::vec(0..4_u8, 6),
        // in eighths of a second, which are exact
        annotations in prop::collection::vec((0..150_u32, 0..60_u32, 0..3_u8), 1..8),
    ) {
        let mut at = 0.0;
        let mut onsets: Vec<(f64, String)> = Vec::new();
        for gap in &gaps {
            onsets.push((at, String::new()));
            at += 1.0 + f64::from(*gap);
        }
        let annotations: Vec<(f64, f64, char)> = annotations
            .iter()
            .map(|&(onset, duration, text)| (f64::from(onset) / 8.0, f64::from(duration) / 8.0, char::from(b'a' + text)))
            .collect();
        for (i, (onset, duration, text)) in annotations.iter().enumerate() {
            // two lists in a record at most
            let list = format!("+{onset}\x15{duration}\x14{text}\x14\0");
            onsets[i % gaps.len()].1 += &list;
        }
        // the order of the file
        let order: Vec<usize> = (0..gaps.len()).flat_map(|r| (r..annotations.len()).step_by(gaps.len())).collect();
        let in_file: Vec<(f64, f64, char)> = order.iter().map(|&i| annotations[i]).collect();
        let values = vec![0; gaps.len() * per_record];
        let signal = Signal { unit: "uV", physical: ("-1".into(), "1".into()), digital: (-1, 1), values };
        let bytes = biosignal(2, b' ', &[signal], Some(&onsets), gaps.len());
        let (folder, array) = read_bytes("a.edf", &bytes);
        let expected: Vec<Option<char>> = (0..gaps.len() * per_record)
            .map(|row| onsets[row / per_record].0 + (row % per_record) as f64 / per_record as f64)
            .map(|time| covering(&in_file, time))
            .collect();
        let file = DataFile::open(&folder.path().join("a.edf")).unwrap();
        let found = file.read_text("annotations", array.clock().as_ref());
        if expected.iter().all(Option::is_none) {
            prop_assert!(found.is_err());
        } else {
            let found = found.unwrap().unwrap().texts;
            let found: Vec<Option<char>> = found.iter().map(|t| (&**t != "none").then(|| t.chars().next().unwrap())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
