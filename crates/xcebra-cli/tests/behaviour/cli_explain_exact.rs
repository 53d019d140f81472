//! `xcebra explain` on models that are exactly linear, jump, are steep, or are singular at constant signals:
//! right numbers, or words that say what is missing, in the terminal, in JSON and in the report.

use std::fs;
use std::path::Path;

use ndarray::{Array2, Array3, ArrayD, Axis};
use serde_json::Value;

use crate::common::Folder;

/// A folder with models of `tests/data` and signals, one a row.
fn folder(models: &[&str], x: &[&[f64]]) -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for model in models {
        fs::copy(data.join(model), folder.path(model)).unwrap();
    }
    if let Some(first) = x.first() {
        let flat = x.concat();
        let x = Array2::from_shape_vec((x.len(), first.len()), flat).unwrap();
        folder.write_npz("x.npz", &[("x", x)]);
    }
    folder
}

fn floats(folder: &Folder, array: &str) -> ArrayD<f64> {
    folder.array("map.npz", array).values.to_float()
}

/// What the note on a subject says; exactly one does.
fn note<'a>(json: &'a Value, about: &str) -> &'a str {
    let notes = json["notes"].as_array().unwrap();
    let all = notes.iter().filter_map(Value::as_str);
    let found: Vec<&str> = all.filter(|note| note.contains(about)).collect();
    assert_eq!(found.len(), 1, "{about}: {notes:?}");
    found[0]
}

/// No note says that attributions miss something.
fn assert_complete(json: &Value) {
    for note in json["notes"].as_array().unwrap() {
        let note = note.as_str().unwrap();
        let missing = ["jumps", "do not add up", "tolerance was not met"];
        assert!(!missing.iter().any(|part| note.contains(part)), "{note}");
    }
}

/// 4,000 random signals of two samples, and one whose two products cancel but for a thousandth. The weights are
/// the file's, in single precision.
#[test]
fn linear_models_are_exact_for_every_signal() {
    let weights = [0.189_053_39, -0.522_748_5].map(|w: f32| f64::from(w));
    let mut state = 1_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 * 4.0 - 2.0
    };
    let mut x: Vec<[f64; 2]> = (0..4000).map(|_| [uniform(), uniform()]).collect();
    x.push([1.78914645, 0.64635249]);
    let rows: Vec<&[f64]> = x.iter().map(<[f64; 2]>::as_slice).collect();
    let folder = folder(&["linear2.onnx"], &rows);
    let json =
        folder.json("explain --model linear2.onnx --input x.npz:x --domain time --out map.npz");
    assert_complete(&json);
    let met = json["tolerance_met"].as_array().unwrap();
    assert!(met.iter().all(|met| met == true));
    let attribution = floats(&folder, "attribution");
    for (i, x) in x.iter().enumerate() {
        for k in 0..2 {
            let exact = weights[k] * x[k];
            let off = (attribution[[i, k]] - exact).abs();
            // a product, and five weights that add up to 1
            assert!(off <= 1e-15 * exact.abs(), "{i} {k}: {off}");
        }
    }
}

/// Nothing that a gradient sees: the residual is all of the change, and that is said everywhere.
#[test]
fn jumps_are_told_in_terminal_json_and_report() {
    let folder = folder(&["step.onnx", "round.onnx"], &[&[0.9, 0.2, 0.7]]);
    for (model, change, node) in [
        ("step", 2.0, "above (Greater)"),
        ("round", 1.875, "whole (Round)"),
    ] {
        let arguments = format!(
            "explain --model {model}.onnx --input x.npz:x --domain time --out map.npz --report r.html"
        );
        let json = folder.json(&arguments);
        assert!(floats(&folder, "attribution").iter().all(|a| *a == 0.0));
        assert_eq!(json["residual"][0], change);
        assert_eq!(json["relative_residual"][0], 1.0);
        assert_eq!(json["tolerance_met"][0], false);
        assert!((json["jumps"][0].as_f64().unwrap() - change).abs() < 1e-9);
        let jumps = note(&json, "jumps");
        assert!(jumps.contains("amount to 100 % of the change"), "{jumps}");
        assert!(note(&json, "they miss it by").contains("100 %"));
        let blind = note(&json, "no gradient,");
        assert!(blind.contains(&format!("in steps after {node}")), "{blind}");
        assert!(blind.contains("--gradient differences"), "{blind}");
        let report = folder.text("r.html");
        let output = folder.run(&arguments);
        let terminal = String::from_utf8(output.stderr).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(terminal.contains(&format!("note: {jumps}")), "{terminal}");
        assert!(report.contains("Note: The model jumps"), "{report}");
        assert!(text.contains("tolerance not met"), "{text}");
    }
}

/// Two of three samples rise above 0.5, one step each; the rule stops once it has come near a step.
#[test]
fn differences_see_the_steps_of_a_model_without_a_gradient() {
    let folder = folder(&["step.onnx"], &[&[0.9, 0.2, 0.7]]);
    let json = folder.json(
        "explain --model step.onnx --input x.npz:x --domain time --gradient differences --out map.npz",
    );
    let attribution = floats(&folder, "attribution");
    assert_eq!(attribution[[0, 1]], 0.0);
    for sample in [0, 2] {
        let found = attribution[[0, sample]];
        assert!((found - 1.0).abs() < 0.1, "{found}");
    }
    let notes = json["notes"].to_string();
    assert!(!notes.contains("no gradient,"), "{notes}");
}

/// `tanh(l) + [|l| > 0.1]` at `l = −0.8`: attributions are those of the first part, which is all that a gradient
/// sees; the jump is `1/(1 − tanh 0.8)` of the change.
#[test]
fn a_jump_beside_a_smooth_part_is_told_with_its_share() {
    let x = [-0.5, -0.4, 0.3, -0.2];
    let folder = folder(&["jump.onnx"], &[&x]);
    let change = 1.0 - 0.8_f64.tanh();
    for rule in ["adaptive", "midpoint:64"] {
        let json = folder.json(&format!(
            "explain --model jump.onnx --input x.npz:x --domain time --rule {rule} --out map.npz"
        ));
        for (a, x) in floats(&folder, "attribution").iter().zip(x) {
            // the tolerance of the rule
            assert!((a - x / 0.8 * 0.8_f64.tanh()).abs() < 1e-3, "{a} {x}");
        }
        let share = json["relative_residual"][0].as_f64().unwrap();
        assert!((share - 1.0 / change).abs() < 1e-2, "{share}");
        assert!(note(&json, "they miss it by").contains("298 %"));
        match rule {
            "adaptive" => {
                assert_eq!(json["tolerance_met"][0], false);
                assert!((json["jumps"][0].as_f64().unwrap() - 1.0).abs() < 1e-3);
                assert!(note(&json, "jumps").contains("298 %"));
            }
            _ => assert!(note(&json, "they miss it by").contains("--rule adaptive")),
        }
    }
}

/// A logistic function of `1e5 (⟨w, x⟩ − 0.41)`: it depends on the projection alone, so that each sample has its
/// share `w_i x_i / ⟨w, x⟩` of a change of 1.
#[test]
fn steep_models_are_complete() {
    let folder = folder(&["steep.onnx"], &[]);
    let x = ndarray::array![[1.0, 0.5, -0.25, 0.125]];
    folder.write_npz("x.npz", &[("x", x)]);
    let json =
        folder.json("explain --model steep.onnx --input x.npz:x --domain time --out map.npz");
    assert_eq!(json["tolerance_met"], true);
    assert_eq!(json["jumps"], 0.0);
    assert_complete(&json);
    let parts = [0.5, 0.125, -0.0625, 0.125];
    for (a, part) in floats(&folder, "attribution").iter().zip(parts) {
        assert!((a - part / 0.6875).abs() < 1e-9, "{a} {part}"); // one direction: only completeness matters
    }
    assert!(json["evaluations"].as_u64().unwrap() < 250);
    // a rule that steps over the steep place says that it misses all of the change
    let json = folder.json(
        "explain --model steep.onnx --input x.npz:x --domain time --rule midpoint:64 --out map.npz",
    );
    assert!(note(&json, "they miss it by").contains("100 %"));
}

/// Networks that standardise their input: what is advised works, and a rule that misses the change says so.
#[test]
fn advice_for_models_that_standardise_their_input_helps() {
    let folder = folder(&["zscore.onnx", "zscore-eps.onnx", "zscore-x.npy"], &[]);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/zscore-values.json");
    let known: Value = serde_json::from_str(&fs::read_to_string(data).unwrap()).unwrap();
    for model in ["zscore", "zscore-eps"] {
        let explain = format!(
            "explain --model {model}.onnx --input zscore-x.npy --domain time --out map.npz"
        );
        for baseline in ["zero", "mean"] {
            let error = folder.fails(&format!("{explain} --baseline {baseline}"));
            assert!(error.contains("not finite at the baseline"), "{error}");
            assert!(error.contains("--baseline FILE"), "{error}");
            assert!(!error.contains("midpoint"), "{error}");
        }
        // as advised: another signal, here the last
        let x: Array3<f32> = ndarray_npy::read_npy(folder.path("zscore-x.npy")).unwrap();
        let last = x.index_axis(Axis(0), 3).mapv(f64::from);
        folder.write_npz("base.npz", &[("x", last)]);
        let json = folder.json(&format!("{explain} --baseline base.npz:x --signals 0..3"));
        assert_complete(&json);
        let attribution = floats(&folder, "attribution");
        let value = |i: usize| known[model][i].as_f64().unwrap();
        for i in 0..3 {
            assert_eq!(json["tolerance_met"][i], true);
            let sum = attribution.index_axis(Axis(0), i).sum();
            let change = value(i) - value(3);
            // the tolerance, and single precision of the reference
            assert!(
                (sum - change).abs() < 1e-3 * change.abs() + 1e-5,
                "{sum} {change}"
            );
        }
    }
    let json = folder.json(
        "explain --model zscore-eps.onnx --input zscore-x.npy --domain time --rule midpoint:128 --out map.npz",
    );
    let missing = note(&json, "they miss it by");
    assert!(missing.contains("for 4 of 4 signals"), "{missing}");
    assert!(missing.contains("by up to"), "{missing}");
    assert!(
        json["relative_residual"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r.as_f64().unwrap() > 0.95)
    );
}

/// The signal that fails is named, and nothing is written.
#[test]
fn one_signal_that_fails_ends_the_batch() {
    let folder = folder(&["zscore.onnx"], &[]);
    let mut signals =
        Array2::from_shape_fn((200 * 2, 32), |(i, t)| ((i + 1) as f64 * t as f64).sin());
    // the hundredth signal is constant
    signals.slice_mut(ndarray::s![198..200, ..]).fill(1.0);
    let base = Array2::from_shape_fn((2, 32), |(i, t)| ((i + 2) as f64 * t as f64).cos());
    folder.write_npz("base.npz", &[("x", base)]);
    let signals = signals.into_shape_with_order((200, 2, 32)).unwrap();
    ndarray_npy::write_npy(folder.path("x.npy"), &signals).unwrap();
    folder.fails_with(
        "explain --model zscore.onnx --input x.npy --domain time --baseline base.npz:x --out map.npz",
        &["signal 99", "not finite at the signal", "leave the signal out"],
    );
}
