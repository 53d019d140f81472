//! Searches over settings: their table, their best run, and how they go on.

use std::fs;

use crate::common::{Folder, SHORT, assert_self_contained, interrupt, speed, state, wait_for, x};
use ndarray::Array2;
use serde_json::Value;

const GRID: &str = "--grid encoder.outputs=[2,3] --grid train.learning_rate=[1e-3,1e-5]";

fn search(out: &str) -> String {
    format!(
        "search --data data.npz {} {GRID} --out {out}",
        SHORT.replace("--set encoder.outputs=2 ", "")
    )
}

fn fits(value: &Value) -> Vec<f64> {
    let runs = value["runs"].as_array().unwrap();
    runs.iter()
        .map(|run| run["fit"].as_f64().unwrap())
        .collect()
}

#[test]
fn every_choice_is_trained_and_the_best_is_named() {
    let folder = Folder::new();
    folder.recording();
    let value = folder.json(&search("s"));
    let found = fits(&value);
    assert_eq!(
        (found.len(), &value["unit"]),
        (4, &"bits over chance".into())
    );
    let best = found
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .unwrap()
        .0;
    assert_eq!(value["best"], format!("s/{best:04}"));
    assert_eq!(
        value["runs"][1]["set"][1],
        "train.learning_rate=1e-5".replace("1e-5", "0.00001")
    );
    // what the table calls the fit is what the run says of itself
    let told: Value =
        serde_json::from_str(&folder.text(&format!("s/{best:04}/diagnostics.json"))).unwrap();
    assert_eq!(
        (&told["bits_held_out"], told["bits"][0].as_f64()),
        (&true.into(), Some(found[best]))
    );
    assert!(
        value["notes"]
            .to_string()
            .contains("a fifth of the samples")
    );
    let table = folder.text("s/search.csv");
    assert!(
        table.starts_with("run,encoder.outputs,train.learning_rate,fit,loss,failed\n0000,2,"),
        "{table}"
    );
    assert_self_contained(&folder.text("s/report.html"));
    // each is the run that `fit` makes with the same settings
    let set =
        "--set encoder.outputs=3 --set train.learning_rate=1e-3 --set validation.held_out=0.2";
    folder.succeeds(&format!("fit --data data.npz --out alone {SHORT} {set}"));
    assert_eq!(
        folder.bytes("alone/model.safetensors"),
        folder.bytes("s/0002/model.safetensors")
    );
    let text = folder.succeeds(&search("s"));
    assert!(
        text.contains("Of 4 runs, s/") && text.contains("biased upwards"),
        "{text}"
    );
}

#[test]
fn a_search_goes_on_where_it_ended() {
    let folder = Folder::new();
    folder.recording();
    folder.succeeds(&search("whole"));
    folder.succeeds(&search("part"));
    // as if it had been killed in its third run
    let written = |name: &str| fs::metadata(folder.path(name)).unwrap().modified().unwrap();
    let before = written("part/0000/model.safetensors");
    fs::remove_dir_all(folder.path("part/0002")).unwrap();
    fs::remove_dir_all(folder.path("part/0003")).unwrap();
    fs::remove_file(folder.path("part/search.csv")).unwrap();
    folder.succeeds(&search("part"));
    assert_eq!(
        before,
        written("part/0000/model.safetensors"),
        "a finished run was made again"
    );
    assert_eq!(
        folder.bytes("whole/search.csv"),
        folder.bytes("part/search.csv")
    );
    for run in 0..4 {
        let model = |search: &str| folder.bytes(&format!("{search}/{run:04}/model.safetensors"));
        assert_eq!(model("whole"), model("part"), "{run}");
    }
    // nor are other data under the same name, even where a run is still to be made
    let whole = folder.bytes("data.npz");
    let mut changed = x();
    changed[[150, 2]] += 1e-3;
    let labels = [("speed", speed()), ("state", state())];
    let [speed, state] = labels;
    folder.write_npz("data.npz", &[("x", changed), speed, state]);
    fs::remove_dir_all(folder.path("part/0003")).unwrap();
    folder.fails_with(
        &search("part"),
        &["a search with different settings or data"],
    );
    folder.write("data.npz", whole);
    // another search is not mixed with it
    folder.fails_with(
        &search("part").replace("[2,3]", "[2,4]"),
        &["a search with different settings or data"],
    );
}

#[test]
fn an_interrupted_run_goes_on_from_its_checkpoint() {
    let folder = Folder::new();
    folder.recording();
    let long = "search --data data.npz --set train.steps=1500 --set train.batch=32 --set encoder.outputs=2 \
                --grid train.seed=[1,2] --checkpoint-every 0 --out s";
    let child = folder.spawn_interruptible(long);
    wait_for(&folder.path("s/0000/checkpoint.safetensors"));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(error.contains("run the same command again"), "{error}");
    let quick = long.replace(" --checkpoint-every 0", "");
    folder.succeeds(&quick);
    assert!(folder.text("s/0000/log.txt").contains("resumed after step"));
    folder.succeeds(&quick.replace("--out s", "--out whole"));
    assert_eq!(
        folder.bytes("s/search.csv"),
        folder.bytes("whole/search.csv")
    );
}

#[test]
fn random_choices_and_runs_that_fail() {
    let folder = Folder::new();
    folder.recording();
    let some = format!("{} --random 2 --seed 3", search("some"));
    let value = folder.json(&some);
    assert_eq!(fits(&value).len(), 2);
    let again = folder.json(&some.replace("--out some", "--out again"));
    assert_eq!(fits(&value), fits(&again));
    // with such steps the loss leaves the finite numbers
    let diverge = "search --data data.npz --set train.steps=40 --set train.batch=32 --set encoder.name=offset1-mse \
                   --set encoder.outputs=2 --grid train.learning_rate=[1e-3,1e30] --out d";
    let value = folder.json(diverge);
    assert_eq!(value["best"], "d/0000");
    assert!(value["runs"][1]["failed"].is_string(), "{value}");
    assert!(folder.text("d/report.html").contains("Run 0001 failed"));
}

/// Without patience a training ends with its last parameters, which need not be its best.
#[test]
fn runs_without_bits_are_ranked_by_the_loss_that_they_ended_with() {
    let folder = Folder::new();
    // numbers that the channels do not tell: what is learnt of them is soon wrong elsewhere
    let noise = Array2::from_shape_fn((200, 1), |(t, _)| (t * 7919 % 113) as f64 / 113.0);
    folder.write_npz("data.npz", &[("x", x()), ("speed", noise)]);
    folder.write(
        "mse.toml",
        "[encoder]\nname = 'offset1-mse'\noutputs = 1\n[[objective]]\nloss = 'mse'\nlabel = 'speed'\n\
         [train]\nsteps = 60\nbatch = 32\n[validation]\nheld_out = 0.2\nevery = 1\n",
    );
    let value = folder.json(
        "search --data data.npz --config mse.toml --grid train.learning_rate=[0.03,0.1] --out s",
    );
    assert_eq!(value["unit"], "minus the loss");
    let mut overshot = false;
    for (run, fit) in fits(&value).into_iter().enumerate() {
        let table = folder.text(&format!("s/{run:04}/validation.csv"));
        let loss = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
        let losses: Vec<f64> = table.lines().skip(1).map(loss).collect();
        let last = *losses.last().unwrap();
        // JSON is read to within a rounding
        assert!((fit + last).abs() < 1e-12 * last, "{run}: {fit} {last}");
        overshot |= losses.iter().any(|&loss| loss < last);
    }
    assert!(overshot, "every run ended with its best");
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let folder = Folder::new();
    folder.recording();
    folder.write("file", "text");
    fs::create_dir(folder.path("full")).unwrap();
    folder.write("full/notes.txt", "mine");
    let base = "search --data data.npz";
    for (arguments, parts) in [
        (format!("{base} --out s"), vec!["--grid"]),
        (
            format!("{base} --grid encoder.outputs=3 --out s"),
            vec!["is not a list"],
        ),
        (
            format!("{base} --grid encoder.nothing=[1,2] --out s"),
            vec!["nothing"],
        ),
        (
            format!("{base} --grid encoder.outputs=[2,'x'] --out s"),
            vec!["outputs"],
        ),
        (
            format!("{base} --grid encoder.outputs=[2] --grid encoder.outputs=[3] --out s"),
            vec!["twice"],
        ),
        (
            format!("{base} --grid encoder.outputs=[2,3] --random 0 --out s"),
            vec!["--random"],
        ),
        (
            format!("{base} --grid encoder.outputs=[2,3] --out full"),
            vec!["not empty"],
        ),
        (
            format!("{base} --grid encoder.outputs=[2,3] --out file"),
            vec!["file"],
        ),
    ] {
        folder.fails_with(&arguments, &parts);
    }
}
