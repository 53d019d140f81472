//! What `--json` says of numbers that do not exist: null, with a note that says why. Every test that runs the
//! program with `--json` checks which keys are null.

use std::fs;
use std::path::Path;

use ndarray::{Array1, Array2, Axis, concatenate};
use serde_json::Value;

use crate::common::Folder;

fn tone(amplitude: f64) -> Array2<f64> {
    let angle = |t: usize| std::f64::consts::TAU * 5.0 * t as f64 / 64.0;
    Array2::from_shape_fn((1, 64), |(_, t)| amplitude * (angle(t) + 0.3).cos())
}

/// `band.onnx` gives the energy of five cycles, and that of a signal is that of the signal upside down. The
/// gradient at the end of the path between them says 4 times the energy: a residual, and no change.
#[test]
fn shares_of_no_change_are_null_and_a_note_says_why() {
    let folder = Folder::new();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/band.onnx");
    fs::copy(model, folder.path("band.onnx")).unwrap();
    let both = concatenate(Axis(0), &[tone(1.0).view(), tone(2.0).view()]).unwrap();
    let zero = Array2::zeros((1, 64));
    folder.write_npz(
        "x.npz",
        &[("both", both), ("minus", tone(-1.0)), ("zero", zero)],
    );
    let explain = "explain --model band.onnx --domain time --output 0 --out map.npz";
    let note = |json: &Value| -> Vec<String> {
        let notes = json["notes"].as_array().unwrap().iter();
        let notes = notes.map(|note| note.as_str().unwrap().to_owned());
        notes
            .filter(|note| note.contains("no change to explain"))
            .collect()
    };

    let found = folder.json(&format!(
        "{explain} --input x.npz:both --baseline x.npz:minus --rule right:1"
    ));
    for key in ["relative_residual", "first_share"] {
        assert!(found[key][0].is_null(), "{key}: {found}");
        assert!(found[key][1].is_number(), "{key}: {found}");
    }
    // (64 / 2)² is the energy; single precision of the file's weights
    let residual = found["residual"][0].as_f64().unwrap();
    assert!((residual + 4.0 * 1024.0).abs() < 1e-2, "{residual}");
    let said = note(&found);
    assert_eq!(said.len(), 1, "{found}");
    assert!(
        said[0].contains("for 1 of 2 signals the output is the same"),
        "{said:?}"
    );
    assert!(
        said[0].contains("(first_share, relative_residual) are null"),
        "{said:?}"
    );

    // nothing changes, and nothing is left
    let found = folder.json(&format!("{explain} --input x.npz:zero"));
    assert_eq!(found["relative_residual"], 0.0);
    assert!(found["first_share"].is_null(), "{found}");
    assert_eq!(note(&found).len(), 1, "{found}");

    let found = folder.json(&format!("{explain} --input x.npz:both"));
    assert_eq!(note(&found), [] as [&str; 0]);
}

/// A map that ranks nothing guesses: no score is missing.
#[test]
fn a_constant_map_has_all_scores() {
    let folder = Folder::new();
    let truth = Array2::from_shape_fn((4, 3), |(i, k)| f64::from(u8::from(i % 2 == 0 && k > 0)));
    let constant = Array2::from_elem((4, 3), 0.7);
    folder.write_npz("m.npz", &[("truth", truth), ("constant", constant)]);
    let found = folder.json("eval --map m.npz:constant --truth m.npz:truth");
    let scores = ["auroc", "average_precision"].map(|key| found[key].as_f64().unwrap());
    assert_eq!(
        Array1::from_iter(scores),
        Array1::from_vec(vec![0.5, 4.0 / 12.0])
    );
    assert!(
        found["notes"][0]
            .as_str()
            .unwrap()
            .contains("does not rank anything")
    );
}
