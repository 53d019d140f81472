//! Sound files and biosignals that other tools wrote: the values are those that these tools read.

use std::path::PathBuf;

use xcebra_files::{DataArray, DataFile, FileError, Source, read};

use crate::data;

/// A file of the folder that the scripts in it have filled.
pub fn file(name: &str) -> PathBuf {
    data("signals").join(name)
}

/// The channels `selection` of such a file.
pub fn signals(name: &str, selection: &str) -> Result<DataArray, FileError> {
    read(&Source::new(file(name), selection))
}

/// Each expected array is called as what is to be read.
fn compare(expected: &str, selection_of: impl Fn(&str) -> (String, String)) -> usize {
    let mut expected = DataFile::open(&file(expected)).unwrap();
    let arrays = expected.arrays().unwrap();
    for array in &arrays {
        let (name, selection) = selection_of(&array.name);
        let found = signals(&name, &selection).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = found.matrix::<f64>().unwrap();
        let values = expected.read(&array.name).unwrap().matrix::<f64>().unwrap();
        assert_eq!(found.dim(), values.dim(), "{}", array.name);
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for (found, value) in found.iter().zip(&values) {
            // the tools multiply and add in another order: a few roundings of the largest value
            assert!(
                (found - value).abs() <= 1e-14 * largest,
                "{}: {found} instead of {value}",
                array.name
            );
        }
    }
    arrays.len()
}

#[test]
fn biosignals_have_the_values_of_other_readers() {
    let files = compare("biosignals.npz", |name| {
        let (file, channels) = name.split_once(':').unwrap();
        (file.to_owned(), channels.to_owned())
    });
    assert_eq!(files, 34);
}

#[test]
fn sounds_have_the_values_of_other_readers() {
    let files = compare("sounds.npz", |name| (name.to_owned(), "x".to_owned()));
    assert_eq!(files, 46);
}

#[test]
fn annotations_are_those_of_other_readers() {
    let text = std::fs::read_to_string(file("annotations.csv")).unwrap();
    let mut names: Vec<&str> = text
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    names.dedup();
    for name in names {
        let file = DataFile::open(&file(name)).unwrap();
        let expected: Vec<(f64, Option<f64>, &str)> = text
            .lines()
            .map(|line| line.splitn(4, ',').collect::<Vec<_>>())
            .filter(|parts| parts[0] == name)
            .map(|parts| {
                let duration: f64 = parts[2].parse().unwrap();
                (
                    parts[1].parse().unwrap(),
                    (duration > 0.0).then_some(duration),
                    parts[3],
                )
            })
            .collect();
        let found = file.annotations();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, (onset, duration, text)) in found.iter().zip(expected) {
            // microseconds are written
            assert!((found.onset - onset).abs() < 1e-6, "{name}: {found:?}");
            // mne does not tell a duration of 0 from none
            assert_eq!(
                found.duration.filter(|d| *d > 0.0),
                duration,
                "{name}: {found:?}"
            );
            assert_eq!(found.text, text, "{name}");
        }
    }
}
