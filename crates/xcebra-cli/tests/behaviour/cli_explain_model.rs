//! What `xcebra explain` and `xcebra attribute` can be told about an ONNX file: input, output, hidden values, lengths,
//! constants, precision.

use std::fs;
use std::path::Path;

use ndarray::{Array2, Array3, ArrayD};

use crate::common::Folder;

/// Networks that frameworks exported.
const NETWORKS: [&str; 12] = [
    "conv_net",
    "gru",
    "lstm",
    "transformer",
    "causal_attention",
    "autoencoder",
    "keras_attention",
    "keras_eegnet",
    "keras_lstm",
    "keras_bidirectional",
    "keras_separable",
    "keras_tcn",
];

fn folder() -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for model in ["classes.onnx", "free.onnx", "two.onnx", "keras.onnx"] {
        fs::copy(data.join(model), folder.path(model)).unwrap();
    }
    let mut arrays = xcebra::files::NpzOutput::create(&folder.path("x.npz")).unwrap();
    let x = Array3::from_shape_fn((3, 2, 8), |(i, c, t)| (i + 3 * c + t) as f64 / 4.0);
    arrays.add("x", &x).unwrap();
    arrays
        .add("c", &Array2::from_shape_fn((1, 4), |(_, j)| j as f64 + 0.5))
        .unwrap();
    arrays
        .add(
            "row",
            &Array2::from_shape_fn((1, 12), |(_, t)| t as f64 / 8.0),
        )
        .unwrap();
    // three signals of a network of times × channels
    let cosine = |t: usize| (std::f64::consts::TAU * 5.0 * t as f64 / 32.0).cos();
    arrays
        .add(
            "keras",
            &Array3::from_shape_fn((3, 32, 2), |(i, t, c)| {
                (i + 1) as f64 * cosine(t) + c as f64
            }),
        )
        .unwrap();
    arrays.commit().unwrap();
    folder
}

fn floats(folder: &Folder, array: &str) -> ArrayD<f64> {
    folder.array("o.npz", array).values.to_float()
}

#[test]
fn hidden_values_are_outputs() {
    let folder = folder();
    let run =
        "explain --model classes.onnx --input x.npz:x --domain time --rule midpoint:2 --out o.npz";
    folder.json(&format!("{run} --model-output hidden --output 1"));
    let x = folder.array("x.npz", "x").values.to_float::<f64>();
    for ((i, c, t), a) in floats(&folder, "attribution")
        .into_dimensionality::<ndarray::Ix3>()
        .unwrap()
        .indexed_iter()
    {
        let expected = if c == 1 { x[[i, c, t]] } else { 0.0 };
        assert!((a - expected).abs() < 1e-12);
    }
    folder.fails_with(
        &format!("{run} --model-output nowhere"),
        &["classes.onnx", "nowhere"],
    );
}

/// y is the sum of x times the sum of c: with c fixed to a sum of 8, every sample counts 8 times.
#[test]
fn other_inputs_are_constants() {
    let folder = folder();
    let run =
        "explain --model two.onnx --input x.npz:x --domain time --rule midpoint:2 --out o.npz";
    let chosen = "--model-input x --model-output y --constant c=x.npz:c";
    folder.json(&format!("{run} {chosen}"));
    let x = folder.array("x.npz", "x").values.to_float::<f64>();
    for (a, x) in floats(&folder, "attribution").iter().zip(&x) {
        assert!((a - 8.0 * x).abs() < 1e-12);
    }
    for (flags, words) in [
        ("--model-output y", &["two.onnx", "--model-input"][..]),
        (
            "--model-input x --constant c=x.npz:c",
            &["two.onnx", "--model-output"],
        ),
        (
            "--model-input x --model-output y --constant c=x.npz:none",
            &["x.npz", "none"],
        ),
        (
            "--model-input x --model-output y --constant c",
            &["mask=data.npz:mask"],
        ),
    ] {
        let error = folder.fails(&format!("{run} {flags}"));
        assert!(!error.contains("OnnxOptions"), "{error}");
        for word in words {
            assert!(error.contains(word), "{flags}, {word}: {error}");
        }
    }
}

/// The sum of squares of a signal of any length.
#[test]
fn lengths_are_given_or_taken_from_the_signal() {
    let folder = folder();
    for flags in ["--dimension time=12", ""] {
        folder.json(&format!(
            "explain --model free.onnx --input x.npz:row --domain time --out o.npz {flags}"
        ));
        let attribution = floats(&folder, "attribution");
        assert_eq!(attribution.len(), 12, "{flags}");
        for (t, a) in attribution.iter().enumerate() {
            assert!((a - (t as f64 / 8.0).powi(2)).abs() < 1e-12);
        }
    }
    // a recording of 12 samples is cut into three signals of 4
    let json = folder.json(
        "explain --model free.onnx --input x.npz:row --domain time --dimension time=4 --out o.npz",
    );
    assert_eq!(json["signals"], 3);
}

/// At the same points of the path, single precision is off by rounding of 2⁻²³ alone: below 1e-5 of the largest
/// attribution on every network. The adaptive rule stops where what is missing could be rounding, so there less agrees.
#[test]
fn single_precision_is_close_to_double() {
    let folder = folder();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xcebra-onnx/tests/data");
    let mut worst = [0.0_f64; 2];
    for name in NETWORKS {
        let file = format!("{name}.onnx");
        fs::copy(data.join(&file), folder.path(&file)).unwrap();
        let arrays = if name.starts_with("keras") {
            "keras.npz"
        } else {
            "models.npz"
        };
        let array = if name.starts_with("keras_") {
            name.trim_start_matches("keras_")
        } else {
            name
        };
        let input = data.join(arrays).display().to_string();
        let off = ["gauss-legendre:50", "adaptive"].map(|rule| {
            let run = format!(
                "explain --model {file} --input '{input}:{array}.x' --domain time --output 0 --time-axis 1 --rule {rule} --out o.npz"
            );
            let double = folder.json(&run);
            let exact = floats(&folder, "attribution");
            let single = folder.json(&format!("{run} --precision single"));
            let found = floats(&folder, "attribution");
            assert_eq!(
                (&double["precision"], &single["precision"]),
                (&"double".into(), &"single".into())
            );
            let largest = |a: &ArrayD<f64>| a.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
            largest(&(&found - &exact)) / largest(&exact)
        });
        println!(
            "{name}: {:.1e} of the largest attribution, {:.1e} by the adaptive rule",
            off[0], off[1]
        );
        worst = [0, 1].map(|i| worst[i].max(off[i]));
    }
    assert!(worst[0] < 1e-5, "{worst:?}");
}

#[test]
fn attribute_takes_onnx_files() {
    let folder = folder();
    let json = folder.json(
        "attribute --model classes.onnx --data x.npz:x --method neuron-gradient,integrated-gradients --out m.npz --report r.html --figures f",
    );
    assert_eq!(json["signals"], 3);
    let map = folder
        .array("m.npz", "neuron-gradient")
        .values
        .to_float::<f64>();
    // |w|, the same for all samples of a channel
    let expected = [[1.0, 0.0, 1.0], [0.0, 1.0, 2.0]];
    for ((c, k), a) in map
        .view()
        .into_dimensionality::<ndarray::Ix2>()
        .unwrap()
        .indexed_iter()
    {
        assert!((a - expected[c][k]).abs() < 1e-12);
    }
    let lags = folder
        .array("m.npz", "neuron-gradient_lags")
        .values
        .to_float::<f64>();
    assert_eq!(lags.shape(), [2, 8, 3]);
    assert!(folder.text("r.html").contains("output 2"));
    // times × channels: channels come first in the map all the same
    let json = folder.json("attribute --model keras.onnx --data x.npz:keras --method neuron-gradient --precision single --out m.npz");
    assert_eq!(json["precision"], "single");
    let lags = folder
        .array("m.npz", "neuron-gradient_lags")
        .values
        .to_float::<f64>();
    assert_eq!(lags.shape(), [2, 32, 1]);
    for t in 0..32 {
        let cosine = (std::f64::consts::TAU * 5.0 * t as f64 / 32.0).cos();
        assert!((lags[[0, t, 0]] - cosine.abs()).abs() < 1e-6 && lags[[1, t, 0]] == 0.0);
    }
    folder.json("attribute --model two.onnx --data x.npz:x --model-input x --model-output y --constant c=x.npz:c --method neuron-gradient --out m.npz");
    assert_eq!(
        folder
            .array("m.npz", "neuron-gradient")
            .values
            .to_float::<f64>()[[1, 0]],
        8.0
    );
    folder.fails_with(
        "attribute --model classes.onnx --data x.npz:x --significance --out m2.npz",
        &["--significance", "cannot be trained again"],
    );
    folder.fails_with(
        "attribute --model classes.onnx --data x.npz:x --out classes.onnx",
        &["classes.onnx"],
    );
}

/// y = (Σ x)(Σ c): from zero each input has half of the change. All of x's is at 0 Hz, and a
/// number c has `c Σ x / 2`.
#[test]
fn several_inputs_share_the_change() {
    let folder = folder();
    let mut arrays = xcebra::files::NpzOutput::create(&folder.path("c.npz")).unwrap();
    let c = Array2::from_shape_fn((3, 4), |(i, j)| (i + j) as f64 / 2.0 + 0.25);
    arrays.add("c", &c).unwrap();
    arrays
        .add("two", &c.slice(ndarray::s![..2, ..]).to_owned())
        .unwrap();
    arrays.commit().unwrap();
    let run = "explain --model two.onnx --model-output y --model-input x --model-input c --input x=x.npz:x --input c=c.npz:c \
               --domain x=rfft --fs x=8 --rule midpoint:2 --out o.npz";
    let json = folder.json(&format!("{run} --report r.html --figures f"));
    let x = folder.array("x.npz", "x").values.to_float::<f64>();
    let spectrum = floats(&folder, "x_attribution");
    let others = floats(&folder, "c_attribution");
    assert_eq!(
        (spectrum.shape(), others.shape()),
        (&[3, 2, 5][..], &[3, 4][..])
    );
    for i in 0..3 {
        let sum_x = x.index_axis(ndarray::Axis(0), i).sum();
        let sum_c = c.row(i).sum();
        for j in 0..4 {
            assert!((others[[i, j]] - c[[i, j]] * sum_x / 2.0).abs() < 1e-12);
        }
        for channel in 0..2 {
            let own: f64 = (0..8).map(|t| x[[i, channel, t]]).sum();
            assert!((spectrum[[i, channel, 0]] - own * sum_c / 2.0).abs() < 1e-12);
            assert!((1..5).all(|k| spectrum[[i, channel, k]].abs() < 1e-12));
        }
        // complete over both inputs
        let all = spectrum.index_axis(ndarray::Axis(0), i).sum()
            + others.index_axis(ndarray::Axis(0), i).sum();
        assert!((all - floats(&folder, "value")[[i]]).abs() < 1e-12);
        let half = json["inputs"][0]["attribution_sum"][i].as_f64().unwrap();
        assert!((half - sum_x * sum_c / 2.0).abs() < 1e-12);
    }
    assert_eq!(json["inputs"][0]["name"], "x");
    assert_eq!(json["inputs"][0]["domain"], "rfft");
    assert_eq!(json["inputs"][1]["domain"], "time");
    let text = folder.succeeds(run);
    assert!(
        text.contains("input x carries 50 % of the change"),
        "{text}"
    );
    assert!(
        text.contains("input c carries 50 % of the change"),
        "{text}"
    );
    let page = folder.text("r.html");
    assert!(page.contains("Which input?"));
    // from its mean over time, the sum of c does not change, so that x has all of the change
    let json = folder.json(&format!("{run} --baseline c=mean"));
    let from_mean = floats(&folder, "c_attribution");
    for i in 0..3 {
        let sum_x = x.index_axis(ndarray::Axis(0), i).sum();
        let mean = c.row(i).sum() / 4.0;
        for j in 0..4 {
            let expected = (c[[i, j]] - mean) * sum_x / 2.0;
            assert!((from_mean[[i, j]] - expected).abs() < 1e-12);
        }
        let sums = [0, 1].map(|k| json["inputs"][k]["attribution_sum"][i].as_f64().unwrap());
        assert!((sums[0] - sum_x * mean * 4.0).abs() < 1e-12 && sums[1].abs() < 1e-12);
    }
    for (flags, words) in [
        (
            run.replace("--input c=c.npz:c", ""),
            &["input c", "--input c=FILE"][..],
        ),
        (
            run.replace("c.npz:c", "c.npz:two"),
            &["3 signals", "c has 2"],
        ),
        (run.replace("--fs x=8", ""), &["input x", "--fs x=HZ"]),
        (
            run.replace("--domain x=", "--domain z="),
            &["--domain z=rfft", "x, c"],
        ),
        (
            format!("{run} --domains auto"),
            &["--domain", "--domains", "cannot be used with"],
        ),
        (
            format!("{} --domains auto", run.replace("--domain x=rfft", "")),
            &["--domains is for models of one input", "--model-input"],
        ),
        (
            format!("{run} --baseline-count 2"),
            &["--baseline-count", "one input"],
        ),
    ] {
        folder.fails_with(&flags, words);
    }
}

/// Nothing of the output gets past the hidden values once they are detached, so all of the change is residual.
#[test]
fn derivatives_stop_where_a_node_is_detached() {
    let folder = folder();
    let run = "explain --model classes.onnx --input x.npz:x --domain time --output 0 --rule midpoint:2 --out o.npz";
    let json = folder.json(&format!("{run} --detach hidden"));
    assert!(floats(&folder, "attribution").iter().all(|a| *a == 0.0));
    let notes = json["notes"].to_string();
    assert!(notes.contains("do not add up to the change"), "{notes}");
    assert_eq!(json["residual"], json["value"]);
    let error = folder.fails(&format!("{run} --detach nowhere"));
    assert!(
        error.contains("nowhere") && error.contains("--detach"),
        "{error}"
    );
}
