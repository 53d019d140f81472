//! `xcebra explain` on a model whose answer is known (`tests/data/band.onnx`): output 0 is the energy
//! `|X_5|²` of bin 5, output 1 the mean.
//!
//! From zero, `∫ 2 X_5² α dα` gives all of output 0 to bin 5, half to either sign of the frequency.

use std::fs;
use std::path::Path;

use ndarray::{Array2, ArrayD};

use crate::common::signal_files::{EdfSignal, edf, wav};
use crate::common::{Folder, assert_self_contained};

/// Tones of 5 and 9 cycles on a level, for signal `i` of a batch; sampled at 32 Hz.
fn sample(i: usize, t: usize) -> f64 {
    let angle = std::f64::consts::TAU * t as f64 / 64.0;
    (1.0 + i as f64) * (5.0 * angle + 0.3).cos() + 0.5 * (9.0 * angle).sin() + 0.25
}

fn folder() -> Folder {
    let folder = Folder::new();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/band.onnx");
    fs::copy(model, folder.path("band.onnx")).unwrap();
    let one = Array2::from_shape_fn((1, 64), |(_, t)| sample(0, t));
    let batch = Array2::from_shape_fn((3, 64), |(i, t)| sample(i, t));
    let long = Array2::from_shape_fn((160, 1), |(t, _)| sample(0, t));
    folder.write_npz("x.npz", &[("one", one), ("batch", batch), ("long", long)]);
    folder
}

fn floats(folder: &Folder, array: &str) -> ArrayD<f64> {
    folder.array("map.npz", array).values.to_float()
}

/// `|X_5|²` of signal `i`: (64 (1 + i) / 2)².
fn energy(i: usize) -> f64 {
    (32.0 * (1.0 + i as f64)).powi(2)
}

/// The file's weights are in single precision: 1e-6.
fn assert_close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-6 * expected.abs().max(1024.0),
        "{found} {expected}"
    );
}

#[test]
fn all_attribution_is_at_the_frequency_that_the_model_reads() {
    let folder = folder();
    for (domain, shares) in [
        ("rfft", vec![(5, 1.0)]),
        ("fourier", vec![(5, 0.5), (59, 0.5)]),
    ] {
        let json = folder.json(&format!(
            "explain --model band.onnx --input x.npz:one --domain {domain} --fs 32 --output 0 --baseline zero --out map.npz"
        ));
        assert_close(json["value"].as_f64().unwrap(), energy(0));
        assert_eq!(json["baseline_value"], 0.0);
        assert!(json["residual"].as_f64().unwrap().abs() < 1e-9);
        assert_eq!(json["tolerance_met"], true);
        assert!(json["evaluations"].as_u64().unwrap() > 0);
        let attribution = floats(&folder, "attribution");
        let frequency = floats(&folder, "frequency_hz");
        assert_eq!(attribution.shape(), [1, frequency.len()]);
        for (k, a) in attribution.iter().enumerate() {
            let share = shares
                .iter()
                .find(|(bin, _)| *bin == k)
                .map_or(0.0, |s| s.1);
            assert_close(*a, share * energy(0));
        }
        for (bin, _) in shares {
            assert_eq!(frequency[[bin]].abs(), 2.5);
        }
        assert_eq!(
            json["strongest"][0]["coefficient"]
                .as_str()
                .unwrap()
                .replace('-', ""),
            "channel 0, frequency 2.5 Hz"
        );
    }
}

/// The integrand is linear along the path: every symmetric rule is exact, and right Riemann sums with N
/// steps are too large by 1/N of the whole.
#[test]
fn every_rule_leaves_the_residual_it_must() {
    let folder = folder();
    for (rule, residual) in [
        ("midpoint:3", 0.0),
        ("trapezoid:4", 0.0),
        ("gauss-legendre:2", 0.0),
        ("right:300", -energy(0) / 300.0),
        ("adaptive:1e-4", 0.0),
    ] {
        let json = folder.json(&format!(
            "explain --model band.onnx --input x.npz:one --domain rfft --fs 32 --output 0 --rule {rule} --out map.npz"
        ));
        assert_close(json["residual"].as_f64().unwrap(), residual);
    }
}

#[test]
fn a_batch_and_a_recording_have_a_leading_axis() {
    let folder = folder();
    let json = folder.json("explain --model band.onnx --input x.npz:batch --domain rfft --fs 32 --output 0 --out map.npz");
    let attribution = floats(&folder, "attribution");
    assert_eq!(attribution.shape(), [3, 1, 33]);
    for i in 0..3 {
        assert_close(json["value"][i].as_f64().unwrap(), energy(i));
        assert_close(attribution[[i, 0, 5]], energy(i));
    }
    let json = folder.json(
        "explain --model band.onnx --input x.npz:long --domain rfft --fs 32 --output 0 --hop 32 --out map.npz",
    );
    assert_eq!(json["signals"], 4);
    // half a period of the window is 2.5 periods of the tone: its phase turns, its energy stays
    for i in 0..4 {
        assert_close(floats(&folder, "attribution")[[i, 0, 5]], energy(0));
    }
}

#[test]
fn outputs_are_summed() {
    let folder = folder();
    let json = folder.json(
        "explain --model band.onnx --input x.npz:one --domain rfft --fs 32 --output 1-0 --baseline mean --out map.npz",
    );
    // from the level of the signal, the mean does not change
    assert_close(json["value"].as_f64().unwrap(), 0.25 - energy(0));
    let attribution = floats(&folder, "attribution");
    assert_close(attribution[[0, 5]], -energy(0));
    assert_close(attribution[[0, 0]], 0.0);
}

#[test]
fn files_of_signals_bring_their_rate() {
    let folder = folder();
    let digital: Vec<i16> = (0..64)
        .map(|t| (sample(0, t) * 1000.0).round() as i16)
        .collect();
    let bytes: Vec<u8> = digital.iter().flat_map(|v| v.to_le_bytes()).collect();
    folder.write("x.wav", wav(1, 1, 32, 16, &bytes));
    let signal = EdfSignal {
        label: "pulse",
        unit: "uV",
        physical: (-32.768, 32.767),
        digital: (i16::MIN, i16::MAX),
        records: digital.chunks(32).map(<[i16]>::to_vec).collect(),
    };
    folder.write("x.edf", edf("EDF+C", 1.0, &[signal]));
    // full scale of sound is 1, here 32 768 steps of a thousandth
    for (input, scale) in [("x.wav", 1000.0 / 32_768.0), ("x.edf:pulse", 1.0)] {
        let json = folder.json(&format!(
            "explain --model band.onnx --input {input} --output 0 --out map.npz"
        ));
        assert_eq!(json["sampling_rate_hz"], 32.0);
        assert_eq!(json["domain"], "rfft");
        // rounding to a thousandth
        let value = json["value"].as_f64().unwrap() / (scale * scale);
        assert!((value / energy(0) - 1.0).abs() < 1e-3, "{value}");
        assert_eq!(floats(&folder, "frequency_hz")[[5]], 2.5);
        let strongest = json["strongest"][0]["coefficient"].as_str().unwrap();
        let channel = if input == "x.wav" { "0" } else { "pulse" };
        assert_eq!(strongest, format!("channel {channel}, frequency 2.5 Hz"));
    }
    folder.fails_with(
        "explain --model band.onnx --input x.wav --fs 64 --output 0 --out none.npz",
        &["sampled at 32 Hz", "--fs says 64"],
    );
}

#[test]
fn domains_are_ranked_by_how_few_coefficients_carry_the_output() {
    let folder = folder();
    let json = folder.json(
        "explain --model band.onnx --input x.npz:one --domains time,rfft,stft:16:4,wavelet:db4:3 --fs 32 --output 0 \
         --frequency-unit bpm --out map.npz --report report.html",
    );
    let domains = json["domains"].as_array().unwrap();
    assert_eq!(domains[0]["domain"], "rfft");
    assert_eq!(domains[0]["carriers"], 1);
    assert!(domains[1]["carriers"].as_u64().unwrap() > 1);
    let faithfulness = &domains[0]["faithfulness"];
    // one coefficient of 33 decides: 50 steps of two thirds of a coefficient
    assert!(
        faithfulness["deletion_area"].as_f64().unwrap() < 0.05,
        "{faithfulness}"
    );
    assert!(faithfulness["insertion_area"].as_f64().unwrap() > 0.95);
    let random = faithfulness["random_deletion_area"].as_f64().unwrap();
    assert!(random > 0.1 && random < 0.9, "{random}");
    let rate: ArrayD<f64> = folder
        .array("map.npz", "rfft_frequency_bpm")
        .values
        .to_float();
    assert_eq!(rate[[5]], 150.0);
    let page = folder.text("report.html");
    assert_self_contained(&page);
    assert!(page.contains("Most comes from 150 bpm"));
    // every heading has something below it
    assert!(!page.contains("</h2><h2>"), "{page}");
    assert!(page.contains("Is it faithful in the domain rfft?"));
}

#[test]
fn a_damaged_model_is_refused() {
    let folder = folder();
    let whole = folder.bytes("band.onnx");
    folder.write("cut.onnx", &whole[..whole.len() / 2]);
    folder.write("empty.onnx", "");
    for model in ["cut.onnx", "empty.onnx", "none.onnx"] {
        folder.fails_with(
            &format!("explain --model {model} --input x.npz:one --fs 32 --output 0 --out none.npz"),
            &[model],
        );
    }
    folder.fails_with(
        "explain --model band.onnx --input x.npz:long --domain rfft --fs 32 --output 2 --out none.npz",
        &["no output 2"],
    );
}
