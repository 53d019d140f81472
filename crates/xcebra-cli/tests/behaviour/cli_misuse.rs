//! What a user gets wrong at first: the message says what, where, and what to do.

use std::fs;

use ndarray::Array2;

use crate::common::Folder;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.recording();
    let band = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/band.onnx");
    fs::copy(band, folder.path("band.onnx")).unwrap();
    folder
}

#[test]
fn damaged_files_are_had_again_in_their_own_way() {
    let folder = folder();
    folder.write("ragged.csv", "a,b\n1,2\n3\n");
    folder.write("short.wav", "RIFF");
    folder.write("short.edf", "0");
    folder.write("short.npy", "");
    for (name, advice) in [
        ("ragged.csv", "save the table again"),
        ("short.wav", "export the recording again"),
        ("short.edf", "export the recording again"),
        ("short.npy", "numpy.save"),
    ] {
        let fit = format!("fit --data {name} --out run");
        folder.fails_with(&fit, &[name, "is damaged", advice]);
    }
}

#[test]
fn models_of_another_kind_are_sent_to_their_command() {
    let folder = folder();
    for command in ["attribute", "embed"] {
        for model in ["band.onnx", "nowhere"] {
            if command == "attribute" && model == "band.onnx" {
                continue;
            }
            folder.fails_with(
                &format!("{command} --model {model} --data data.npz --out out.npz"),
                &[
                    &format!("{model} is not the folder of a trained encoder"),
                    "`xcebra fit`",
                    "`xcebra explain` and `xcebra attribute` take .onnx",
                ],
            );
        }
    }
    let missing = "explain --model no.onnx --input data.npz:x --out out.npz";
    let error = folder.fails(missing);
    assert_eq!(error.matches("no.onnx").count(), 1, "{error}");
    assert!(error.contains("check the path"), "{error}");
}

#[test]
fn places_that_are_taken_are_named() {
    let folder = folder();
    folder.trained();
    folder.fails_with(
        "attribute --model run --data data.npz --out out.npz --figures data.npz",
        &["cannot write data.npz", "a file of that name exists"],
    );
}

/// A kernel's file system, where nobody can write, though the folder exists.
#[cfg(target_os = "linux")]
#[test]
fn no_temporary_name_is_told() {
    let folder = folder();
    folder.trained();
    for command in [
        "fit --data data.npz --out /proc/run",
        "attribute --model run --data data.npz --out /proc/out.npz",
    ] {
        let error = folder.fails(command);
        assert!(error.contains("cannot write /proc/"), "{error}");
        assert!(!error.contains(".tmp"), "{error}");
        assert!(!error.contains("/proc does not exist"), "{error}");
    }
}

#[test]
fn bands_that_cannot_be_meant_are_refused() {
    let folder = folder();
    let signal = Array2::from_shape_fn((1, 64), |(_, t)| (t as f64).sin());
    folder.write_npz("x.npz", &[("x", signal)]);
    let explain = "explain --model band.onnx --input x.npz --fs 32 --out out.npz --bands";
    folder.fails_with(
        &format!("{explain} slow=1-4,slow=4-8"),
        &["two bands are called `slow`"],
    );
    folder.fails_with(
        &format!("{explain} fast=60-120"),
        &["fast=60-120", "16 Hz", "half the sampling rate"],
    );
    folder.succeeds(&format!("{explain} slow=1-4,fast=4-100"));
}

#[test]
fn noise_beyond_single_precision_is_refused() {
    folder().fails_with("synth --noise 1e300 --out d.npz", &["noise", "1e30"]);
}
