//! Work in pieces that is ended from outside, and what is refused before it begins.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use ndarray::Array3;

use crate::common::{Folder, SHORT, interrupt, signal, wait_for, wait_until};

/// Names in a folder that are not those of a study or of its data.
fn hidden(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(folder.path("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

/// The files of a training that do not tell durations.
fn assert_same(folder: &Folder, one: &str, other: &str) {
    for name in [
        "model.safetensors",
        "channels.json",
        "curves.csv",
        "config.toml",
        "diagnostics.json",
    ] {
        let [one, other] = [one, other].map(|of| folder.bytes(&format!("{of}/{name}")));
        assert!(one == other, "{name}");
    }
}

/// Gathering the seeds of a training compares them, which takes a while: it is ended as soon as it has begun.
#[test]
fn gathering_that_is_ended_leaves_nothing_and_can_be_repeated() {
    let folder = Folder::new();
    folder.recording();
    let fit = format!("fit --data data.npz --seeds 4 {SHORT}");
    folder.succeeds(&format!("{fit} --out whole"));
    folder.succeeds(&format!("plan {fit} --out study"));
    folder.succeeds("run study");
    for _ in 0..2 {
        let mut child = folder.spawn("gather study --out run");
        wait_until(|| !hidden(&folder).is_empty(), "a temporary folder");
        signal(&child, "KILL");
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert!(!folder.path("run").exists());
        // a killed program cannot tidy up, and what it leaves has no name that anything else reads
        for name in hidden(&folder) {
            assert!(
                name.starts_with(".run-") && name.ends_with(".tmp"),
                "{name}"
            );
            fs::remove_dir_all(folder.path(&name)).unwrap();
        }
    }
    let mut child = folder.spawn_interruptible("gather study --out run");
    wait_until(|| !hidden(&folder).is_empty(), "a temporary folder");
    interrupt(&child);
    let code = child.wait().unwrap().code();
    // it may have had no more than a moment to go
    assert!(matches!(code, Some(130 | 0)), "{code:?}");
    assert_eq!(folder.path("run").exists(), code == Some(0));
    assert!(hidden(&folder).is_empty());
    if code == Some(130) {
        folder.succeeds("gather study --out run");
    }
    assert_same(&folder, "whole", "run");
    let seeds = |of: &str| {
        let page = folder.text(&format!("{of}/diagnostics.json"));
        let told: serde_json::Value = serde_json::from_str(&page).unwrap();
        told["seeds"].clone()
    };
    assert!(!seeds("run").is_null());
    assert_eq!(seeds("run"), seeds("whole"));
    assert!(
        !folder
            .entries()
            .iter()
            .any(|name| name.starts_with("run/.xcebra"))
    );
}

#[test]
fn an_explained_program_goes_on_where_it_was_killed() {
    let folder = Folder::new();
    let x = Array3::from_shape_fn((12, 1, 8), |(i, _, t)| {
        (i + 1) as f64 * 0.5 - 0.25 * t as f64
    });
    let mut arrays = xcebra::files::NpzOutput::create(&folder.path("x.npz")).unwrap();
    arrays.add("x", &x).unwrap();
    arrays.commit().unwrap();
    // by its place in the folder, so that the plan has to find it from anywhere
    let program = cargo_bin("xcebra");
    let name = format!("program_model{}", std::env::consts::EXE_SUFFIX);
    let program = program.parent().unwrap().join("examples").join(name);
    std::os::unix::fs::symlink(program, folder.path("model")).unwrap();
    let explain = |manner: &str| {
        format!(
            "explain --command './model {manner}' --input x.npz:x --domain rfft --fs 8 --rule midpoint:2"
        )
    };
    folder.succeeds(&format!("{} --out whole.npz", explain("")));
    // what was explained is in the file
    let written = folder.array("whole.npz", "signal").values.to_float::<f64>();
    assert_eq!(written, x.into_dyn());
    folder.succeeds(&format!("plan {} --pieces 2 --out study", explain("waits")));
    let kept = |number: usize| folder.path(&format!("study/pieces/000000/{number:06}.f64"));
    let mut child = folder.spawn("run study --piece 0");
    wait_for(&kept(0));
    signal(&child, "KILL");
    child.wait().unwrap();
    assert!(!kept(2).exists(), "the piece was done before it was killed");
    let first = fs::read(kept(0)).unwrap();
    assert_eq!(
        folder.json("status study")["interrupted"],
        serde_json::json!([0])
    );
    // the killed process may have kept one more before it died
    let _ = fs::remove_file(kept(1));
    let child = folder.spawn("run study --piece 0");
    wait_for(&kept(1));
    signal(&child, "TERM");
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(143), "{:?}: {said}", ended.status);
    // from another folder
    fs::create_dir(folder.path("elsewhere")).unwrap();
    let output = Command::new(cargo_bin("xcebra"))
        .args(["run", "../study"])
        .current_dir(folder.path("elsewhere"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(fs::read(kept(0)).unwrap() == first);
    folder.succeeds("gather study --out gathered.npz --report page.html");
    assert!(folder.bytes("whole.npz") == folder.bytes("gathered.npz"));
    assert!(folder.text("page.html").contains("What carries the output"));
}

#[test]
fn what_a_study_does_not_have_is_refused_before_the_work() {
    let folder = Folder::new();
    folder.recording();
    for (flags, said) in [
        ("fit --data data.npz", "`fit` has no separate report"),
        (
            "search --data data.npz --grid train.seed=[0,1]",
            "`search` has no separate report",
        ),
        ("nothing", "`nothing` has no separate report"),
    ] {
        folder.succeeds(&format!("plan {flags} --out study"));
        // before it is noticed that no piece is done
        folder.fails_with(
            "gather study --out o --report r.html",
            &[said, "leave the report out"],
        );
        fs::remove_dir_all(folder.path("study")).unwrap();
    }
    let grid = "--data data.npz --grid encoder.outputs=[2,3] --out o";
    folder.fails_with(
        &format!("plan fit {grid}"),
        &["`xcebra plan search`", "--grid"],
    );
    folder.fails_with(&format!("fit {grid}"), &["`xcebra search`", "--grid"]);
}
