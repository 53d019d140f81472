//! Work in pieces: planned, run by several processes, killed, and gathered to the bytes of one process.

use std::fs;
use std::process::{Child, Command};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::common::{Folder, SHORT, signal, wait_for, x};

const GRID: &str = "--grid encoder.outputs=[2,3] --grid train.learning_rate=[1e-3,1e-5]";

fn grid() -> String {
    let settings = SHORT.replace("--set encoder.outputs=2 ", "");
    format!("search --data data.npz {settings} {GRID}")
}

/// All files of two folders are equal, but for logs and the reports of trainings, which tell durations.
fn assert_same(folder: &Folder, one: &str, other: &str) {
    let names = |of: &str| -> Vec<String> {
        let prefix = format!("{of}/");
        let all = folder.entries().into_iter();
        let all = all.filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned));
        all.filter(|name| !name.contains(".xcebra")).collect()
    };
    assert_eq!(names(one), names(other));
    for name in names(one) {
        let timed = name.ends_with("log.txt") || name.ends_with("report.html");
        let [one, other] = [one, other].map(|of| format!("{of}/{name}"));
        if !timed && folder.path(&one).is_file() {
            assert!(folder.bytes(&one) == folder.bytes(&other), "{name}");
        }
    }
}

/// Starts a piece whose training takes long, and waits for its first checkpoint.
fn long(folder: &Folder) -> Child {
    let plan = format!("plan fit --data data.npz --seeds 2 {SHORT} --set train.steps=30000");
    folder.succeeds(&format!("{plan} --out study"));
    let child = folder.spawn("run study --piece 1 --checkpoint-every 0.01");
    wait_for(&folder.path("study/pieces/000001/checkpoint.safetensors"));
    child
}

#[test]
fn a_search_in_pieces_is_the_search_of_one_process() {
    let folder = Folder::new();
    folder.recording();
    folder.succeeds(&format!("{} --out s", grid()));
    fs::rename(folder.path("s"), folder.path("whole")).unwrap();
    let planned = folder.json(&format!("plan {} --out study", grid()));
    assert_eq!(planned["pieces"], 4);
    let array = |task: &str, arguments: &str| {
        Command::new(cargo_bin("xcebra"))
            .args(arguments.split_whitespace())
            .env("SLURM_ARRAY_TASK_ID", task)
            .current_dir(folder.path(""))
            .output()
            .unwrap()
    };
    assert!(array("2", "run study").status.success());
    let error = array("9", "run study");
    assert_eq!(error.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&error.stderr).contains("there is no piece 9"));
    let state = folder.json("status study");
    assert_eq!(
        (&state["done"], &state["left"]),
        (&1.into(), &Value::from([0, 1, 3].to_vec()))
    );
    folder.fails_with(
        "gather study --out s",
        &["3 of 4 pieces are missing: 0..2, 3"],
    );
    // what is finished is not run again
    let again = folder.json("run study --piece 2");
    assert_eq!(again["finished_before"], 1);
    let rest = folder.json("run study --threads 2");
    assert_eq!(rest["finished"], Value::from([0, 1, 3].to_vec()));
    let gathered = folder.json("gather study --out s");
    assert_eq!(gathered["runs"].as_array().unwrap().len(), 4);
    assert_same(&folder, "whole", "s");
    assert_eq!(
        folder.text("whole/report.html"),
        folder.text("s/report.html")
    );
    assert_eq!(
        fs::read_dir(folder.path("study/claims")).unwrap().count(),
        0
    );
}

#[test]
fn seeds_in_pieces_are_compared_as_in_one_process() {
    let folder = Folder::new();
    folder.recording();
    folder.succeeds(&format!(
        "fit --data data.npz --seeds 3 --out whole {SHORT}"
    ));
    folder.succeeds(&format!(
        "plan fit --data data.npz --seeds 3 --out study {SHORT}"
    ));
    for piece in [1, 0, 2] {
        folder.succeeds(&format!("run study --piece {piece}"));
    }
    let answer = folder.json("gather study --out run");
    assert_same(&folder, "whole", "run");
    assert_eq!(answer["out"], "run");
    folder.fails_with(
        "plan fit --data data.npz --seeds 2 --pieces 5 --out p",
        &["comes in 2 pieces"],
    );
    folder.fails_with(
        "plan fit --data data.npz --force --out p",
        &["--force has no meaning in a plan"],
    );
}

#[test]
fn a_piece_goes_on_from_its_checkpoint_however_it_ended() {
    let folder = Folder::new();
    folder.recording();
    let mut child = long(&folder);
    let running = folder.json("status study");
    assert_eq!(running["running"][0]["process"], child.id());
    let busy = folder.run("run study --piece 1");
    assert_eq!(busy.status.code(), Some(2));
    let busy = String::from_utf8_lossy(&busy.stderr).into_owned();
    assert!(busy.contains(&format!("process {}", child.id())), "{busy}");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(
        folder.json("status study")["interrupted"],
        Value::from([1].to_vec())
    );
    // and one that had no time for a farewell is followed at once
    let checkpoint = folder.path("study/pieces/000001/checkpoint.safetensors");
    assert!(checkpoint.is_file());
    fs::remove_file(&checkpoint).unwrap();
    let mut child = folder.spawn("run study --piece 1 --checkpoint-every 0.01");
    wait_for(&checkpoint);
    signal(&child, "KILL");
    child.wait().unwrap();
    assert_eq!(
        folder.json("status study")["interrupted"],
        Value::from([1].to_vec())
    );
    let mut child = folder.spawn("run study --all --checkpoint-every 0.01");
    wait_for(&folder.path("study/claims/000001.2"));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_failed_piece_keeps_its_message_and_other_data_are_refused() {
    let folder = Folder::new();
    folder.recording();
    // the second choice asks for more samples than there are
    let grid =
        "--grid 'objective.0.positives=[{kind=\"time\",offset=1},{kind=\"time\",offset=900}]'";
    folder.succeeds(&format!(
        "plan search --data data.npz {SHORT} {grid} --out study"
    ));
    let failed = folder.run("run study");
    assert_eq!(failed.status.code(), Some(2));
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(said.contains("1 of 2 pieces failed (1)"), "{said}");
    let state = folder.json("status study");
    assert_eq!(
        (&state["done"], &state["failed"][0]["piece"]),
        (&1.into(), &1.into())
    );
    assert_eq!(state["failed"][0]["command"], "xcebra run study --piece 1");
    // it is left alone until somebody asks for it
    assert_eq!(
        folder.json("run study")["failed_before"],
        Value::from([1].to_vec())
    );
    folder.fails_with(
        "gather study --out s",
        &["1 of 2 pieces are missing: 1, of which failed: 1"],
    );
    let mut changed = x();
    changed[[3, 1]] += 1.0;
    folder.write_npz("data.npz", &[("x", changed)]);
    folder.fails_with(
        "run study --piece 1",
        &["not the file that the study was planned with"],
    );
    let text = folder.text("study/plan.json");
    folder.write(
        "study/plan.json",
        text.replace("\"pieces\": 2", "\"pieces\": 1"),
    );
    folder.fails_with("run study", &["was changed after it was planned"]);
    folder.fails_with("status data.npz", &["does not hold a study"]);
}

#[test]
fn one_command_starts_resumes_and_says_that_it_is_finished() {
    let folder = Folder::new();
    folder.recording();
    let fit = format!("fit --data data.npz --out run --continue {SHORT} --set train.steps=2000");
    let mut child = folder.spawn(&format!("{fit} --checkpoint-every 0.01"));
    wait_for(&folder.path("run/checkpoint.safetensors"));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    folder.fails_with(
        &format!("{fit} --set train.seed=9"),
        &["a training with other settings"],
    );
    folder.succeeds(&fit);
    assert_eq!(folder.json(&fit)["finished"], true);
    folder.fails_with(
        &format!("{fit} --set train.seed=9"),
        &["a training with other settings"],
    );
    folder.succeeds(&fit.replace("--out run --continue", "--out whole"));
    assert_eq!(
        folder.bytes("run/model.safetensors"),
        folder.bytes("whole/model.safetensors")
    );
}

#[test]
fn a_test_in_pieces_is_the_test_of_one_process() {
    let folder = Folder::new();
    folder.trained();
    let test = "--model run --data data.npz --trainings 10 --blocks 10";
    folder.succeeds(&format!("attribute {test} --out whole.npz"));
    folder.succeeds(&format!("plan significance {test} --out study"));
    folder.succeeds("run study --piece 7");
    folder.succeeds("run study");
    folder.succeeds("gather study --out map.npz");
    assert_eq!(folder.bytes("whole.npz"), folder.bytes("map.npz"));
    folder.fails_with(
        "plan significance --model run --data data.npz --out other",
        &["number of trainings is missing"],
    );
}

#[test]
fn many_processes_share_many_pieces() {
    let folder = Folder::new();
    folder.succeeds("plan nothing --pieces 200 --out study");
    let all: Vec<Child> = (0..4)
        .map(|_| folder.spawn("run study --threads 2"))
        .collect();
    for mut child in all {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(folder.json("run study")["finished_before"], 200);
    assert_eq!(
        fs::read_dir(folder.path("study/claims")).unwrap().count(),
        0
    );
    assert_eq!(folder.json("gather study --out told.json")["pieces"], 200);
}
