//! Recordings that mne, pybv, scipy, soundfile, wfdb, safetensors and pyarrow wrote, against what they read.

use std::path::PathBuf;

use ndarray::ArrayD;
use xcebra_files::{DataFile, Source, read};

use crate::{data, told};

fn file(name: &str) -> PathBuf {
    data("recorders").join(name)
}

fn open(name: &str) -> DataFile {
    DataFile::open(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Compares all arrays that are expected of files with this ending; the tolerance is for a multiplication by a
/// decimal step, and for 32-bit samples that mne scaled to volts and back.
fn compare(ending: &str, tolerance: f64) {
    let all = open("expected.npz").arrays().unwrap();
    let keys = all
        .iter()
        .filter(|info| info.name.split('|').next().unwrap().ends_with(ending));
    let mut count = 0;
    for info in keys {
        let (name, array) = info.name.split_once('|').unwrap();
        let expected: ArrayD<f64> = read(&Source::new(file("expected.npz"), &info.name))
            .unwrap()
            .values
            .to_float();
        let found = open(name)
            .read(array)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = found.values.to_float::<f64>();
        assert_eq!(found.shape(), expected.shape(), "{name}");
        for (at, (a, b)) in found.iter().zip(&expected).enumerate() {
            let same = (a - b).abs() <= tolerance * b.abs().max(1.0) || (a.is_nan() && b.is_nan());
            assert!(same, "{name} {at}: {a} {b}");
        }
        count += 1;
    }
    assert!(count > 0, "{ending}");
}

#[test]
fn brainvision_as_mne_reads_it() {
    compare(".vhdr", 1e-12);
    let mut whole = open("whole.vhdr");
    let array = whole.read("*").unwrap();
    assert_eq!(array.columns.unwrap(), ["Fz", "C,z", "Pz"]);
    assert_eq!(
        (array.sampling_rate, array.units.unwrap()[0].as_str()),
        (Some(250.0), "µV")
    );
    let events: Vec<(f64, Option<f64>, &str)> = whole
        .annotations()
        .iter()
        .map(|a| (a.onset, a.duration, a.text.as_str()))
        .collect();
    assert_eq!(
        events,
        [
            (0.08, Some(0.02), "Stimulus/S  1"),
            (0.36, Some(0.12), "Comment/rest")
        ]
    );
}

#[test]
fn eeglab_as_mne_reads_it() {
    compare(".set", 1e-12);
    for name in ["within.set", "beside.set"] {
        let mut set = open(name);
        assert_eq!(
            set.read("*").unwrap().columns.unwrap(),
            ["Fp1", "Fp2", "O1", "O2"]
        );
        assert_eq!(set.read("O1").unwrap().sampling_rate, Some(128.0));
        let events: Vec<(f64, &str)> = set
            .annotations()
            .iter()
            .map(|a| (a.onset * 128.0, a.text.as_str()))
            .collect();
        assert_eq!(events, [(10.0, "cue"), (60.0, "go")], "{name}");
    }
}

#[test]
fn flac_as_soundfile_reads_it() {
    compare(".flac", 0.0);
    assert_eq!(
        open("sound16.flac").read("0").unwrap().sampling_rate,
        Some(8000.0)
    );
}

#[test]
fn records_as_wfdb_reads_them() {
    // the quotient of the package against a product with the inverse here
    compare(".hea", 1e-12);
    let array = open("record212.hea").read("*").unwrap();
    assert_eq!(array.columns.unwrap(), ["II", "HR"]);
    assert_eq!(array.units.unwrap(), ["mV", "bpm"]);
}

#[test]
fn tensors_as_safetensors_reads_them() {
    compare(".safetensors", 0.0);
    let (said, help) = told(&open("tensors.safetensors").read("half").unwrap_err());
    assert!(
        said.contains("f16") && help.contains("float"),
        "{said} {help}"
    );
}

#[cfg(feature = "parquet")]
#[test]
fn tables_as_pyarrow_reads_them() {
    for ending in [".parquet", ".feather", ".arrow"] {
        compare(ending, 0.0);
    }
    for name in ["zstd.parquet", "lz4.feather", "stream.arrow"] {
        let mut table = open(name);
        // times and text are not part of all columns, and `t` is the clock
        let all = table.read("*").unwrap();
        assert_eq!(all.columns.unwrap(), ["a", "b", "c", "gap"], "{name}");
        assert_eq!(all.sampling_rate, Some(50.0), "{name}");
        let days = table.read("day").unwrap().values.to_float::<f64>();
        assert!((days[[69]] - 69.0 * 0.02).abs() < 1e-6);
        let words = table.read_text("word", None).unwrap().unwrap().texts;
        assert_eq!((&*words[29], &*words[30]), ("rest", "walk"));
        assert_eq!(table.series(Some("a@t")).unwrap()[0].times.at(3), 0.06);
        assert!(told(&table.read("word").unwrap_err()).1.contains("label"));
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so() {
    let (said, help) = told(&DataFile::open(&file("zstd.parquet")).unwrap_err());
    assert!(
        said.contains("does not read Parquet") && help.contains("`parquet`"),
        "{said} {help}"
    );
}

/// Files that are cut off anywhere are refused, or read as far as they are whole; nothing panics.
#[test]
fn files_that_are_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    for (name, beside) in [
        ("within.set", None),
        ("whole.vhdr", Some("whole.eeg")),
        ("sound16.flac", None),
        ("record212.hea", Some("record212.dat")),
        ("tensors.safetensors", None),
        ("zstd.parquet", None),
        ("lz4.feather", None),
        ("stream.arrow", None),
    ] {
        let cut = beside.unwrap_or(name);
        let whole = std::fs::read(file(cut)).unwrap();
        std::fs::copy(file(name), folder.path().join(name)).unwrap();
        for length in (0..whole.len()).step_by(whole.len() / 40 + 1) {
            std::fs::write(folder.path().join(cut), &whole[..length]).unwrap();
            let Ok(mut open) = DataFile::open(&folder.path().join(name)) else {
                continue;
            };
            let _ = open.arrays();
            let _ = open.read("*");
            let _ = open.read("x");
        }
    }
}

/// Skewed signals are those of a recorder that takes one after another.
#[test]
fn skewed_signals_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let header = std::fs::read_to_string(file("record16.hea")).unwrap();
    std::fs::copy(file("record16.dat"), folder.path().join("record16.dat")).unwrap();
    let path = folder.path().join("record16.hea");
    let with = |skew: &str| {
        let format = format!("record16.dat 16{skew}");
        let skewed = header.replacen("record16.dat 16", &format, 1);
        assert!(skew.is_empty() || skewed != header);
        std::fs::write(&path, skewed).unwrap();
        read(&Source::new(&path, "*"))
    };
    let sound = with("").unwrap().values;
    assert_eq!(with(":0").unwrap().values, sound);
    let (said, _) = told(&with(":3").unwrap_err());
    assert!(
        said.contains(
            "signal 0 (counting from 0) is shifted in time by 3 frames, which cannot be read"
        ),
        "{said}"
    );
    let (said, _) = told(&with(":soon").unwrap_err());
    assert!(said.contains("the skew of signal 0"), "{said}");
}

#[test]
fn what_is_wrong_with_the_data_of_eeglab_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beside.set");
    let mut bytes = std::fs::read(file("beside.set")).unwrap();
    let (flags, name) = ([6, 0, 0, 0, 8, 0, 0, 0], b"beside.fdt");
    let text = bytes.windows(10).position(|ten| ten == name).unwrap();
    let flags = bytes[..text].windows(8).rposition(|eight| eight == flags);
    let class = flags.unwrap() + 8;
    assert_eq!(bytes[class], 4, "text");
    // a function instead of the name of the file with the samples
    bytes[class] = 16;
    std::fs::write(&path, bytes).unwrap();
    let (said, help) = told(&DataFile::open(&path).unwrap_err());
    assert!(
        said.contains("EEG.data") && said.contains("a function"),
        "{said}"
    );
    assert_eq!(help, "save numbers");
}
