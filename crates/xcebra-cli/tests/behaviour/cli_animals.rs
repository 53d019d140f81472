//! Sessions with different channels: trained together, used by their names, gone on from, and adapted.

use crate::common::Folder;
use ndarray::{Array2, s};
use serde_json::Value;
use xcebra::Sessions;
use xcebra::core::Encoder;
use xcebra::synth::{Block, Connectivity, DatasetConfig};

const SETTINGS: &str = "
[encoder]
outputs = 2
[[objective]]
positives = { kind = 'time-delta', label = 'z' }
[regularizer]
start = 5
ramp = 5
[train]
steps = 30
batch = 64
learning_rate = 3e-3
log_every = 5
";

/// A recording of one latent process.
fn animal(folder: &Folder, name: &str, channels: usize, seed: u64) {
    let block = Block {
        channels,
        inputs: vec![0],
    };
    let connectivity = Connectivity::new(vec![2], vec![block]).unwrap();
    let data = DatasetConfig::new(connectivity).samples(600).seed(seed);
    let data = data.generate::<f64>().unwrap();
    folder.write_npz(name, &[("x", data.x), ("z", data.z)]);
}

/// Three animals of 5, 8 and 6 channels.
fn animals() -> Folder {
    let folder = Folder::new();
    for (name, channels, seed) in [("a.npz", 5, 1), ("b.npz", 8, 2), ("c.npz", 6, 3)] {
        animal(&folder, name, channels, seed);
    }
    folder.write("fit.toml", SETTINGS);
    folder
}

const FIT: &str = "fit --data a.npz --data b.npz --config fit.toml";

fn encoder(folder: &Folder, file: &str) -> Encoder<f32> {
    Encoder::load(folder.path(file)).unwrap()
}

#[test]
fn each_animal_has_an_encoder_and_a_map() {
    let folder = animals();
    let value = folder.json(&format!("{FIT} --out run"));
    assert_eq!(
        (&value["samples"], &value["sessions"]),
        (&1200.into(), &2.into())
    );
    let channels = |subject: usize| value["subjects"][subject]["channels"].clone();
    assert_eq!([channels(0), channels(1)], [Value::from(5), Value::from(8)]);
    for subject in 0..2 {
        let read = &value["subjects"][subject]["diagnostics"]["other_subjects"]["z"];
        assert!(read[0].as_f64().unwrap() <= 1.0, "{read}");
    }
    let notes = value["notes"].to_string();
    assert!(
        notes.contains("subject 1 is session 1 with 8 channels"),
        "{notes}"
    );
    let log = folder.text("run/log.txt");
    assert!(log.contains("1200 samples × 5 and 8 channels"), "{log}");
    let report = folder.text("run/report.html");
    assert!(report.contains("Subject 1:") && report.contains("5 and 8 channels"));
    assert_eq!(
        encoder(&folder, "run/model.safetensors")
            .architecture()
            .inputs,
        5
    );
    assert_eq!(
        encoder(&folder, "run/model-1.safetensors")
            .architecture()
            .inputs,
        8
    );

    for (session, file, channels) in [("0", "a.npz", 5), ("b.npz", "b.npz", 8), ("b", "b.npz", 8)] {
        let of = format!("--model run --session {session} --data {file}");
        folder.succeeds(&format!("embed {of} --out e.npz"));
        assert_eq!(folder.array("e.npz", "embedding").shape(), [600, 2]);
        folder.succeeds(&format!("attribute {of} --out m.npz"));
        assert_eq!(folder.array("m.npz", "ing").shape(), [channels, 2]);
    }
    // as the files of the encoders say
    let b = folder.array("b.npz", "x").matrix::<f64>().unwrap();
    let mean = b.mean_axis(ndarray::Axis(0)).unwrap();
    let scaled = ((&b - &mean) / b.std_axis(ndarray::Axis(0), 0.0)).mapv(|v| v as f32);
    let edges = xcebra::core::Edges::Pad;
    let expected = encoder(&folder, "run/model-1.safetensors").embed(scaled.view(), edges);
    folder.succeeds("embed --model run --session 1 --data b.npz --out e.npz");
    let found = folder.array("e.npz", "embedding").matrix::<f32>().unwrap();
    let far = (&found - &expected.unwrap().values).mapv(f32::abs);
    // rounding of the scaled values
    assert!(far.iter().all(|&d| d < 1e-4));
}

#[test]
fn sessions_that_are_not_there_are_named() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out run"));
    for (arguments, parts) in [
        (
            "embed --model run --data a.npz",
            &["2 subjects", "--session", "0 (a.npz), 1 (b.npz)"][..],
        ),
        (
            "attribute --model run --session 2 --data a.npz",
            &["no session `2`", "1 (b.npz)"],
        ),
        (
            "embed --model run --session c.npz --data c.npz",
            &["no session `c.npz`"],
        ),
        (
            "embed --model run --session 1 --data a.npz",
            &["5 channels", "trained on 8"],
        ),
    ] {
        folder.fails_with(&format!("{arguments} --out o.npz"), parts);
    }
    // of one session, the first may be named
    folder.succeeds("fit --data a.npz --config fit.toml --out one");
    folder.succeeds("embed --model one --session 0 --data a.npz --out o.npz");
    folder.succeeds("embed --model one --session a.npz --data a.npz --out o.npz");
    folder.fails_with(
        "embed --model one --session 1 --data a.npz --out p.npz",
        &["no session `1`"],
    );
}

#[test]
fn who_is_one_subject_is_a_setting() {
    let folder = animals();
    animal(&folder, "again.npz", 5, 4);
    let sessions = |run: &str| Sessions::load(&folder.path(run)).unwrap().unwrap();
    let data = "--data a.npz --data b.npz --data again.npz";
    folder.succeeds(&format!("fit {data} --config fit.toml --out by-channels"));
    assert_eq!(sessions("by-channels").subjects, [0, 1, 0]);
    let each = "--set data.subjects=sessions";
    folder.succeeds(&format!(
        "fit {data} --config fit.toml {each} --out by-session"
    ));
    assert_eq!(sessions("by-session").subjects, [0, 1, 2]);
    // the same names in another order are a mistake before they are another animal
    folder.write(
        "one.csv",
        "u,v,z\n".to_owned() + &rows(|t| format!("{},{},{}", t % 7, t % 5, t % 3)),
    );
    folder.write(
        "two.csv",
        "v,u,z\n".to_owned() + &rows(|t| format!("{},{},{}", t % 5, t % 7, t % 3)),
    );
    let tables = "fit --data one.csv --data two.csv --config fit.toml";
    folder.fails_with(&format!("{tables} --out tables"), &["another order"]);
    // columns that are chosen by name come in the order of the choice: one subject, one scale
    folder.succeeds(&format!("{tables} --set data.x=u,v --out tables"));
    assert_eq!(sessions("tables").subjects, [0, 0]);
    let channels: Value = serde_json::from_str(&folder.text("tables/channels.json")).unwrap();
    assert_eq!(channels["names"], serde_json::json!(["u", "v"]));
    let mean = |k: usize| channels["mean"][k].as_f64().unwrap();
    // of t mod 7 and t mod 5 over 200 samples, in float32
    assert!((mean(0) - 2.97).abs() < 1e-6 && (mean(1) - 2.0).abs() < 1e-6);
}

fn rows(row: impl Fn(usize) -> String) -> String {
    (0..200).map(|t| row(t) + "\n").collect()
}

#[test]
fn a_break_in_the_training_of_animals_changes_no_byte() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out whole"));
    let mut child = folder.spawn(&format!(
        "{FIT} --out run --checkpoint-every 0 --set train.steps=30"
    ));
    crate::common::wait_for(&folder.path("run/checkpoint.safetensors"));
    let _ = child.kill();
    child.wait().unwrap();
    folder.succeeds("fit --resume run");
    for file in [
        "model.safetensors",
        "model-1.safetensors",
        "channels-1.json",
        "curves.csv",
    ] {
        let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
        assert!(of("whole") == of("run"), "{file}");
    }
}

#[test]
fn a_new_animal_joins_and_the_others_keep_their_bytes() {
    let folder = animals();
    for shared in ["none", "trunk"] {
        let run = format!("run-{shared}");
        folder.succeeds(&format!("{FIT} --set encoder.shared={shared} --out {run}"));
        let out = format!("three-{shared}");
        let value = folder.json(&format!(
            "fit --adapt {run} --data c.npz --set train.steps=40 --out {out}"
        ));
        assert!(value["basis"]["z"][1].as_f64().unwrap() <= 1.0, "{value}");
        assert_eq!(value["steps"], 40);
        for file in [
            "model.safetensors",
            "model-1.safetensors",
            "channels.json",
            "channels-1.json",
        ] {
            let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
            assert!(of(&run) == of(&out), "{file}");
        }
        let [old, new] = [
            format!("{run}/model.safetensors"),
            format!("{out}/model-2.safetensors"),
        ]
        .map(|file| encoder(&folder, &file));
        assert_eq!(new.architecture().inputs, 6);
        let trunk = |e: &Encoder<f32>| e.parameters()[e.layout()[2].2..].to_vec();
        assert_eq!(trunk(&old) == trunk(&new), shared == "trunk");
        let report = folder.text(&format!("{out}/report.html"));
        assert!(report.contains("The basis "), "no verdict on the basis");
        folder.succeeds(&format!(
            "attribute --model {out} --session c.npz --data c.npz --out m.npz"
        ));
        assert_eq!(folder.array("m.npz", "ing").shape(), [6, 2]);
    }
    folder.fails_with(
        "fit --adapt run-none --data c.npz --out run-none --force",
        &["would be replaced"],
    );
    folder.fails_with("fit --adapt nowhere --data c.npz --out o", &["nowhere"]);
    let other = "fit --adapt run-none --data c.npz --set encoder.outputs=3 --out o";
    folder.fails_with(other, &["does not describe the encoders"]);
}

#[test]
fn a_training_goes_on_from_a_run() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out run"));
    // a step of nothing leaves the encoders as they are
    folder
        .succeeds("fit --from run --set train.steps=1 --set train.learning_rate=1e-30 --out same");
    folder.succeeds("fit --from run --set train.steps=20 --out more");
    for file in ["model.safetensors", "model-1.safetensors"] {
        let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
        assert!(of("run") == of("same") && of("run") != of("more"), "{file}");
    }
    assert_eq!(
        folder.bytes("run/channels-1.json"),
        folder.bytes("more/channels-1.json")
    );
    folder.succeeds("fit --from run --data a.npz --data b.npz --set train.steps=20 --out given");
    assert!(folder.bytes("more/model.safetensors") == folder.bytes("given/model.safetensors"));
    folder.fails_with(
        "fit --from run --data a.npz --data c.npz --out o",
        &["not those of the run"],
    );
}

#[test]
fn entries_of_an_animals_map_are_tested() {
    let folder = animals();
    let x: Array2<f64> = folder.array("b.npz", "x").matrix().unwrap();
    assert_eq!(x.slice(s![.., 0]).len(), 600);
    folder.succeeds(&format!("{FIT} --out run"));
    let test = "attribute --model run --session 1 --data b.npz --significance 10 --blocks 10";
    let value = folder.json(&format!("{test} --out m.npz"));
    assert_eq!(value["maps"]["ing"]["significance"]["trainings"], 10);
    assert_eq!(folder.array("m.npz", "ing_p").shape(), [8, 2]);
    let shifted = format!("{test} --null shifted-labels --p-values fitted --out s.npz");
    folder.succeeds(&shifted);
}
