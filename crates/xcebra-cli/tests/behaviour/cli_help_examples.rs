//! Every example in a help text runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::{Folder, x};
use assert_cmd::cargo::cargo_bin;
use ndarray::{Array2, Axis, s};

/// The commands in a help text, whose long ones go on in the next line.
fn examples(folder: &Folder, command: &str) -> Vec<String> {
    let text = folder.succeeds(&format!("{command} --help"));
    let lines = text.lines().map(str::trim);
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines.skip_while(|line| *line != "Examples:") {
        if line.starts_with("xcebra ") {
            found.push(line.to_owned());
        } else if goes_on && !line.is_empty() && !line.ends_with(':') {
            let last = found.last_mut().unwrap();
            *last = format!("{last} {line}");
        }
        goes_on = line.starts_with("xcebra ");
    }
    found
}

/// Runs a line as a shell does, trainings cut to a few steps.
fn run(folder: &Folder, line: &str) -> Output {
    let short = match line {
        _ if line.contains(" --resume ") => "",
        _ if line.contains(" chance ") => {
            " --set train.steps=12 --set train.batch=16 --trainings 2"
        }
        _ if line.contains(" search ") => " --set train.steps=12 --set train.batch=16",
        _ if line.contains(" fit ") => {
            " --force --set train.steps=12 --set train.batch=16 --set regularizer.start=2 \
             --set regularizer.ramp=2"
        }
        _ if line.contains(" demo") => " --steps 3",
        _ => "",
    };
    let program = cargo_bin("xcebra");
    let programs = program
        .parent()
        .unwrap_or(Path::new("."))
        .display()
        .to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("sh")
        .args(["-c", &format!("{line}{short}")])
        .env("PATH", format!("{programs}:{path}"))
        .current_dir(folder.path(""))
        .output()
        .unwrap()
}

fn succeeds(folder: &Folder, line: &str) {
    let output = run(folder, line);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {error}");
}

/// A folder with the files that examples name.
fn files() -> Folder {
    let folder = Folder::new();
    folder.succeeds("synth --dims 4 --samples 800 --seed 1 --out data.npz");
    let array = |name: &str| folder.array("data.npz", name).matrix::<f64>().unwrap();
    let (samples, latents, map) = (array("x"), array("z2"), array("map"));
    folder.write_npz(
        "data.npz",
        &[
            ("x", samples.clone()),
            ("traces", samples.clone()),
            ("z2", latents.clone()),
            ("map", map.clone()),
        ],
    );
    let heading = latents.column(0).to_owned().insert_axis(Axis(1));
    let state = heading.mapv(|z| f64::from(u8::from(z > 0.0)));
    for day in ["monday", "tuesday"] {
        folder.write_npz(
            &format!("{day}.npz"),
            &[
                ("x", samples.clone()),
                ("z2", latents.clone()),
                ("heading", heading.clone()),
                ("state", state.clone()),
            ],
        );
        let embedding = ("embedding", samples.slice(s![.., ..3]).to_owned());
        folder.write_npz(&format!("{day}-embedding.npz"), &[embedding]);
    }
    // animals of which other neurons were recorded
    for (rat, channels) in [("rat1", 20), ("rat2", 25), ("rat3", 15)] {
        let seen = samples.slice(s![.., ..channels]).to_owned();
        folder.write_npz(
            &format!("{rat}.npz"),
            &[
                ("x", seen.clone()),
                ("z2", latents.column(0).to_owned().insert_axis(Axis(1))),
            ],
        );
        folder.write_npz(&format!("{rat}-embedding.npz"), &[("embedding", seen)]);
    }
    folder.write(
        "fit.toml",
        "[encoder]\noutputs = 4\n[[objective]]\npositives = { kind = 'time-delta', label = 'z2' }",
    );
    folder.write("gait.toml", "[encoder]\noutputs = 2");
    let mut table = "ankle_x,ankle_y,ankle_z\n".to_owned();
    for row in x().slice(s![.., ..3]).axis_iter(Axis(0)) {
        table += &format!("{},{},{}\n", row[0], row[1], row[2]);
    }
    folder.write("walk.csv", &table);
    folder.write("tuesday.csv", &table);
    let csv = |map: &Array2<f64>| {
        let rows = map.rows().into_iter();
        let rows = rows.map(|row| row.iter().map(f64::to_string).collect::<Vec<_>>().join(","));
        rows.collect::<Vec<_>>().join("\n")
    };
    folder.write("truth.csv", csv(&map));
    ndarray_npy::write_npy(folder.path("map.npy"), &map).unwrap();
    let model = include_bytes!("../data/band.onnx");
    folder.write("hr.onnx", model);
    let signals = Array2::from_shape_fn((2, 64), |(i, t)| (0.4 * (t + i) as f64).sin());
    folder.write_npz("pulse.npz", &[("x", signals.clone())]);
    folder.write("eeg.onnx", model);
    folder.write_npz("trials.npz", &[("x", signals)]);
    folder
}

#[test]
fn examples_run() {
    let folder = files();
    let overview = examples(&folder, "");
    assert!(overview.len() > 5, "{overview:?}");
    for line in overview {
        // the recording of the others stays what the examples of each command need
        succeeds(&folder, &line);
    }
    let folder = files();
    for line in examples(&folder, "fit") {
        if line.contains("--resume") {
            continue;
        }
        // an example of `embed` has written a file of the same name
        fs::copy(folder.path("monday.npz"), folder.path("tuesday.npz")).unwrap();
        succeeds(&folder, &line);
        if line.contains("walk.csv") {
            let embed = examples(&folder, "embed");
            let line = embed.iter().find(|line| line.contains("tuesday.csv"));
            succeeds(&folder, line.unwrap());
        }
    }
    succeeds(
        &folder,
        "xcebra fit --data data.npz --config fit.toml --out run",
    );
    // the run is finished, which is what it says
    succeeds(&folder, "xcebra fit --resume run");
    for line in examples(&folder, "embed") {
        if !line.contains("tuesday") {
            succeeds(&folder, &line);
        }
    }
    for command in [
        "attribute",
        "synth",
        "eval",
        "decode",
        "compare",
        "chance",
        "search",
        "demo",
    ] {
        if command == "synth" {
            // writes another data.npz
            let folder = Folder::new();
            examples(&folder, command)
                .iter()
                .for_each(|line| succeeds(&folder, line));
            continue;
        }
        let lines = examples(&folder, command);
        assert!(!lines.is_empty(), "{command}");
        for line in lines {
            succeeds(&folder, &line);
        }
    }
    // of `explain` those whose model and files are here
    for line in examples(&folder, "explain") {
        if line.contains("pulse.npz") || line.contains("--model run") {
            succeeds(&folder, &line);
        }
    }
}

#[test]
fn settings_that_help_and_errors_name_can_be_set() {
    let folder = files();
    let help = folder.succeeds("fit --help");
    let example = help.split("such as train.steps=4000 or ").nth(1).unwrap();
    let example = example.split(';').next().unwrap().trim();
    succeeds(
        &folder,
        &format!("xcebra fit --data data.npz --out run --set {example}"),
    );
    let error = folder.fails("fit --data data.npz --out new --set nonsense=1");
    let advised = error.split("such as ").nth(1).unwrap();
    let advised: Vec<&str> = advised
        .split_whitespace()
        .filter(|w| w.contains('='))
        .collect();
    assert_eq!(advised.len(), 2, "{error}");
    for set in advised {
        succeeds(
            &folder,
            &format!("xcebra fit --data data.npz --out run --set {set}"),
        );
    }
    // what an error calls a setting is what --set reads
    for (set, field) in [
        ("objective.0.dims=[0,9]", "objective.0.dims"),
        ("objective.0.weight=-1", "objective.0.weight"),
        (
            "objective.0.positives.offset=0",
            "objective.0.positives.offset",
        ),
    ] {
        let kind = "--set objective.0.positives={kind=\"time\",offset=1}";
        let error = folder.fails(&format!("fit --data data.npz --out new {kind} --set {set}"));
        assert!(error.contains(field), "{error}");
        succeeds(
            &folder,
            &format!(
                "xcebra fit --data data.npz --out run --set {field}={}",
                match field {
                    "objective.0.dims" => "[0,2]",
                    "objective.0.weight" => "2",
                    _ => "3",
                }
            ),
        );
    }
    folder.fails_with(
        "fit --data data.npz --out new --set objective.0.loss=mse --set objective.0.label=z2 \
         --set objective.1.loss=mse --set objective.1.label=z2 --set objective.1.dims=[0,2]",
        &["objective.0.dims", "`z2`"],
    );
}
