//! Sound and biosignals: what is read from them, and that damaged ones are refused.

use std::fs;
use std::path::PathBuf;

use ndarray::array;
use xcebra_files::{DataFile, Result, Source, read};

use crate::signal_files::{EdfSignal, edf, wav};
use crate::told;

fn read_as(name: &str, bytes: &[u8], array: &str) -> Result<xcebra_files::DataArray> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    if let Ok(mut file) = DataFile::open(&path) {
        let _ = file.arrays();
        let _ = file.read_only();
        let _ = file.read_text("0", None);
    }
    read(&Source::new(&path, array))
}

/// Two signals of one rate, one of another, and annotations.
fn biosignal() -> Vec<u8> {
    let signal = |label, physical, digital, records: &[&[i16]]| EdfSignal {
        label,
        unit: "uV",
        physical,
        digital,
        records: records.iter().map(|r| r.to_vec()).collect(),
    };
    edf(
        "EDF+C",
        0.5,
        &[
            signal(
                "EEG Fp1",
                (-100.0, 100.0),
                (-1000, 1000),
                &[&[0, 10], &[-1000, 1000]],
            ),
            signal(
                "EDF Annotations",
                (-1.0, 1.0),
                (-32768, 32767),
                &[&[0; 4], &[0; 4]],
            ),
            signal("EEG Fp2", (0.0, 10.0), (0, 100), &[&[0, 50], &[100, 1]]),
            signal("Resp", (-1.0, 1.0), (-1, 1), &[&[1], &[0]]),
        ],
    )
}

#[test]
fn biosignals_come_in_their_physical_units() {
    let x = read_as("night.edf", &biosignal(), "EEG*").unwrap();
    assert_eq!(x.columns.as_deref().unwrap(), ["EEG Fp1", "EEG Fp2"]);
    assert_eq!(x.sampling_rate, Some(4.0));
    let expected = array![[0.0, 0.0], [1.0, 5.0], [-100.0, 10.0], [100.0, 0.1]];
    let difference = &x.matrix::<f64>().unwrap() - &expected;
    assert!(difference.iter().all(|d| d.abs() < 1e-12), "{difference}");
    let slow = read_as("night.edf", &biosignal(), "Resp").unwrap();
    assert_eq!((slow.sampling_rate, slow.shape()), (Some(2.0), &[2, 1][..]));
}

#[test]
fn channels_of_different_rates_are_not_mixed() {
    let (problem, advice) = told(&read_as("night.edf", &biosignal(), "x").unwrap_err());
    for expected in ["4 Hz: `EEG Fp1`, `EEG Fp2`", "2 Hz: `Resp`"] {
        assert!(problem.contains(expected), "{problem}");
    }
    assert!(advice.contains("night.edf:*,!Resp'"), "{advice}");
    let message = read_as("night.edf", &biosignal(), "ECG")
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("no channel `ECG`") && message.contains("`EEG Fp2`"),
        "{message}"
    );
}

#[test]
fn a_file_without_a_whole_record_is_refused() {
    let whole = edf(
        "",
        1.0,
        &[EdfSignal {
            label: "a",
            unit: "uV",
            physical: (0.0, 1.0),
            digital: (0, 1),
            records: vec![vec![0, 1]],
        }],
    );
    let message = read_as("a.edf", &whole[..whole.len() - 1], "x")
        .unwrap_err()
        .to_string();
    assert!(message.contains("no whole record"), "{message}");
}

#[test]
fn sound_of_every_width() {
    for (tag, bits, samples, expected) in [
        (
            1,
            8,
            vec![128_u8, 0, 192, 255],
            [0.0, -1.0, 0.5, 127.0 / 128.0],
        ),
        (
            1,
            16,
            [0_i16, i16::MIN, 16_384, 1]
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect(),
            [0.0, -1.0, 0.5, 1.0 / 32_768.0],
        ),
        (
            1,
            24,
            vec![0, 0, 0, 0, 0, 128, 0, 0, 64, 1, 0, 0],
            [0.0, -1.0, 0.5, 1.0 / 8_388_608.0],
        ),
        (
            1,
            32,
            [0_i32, i32::MIN, 1 << 30, 1]
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect(),
            [0.0, -1.0, 0.5, 1.0 / 2_147_483_648.0],
        ),
        (
            3,
            32,
            [0.0_f32, -1.0, 0.5, 0.25]
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect(),
            [0.0, -1.0, 0.5, 0.25],
        ),
        (
            3,
            64,
            [0.0_f64, -1.0, 0.5, 0.25]
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect(),
            [0.0, -1.0, 0.5, 0.25],
        ),
    ] {
        let x = read_as("s.wav", &wav(tag, 2, 32, bits, &samples), "x").unwrap();
        assert_eq!(x.sampling_rate, Some(32.0));
        // frames of two channels
        assert_eq!(
            x.matrix::<f64>().unwrap(),
            array![[expected[0], expected[1]], [expected[2], expected[3]]]
        );
        let right = read_as("s.wav", &wav(tag, 2, 32, bits, &samples), "1").unwrap();
        assert_eq!(
            right.vector::<f64>().unwrap(),
            array![expected[1], expected[3]]
        );
    }
}

#[test]
fn sound_that_cannot_be_read_is_refused_with_a_reason() {
    for (bytes, expected) in [
        (b"RIFF".to_vec(), "RIFF"),
        (wav(2, 1, 8000, 4, &[0; 8]), "Microsoft ADPCM of 4 bits"),
        (wav(85, 1, 8000, 16, &[0; 8]), "MP3 of 16 bits"),
        (wav(3, 1, 8000, 16, &[0; 8]), "floats of 16 bits"),
        (wav(1, 0, 8000, 16, &[0; 8]), "0 channels"),
        (wav(1, 1, 8000, 16, &[]), "no samples"),
        (
            wav(1, 1, 8000, 16, &[0; 8])[..36].to_vec(),
            "no chunk `data`",
        ),
    ] {
        let message = read_as("s.wav", &bytes, "x").unwrap_err().to_string();
        assert!(message.contains(expected), "{expected}: {message}");
    }
}
