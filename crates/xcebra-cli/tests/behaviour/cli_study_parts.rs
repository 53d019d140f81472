//! Maps, embeddings and explanations in pieces: gathered to the bytes of one process.

use std::fs;
use std::path::Path;

use ndarray::{Array1, Array2, Array3};
use serde_json::Value;

use crate::common::Folder;

/// The answer without what depends on time and place.
fn told(answer: Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let kept = fields.into_iter();
            let kept = kept.filter(|(name, _)| name != "seconds" && name != "out");
            kept.map(|(name, value)| (name, told(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(told).collect(),
        other => other,
    }
}

/// A page without how long its work took.
fn untimed(page: &str) -> String {
    let words = page.split(' ').filter(|word| {
        let number = word.trim_end_matches(['s', ',', '.']);
        number.parse::<f64>().is_err()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Runs a command whole and in pieces, and compares what they write.
fn assert_same(folder: &Folder, command: &str, pieces: usize) -> Value {
    for old in ["whole.npz", "study", "gathered.npz"] {
        let path = folder.path(old);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
    }
    let whole = folder.json(&format!("{command} --out whole.npz"));
    let planned = folder.json(&format!("plan {command} --pieces {pieces} --out study"));
    assert_eq!(planned["pieces"], pieces);
    folder.fails_with(
        "gather study --out gathered.npz",
        &["pieces are missing: 0"],
    );
    // the last piece first, and the rest together
    folder.succeeds(&format!("run study --piece {}", pieces - 1));
    folder.succeeds("run study --threads 2");
    let gathered = folder.json("gather study --out gathered.npz");
    assert_eq!(told(gathered.clone()), told(whole), "{command}");
    assert!(
        folder.bytes("whole.npz") == folder.bytes("gathered.npz"),
        "{command}"
    );
    gathered
}

fn models() -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for model in ["classes.onnx", "two.onnx", "keras.onnx"] {
        fs::copy(data.join(model), folder.path(model)).unwrap();
    }
    let mut arrays = xcebra::files::NpzOutput::create(&folder.path("x.npz")).unwrap();
    let x = Array3::from_shape_fn((7, 2, 8), |(i, c, t)| {
        ((i * 5 + c * 3 + t) as f64 * 0.9).sin()
    });
    arrays.add("x", &x).unwrap();
    let two = Array2::from_shape_fn((7, 4), |(i, t)| (i * t) as f64 / 5.0);
    arrays.add("c", &two).unwrap();
    let baselines = Array3::from_shape_fn((3, 2, 8), |(i, c, t)| (i * (c + 1) + t) as f64 / 8.0);
    arrays.add("baselines", &baselines).unwrap();
    let label = Array1::from(vec![7.0, 2.0, 7.0, 2.0, 7.0, 7.0, 2.0]);
    arrays.add("label", &label).unwrap();
    arrays.commit().unwrap();
    folder
}

#[test]
fn explanations_in_pieces_are_those_of_one_process() {
    let folder = models();
    let explain = "explain --model classes.onnx --input x.npz:x --fs 8";
    for (flags, pieces) in [
        ("--output all --group-by label --bands low=0-2", 3),
        (
            "--domains rfft,dct,time --random-orders 3 --output predicted",
            7,
        ),
        ("--baseline x.npz:baselines --baseline-count 2 --seed 5", 2),
        (
            "--output 2-0 --baseline mean --domain pca --signals 1..4,6 --group-by predicted",
            4,
        ),
        (
            "--precision single --rule midpoint:3 --gradient differences",
            1,
        ),
    ] {
        assert_same(&folder, &format!("{explain} {flags}"), pieces);
    }
    let two = "explain --model two.onnx --model-input x --model-input c --model-output y \
               --input x=x.npz:x --input c=x.npz:c --domain x=dct --fs x=8 --baseline c=mean";
    assert_same(&folder, two, 3);
}

#[test]
fn a_gathered_explanation_has_the_report_of_one_process() {
    let folder = models();
    let explain = "explain --model classes.onnx --input x.npz:x --fs 8 --random-orders 4";
    folder.succeeds(&format!("{explain} --out m.npz --report whole.html"));
    folder.succeeds(&format!("plan {explain} --out study"));
    folder.succeeds("run study");
    folder.succeeds("gather study --out m2.npz --report gathered.html");
    let [whole, gathered] = ["whole.html", "gathered.html"].map(|page| untimed(&folder.text(page)));
    assert_eq!(whole.len(), gathered.len());
    assert!(whole == gathered);
    assert!(folder.bytes("m.npz") == folder.bytes("m2.npz"));
}

#[test]
fn maps_and_embeddings_in_pieces_are_those_of_one_process() {
    let folder = Folder::new();
    folder.trained();
    // 3 blocks of maps and 2 stretches of an embedding
    let long = Array2::from_shape_fn((17_000, 4), |(t, c)| {
        (0.07 * t as f64 * (c + 1) as f64).sin() + 0.2 * (1.3 * t as f64).cos()
    });
    folder.write_npz("long.npz", &[("x", long)]);
    let maps = "attribute --model run --data long.npz --method";
    assert_same(
        &folder,
        &format!("{maps} ing,neuron-gradient,integrated-gradients(baseline=mean),gradient-shap"),
        4,
    );
    assert_same(&folder, &format!("{maps} feature-ablation"), 3);
    for edges in ["pad", "drop"] {
        let embed = format!("embed --model run --data long.npz --edges {edges}");
        assert_same(&folder, &embed, 2);
    }
    folder.succeeds("gather study --out again.npz --report e.html");
    assert!(folder.text("e.html").contains("embedding of 17000 samples"));
    folder.fails_with(
        "plan embed --model run --data long.npz --pieces 3 --out p",
        &["embed comes in 2 pieces at most"],
    );

    let folder = models();
    let attribute = "attribute --model classes.onnx --data x.npz:x --method";
    // a batch of one signal, so blocks of four
    let gathered = assert_same(
        &folder,
        &format!("{attribute} shapley-sampling(permutations=8000)"),
        2,
    );
    assert_eq!(gathered["signals"], 7);
}

#[test]
fn pieces_keep_what_they_have_and_refuse_what_is_not_theirs() {
    let folder = models();
    let explain = "explain --model classes.onnx --input x.npz:x --fs 8";
    folder.succeeds(&format!("plan {explain} --pieces 2 --out study"));
    folder.succeeds("run study");
    let kept = folder.path("study/pieces/000000/000001.f64");
    let content = fs::read(&kept).unwrap();
    fs::write(&kept, &content[..content.len() - 8]).unwrap();
    folder.fails_with(
        "gather study --out m.npz",
        &["000001.f64", "plan the study again"],
    );
    fs::write(&kept, &content).unwrap();
    folder.fails_with(
        "gather study --out m.npz --report m.npz",
        &["--report", "--out"],
    );
    folder.succeeds("gather study --out m.npz");

    for (flags, words) in [
        (
            "--report r.html",
            &["--report has no meaning in a plan"][..],
        ),
        ("--pieces 8", &["explain comes in 7 pieces at most"]),
        ("--output 9", &["no output 9"]),
        ("--signals 5..9", &["reaches beyond the 7 signals"]),
    ] {
        folder.fails_with(&format!("plan {explain} {flags} --out p"), words);
    }
    folder.fails_with(
        "plan attribute --model classes.onnx --data x.npz:x --significance 5 --out p",
        &["plan significance"],
    );
    // data that have changed are not the plan's
    folder.succeeds(&format!("plan {explain} --pieces 2 --out other"));
    fs::copy(folder.path("m.npz"), folder.path("x.npz")).unwrap();
    folder.fails_with("run other --piece 0", &["x.npz is not the file"]);
}
