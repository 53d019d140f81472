//! `xcebra explain` on trained encoders.

use ndarray::{Array2, ArrayD, Axis};

use crate::common::{Folder, SHORT, assert_self_contained, x};

/// A run in `run` of an encoder that sees ten samples of four channels, and its recording.
fn convolutional() -> Folder {
    let folder = Folder::new();
    folder.recording();
    folder.succeeds(&format!(
        "fit --data data.npz --out run {SHORT} --set encoder.name=offset10-mse"
    ));
    folder
}

fn floats(folder: &Folder, file: &str, array: &str) -> ArrayD<f64> {
    folder.array(file, array).values.to_float()
}

#[test]
fn attributions_of_a_batch_add_up_to_the_change() {
    let folder = convolutional();
    let json = folder.json(
        "explain --model run --input data.npz --domain rfft --fs 10 --output 1 --hop 50 --out map.npz",
    );
    assert_eq!(json["domain"], "rfft");
    assert_eq!(json["signal_shape"], serde_json::json!([4, 10]));
    assert_eq!(json["signals"], 4);
    let attribution = floats(&folder, "map.npz", "attribution");
    assert_eq!(attribution.shape(), [4, 4, 6]);
    let frequency = floats(&folder, "map.npz", "frequency_hz");
    assert_eq!(
        frequency.iter().copied().collect::<Vec<_>>(),
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    );
    let first: Vec<f64> = floats(&folder, "map.npz", "first_sample")
        .iter()
        .copied()
        .collect();
    assert_eq!(first, [0.0, 50.0, 100.0, 150.0]);
    for (i, one) in attribution.axis_iter(Axis(0)).enumerate() {
        let number = |name: &str| json[name][i].as_f64().unwrap();
        let change = number("value") - number("baseline_value");
        // double precision: rounding of sums of 24 terms
        assert!((one.sum() + number("residual") - change).abs() < 1e-10 * (1.0 + change.abs()));
        assert!(number("residual").abs() < 1e-10);
        assert_eq!(json["tolerance_met"][i], true);
        assert!(number("evaluations") >= 5.0);
    }
}

/// The value of the model is that of `xcebra embed`, to single precision.
#[test]
fn the_output_is_the_embedding() {
    let folder = convolutional();
    folder.succeeds("embed --model run --data data.npz --edges drop --out embedding.npz");
    let embedding = folder
        .array("embedding.npz", "embedding")
        .matrix::<f64>()
        .unwrap();
    let json = folder.json(
        "explain --model run --input data.npz --domain time --output 0 --hop 1 --signals 20..23 --out map.npz",
    );
    for i in 0..3 {
        let value = json["value"][i].as_f64().unwrap();
        assert!(
            (value - embedding[[20 + i, 0]]).abs() < 1e-4,
            "{value} {}",
            embedding[[20 + i, 0]]
        );
    }
    let contrast = folder.json(
        "explain --model run --input data.npz --domain time --output 1-0 --hop 1 --signals 20 --out map.npz",
    );
    let expected = embedding[[20, 1]] - embedding[[20, 0]];
    assert!((contrast["value"][0].as_f64().unwrap() - expected).abs() < 1e-4);
}

#[test]
fn an_encoder_of_single_samples_is_explained_by_channel() {
    let folder = Folder::new();
    folder.trained();
    let json = folder.json("explain --model run --input data.npz --domain time --signals 0..5 --out map.npz --report r.html");
    assert_eq!(json["signal_shape"], serde_json::json!([4, 1]));
    assert_eq!(floats(&folder, "map.npz", "attribution").shape(), [5, 4, 1]);
    assert!(
        json["notes"][0].as_str().unwrap().contains("2 outputs"),
        "{json}"
    );
    assert!(folder.text("r.html").contains("channel 3"));
    let json = folder.json("explain --model run --input data.npz --domain pca --signals 0..5 --fit-on data.npz --output 0 --out map.npz");
    assert_eq!(json["names"]["component"].as_array().unwrap().len(), 4);
    assert_eq!(floats(&folder, "map.npz", "mixing").shape(), [4, 4]);
}

#[test]
fn domains_are_ranked_with_a_report() {
    let folder = convolutional();
    let json = folder.json(
        "explain --model run --input data.npz --domains auto --fs 10 --output 0 --signals 0..3 --out map.npz \
         --report report.html --figures figures --random-orders 2 --bands slow=0-2,fast=2-5",
    );
    let domains = json["domains"].as_array().unwrap();
    assert!(domains.len() >= 5, "{json}");
    let sum = |domain: &serde_json::Value| {
        let gini = domain["gini"].as_array().unwrap();
        gini.iter().map(|g| g.as_f64().unwrap()).sum::<f64>()
    };
    for (i, pair) in domains.windows(2).enumerate() {
        assert_eq!(pair[0]["rank"], i + 1);
        assert!(sum(&pair[0]) >= sum(&pair[1]));
    }
    for domain in domains {
        let name: String = domain["domain"].as_str().unwrap().replace(':', "_");
        let attribution = floats(&folder, "map.npz", &format!("{name}_attribution"));
        assert_eq!(attribution.shape()[0], 3);
        assert!(domain["faithfulness"]["deletion_area"].is_f64(), "{domain}");
    }
    let page = folder.text("report.html");
    assert_self_contained(&page);
    assert!(
        page.contains("Which domain?") && page.contains("Mean over 3 signals in the domain rfft")
    );
    let figures = folder.entries();
    for name in [
        "rfft-mean-spectrum.png",
        "rfft-faithfulness-deletion.svg",
        "rfft-mean-named-bands.png",
    ] {
        assert!(figures.contains(&format!("figures/{name}")), "{figures:?}");
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let folder = convolutional();
    for threads in [1, 2] {
        folder.succeeds(&format!(
            "explain --model run --input data.npz --domain stft:4:2 --fs 10 --output 0 --threads {threads} --out {threads}.npz"
        ));
    }
    assert!(folder.bytes("1.npz") == folder.bytes("2.npz"));
}

#[test]
fn baselines_and_rules() {
    let folder = convolutional();
    let start = x().mean_axis(Axis(0)).unwrap();
    let flat = Array2::from_shape_fn((10, 4), |(_, c)| start[c]);
    folder.write_npz("rest.npz", &[("x", flat)]);
    let explain =
        "explain --model run --input data.npz --domain time --output 0 --signals 0 --out map.npz";
    let json = folder.json(&format!(
        "{explain} --baseline rest.npz:x --rule midpoint:64"
    ));
    assert!(json["tolerance_met"][0].is_null());
    assert_eq!(json["evaluations"][0], 64);
    // the recording is standardised, so that its mean is zero
    let zero = folder.json(&format!("{explain} --baseline zero --rule midpoint:64"));
    let difference = |name: &str| json[name][0].as_f64().unwrap() - zero[name][0].as_f64().unwrap();
    assert!(difference("value") == 0.0 && difference("baseline_value").abs() < 1e-5);
    let mean = folder.json(&format!("{explain} --baseline mean"));
    assert_ne!(mean["baseline_value"][0], zero["baseline_value"][0]);
}

#[test]
fn errors_come_before_work() {
    let folder = convolutional();
    let mut gap = x();
    gap[[3, 2]] = f64::NAN;
    let arrays = [
        ("gap", gap),
        ("narrow", Array2::ones((50, 3))),
        ("short", Array2::ones((5, 4))),
    ];
    folder.write_npz("bad.npz", &arrays);
    folder.write("model.txt", "no model");
    let ok = "--model run --input data.npz --output 0";
    for (arguments, parts) in [
        (
            format!("{ok} --domain rfft --out map.npz"),
            &["--fs 32", "cycles a sample"][..],
        ),
        (format!("{ok} --domains auto --out map.npz"), &["--fs 32"]),
        (
            format!("{ok} --domain fft --out map.npz"),
            &["stft:WINDOW:HOP"],
        ),
        (
            format!("{ok} --domain time --domains auto --out map.npz"),
            &["cannot be used with"],
        ),
        (
            format!("{ok} --domains time,rfft,time --fs 1 --out map.npz"),
            &["cannot be distinguished"],
        ),
        (
            format!("{ok} --domain time --rule right:0 --out map.npz"),
            &["midpoint:N"],
        ),
        (format!("{ok} --domain time --out map.csv"), &[".npz"]),
        (format!("{ok} --domain time --out data.npz"), &["--input"]),
        (
            format!("{ok} --domain time --out map.npz --report map.npz"),
            &["--out"],
        ),
        (
            format!("{ok} --domain time --out nowhere/map.npz"),
            &["nowhere"],
        ),
        (
            format!("{ok} --domain stft:4:4 --fs 1 --out map.npz"),
            &["overlap"],
        ),
        (
            format!("{ok} --domain wavelet:db4:9 --fs 1 --out map.npz"),
            &["level"],
        ),
        (
            format!("{ok} --domain time --fs=-3 --out map.npz"),
            &["sampling rate"],
        ),
        (
            format!("{ok} --domain time --time-axis 2 --out map.npz"),
            &["--time-axis 2"],
        ),
        (
            format!("{ok} --domain time --signals 0..99 --out map.npz"),
            &["20 signals"],
        ),
        (
            format!("{ok} --domain time --baseline none.npz --out map.npz"),
            &["none.npz"],
        ),
        (
            format!("{ok} --domain time --baseline data.npz:x --baseline-count 21 --out map.npz"),
            &["20 signals"],
        ),
        (
            format!("{ok} --domain rfft --fs 1 --bands a=3-1 --out map.npz"),
            &["band"],
        ),
        (
            "--model run --input data.npz --output 2 --domain time --out map.npz".into(),
            &["no output 2", "0 to 1"],
        ),
        (
            "--model run --input bad.npz:gap --domain time --out map.npz".into(),
            &["row 3", "NaN"],
        ),
        (
            "--model run --input bad.npz:narrow --domain time --out map.npz".into(),
            &["3 channels"],
        ),
        (
            "--model run --input bad.npz:short --domain time --out map.npz".into(),
            &["[5, 4]", "at least 10 samples"],
        ),
        (
            "--model run --input none.npz --domain time --out map.npz".into(),
            &["none.npz"],
        ),
        (
            "--model none --input data.npz --domain time --out map.npz".into(),
            &["none", ".onnx"],
        ),
        (
            "--model model.txt --input data.npz --domain time --out map.npz".into(),
            &["model.txt", ".onnx"],
        ),
    ] {
        let parts: &[&str] = parts;
        let error = folder.fails(&format!("explain {arguments}"));
        let flat = error.replace('\n', " ");
        for part in parts {
            assert!(flat.contains(part), "{arguments}: no {part:?} in {error}");
        }
    }
}
