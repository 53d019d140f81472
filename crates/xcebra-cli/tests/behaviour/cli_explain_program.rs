//! Models that are programs, and gradients from values alone.
//!
//! The program of `examples/program_model.rs` gives the energy of a signal and its first sample: from zero, every
//! sample has the attribution x², and central differences of a parabola are exact up to rounding.

use std::path::PathBuf;

use assert_cmd::cargo::cargo_bin;
use ndarray::{Array2, Array3, ArrayD};

use crate::common::Folder;

/// Built beside the program, before the tests.
fn program() -> PathBuf {
    let program = cargo_bin("xcebra");
    let name = format!("program_model{}", std::env::consts::EXE_SUFFIX);
    program.parent().unwrap().join("examples").join(name)
}

fn folder() -> Folder {
    let folder = Folder::new();
    let x = Array3::from_shape_fn((3, 1, 8), |(i, _, t)| {
        (i + 1) as f64 * 0.5 - 0.25 * t as f64
    });
    let mut arrays = xcebra::files::NpzOutput::create(&folder.path("x.npz")).unwrap();
    arrays.add("x", &x).unwrap();
    arrays
        .add(
            "flat",
            &Array2::from_shape_fn((1, 8), |(c, t)| x[[0, c, t]]),
        )
        .unwrap();
    arrays.commit().unwrap();
    folder
}

fn floats(folder: &Folder, array: &str) -> ArrayD<f64> {
    folder.array("o.npz", array).values.to_float()
}

/// Rounding of 2⁻⁵² over a step of its cube root: 1e-9 of values of 100.
fn assert_squares(folder: &Folder, tolerance: f64) {
    let x = folder.array("x.npz", "x").values.to_float::<f64>();
    let attribution = floats(folder, "attribution");
    assert_eq!(attribution.shape(), x.shape());
    for (a, x) in attribution.iter().zip(&x) {
        assert!((a - x * x).abs() < tolerance, "{a} {x}");
    }
}

#[test]
fn a_program_is_explained_by_differences() {
    let folder = folder();
    let run = format!(
        "explain --command {} --input x.npz:x --domain time --output 0 --out o.npz",
        program().display()
    );
    let json = folder.json(&run);
    assert_squares(&folder, 1e-7);
    assert_eq!(json["gradient"], "differences");
    assert_eq!(json["precision"], "double");
    let cost = json["notes"][0].as_str().unwrap();
    // 8 samples, two values each
    for words in [
        "central differences",
        "take 16 evaluations",
        "at most 500 points for each of 3 explanations",
    ] {
        assert!(cost.contains(words), "{words}: {cost}");
    }
    // said once, before the work
    let output = folder.run(&run);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.matches("central differences").count(), 1, "{said}");
    // the same numbers whatever the number of threads
    let first = folder.bytes("o.npz");
    folder.succeeds(&format!("{run} --threads 1"));
    assert_eq!(floats(&folder, "attribution").len(), 24);
    assert_eq!(folder.bytes("o.npz"), first);
}

#[test]
fn answers_in_single_precision_are_known_as_such() {
    let folder = folder();
    let json = folder.json(&format!(
        "explain --command '{} single' --input x.npz:x --domain time --output 0 --out o.npz",
        program().display()
    ));
    assert_eq!(json["precision"], "single");
    // rounding of 2⁻²³ of values of 40 over a step of 1e-2: below 1e-3
    assert_squares(&folder, 2e-3);
    assert!(json["relative_residual"][0].as_f64().unwrap() < 1e-3);
}

/// The smoothed gradient of a parabola is its gradient; its noise over 4,000 pairs is √(8 / 4000) of it.
#[test]
fn smoothing_takes_two_values_a_pair() {
    let folder = folder();
    let json = folder.json(&format!(
        "explain --command {} --input x.npz:x --domain time --output 0 --gradient smoothing:0.5:4000 \
         --rule midpoint:2 --seed 5 --out o.npz",
        program().display()
    ));
    let cost = json["notes"][0].as_str().unwrap();
    assert!(
        cost.contains("take 8000 evaluations") && cost.contains("2 points"),
        "{cost}"
    );
    let x = folder.array("x.npz", "x").values.to_float::<f64>();
    let size = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for (a, x) in floats(&folder, "attribution").iter().zip(&x) {
        // four standard errors: |x| · 2 |x signal| · √(1/4000)
        assert!((a - x * x).abs() < 4.0 * x.abs() * 2.0 * size / 4000.0_f64.sqrt() + 1e-12);
    }
}

#[test]
fn what_a_program_does_wrong_is_said() {
    let folder = folder();
    let command = |manner: &str, more: &str| {
        format!(
            "explain --command '{} {manner}' --input x.npz:x --domain time --out o.npz {more}",
            program().display()
        )
    };
    for (manner, more, words) in [
        (
            "slow",
            "--command-timeout 0.3",
            &["did not answer a batch within 0.3 seconds"][..],
        ),
        ("dies", "", &["ended (exit", "out of cheese"]),
        (
            "chatters",
            "",
            &["something other than an .npy array", "write one .npy array"],
        ),
        ("flat", "", &["shape", "must have the shape (3, 2)"]),
        (
            "",
            "--gradient model",
            &["no gradient", "--gradient differences"],
        ),
    ] {
        folder.fails_with(&command(manner, more), words);
    }
    folder.fails_with(
        &command("", "").replace("x.npz:x", "x.npz:flat"),
        &["--signal-shape 14,256"],
    );
    let json = folder.json(&format!(
        "explain --command {} --signal-shape 1,8 --input x.npz:flat --domain time --output 0 --out o.npz",
        program().display()
    ));
    assert_eq!(json["signals"], 1);
    folder.fails_with(
        "explain --command no-such-program-anywhere --input x.npz:x --domain time --out o.npz",
        &["no-such-program-anywhere", "cannot be started"],
    );
    folder.fails_with(
        "explain --command a --model b.onnx --input x.npz:x --domain time --out o.npz",
        &["--command", "--model"],
    );
    folder.fails_with(
        "explain --command a --detach b --input x.npz:x --domain time --out o.npz",
        &["--command", "--detach", "cannot be used with"],
    );
}
