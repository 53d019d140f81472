//! Biosignals beyond their values: what is left out, repaired, converted and cut, and what is said about it.

use std::fs;

use xcebra_files::{DataArray, FileError, Source, rates_agree, read};

use crate::signal_corpus::{file, signals};
use crate::told;

fn notes(name: &str, selection: &str) -> Vec<String> {
    signals(name, selection).unwrap().notes
}

/// Problem and advice.
fn refusal(name: &str, selection: &str) -> (String, String) {
    told(&signals(name, selection).unwrap_err())
}

#[test]
fn channels_without_a_signal_are_left_out_with_a_note() {
    let all = signals("blank.edf", "x").unwrap();
    assert_eq!(all.columns.as_deref().unwrap(), ["EEG Fpz", "EEG Pz"]);
    let [note] = &all.notes[..] else {
        panic!("{:?}", all.notes)
    };
    for expected in [
        "channel `-` (its physical range is empty, 0 to 0)",
        "channel `-.1` (its physical range is empty, 3 to 3)",
        "channel `unnamed` (it has no label)",
        "channel `Flat` (its digital range is empty, 0 to 0)",
        "channel `None` (it has no samples)",
        "channel `Junk` (its physical minimum is \"?\")",
    ] {
        assert!(note.contains(expected), "{expected}: {note}");
    }
    let unnamed = signals("blank.edf", "unnamed").unwrap();
    assert_eq!(unnamed.shape(), [256, 1]);
    // not touched, nothing to say
    assert_eq!(notes("blank.edf", "EEG*"), [] as [&str; 0]);
    for (selection, expected) in [
        ("-", "no signal can be read from channel `-`"),
        ("EEG Fpz,Flat", "channel `Flat` (its digital range"),
        ("Junk", "its physical minimum is \"?\""),
        ("N*", "none of the chosen channels holds a signal"),
    ] {
        let (problem, advice) = refusal("blank.edf", selection);
        assert!(problem.contains(expected), "{selection}: {problem}");
        assert!(advice.contains("choose among `EEG Fpz`"), "{advice}");
    }
}

#[test]
fn files_of_another_length_are_read_as_far_as_they_are_whole() {
    for (name, rows, expected) in [
        (
            "more.edf",
            256,
            &["announces 6 records, and the file holds 8 whole records"][..],
        ),
        (
            "fewer.edf",
            192,
            &[
                "announces 8 records, and the file holds 6 whole records",
                "left out after the last whole record: 37 bytes",
            ],
        ),
        (
            "open.edf",
            256,
            &["does not say how many records there are, and the file holds 8"],
        ),
    ] {
        let read = signals(name, "x").unwrap();
        assert_eq!(read.shape(), [rows, 2], "{name}");
        assert_eq!(read.notes.len(), expected.len(), "{:?}", read.notes);
        for (note, expected) in read.notes.iter().zip(expected) {
            assert!(note.contains(expected), "{name}: {note}");
        }
    }
    for whole in ["mne.edf", "edfio.bdf", "pyedflib_offset.edf", "zeros.edf"] {
        assert_eq!(notes(whole, "0..1"), [] as [&str; 0], "{whole}");
    }
}

#[test]
fn rounded_durations_give_the_rate_that_was_meant() {
    let read = signals("rounded.edf", "x").unwrap();
    assert_eq!(read.sampling_rate, Some(192.0));
    assert!(
        read.notes[0].contains("0.333333 s") && read.notes[0].contains("192 Hz"),
        "{:?}",
        read.notes
    );
    // what another reader makes of the header
    assert!(rates_agree(192.000_192_000_192_02, 192.0));
}

#[test]
fn decimal_commas_are_read_and_told_where_they_matter() {
    assert!(notes("comma.edf", "x")[0].contains("decimal points: `EEG Fpz`"));
    assert_eq!(notes("comma.edf", "EEG Pz"), [] as [&str; 0]);
}

#[test]
fn units_of_one_kind_are_brought_to_one() {
    let read = signals("units.edf", "*").unwrap();
    let units = read.units.clone().unwrap();
    assert_eq!(units, ["nV", "nV", "nV", "nV", "nV", "%", "nV"]);
    for expected in ["from mV to nV: `a`", "from V to nV: `d`"] {
        assert!(
            read.notes.iter().any(|note| note.contains(expected)),
            "{:?}",
            read.notes
        );
    }
    // three spellings of one unit need no conversion
    let read = signals("units.edf", "b,c,g,f").unwrap();
    assert_eq!(read.units.unwrap(), ["µV", "µV", "µV", "%"]);
    assert_eq!(read.notes, [] as [&str; 0]);
    assert_eq!(signals("units.edf", "a").unwrap().units.unwrap(), ["mV"]);
}

#[test]
fn trigger_bits_are_read_only_by_name() {
    let read = signals("plain.bdf", "*").unwrap();
    assert_eq!(read.columns.unwrap(), ["EEG Fpz", "EEG Pz"]);
    assert!(read.notes[0].contains("channel `Status` (it holds the recorder's trigger bits"));
    let status = signals("plain.bdf", "Status").unwrap();
    assert!(
        status.notes[0].contains("lowest 16 bits"),
        "{:?}",
        status.notes
    );
    let status = status.matrix::<f64>().unwrap();
    // the definition: digital values are the physical ones here
    assert_eq!(
        (status[[0, 0]], status[[1, 0]]),
        (-8_388_608.0, 8_388_607.0)
    );
    assert!(status.iter().all(|v| v.fract() == 0.0));
}

#[test]
fn equal_labels_are_numbered_with_a_note() {
    let read = signals("twins.edf", "x").unwrap();
    assert_eq!(read.columns.unwrap(), ["EEG Fpz", "EEG Fpz.1", "EEG Pz"]);
    for selection in ["x", "EEG Fpz", "EEG Fpz.1"] {
        let notes = notes("twins.edf", selection);
        assert!(
            notes[0].contains("several channels have one label"),
            "{notes:?}"
        );
    }
    assert_eq!(notes("twins.edf", "EEG Pz"), [] as [&str; 0]);
}

#[test]
fn gaps_cut_a_recording() {
    for name in ["gaps.edf", "gaps.bdf"] {
        let fast = signals(name, "EEG Fpz").unwrap();
        // records at 0, 1, 2, 5, 6 and 20 s
        assert_eq!(fast.breaks, [96, 160]);
        assert_eq!(signals(name, "EEG Pz").unwrap().breaks, [48, 80]);
        assert!(
            fast.notes[0].contains("2 gaps of 15 s together")
                && fast.notes[0].contains("before record 3 "),
            "{:?}",
            fast.notes
        );
        let clock = fast.clock().unwrap();
        assert_eq!(clock.first_row(5.0), 96);
        assert_eq!(clock.first_row(3.0), 96);
        assert_eq!(clock.first_row(20.5), 176);
    }
    let (message, _) = refusal("overlap.edf", "x");
    assert!(
        message.contains("record 2 (counting from 0) begins at 1.5 s")
            && message.contains("at 2 s"),
        "{message}"
    );
}

/// A file of the corpus in which one field of the header was written over.
fn patched(name: &str, at: usize, text: &str) -> Result<DataArray, FileError> {
    let mut bytes = fs::read(file(name)).unwrap();
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    read(&Source::new(path, "0..1"))
}

#[test]
fn times_that_contradict_the_header() {
    // called continuous
    let gaps = patched("gaps.edf", 192, "EDF+C").unwrap();
    assert_eq!(gaps.breaks, [96, 160]);
    assert!(
        gaps.notes[0].contains("although its header calls it continuous"),
        "{:?}",
        gaps.notes
    );
    let overlap = patched("overlap.edf", 192, "EDF+C").unwrap();
    assert_eq!(overlap.breaks, [] as [usize; 0]);
    assert!(
        overlap.notes[0].contains("1 record that contradict"),
        "{:?}",
        overlap.notes
    );
    // called interrupted, without times
    let error = patched("more.edf", 192, "EDF+D").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the annotations with the times of its records are missing"),
        "{error}"
    );
}

#[test]
fn headers_that_cannot_be_used_are_refused() {
    for (at, text, expected) in [
        (244, "0       ", "a record lasts 0 s"),
        (244, "1e-320  ", "no sampling rate"),
        (
            244,
            "-1      ",
            "duration of a record in its header is \"-1\"",
        ),
        (
            184,
            "1024    ",
            "1024 bytes long by its own account, and 2 signals need 768",
        ),
        (252, "0   ", "number of signals in its header is \"0\""),
        (0, "1       ", "neither with the version 0"),
        (
            256 + 2 * 216,
            "x       ",
            "number of samples in a record of signal `EEG Fpz`",
        ),
    ] {
        let message = patched("open.edf", at, text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn rates_are_listed_with_a_selection_that_works() {
    let (problem, advice) = refusal("rates.edf", "x");
    for expected in [
        "32 Hz: `EEG Fp1`, `EEG Fp2`",
        "8 Hz: `Resp`",
        "1 Hz: `SpO2, finger`",
    ] {
        assert!(problem.contains(expected), "{problem}");
    }
    let pasted = advice.rsplit('\'').nth(1).unwrap();
    let source: Source = pasted.parse().unwrap();
    let columns = read(&source).unwrap().columns;
    assert_eq!(columns.unwrap(), ["EEG Fp1", "EEG Fp2"]);
    // signs of the selection's own language in a name
    let (_, advice) = refusal("rates.edf", "Resp,SpO2*");
    let pasted = advice.rsplit('\'').nth(1).unwrap();
    assert!(read(&pasted.parse().unwrap()).is_ok(), "{advice}");
}
