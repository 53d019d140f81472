//! The command `fit` as a user meets it: what it writes, and where.

use std::fs;

use crate::common::{Folder, RUN, SHORT, assert_self_contained, speed, state, x};
use xcebra::{FitFile, Run};

const HYBRID: &str = "
[data]
labels = { v = 'speed' }
[encoder]
name = 'offset1-mse'
outputs = 2
[[objective]]
positives = { kind = 'time', offset = 2 }
similarity = { kind = 'cosine', temperature = 0.5 }
[[objective]]
dims = [1, 2]
positives = { kind = 'time-delta', label = 'v' }
weight = 0.5
[[objective]]
positives = { kind = 'discrete', label = 'state' }
[regularizer]
start = 5
ramp = 5
projections = 0
[train]
steps = 20
batch = 32
log_every = 5
seed = 3
";

fn files(run: &str) -> Vec<String> {
    RUN.iter().map(|name| format!("{run}/{name}")).collect()
}

#[test]
fn fit_writes_a_run_that_says_how_it_was_made() {
    let folder = Folder::new();
    folder.recording();
    folder.write("fit.toml", HYBRID);
    let value = folder.json("fit --data data.npz --config fit.toml --out deep/run");
    for (field, expected) in [("samples", 200), ("channels", 4), ("steps", 20)] {
        assert_eq!(value[field], expected, "{field}");
    }
    assert!(value["loss"].is_number() && value["seconds"].is_number());
    let mut expected = files("deep/run");
    expected.extend(["data.npz", "deep", "deep/run", "fit.toml"].map(str::to_owned));
    expected.sort();
    assert_eq!(folder.entries(), expected);

    let asked = FitFile::parse(HYBRID, &[]).unwrap();
    let run = Run::load(&folder.path("deep/run")).unwrap();
    assert_eq!(run.settings, asked);
    assert_eq!(run.encoder.architecture().widths(), [4, 60, 60, 20, 2]);
    assert_eq!(run.channels.names, ["0", "1", "2", "3"]);
    for (c, mean) in run.channels.mean.iter().enumerate() {
        // two ways to add up 200 numbers of size 1
        assert!((mean - x().column(c).mean().unwrap()).abs() < 1e-12);
    }

    let curves = folder.text("deep/run/curves.csv");
    let steps: Vec<&str> = curves
        .lines()
        .map(|l| l.split(',').next().unwrap())
        .collect();
    assert_eq!(steps, ["step", "0", "5", "10", "15", "19"]);
    assert!(curves.starts_with("step,loss,align_0,uniform_0,align_1,uniform_1,align_2"));
    let log = folder.text("deep/run/log.txt");
    assert!(
        log.contains("200 samples × 4 channels") && log.contains("step 20 of 20"),
        "{log}"
    );

    let page = folder.text("deep/run/report.html");
    assert_self_contained(&page);
    for title in [
        "Loss",
        "Jacobian",
        "Embedding, coloured by v",
        "Embedding, coloured by state",
    ] {
        assert!(page.contains(title), "{title}");
    }
}

#[test]
fn the_saved_settings_and_any_number_of_threads_give_the_same_model() {
    let folder = Folder::new();
    folder.recording();
    folder.write("fit.toml", HYBRID);
    folder.succeeds("fit --data data.npz --config fit.toml --threads 1 --out a");
    folder.succeeds("fit --data data.npz --config a/config.toml --threads 3 --out b");
    folder.succeeds("fit --data data.npz --config fit.toml --set train.seed=4 --out c");
    let model = |run: &str| folder.bytes(&format!("{run}/model.safetensors"));
    assert_eq!(model("a"), model("b"));
    assert_ne!(model("a"), model("c"));
    assert_eq!(folder.text("a/config.toml"), folder.text("b/config.toml"));
    assert_eq!(folder.text("a/curves.csv"), folder.text("b/curves.csv"));
}

#[test]
fn quiet_says_nothing_and_json_nothing_but_json() {
    let folder = Folder::new();
    folder.recording();
    let output = folder.run(&format!("fit --quiet --data data.npz --out a {SHORT}"));
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("200 samples × 4 channels")
    );
    let output = folder.run(&format!("fit --json --data data.npz --out b {SHORT}"));
    assert!(output.status.success() && output.stderr.is_empty());
}

#[test]
fn every_format_gives_the_same_model() {
    let folder = Folder::new();
    let (x, speed, state) = (x(), speed(), state());
    folder.write_npz("data.npz", &[("traces", x.clone()), ("v", speed.clone())]);
    ndarray_npy::write_npy(folder.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(folder.path("v.npy"), &speed).unwrap();
    let mut table = String::from("name,a0,a1,a2,<script>,v,state\n");
    for ((row, v), s) in x.rows().into_iter().zip(&speed).zip(&state) {
        let row: Vec<String> = row.iter().map(f64::to_string).collect();
        table.push_str(&format!("text,{},{v},{s}\n", row.join(",")));
    }
    folder.write("data.csv", table);
    let objective = "[[objective]]\npositives = { kind = 'time-delta', label = 'v' }";
    folder.write("fit.toml", objective);
    folder.write("npy.toml", format!("data.labels.v = 'v.npy'\n{objective}"));
    for (data, config, out) in [
        ("data.npz:traces", "fit.toml", "a"),
        ("x.npy", "npy.toml", "b"),
        ("data.csv:a*,<script>", "fit.toml", "c"),
    ] {
        folder.succeeds(&format!(
            "fit --data {data} --config {config} --out {out} {SHORT}"
        ));
    }
    let model = |run: &str| folder.bytes(&format!("{run}/model.safetensors"));
    assert_eq!(model("a"), model("b"));
    assert_eq!(model("a"), model("c"));
    let run = Run::load(&folder.path("c")).unwrap();
    assert_eq!(run.settings.data.x, "a*,<script>");
    assert_eq!(run.channels.names, ["a0", "a1", "a2", "<script>"]);
    // names from a file are text in the page, not markup
    assert_self_contained(&folder.text("c/report.html"));
    let log = folder.text("a/log.txt");
    assert!(log.contains("data.npz, array traces"), "{log}");
}

#[test]
fn an_earlier_run_is_replaced_only_when_that_is_asked() {
    let folder = Folder::new();
    folder.trained();
    folder.write("run/stale", "");
    let again = format!("fit --data data.npz --out run {SHORT} --set train.seed=9");
    folder.fails_with(&again, &["run holds an earlier run", "--force"]);
    let before = folder.bytes("run/model.safetensors");
    // a failure with --force leaves the earlier run, too
    folder.fails_with(
        &format!("{again} --force --set data.x=y"),
        &["no array `y`"],
    );
    let data = "run/data.npz";
    fs::copy(folder.path("data.npz"), folder.path(data)).unwrap();
    let inside = again.replace("data.npz", data);
    folder.fails_with(
        &format!("{inside} --force"),
        &["run/data.npz is in run", "--out"],
    );
    fs::remove_file(folder.path(data)).unwrap();

    folder.succeeds(&format!("{again} --force"));
    assert_ne!(folder.bytes("run/model.safetensors"), before);
    let mut expected = files("run");
    expected.extend(["data.npz", "run"].map(str::to_owned));
    expected.sort();
    assert_eq!(folder.entries(), expected);
}

#[test]
fn other_folders_and_files_are_never_replaced() {
    let folder = Folder::new();
    folder.recording();
    fs::create_dir(folder.path("photos")).unwrap();
    folder.write("photos/cat", "");
    folder.write("file", "");
    for force in ["", "--force"] {
        for (out, part) in [
            ("photos", "not empty"),
            ("file", "a file of that name exists"),
            ("file/run", "file is not a folder"),
            ("file/deep/run", "file is not a folder"),
            ("/dev/full", "a file of that name exists"),
            ("/proc/run", "cannot write /proc/run"),
            ("..", "not a valid name for a new folder"),
        ] {
            folder.fails_with(
                &format!("fit --data data.npz --out {out} {force} {SHORT}"),
                &[part],
            );
        }
    }
    fs::create_dir(folder.path("empty")).unwrap();
    folder.succeeds(&format!("fit --data data.npz --out empty {SHORT}"));
    assert!(folder.path("empty/model.safetensors").is_file());
}

#[test]
fn an_error_in_json_is_one_object() {
    let folder = Folder::new();
    let output = folder.run("fit --json --data no.npz --out run");
    assert_eq!(output.status.code(), Some(2));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        value["error"].as_str().unwrap().contains("no.npz"),
        "{value}"
    );
    assert!(value["help"].is_string(), "{value}");
}

#[test]
fn a_diverging_training_says_what_to_try_and_leaves_nothing() {
    let folder = Folder::new();
    folder.recording();
    let arguments = format!(
        "fit --data data.npz --out new/run {SHORT} --set train.learning_rate=1e30 \
         --set encoder.name=offset1-mse"
    );
    folder.fails_with(
        &arguments,
        &["diverged at step", "smaller train.learning_rate"],
    );
}
