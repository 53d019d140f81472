//! `xcebra explain`: which axis is time and what an array is, on models whose attributions are known
//! (`tests/data/make_linear.py`): from zero, `w x` in time, and in frequency all at the frequency of the weights.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use ndarray::{Array2, ArrayD, Dimension, IxDyn};
use serde_json::Value;
use xcebra::files::NpzOutput;

use crate::common::Folder;

/// A folder with a model of `tests/data`, and `x.npz` with an array `x`.
fn folder(model: &str, x: &ArrayD<f64>) -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::copy(data.join(model), folder.path(model)).unwrap();
    write(&folder, "x.npz", x);
    folder
}

fn write(folder: &Folder, name: &str, x: &ArrayD<f64>) {
    let mut file = NpzOutput::create(&folder.path(name)).unwrap();
    file.add_with_gaps("x", x).unwrap();
    file.commit().unwrap();
}

fn cosine(t: usize) -> f64 {
    (TAU * 5.0 * t as f64 / 32.0).cos()
}

fn note_about_time(json: &Value) -> Option<&str> {
    let notes = json["notes"].as_array().unwrap();
    let mut notes = notes.iter().filter_map(Value::as_str);
    notes.find(|note| note.contains("time is axis"))
}

/// 5 cycles in 32 samples at 32 Hz: Σ cos² = 16, all at 5 Hz of channel 0.
#[test]
fn a_model_of_time_by_channels_is_read_as_that() {
    let signal = |t: usize, c: usize| if c == 0 { cosine(t) } else { 0.3 };
    let one = ArrayD::from_shape_fn(IxDyn(&[32, 2]), |i| signal(i[0], i[1]));
    let batch = ArrayD::from_shape_fn(IxDyn(&[3, 32, 2]), |i| signal(i[1], i[2]));
    let recording = ArrayD::from_shape_fn(IxDyn(&[100, 2]), |i| signal(i[0], i[1]));
    let turned = recording.clone().reversed_axes();
    for (x, why) in [
        (one, "the longest axis"),
        (batch, "the longest axis"),
        (recording, "fits no other axis"),
        (turned, "(channels, time)"),
    ] {
        let folder = folder("keras.onnx", &x);
        let run = "explain --model keras.onnx --input x.npz:x --domain rfft --fs 32 --out o.npz";
        let json = folder.json(run);
        assert_eq!(json["time_axis"], 0);
        let note = note_about_time(&json).unwrap();
        let said = "time is axis 0 of the model's input (32 samples), axis 1 has 2 channels";
        assert!(note.contains(said) && note.contains(why), "{note}");
        let strongest = &json["strongest"][0];
        assert_eq!(strongest["coefficient"], "frequency 5 Hz, channel 0");
        // weights in single precision: 16 · 2⁻²⁴ and a little more
        assert!((strongest["attribution"].as_f64().unwrap() - 16.0).abs() < 1e-5);
        assert!(folder.succeeds(run).contains(said));
        let asked = folder.json(&format!("{run} --time-axis 0"));
        assert_eq!(asked["strongest"], json["strongest"]);
        assert_eq!(note_about_time(&asked), None);
    }
}

/// The layout of PyTorch, with the same array and the same numbers.
#[test]
fn a_model_of_channels_by_time_is_read_as_that() {
    let x = ArrayD::from_shape_fn(IxDyn(&[2, 32]), |i| cosine(i[1]));
    let folder = folder("opposite.onnx", &x);
    let json = folder
        .json("explain --model opposite.onnx --input x.npz:x --domain rfft --fs 32 --out o.npz");
    assert_eq!(json["time_axis"], 1);
    assert_eq!(
        json["strongest"][0]["coefficient"],
        "channel 0, frequency 5 Hz"
    );
    assert_eq!(
        json["strongest"][1]["coefficient"],
        "channel 1, frequency 5 Hz"
    );
    assert!((json["strongest"][1]["attribution"].as_f64().unwrap() + 8.0).abs() < 1e-5);
}

#[test]
fn what_can_be_two_things_is_refused_with_both() {
    let number = |i: &IxDyn| (0..i.ndim()).fold(0.0, |sum, k| 10.0 * sum + i[k] as f64);
    let array = |shape: &[usize]| ArrayD::from_shape_fn(IxDyn(shape), |i| number(&i));
    let run = "explain --model square.onnx --input x.npz:x --domain time --out o.npz";
    for shape in [&[8, 8][..], &[1, 8, 8], &[5, 8, 8], &[100, 8], &[8, 100]] {
        let folder = folder("square.onnx", &array(shape));
        folder.fails_with(
            run,
            &[
                "axis 0 (8 samples",
                "axis 1 (8 samples",
                "--time-axis 0 or --time-axis 1",
            ],
        );
    }
    // one signal in the model's layout is the recording (time, channels) if time comes first
    let keras = folder("square.onnx", &array(&[8, 8]));
    let json = keras.json(&format!("{run} --time-axis 0"));
    // Σ (8 i + j + 1)(10 i + j) by its definition
    let sum = |turned: bool| -> f64 {
        let cells = (0..8).flat_map(|i| (0..8).map(move |j| (f64::from(i), f64::from(j))));
        cells
            .map(|(i, j)| (8.0 * i + j + 1.0) * if turned { 10.0 * j + i } else { 10.0 * i + j })
            .sum()
    };
    assert_eq!(json["value"], sum(false));
    // otherwise it is not, and both ways to say which are offered and work
    keras.fails_with(
        &format!("{run} --time-axis 1"),
        &[
            "one signal in the model's layout or a recording",
            "(1, 8, 8)",
            "--hop",
        ],
    );
    let cut = keras.json(&format!("{run} --time-axis 1 --hop 8"));
    assert_eq!(cut["value"][0], sum(true));
    let exact = folder("square.onnx", &array(&[1, 8, 8]));
    // the index of the batch is 0, so that numbers are the same
    assert_eq!(
        exact.json(&format!("{run} --time-axis 1"))["value"][0],
        sum(false)
    );
}

/// A recording of an encoder has one row a sample, whatever its shape.
#[test]
fn a_square_recording_of_an_encoder_is_not_turned() {
    let folder = Folder::new();
    let wave = |t: usize, c: usize| ((t * (c + 2)) as f64 * 0.37).sin() + 0.1 * c as f64;
    let long = Array2::from_shape_fn((200, 10), |(t, c)| wave(t, c));
    let square = Array2::from_shape_fn((10, 10), |(t, c)| wave(t, c));
    let label = Array2::from_shape_fn((200, 1), |(t, _)| (t as f64 * 0.1).sin());
    folder.write_npz("data.npz", &[("x", long), ("z", label), ("square", square)]);
    folder.succeeds(
        "fit --data data.npz --out run --set train.steps=5 --set train.batch=32 --set encoder.outputs=2 \
         --set encoder.name=offset10-mse",
    );
    let run = "explain --model run --domain time --output 0 --out map.npz --input";
    let square = folder.json(&format!("{run} data.npz:square"));
    let long = folder.json(&format!("{run} data.npz:x"));
    // the square is the beginning of the recording
    assert_eq!(square["value"][0], long["value"][0]);
    folder.fails_with(
        &format!("{run} data.npz:x --time-axis 0"),
        &["time is axis 1 of a trained encoder's input"],
    );
}

#[test]
fn signals_without_change_are_explained_and_gaps_refused() {
    for value in [0.0, 3.0] {
        let x = ArrayD::from_elem(IxDyn(&[2, 32]), value);
        let folder = folder("opposite.onnx", &x);
        for domain in [
            "time",
            "rfft",
            "stft:8:4",
            "wavelet:haar:2",
            "packets:haar:2",
            "analytic",
        ] {
            for baseline in ["zero", "mean"] {
                let json = folder.json(&format!(
                    "explain --model opposite.onnx --input x.npz:x --domain {domain} --fs 32 --baseline {baseline} \
                     --out o.npz --report r.html"
                ));
                for name in ["value", "residual", "gini", "absolute_attribution"] {
                    assert!(json[name].is_f64(), "{domain} {name}: {json}");
                }
                let page = without_script(folder.text("r.html"));
                assert!(
                    !page.contains("NaN") && !page.contains(" inf"),
                    "{domain} {value}"
                );
            }
        }
    }
    let run = "explain --model opposite.onnx --input x.npz:x --domain time --out o.npz";
    let mut gap = ArrayD::from_elem(IxDyn(&[2, 32]), 1.0);
    gap[[1, 3]] = f64::NAN;
    folder("opposite.onnx", &gap).fails_with(run, &["[1, 3]", "NaN"]);
    let empty = ArrayD::zeros(IxDyn(&[0, 2, 32]));
    folder("opposite.onnx", &empty).fails_with(run, &["at least one signal"]);
}

/// A page without the source of its script, which may speak of numbers that are none.
fn without_script(page: String) -> String {
    let mut parts = page.split("<script>");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once("</script>").expect("it ends").1);
    first + &rest.collect::<String>()
}

#[test]
fn what_is_left_out_or_looks_wrong_is_a_note() {
    let mut x = ArrayD::from_shape_fn(IxDyn(&[70, 2]), |i| cosine(i[0]));
    x[[9, 1]] = -9999.0;
    let folder = folder("opposite.onnx", &x);
    let json =
        folder.json("explain --model opposite.onnx --input x.npz:x --domain time --out o.npz");
    let notes = json["notes"].to_string();
    assert!(
        notes.contains("-9999") && notes.contains("6 samples of 70 left out"),
        "{notes}"
    );
    let first: ArrayD<f64> = folder.array("o.npz", "first_sample").values.to_float();
    assert_eq!(first.iter().copied().collect::<Vec<_>>(), [0.0, 32.0]);
}
