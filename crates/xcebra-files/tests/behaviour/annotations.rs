//! Annotations of biosignals as a label of the samples.

use xcebra_files::{Clock, DataFile, FileError};

use crate::signal_corpus::{file, signals};
use crate::told;

/// One letter a sample.
fn letters(name: &str, label: &str, clock: &Clock) -> (String, Vec<String>) {
    let file = DataFile::open(&file(name)).unwrap();
    let found = file.read_text(label, Some(clock)).unwrap().unwrap();
    let letter = |text: &std::sync::Arc<str>| text.chars().next_back().unwrap();
    (found.texts.iter().map(letter).collect(), found.notes)
}

#[test]
fn annotations_are_a_label_of_the_recording() {
    // 0 `Lights off`, 1.5 to 3.5 `Sleep stage W`, 3.5 to 6.5 `Sleep stage 2`, 4 to 4.5 `Arousal é`
    for name in ["pyedflib.edf", "pyedflib_offset.edf", "pyedflib.bdf"] {
        let clock = signals(name, "Temp").unwrap().clock().unwrap();
        let (all, notes) = letters(name, "annotations", &clock);
        let expected = [
            ("f", 12),
            ("W", 16),
            ("2", 4),
            ("é", 4),
            ("2", 16),
            ("e", 12),
        ];
        let expected: String = expected.iter().map(|(c, n)| c.repeat(*n)).collect();
        assert_eq!(all, expected, "{name}");
        assert!(
            notes[0].contains("`Sleep stage 2` and `Arousal é`"),
            "{notes:?}"
        );
        let (stages, notes) = letters(name, "annotations:Sleep stage*", &clock);
        let expected = [("e", 12), ("W", 16), ("2", 24), ("e", 12)];
        let expected: String = expected.iter().map(|(c, n)| c.repeat(*n)).collect();
        assert_eq!(stages, expected, "{name}");
        assert_eq!(notes, [] as [&str; 0]);
    }
}

#[test]
fn annotations_of_another_file_are_moved_by_its_start() {
    // the hypnogram begins 2 s after the recording: W from 2 to 4 s, 2 to 7 s, then R
    let clock = signals("pyedflib.edf", "Temp").unwrap().clock().unwrap();
    let (stages, notes) = letters("hypnogram.edf", "annotations", &clock);
    let expected = [("e", 16), ("W", 16), ("2", 24), ("R", 8)];
    let expected: String = expected.iter().map(|(c, n)| c.repeat(*n)).collect();
    assert_eq!(stages, expected);
    assert!(notes[0].contains("moved by 2 s"), "{notes:?}");
    let (problem, advice) = told(&signals("hypnogram.edf", "x").unwrap_err());
    assert!(problem.contains("annotations only"), "{problem}");
    assert!(advice.contains("hypnogram.edf:annotations"), "{advice}");
    // a recording that does not say when it began
    let (stages, notes) = letters("hypnogram.edf", "annotations", &Clock::steady(8.0, 64));
    assert!(stages.starts_with(&["W".repeat(16), "2".repeat(24)].concat()));
    assert_eq!(notes, [] as [&str; 0]);
    // a recording that ends before
    let clock = signals("mne.edf", "x").unwrap().clock().unwrap();
    let late = DataFile::open(&file("gaps.edf")).unwrap();
    let error = late
        .read_text("annotations:after", Some(&clock))
        .unwrap_err();
    assert!(
        error.to_string().contains("at a time of the recording"),
        "{error}"
    );
}

#[test]
fn annotations_around_gaps() {
    let clock = signals("gaps.edf", "EEG Pz").unwrap().clock().unwrap();
    let (found, _) = letters("gaps.edf", "annotations", &clock);
    // 16 Hz; `begin` 0 to 0.5 s, `late` from 5.25 s to the next, `after` 20.5 to 21.5 s
    let expected = [("n", 8), ("e", 44), ("e", 36), ("r", 8)];
    let expected: String = expected.iter().map(|(c, n)| c.repeat(*n)).collect();
    assert_eq!(found, expected);
    let texts = DataFile::open(&file("gaps.edf"))
        .unwrap()
        .read_text("annotations:late", Some(&clock))
        .unwrap()
        .unwrap()
        .texts;
    assert_eq!(texts.iter().position(|t| &**t == "late"), Some(52));
}

#[test]
fn annotations_that_cannot_be_a_label() {
    let open = |name: &str| DataFile::open(&file(name)).unwrap();
    let clock = signals("mne.edf", "x").unwrap().clock();
    let error = open("mne.edf")
        .read_text("annotations:Sleep*", clock.as_ref())
        .unwrap_err();
    assert!(
        matches!(&error, FileError::Missing { kind: "annotation", available, .. } if available.len() == 3),
        "{error}"
    );
    let error = open("more.edf")
        .read_text("annotations", clock.as_ref())
        .unwrap_err();
    assert!(error.to_string().contains("no annotations"), "{error}");
    let error = open("mne.edf").read_text("annotations", None).unwrap_err();
    assert!(error.to_string().contains("times are known"), "{error}");
    assert_eq!(
        open("mne.edf").read_text("F3", clock.as_ref()).unwrap(),
        None
    );
}
