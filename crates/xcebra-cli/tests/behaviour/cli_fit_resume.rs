//! Trainings that are interrupted, killed, and gone on with.

use std::fs;
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::Duration;

use crate::common::{Folder, RUN, interrupt, signal, wait_for, wait_until, x};
use assert_cmd::cargo::cargo_bin;

/// A training of a second or two, with everything a checkpoint has to keep.
const SETTINGS: &str = "
[encoder]
name = 'offset1-mse'
outputs = 2
[[objective]]
positives = { kind = 'time' }
[[objective]]
positives = { kind = 'time-delta', label = 'speed' }
[regularizer]
start = 100
ramp = 400
[train]
steps = 1500
batch = 32
log_every = 50
weight_decay = 0.01
[validation]
held_out = 0.2
blocks = 2
every = 100
";

const FIT: &str = "fit --data data.npz --config fit.toml";

/// Kills the program after a while; whether it was still running.
fn killed(mut child: Child, after: Duration) -> bool {
    sleep(after);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Leaves an unfinished training in `run`.
fn interrupted() -> Folder {
    let folder = Folder::with_settings(SETTINGS);
    let child = folder.spawn(&format!("{FIT} --out run --checkpoint-every 0"));
    wait_for(&folder.path("run/resume.json"));
    let noted = || !folder.text("run/resume.json").contains("\"samples\": 0");
    wait_until(noted, "the first checkpoint");
    assert!(killed(child, Duration::ZERO), "too fast to be killed");
    // what it was writing when it was killed; most times it was not
    let _ = fs::remove_file(folder.path("run/checkpoint.safetensors.tmp"));
    folder
}

fn assert_same_run(folder: &Folder, a: &str, b: &str) {
    for name in [
        "model.safetensors",
        "curves.csv",
        "validation.csv",
        "config.toml",
        "channels.json",
    ] {
        let bytes = |run: &str| folder.bytes(&format!("{run}/{name}"));
        assert!(bytes(a) == bytes(b), "{name}");
    }
    let mut files: Vec<String> = fs::read_dir(folder.path(b))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut expected = RUN.map(str::to_owned).to_vec();
    expected.push("validation.csv".to_owned());
    assert_eq!(files, expected);
}

#[test]
fn a_training_that_is_killed_again_and_again_ends_in_the_same_bytes() {
    let folder = Folder::with_settings(SETTINGS);
    folder.succeeds(&format!("{FIT} --out whole"));
    let every = "--checkpoint-every 0.01";
    let child = folder.spawn(&format!("{FIT} --out run {every}"));
    wait_for(&folder.path("run"));
    assert!(killed(child, Duration::ZERO), "too fast to be killed");
    for command in ["embed", "attribute"] {
        folder.fails_with(
            &format!("{command} --model run --data data.npz --out out.npz"),
            &[
                "run holds a training that is not finished",
                "xcebra fit --resume run",
            ],
        );
    }
    folder.fails_with(
        &format!("{FIT} --out run"),
        &["unfinished", "xcebra fit --resume run", "--force"],
    );
    let mut kills = 1;
    for milliseconds in [90, 140, 190] {
        let child = folder.spawn(&format!("fit --resume run {every}"));
        kills += usize::from(killed(child, Duration::from_millis(milliseconds)));
    }
    assert!(kills > 1);
    // as if it had been killed while it wrote
    for name in ["checkpoint.safetensors.tmp", ".xcebra-Ab12Cd.tmp"] {
        folder.write(&format!("run/{name}"), "half");
    }
    let last = folder.run("fit --resume run");
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stderr)
    );
    assert_same_run(&folder, "whole", "run");
    let log = folder.text("run/log.txt");
    assert!(log.contains("step 1500 of 1500"), "{log}");

    let said = folder.succeeds("fit --resume run");
    assert!(said.contains("run: this training is finished"), "{said}");
    assert_same_run(&folder, "whole", "run");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on() {
    let folder = Folder::with_settings(SETTINGS);
    folder.succeeds(&format!("{FIT} --out whole"));
    let child = folder.spawn_interruptible(&format!("{FIT} --out run --checkpoint-every 0.01"));
    wait_for(&folder.path("run"));
    interrupt(&child);
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    for part in [
        "saving a checkpoint",
        "interrupted after step",
        "of 1500",
        "`xcebra fit --resume run`",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }

    // twice: it ends at once, and what it left is whole
    let child = folder.spawn_interruptible("fit --resume run --checkpoint-every 0.01");
    sleep(Duration::from_millis(150));
    interrupt(&child);
    interrupt(&child);
    let code = child.wait_with_output().unwrap().status.code();
    // before it listens, the signal itself ends it
    assert!(matches!(code, Some(130) | None), "{code:?}");

    // as a batch system asks, perhaps more than once
    let before = folder.bytes("run/checkpoint.safetensors");
    let child = folder.spawn_interruptible("fit --resume run --checkpoint-every 0.01");
    let kept = || folder.bytes("run/checkpoint.safetensors") != before;
    wait_until(kept, "another checkpoint");
    signal(&child, "TERM");
    signal(&child, "TERM");
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(143), "{said}");
    for part in [
        "the system asks the program to end",
        "interrupted after step",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }

    // the data are found from any folder
    fs::create_dir(folder.path("elsewhere")).unwrap();
    let output = Command::new(cargo_bin("xcebra"))
        .args(["fit", "--resume", "../run"])
        .current_dir(folder.path("elsewhere"))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert_same_run(&folder, "whole", "run");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = interrupted();
    let checkpoint = folder.bytes("run/checkpoint.safetensors");
    let mut flipped = checkpoint.clone();
    let middle = flipped.len() - 100;
    flipped[middle] ^= 1;
    let half = checkpoint[..checkpoint.len() / 2].to_vec();
    let (config, resume) = (
        folder.text("run/config.toml"),
        folder.text("run/resume.json"),
    );
    for (name, content, parts) in [
        ("checkpoint.safetensors", half, &["train again"][..]),
        ("checkpoint.safetensors", Vec::new(), &["train again"]),
        (
            "checkpoint.safetensors",
            flipped,
            &["checksum", "train again"],
        ),
        (
            "config.toml",
            config.replace("steps = 1500", "steps = 1600").into_bytes(),
            &["settings in run were changed", "undo"],
        ),
        (
            "config.toml",
            config.replace("steps = 1500", "stepz = 1500").into_bytes(),
            &["line ", "stepz"],
        ),
        ("resume.json", b"{".to_vec(), &["start again"]),
        (
            "resume.json",
            resume.replace("data.npz", "no.npz").into_bytes(),
            &["cannot read no.npz"],
        ),
    ] {
        let path = format!("run/{name}");
        let whole = folder.bytes(&path);
        assert_ne!(whole, content);
        folder.write(&path, content);
        let parts = match name {
            "resume.json" if parts[0].contains("no.npz") => parts.to_vec(),
            "config.toml" if parts[0].contains("settings") => parts.to_vec(),
            _ => [&[path.as_str()], parts].concat(),
        };
        folder.fails_with("fit --resume run", &parts);
        fs::remove_file(folder.path(&path)).unwrap();
        folder.fails("fit --resume run");
        folder.write(&path, whole);
    }

    // one value of the recording is another; and other data altogether
    let mut changed = x();
    changed[[150, 2]] += 1e-3;
    let arrays = [("x", changed), ("speed", crate::common::speed())];
    folder.write_npz("other.npz", &arrays);
    folder.fails_with(
        "fit --resume run --data other.npz",
        &[
            "checkpoint.safetensors does not match other.npz",
            "another recording",
        ],
    );

    for (arguments, part) in [
        ("fit --resume run --config fit.toml", "cannot be used with"),
        (
            "fit --resume run --set train.steps=9",
            "cannot be used with",
        ),
        ("fit --resume run --out other", "cannot be used with"),
        ("fit --resume run --force", "cannot be used with"),
        ("fit --resume no", "does not hold a training to resume"),
        (
            "fit --resume data.npz",
            "does not hold a training to resume",
        ),
        ("fit --resume run --checkpoint-every=-1", "not a time"),
        ("fit --resume run --checkpoint-every soon", "not a number"),
    ] {
        folder.fails_with(arguments, &[part]);
    }

    // the data may have moved; and who does not want to go on begins again
    fs::rename(folder.path("data.npz"), folder.path("moved.npz")).unwrap();
    folder.fails_with("fit --resume run", &["cannot read data.npz"]);
    folder.succeeds("fit --resume run --data moved.npz");
    assert!(folder.path("run/model.safetensors").is_file());
}

#[test]
fn an_unfinished_training_is_replaced_only_when_that_is_asked() {
    let folder = interrupted();
    let short = format!("{FIT} --out run --set train.steps=20");
    folder.fails_with(&short, &["unfinished training", "--force"]);
    folder.succeeds(&format!("{short} --force"));
    assert!(!folder.path("run/checkpoint.safetensors").exists());
    folder.succeeds("embed --model run --data data.npz --out e.npz");
}

#[cfg(unix)]
#[test]
fn one_program_at_a_time_trains_in_a_folder() {
    let folder = Folder::with_settings(SETTINGS);
    let mut child = folder.spawn(&format!("{FIT} --out run --checkpoint-every 0"));
    wait_for(&folder.path("run/.xcebra-lock"));
    sleep(Duration::from_millis(50));
    signal(&child, "STOP");
    for arguments in ["fit --resume run", &format!("{FIT} --out run --force")] {
        folder.fails_with(
            arguments,
            &["another program is training in run", "wait until"],
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    folder.succeeds("fit --resume run");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_whose_name_is_no_text_is_refused_before_the_training() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::with_settings(SETTINGS);
    let path = folder.path("").join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&path).unwrap();
    let output = Command::new(cargo_bin("xcebra"))
        .args("fit --data ../data.npz --config ../fit.toml --out run".split(' '))
        .current_dir(&path)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("is not text"), "{error}");
    fs::remove_dir(&path).unwrap();
}

/// Files may grow to a few kilobytes.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_checkpoint_before() {
    let folder = interrupted();
    let full = |arguments: &str| {
        let before = folder.bytes("run/checkpoint.safetensors");
        let output = folder.run_on_full_disk(arguments, true);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("room"), "{error}");
        assert_eq!(folder.bytes("run/checkpoint.safetensors"), before);
        assert!(!folder.path("run/checkpoint.safetensors.tmp").exists());
        error
    };
    full(&format!("{FIT} --out new/run --checkpoint-every 0"));
    assert!(!folder.path("new").exists());
    for every in ["0", "1000"] {
        let error = full(&format!("fit --resume run --checkpoint-every {every}"));
        assert!(error.contains("xcebra fit --resume run"), "{error}");
    }
    folder.succeeds("fit --resume run");
}
