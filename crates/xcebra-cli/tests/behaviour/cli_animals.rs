//! Sessions with different channels: trained together, used by their names, and tested.

use crate::common::{Folder, wait_for};
use serde_json::Value;
use xcebra::Sessions;
use xcebra::core::Encoder;
use xcebra::synth::{Block, Connectivity, DatasetConfig};

pub const SETTINGS: &str = "
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
pub fn animal(folder: &Folder, name: &str, channels: usize, seed: u64) {
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
pub fn animals() -> Folder {
    let folder = Folder::new();
    for (name, channels, seed) in [("a.npz", 5, 1), ("b.npz", 8, 2), ("c.npz", 6, 3)] {
        animal(&folder, name, channels, seed);
    }
    folder.write("fit.toml", SETTINGS);
    folder
}

pub const FIT: &str = "fit --data a.npz --data b.npz --config fit.toml";

pub fn encoder(folder: &Folder, file: &str) -> Encoder<f32> {
    Encoder::load(folder.path(file)).unwrap()
}

/// Trains once in one go and once with a break, to the same bytes.
pub fn assert_a_break_changes_nothing(folder: &Folder, fit: &str, subjects: usize) {
    let long = format!("{fit} --set train.steps=600");
    folder.succeeds(&format!("{long} --out whole"));
    let mut child = folder.spawn(&format!("{long} --out broken --checkpoint-every 0"));
    wait_for(&folder.path("broken/checkpoint.safetensors"));
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(running, "too fast to be killed");
    folder.succeeds("fit --resume broken");
    let log = folder.text("broken/log.txt");
    assert!(log.contains("resumed after step"), "{log}");
    let mut files = vec!["curves.csv".to_owned(), "sessions.json".to_owned()];
    for subject in 0..subjects {
        let number = match subject {
            0 => String::new(),
            _ => format!("-{subject}"),
        };
        files.push(format!("model{number}.safetensors"));
        files.push(format!("channels{number}.json"));
    }
    for file in files {
        let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
        assert!(of("whole") == of("broken"), "{fit}: {file}");
    }
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
    assert_a_break_changes_nothing(&folder, FIT, 2);
}

#[test]
fn entries_of_an_animals_map_are_tested() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out run"));
    let test = "attribute --model run --session 1 --data b.npz --significance 10 --blocks 10";
    let value = folder.json(&format!("{test} --out m.npz"));
    assert_eq!(value["maps"]["ing"]["significance"]["trainings"], 10);
    assert!(value["maps"]["ing"]["significance"]["left_out"].is_array());
    assert_eq!(folder.array("m.npz", "ing_p").shape(), [8, 2]);
    let shifted = format!("{test} --null shifted-labels --p-values fitted --out s.npz");
    let value = folder.json(&shifted);
    assert_eq!(
        value["maps"]["ing"]["significance"]["left_out"],
        serde_json::json!([])
    );
    assert_eq!(
        value["maps"]["ing"]["significance"]["null"],
        "shifted-labels"
    );
    let p = |file: &str| folder.array(file, "ing_p").matrix::<f64>().unwrap();
    let (resampled, shifted) = (p("m.npz"), p("s.npz"));
    assert_eq!(shifted.shape(), [8, 2]);
    assert!(shifted.iter().all(|p| (0.0..=1.0).contains(p)), "{shifted}");
    // another question has another answer
    assert_ne!(resampled, shifted);
}
