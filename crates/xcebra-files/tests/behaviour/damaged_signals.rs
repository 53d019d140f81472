//! Sound files and biosignals that were damaged: read or refused, never a panic.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;
use xcebra_files::{Clock, DataFile, Result, read};

use crate::signal_corpus::file;

/// Every kind of file that the readers know.
static CORPUS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(file(""))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| [".edf", ".bdf", ".wav"].iter().any(|e| name.ends_with(e)))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
});

/// Tries all there is to read; there are never more values than bytes.
fn try_all(name: &str, bytes: &[u8]) -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let mut file = DataFile::open(&path)?;
    let _ = file.arrays();
    let _ = file.annotations();
    let _ = file.read_text("annotations", Some(&Clock::steady(8.0, 64)));
    for selection in ["x", "0", "0..1", "EEG*", "EEG Pz", "Status"] {
        if let Ok(array) = file.read(selection) {
            let values = array.shape().iter().product::<usize>();
            assert!(values <= bytes.len(), "{name}: {values} of {}", bytes.len());
            assert!(
                array.breaks.iter().is_sorted()
                    && array.breaks.iter().all(|b| *b < array.shape()[0])
            );
            let _ = file.read_text("annotations", array.clock().as_ref());
        }
    }
    read(&xcebra_files::Source::file(&path)).map(|_| ())
}

/// The places of the header's numbers of a file of some signals.
fn numbers(signals: usize) -> impl Strategy<Value = usize> {
    let fixed = prop::sample::select(vec![168_usize, 176, 184, 236, 244, 252]);
    let each = prop::sample::select(vec![96_usize, 104, 112, 120, 128, 216]);
    let of_signal = (each, 0..signals).prop_map(move |(at, i)| 256 + at * signals + 8 * i);
    prop_oneof![fixed, of_signal]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn any_bytes_may_change(
        which in any::<prop::sample::Index>(),
        cut in 0.0..1.5_f64,
        header in any::<bool>(),
        changes in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 0..6),
    ) {
        let (name, mut bytes) = CORPUS[which.index(CORPUS.len())].clone();
        let reach = if header { bytes.len().min(300) } else { bytes.len() };
        for (place, value) in changes {
            bytes[(place * reach as f64) as usize] = value;
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        let _ = try_all(&name, &bytes);
    }

    #[test]
    fn numbers_of_a_header_may_be_anything(
        name in prop::sample::select(vec!["gaps.edf", "gaps.bdf", "plain.bdf"]),
        place in numbers(3),
        text in "[0-9eE.,+-]{1,8}|-?[0-9]{8}",
    ) {
        let mut bytes = fs::read(file(name)).unwrap();
        for (i, byte) in format!("{text:<8}").bytes().enumerate() {
            bytes[place + i] = byte;
        }
        let _ = try_all(name, &bytes);
    }

    #[test]
    fn lists_of_annotations_may_be_anything(
        name in prop::sample::select(vec!["gaps.edf", "gaps.bdf", "pyedflib.edf", "hypnogram.edf"]),
        list in prop::collection::vec(prop::sample::select(b"+-.0123456789\x14\x15\x00a\xe9".to_vec()), 1..40),
        record in 0..8_usize,
    ) {
        let mut bytes = fs::read(file(name)).unwrap();
        let starts: Vec<usize> = bytes
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0] == b'+' && pair[1].is_ascii_digit())
            .map(|(at, _)| at)
            .collect();
        let at = starts[record % starts.len()];
        for (to, from) in bytes[at..].iter_mut().zip(list) {
            *to = from;
        }
        let _ = try_all(name, &bytes);
    }
}

#[test]
fn every_file_may_end_anywhere() {
    for (name, bytes) in CORPUS.iter() {
        for length in (0..bytes.len()).step_by(1 + bytes.len() / 20) {
            let _ = try_all(name, &bytes[..length]);
        }
    }
}

/// Headers that claim more than any memory holds.
#[test]
fn claims_take_no_memory() {
    let bytes = fs::read(file("gaps.edf")).unwrap();
    // samples in a record of the first signal, and the number of records
    for (place, text) in [
        (256 + 216 * 3, "99999999"),
        (236, "99999999"),
        (252, "4096"),
    ] {
        let mut bytes = bytes.clone();
        bytes[place..place + text.len()].copy_from_slice(text.as_bytes());
        let _ = try_all("a.edf", &bytes);
    }
    // as many channels as there can be, each called by its number
    let mut bytes = fs::read(file("scipy_u8.wav")).unwrap();
    bytes[22..24].copy_from_slice(&u16::MAX.to_le_bytes());
    bytes[32..34].copy_from_slice(&u16::MAX.to_le_bytes());
    assert!(try_all("a.wav", &bytes).is_err());
    bytes.resize(200_000, 0);
    bytes[40..44].copy_from_slice(&180_000_u32.to_le_bytes());
    try_all("a.wav", &bytes).unwrap();
}
