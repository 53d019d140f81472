//! One program at a time works in an output folder, from its first moment, and a killed one can be resumed.

use std::fs;
use std::process::{Child, Output};
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Folder, wait_for, x};

const SETTINGS: &str = "
[encoder]
name = 'offset1-mse-clip'
outputs = 2
[regularizer]
start = 10
ramp = 10
[train]
steps = 60
batch = 32
log_every = 5
";

const FIT: &str = "fit --data data.npz --config fit.toml";

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_same(folder: &Folder, a: &str, b: &str) {
    for name in [
        "model.safetensors",
        "curves.csv",
        "config.toml",
        "channels.json",
    ] {
        let bytes = |run: &str| folder.bytes(&format!("{run}/{name}"));
        assert!(bytes(a) == bytes(b), "{name}");
    }
}

#[test]
fn of_several_programs_that_start_at_once_one_trains() {
    let folder = Folder::with_settings(SETTINGS);
    for force in ["", " --force"] {
        // the last of the programs may start after the first has ended, so each takes its time
        let arguments = format!("{FIT} --out run{force} --set train.steps=1000");
        let children: Vec<Child> = (0..4).map(|_| folder.spawn(&arguments)).collect();
        let outputs: Vec<Output> = children
            .into_iter()
            .map(|child| child.wait_with_output().unwrap())
            .collect();
        let (won, lost): (Vec<_>, Vec<_>) = outputs.iter().partition(|o| o.status.success());
        let all: Vec<String> = outputs.iter().map(said).collect();
        assert_eq!((won.len(), lost.len()), (1, 3), "{all:?}");
        for output in lost {
            assert_eq!(output.status.code(), Some(2));
            assert!(
                said(output).contains("another program is training in run"),
                "{all:?}"
            );
        }
        folder.succeeds("embed --model run --data data.npz --out e.npz");
        let names: Vec<String> = folder.entries();
        assert!(!names.iter().any(|name| name.contains(".tmp")), "{names:?}");
        assert!(
            !names.iter().any(|name| name.contains(".xcebra")),
            "{names:?}"
        );
    }
}

#[test]
fn a_training_killed_at_any_moment_can_be_resumed() {
    let folder = Folder::with_settings(SETTINGS);
    folder.succeeds(&format!("{FIT} --out whole"));
    let mut resumed = 0;
    for after in [0, 1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192] {
        let child = folder.spawn(&format!("{FIT} --out run --checkpoint-every 0.02"));
        sleep(Duration::from_millis(after));
        kill(child);
        // the folder is not there, or it holds what is needed
        if folder.path("run").exists() {
            folder.succeeds("fit --resume run");
            assert_same(&folder, "whole", "run");
            fs::remove_dir_all(folder.path("run")).unwrap();
            resumed += 1;
        }
    }
    // killed as soon as the folder is there: before the first step
    let child = folder.spawn(&format!("{FIT} --out run"));
    wait_for(&folder.path("run"));
    kill(child);
    assert!(!folder.path("run/checkpoint.safetensors").exists());
    folder.fails_with(
        &format!("{FIT} --out run"),
        &[
            "run holds an unfinished training",
            "xcebra fit --resume run",
        ],
    );
    folder.fails_with(
        "embed --model run --data data.npz --out e.npz",
        &["not finished"],
    );
    // nothing is changed by a resumption that fails, and its data may have moved
    fs::rename(folder.path("data.npz"), folder.path("moved.npz")).unwrap();
    folder.fails_with("fit --resume run", &["cannot read data.npz"]);
    folder.succeeds("fit --resume run --data moved.npz");
    assert_same(&folder, "whole", "run");
    assert!(resumed > 0);
}

#[test]
fn a_run_is_kept_until_the_one_that_replaces_it_has_a_checkpoint() {
    let folder = Folder::with_settings(SETTINGS);
    folder.succeeds(&format!("{FIT} --out run --set train.steps=5"));
    folder.succeeds(&format!("{FIT} --out whole"));
    let before = folder.bytes("run/model.safetensors");
    // as it was, files and bytes, if the command fails
    folder.write("other.csv", "a,b\n1,2\n");
    folder.fails(&format!("{FIT} --data no.npz --out run --force"));
    folder.fails("fit --data other.csv:* --config fit.toml --out run --force");
    let child = folder.spawn(&format!("{FIT} --out run --force"));
    wait_for(&folder.path("run/.xcebra-next/resume.json"));
    kill(child);
    assert!(folder.bytes("run/model.safetensors") == before);
    folder.succeeds("embed --model run --data data.npz --out e.npz");
    let said = folder.succeeds("fit --resume run");
    assert!(!said.contains("is finished"), "{said}");
    assert_same(&folder, "whole", "run");
    assert!(!folder.path("run/.xcebra-next").exists());
}

#[test]
fn a_folder_that_was_empty_is_empty_after_a_failure() {
    let folder = Folder::with_settings(SETTINGS);
    fs::create_dir(folder.path("run")).unwrap();
    folder.fails("fit --data no.npz --out run");
    folder.fails("fit --data no.npz --out deep/deeper/run");
    folder.write_npz("flat.npz", &[("x", x() * 0.0)]);
    folder.fails("fit --data flat.npz --out run");
}

#[test]
fn of_two_demos_in_one_folder_one_is_refused() {
    let folder = Folder::new();
    let child = folder.spawn("demo --steps 3 --out demo");
    wait_for(&folder.path("demo"));
    let second = folder.run("demo --steps 3 --out demo");
    let first = child.wait_with_output().unwrap();
    assert!(first.status.success(), "{}", said(&first));
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    assert!(said(&second).contains("another program is writing demo"));
    assert!(!folder.path("demo/.xcebra-lock").exists());

    // what a killed program leaves does not stand in the way
    let child = folder.spawn("demo --steps 3 --out other");
    wait_for(&folder.path("other"));
    kill(child);
    folder.succeeds("demo --steps 3 --out other");
}
