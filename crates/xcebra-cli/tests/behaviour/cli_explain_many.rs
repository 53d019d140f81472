//! Several outputs, groups of signals and several baselines, on linear models whose attributions are known.
//!
//! `classes.onnx` has as hidden values h₀ and h₁, the sums over time of its two channels, and the outputs h₀, h₁ and
//! 2 h₁ − h₀: from zero, a sample of a channel has the attribution weight × sample.

use std::fs;
use std::path::Path;

use ndarray::{Array1, Array2, Array3, ArrayD};

use crate::common::{Folder, assert_self_contained};

const WEIGHTS: [[f64; 3]; 2] = [[1.0, 0.0, -1.0], [0.0, 1.0, 2.0]];

/// Channel 0 is strong in even signals, channel 1 in odd ones.
fn sample(i: usize, c: usize, t: usize) -> f64 {
    let level = if i % 2 == c { 3.0 } else { 0.5 };
    level + (i + 2 * t) as f64 / 16.0
}

fn floats(folder: &Folder, array: &str) -> ArrayD<f64> {
    folder.array("o.npz", array).values.to_float()
}

fn folder() -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::copy(data.join("classes.onnx"), folder.path("classes.onnx")).unwrap();
    let mut arrays = xcebra::files::NpzOutput::create(&folder.path("x.npz")).unwrap();
    let x = Array3::from_shape_fn((6, 2, 8), |(i, c, t)| sample(i, c, t));
    arrays.add("x", &x).unwrap();
    let one = x
        .index_axis(ndarray::Axis(0), 0)
        .insert_axis(ndarray::Axis(0))
        .to_owned();
    arrays.add("one", &one).unwrap();
    arrays
        .add("label", &Array1::from(vec![7.0, 2.0, 7.0, 2.0, 7.0, 7.0]))
        .unwrap();
    let baselines = Array3::from_shape_fn((4, 2, 8), |(i, c, t)| (i * (c + 1) + t) as f64 / 8.0);
    arrays.add("baselines", &baselines).unwrap();
    // two channels of 32 samples: 4 signals
    let long = Array2::from_shape_fn((32, 2), |(t, c)| (t * (c + 1)) as f64 / 32.0);
    arrays.add("long", &long).unwrap();
    let moments = Array1::from_shape_fn(32, |t| if t < 19 { 0.0 } else { 1.0 });
    arrays.add("moments", &moments).unwrap();
    arrays
        .add("many", &Array1::from_shape_fn(6, |t| t as f64 + 0.5))
        .unwrap();
    arrays.add("short", &Array1::<f64>::zeros(5)).unwrap();
    arrays.commit().unwrap();
    folder
}

fn expected(i: usize, c: usize, t: usize, k: usize) -> f64 {
    WEIGHTS[c][k] * sample(i, c, t)
}

/// The numbers are eighths and sixteenths: rounding of sums of 16 of them.
const ROUNDING: f64 = 1e-12;

#[test]
fn all_outputs_in_one_pass() {
    let folder = folder();
    let run = "explain --model classes.onnx --input x.npz:x --domain time --rule midpoint:2 --out o.npz --report r.html";
    let json = folder.json(&format!("{run} --output all"));
    let attribution = floats(&folder, "attribution");
    assert_eq!(attribution.shape(), [6, 3, 2, 8]);
    for ((i, k, c, t), a) in attribution
        .view()
        .into_dimensionality::<ndarray::Ix4>()
        .unwrap()
        .indexed_iter()
    {
        assert!(
            (a - expected(i, c, t, k)).abs() < ROUNDING,
            "{i} {k} {c} {t}"
        );
    }
    assert_eq!(
        floats(&folder, "output").as_slice().unwrap(),
        [0.0, 1.0, 2.0]
    );
    assert_eq!(floats(&folder, "value").shape(), [6, 3]);
    assert_eq!(json["output"], "0,1,2");
    let outputs = json["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), 3);
    for (k, output) in outputs.iter().enumerate() {
        assert_eq!(output["output"], k.to_string());
        let value: f64 = (0..8)
            .flat_map(|t| (0..2).map(move |c| expected(1, c, t, k)))
            .sum();
        assert!((output["value"][1].as_f64().unwrap() - value).abs() < ROUNDING);
        // the two ends, and two points whose three gradients are pulled back together
        assert_eq!(output["evaluations"][0], 6);
    }
    let page = folder.text("r.html");
    assert_self_contained(&page);
    assert!(page.contains("Outputs beside each other"), "{page}");
    // each output is as it is alone
    folder.json(&format!("{run} --output 2"));
    let alone = floats(&folder, "attribution");
    assert_eq!(alone.shape(), [6, 2, 8]);
    assert_eq!(alone, attribution.index_axis(ndarray::Axis(1), 2));
    folder.json(&format!("{run} --output 2,0"));
    let two = floats(&folder, "attribution");
    assert_eq!(two.index_axis(ndarray::Axis(1), 0), alone);
    // one signal has no leading axis
    folder.json("explain --model classes.onnx --input x.npz:one --domain rfft --fs 8 --output all --bands low=0-2 --out o.npz");
    assert_eq!(floats(&folder, "attribution").shape(), [1, 3, 2, 5]);
    assert_eq!(floats(&folder, "band_attribution").shape(), [1, 3, 2, 1]);
    let text = folder.succeeds(
        "explain --model classes.onnx --input x.npz:x --domain time --output all --out o.npz",
    );
    for words in [
        "3 outputs, each for itself",
        "output 0:",
        "output 2:",
        "channel 1, time",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    folder.fails_with(
        "explain --model classes.onnx --input x.npz:x --domain time --output 1,3 --out o.npz",
        &["--output 1,3", "no output 3", "from 0 to 2"],
    );
    folder.fails_with(
        "explain --model classes.onnx --input x.npz:x --domain time --output 1-0,2 --out o.npz",
        &["1-0", "stands alone"],
    );
}

/// h₀ against h₁ against 2 h₁ − h₀: output 0 wins where channel 0 is strong, output 2 elsewhere.
#[test]
fn the_predicted_output_of_each_signal() {
    let folder = folder();
    let run = "explain --model classes.onnx --input x.npz:x --domain time --rule midpoint:2 --out o.npz --report r.html";
    let json = folder.json(&format!("{run} --output predicted --group-by predicted"));
    assert_eq!(json["predicted"], serde_json::json!([0, 2, 0, 2, 0, 2]));
    assert_eq!(
        json["groups"]["names"],
        serde_json::json!(["output 0", "output 2"])
    );
    assert_eq!(json["groups"]["signals"], serde_json::json!([3, 3]));
    let attribution = floats(&folder, "attribution");
    assert_eq!(attribution.shape(), [6, 2, 8]);
    for ((i, c, t), a) in attribution
        .view()
        .into_dimensionality::<ndarray::Ix3>()
        .unwrap()
        .indexed_iter()
    {
        let k = if i % 2 == 0 { 0 } else { 2 };
        assert!((a - expected(i, c, t, k)).abs() < ROUNDING);
    }
    assert_eq!(
        floats(&folder, "output").as_slice().unwrap(),
        [0.0, 2.0, 0.0, 2.0, 0.0, 2.0]
    );
    let text = folder.succeeds(&format!("{run} --output predicted"));
    assert!(text.contains("signal 1: output 2 (predicted) is"), "{text}");
}

#[test]
fn groups_have_means_sizes_and_spreads() {
    let folder = folder();
    let run = "explain --model classes.onnx --input x.npz:x --domain time --rule midpoint:2 --output 2 --out o.npz --report r.html";
    let json = folder.json(&format!("{run} --group-by label"));
    let members = [vec![1, 3], vec![0, 2, 4, 5]];
    assert_eq!(json["groups"]["names"], serde_json::json!(["2", "7"]));
    assert_eq!(
        floats(&folder, "group").as_slice().unwrap(),
        [1.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    );
    assert_eq!(
        floats(&folder, "group_signals").as_slice().unwrap(),
        [2.0, 4.0]
    );
    assert_eq!(
        floats(&folder, "group_label").as_slice().unwrap(),
        [2.0, 7.0]
    );
    let [mean, absolute, spread] = ["attribution", "absolute_attribution", "standard_deviation"]
        .map(|name| floats(&folder, &format!("group_{name}")));
    assert_eq!(mean.shape(), [2, 2, 8]);
    for (g, members) in members.iter().enumerate() {
        for (c, t) in [(0, 0), (0, 7), (1, 3)] {
            let n = members.len() as f64;
            let all: Vec<f64> = members.iter().map(|&i| expected(i, c, t, 2)).collect();
            let m = all.iter().sum::<f64>() / n;
            let s = (all.iter().map(|a| (a - m).powi(2)).sum::<f64>() / n).sqrt();
            assert!((mean[[g, c, t]] - m).abs() < ROUNDING);
            assert!(
                (absolute[[g, c, t]] - all.iter().map(|a| a.abs()).sum::<f64>() / n).abs()
                    < ROUNDING
            );
            assert!((spread[[g, c, t]] - s).abs() < ROUNDING);
        }
    }
    let found = &json["groups_found"];
    assert_eq!(found[1]["name"], "7");
    assert_eq!(found[1]["signals"], 4);
    assert!(
        found[0]["strongest"][0]["mean_absolute_attribution"]
            .as_f64()
            .unwrap()
            > 6.0
    );
    let text = folder.succeeds(&format!("{run} --group-by x.npz:label"));
    assert!(
        text.contains("groups by") && text.contains("7 (4 signals)"),
        "{text}"
    );
    let page = folder.text("r.html");
    assert_self_contained(&page);
    assert!(
        page.contains("Groups by") && page.contains("7: mean over 4 signals"),
        "{page}"
    );
    // some signals alone, in their order, with their groups
    let json = folder.json(&format!("{run} --group-by label --signals 5,0..2"));
    assert_eq!(json["signals"], 3);
    assert_eq!(json["groups"]["of"], serde_json::json!([1, 1, 0]));
    assert!((floats(&folder, "attribution")[[0, 1, 3]] - expected(5, 1, 3, 2)).abs() < ROUNDING);
    // several outputs of each group
    folder.json("explain --model classes.onnx --input x.npz:x --domain time --output 0,2 --group-by label --out o.npz");
    assert_eq!(floats(&folder, "group_attribution").shape(), [2, 2, 2, 8]);
}

#[test]
fn labels_of_moments_and_labels_that_do_not_fit() {
    let folder = folder();
    let run =
        "explain --model classes.onnx --input x.npz:long --domain time --output 0 --out o.npz";
    let json = folder.json(&format!("{run} --group-by moments"));
    // samples 16 to 18 of signal 2 are 0, its other five 1
    assert_eq!(json["groups"]["of"], serde_json::json!([0, 0, 1, 1]));
    let notes = json["notes"].to_string();
    assert!(notes.contains("changes within 1 of 4 signals"), "{notes}");
    for (label, words) in [
        (
            "short",
            &["has 5 values for 4 signals", "32, one for each sample"][..],
        ),
        ("none", &["no array `none`"]),
        ("x", &["x.npz", "shape [6, 2, 8]"]),
        ("gone.npz:label", &["gone.npz"]),
    ] {
        folder.fails_with(&format!("{run} --group-by {label}"), words);
    }
    let run = "explain --model classes.onnx --input x.npz:x --domain time --output 0 --out o.npz --group-by many";
    let json = folder.json(run);
    assert_eq!(json["groups"]["names"].as_array().unwrap().len(), 6);
    folder.fails_with(
        "explain --model classes.onnx --input x.npz:x --domain time --signals 0,9 --out o.npz",
        &["9..10", "6 signals"],
    );
}

/// Linear models: the mean over baselines b is w (x − mean b), with the standard error of w b.
#[test]
fn several_baselines_are_averaged() {
    let folder = folder();
    let run = "explain --model classes.onnx --input x.npz:x --domains time,rfft --fs 8 --output 1 --rule midpoint:2 --out o.npz";
    let json = folder.json(&format!("{run} --baseline x.npz:baselines"));
    assert_eq!(json["baselines"], 4);
    let baseline = |i: usize, t: usize| (i * 2 + t) as f64 / 8.0;
    let attribution = floats(&folder, "time_attribution");
    let error = floats(&folder, "time_standard_error");
    for t in 0..8 {
        let mean = (0..4).map(|i| baseline(i, t)).sum::<f64>() / 4.0;
        let variance = (0..4).map(|i| (baseline(i, t) - mean).powi(2)).sum::<f64>() / 3.0;
        assert!((attribution[[2, 1, t]] - (sample(2, 1, t) - mean)).abs() < ROUNDING);
        assert!((error[[2, 1, t]] - (variance / 4.0).sqrt()).abs() < ROUNDING);
        assert!(attribution[[2, 0, t]].abs() < ROUNDING);
    }
    // both domains add up to the same change, against the mean value of the baselines
    let change = floats(&folder, "value")[[2]] - floats(&folder, "baseline_value")[[2]];
    for domain in ["time", "rfft"] {
        let all = floats(&folder, &format!("{domain}_attribution"));
        let sum = all.index_axis(ndarray::Axis(0), 2).sum();
        assert!((sum - change).abs() < ROUNDING, "{domain}");
    }
    let notes = json["notes"].to_string();
    assert!(
        notes.contains("4 baselines (expected gradients)"),
        "{notes}"
    );
    assert!(
        notes.contains("insertion and deletion are left out"),
        "{notes}"
    );
    let drawn = folder.json(&format!(
        "{run} --baseline x.npz:baselines --baseline-count 2 --seed 3"
    ));
    assert_eq!(drawn["baselines"], 2);
    folder.fails_with(
        &format!("{run} --baseline x.npz:baselines --baseline-count 5"),
        &["--baseline-count 5", "4 signals"],
    );
    folder.fails_with(
        &format!("{run} --baseline-count 2"),
        &["--baseline-count", "--baseline FILE:ARRAY"],
    );
}
