//! Ctrl-C in every command that works long: it ends soon, says so, and leaves nothing half-written.

#![cfg(target_os = "linux")]

use std::fs;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use ndarray::Array2;

use crate::common::{Folder, SHORT, interrupt, wait_for, wait_until};

/// Every command here would work for minutes; a loaded machine may take its time to end it.
const SOON: Duration = Duration::from_secs(60);

/// Waits until the program has set up what it does after Ctrl-C, and a little of its work is done.
fn wait_until_it_listens(child: &mut Child) {
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        // signal 2 is the second bit
        caught.is_some_and(|mask| mask & 2 != 0)
    };
    wait_until(listens, &status);
    std::thread::sleep(Duration::from_millis(100));
    assert!(child.try_wait().unwrap().is_none(), "too fast for Ctrl-C");
}

/// What a command says that Ctrl-C ends.
fn interrupted(child: Child) -> String {
    let start = Instant::now();
    interrupt(&child);
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(said.contains("press Ctrl-C again"), "{said}");
    said
}

fn leaves_nothing(folder: &Folder, arguments: &str) {
    let before = folder.entries();
    let mut child = folder.spawn_interruptible(arguments);
    wait_until_it_listens(&mut child);
    let said = interrupted(child);
    assert!(
        said.contains("interrupted; nothing was written") && said.contains("run the command again"),
        "{arguments}: {said}"
    );
    assert_eq!(folder.entries(), before, "{arguments}");
}

#[test]
fn explanations_of_many_signals_stop() {
    let folder = Folder::new();
    let band = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/band.onnx");
    fs::copy(band, folder.path("band.onnx")).unwrap();
    let signals = Array2::from_shape_fn((4000, 64), |(i, t)| ((i + 1) as f64 * t as f64).sin());
    folder.write_npz("many.npz", &[("x", signals)]);
    let explain = "explain --model band.onnx --input many.npz --fs 64 --out out.npz";
    for more in [
        "--rule midpoint:10000",
        "--rule midpoint:1000000 --signals 0..1",
        "--rule midpoint:10 --signals 0..2 --random-orders 1000 --domains rfft,dct,time,stft:8:1 --report out.html",
    ] {
        leaves_nothing(&folder, &format!("{explain} {more}"));
    }
}

#[test]
fn attributions_stop() {
    let folder = Folder::new();
    folder.trained();
    let attribute = "attribute --model run --data data.npz --out map.npz";
    let more = "--method shapley-sampling(permutations=1000000)";
    leaves_nothing(&folder, &format!("{attribute} {more}"));
}

#[test]
fn a_test_of_map_entries_keeps_its_trainings() {
    let folder = Folder::new();
    folder.trained();
    let attribute = "attribute --model run --data data.npz --blocks 10";
    let test =
        |trainings: u32, out: &str| format!("{attribute} --out {out} --significance {trainings}");
    folder.succeeds(&test(10, "whole.npz"));
    let mut child = folder.spawn_interruptible(&test(100_000, "map.npz"));
    wait_until_it_listens(&mut child);
    wait_for(&folder.path("map.npz.trainings/000002/encoder.safetensors"));
    let said = interrupted(child);
    assert!(
        said.contains("kept in map.npz.trainings") && said.contains("it goes on"),
        "{said}"
    );
    assert!(!folder.path("map.npz").exists());
    // another number of trainings has the same ones
    let first = folder.path("map.npz.trainings/000000/encoder.safetensors");
    let made = fs::metadata(&first).unwrap().modified().unwrap();
    let other = test(10, "map.npz").replace("--blocks 10", "--blocks 12");
    folder.fails_with(&other, &["a test with other settings or data"]);
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), made);
    folder.succeeds(&test(10, "map.npz"));
    assert_eq!(folder.bytes("whole.npz"), folder.bytes("map.npz"));
    assert!(!folder.path("map.npz.trainings").exists());
    // a folder of that name with anything else is not touched
    fs::create_dir(folder.path("map.npz.trainings")).unwrap();
    folder.write("map.npz.trainings/mine.txt", "");
    folder.fails_with(&test(10, "map.npz"), &["mine.txt, which is not a training"]);
}

#[test]
fn the_demo_stops() {
    let folder = Folder::new();
    leaves_nothing(&folder, "demo --steps 1000000 --out demo");
}

/// The first training is finished and stays; with its other seeds one can go on.
#[test]
fn a_comparison_of_seeds_stops_and_goes_on() {
    let folder = Folder::new();
    folder.recording();
    let fit = format!("fit --data data.npz {SHORT} --set train.steps=1000 --seeds 3");
    folder.succeeds(&format!("{fit} --out whole"));
    let mut child = folder.spawn_interruptible(&format!("{fit} --out run"));
    wait_for(&folder.path("run/model.safetensors"));
    let said = interrupted(child);
    for part in [
        "while other seeds were trained",
        "`xcebra fit --resume run`",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    folder.succeeds("attribute --model run --data data.npz --out map.npz");
    // killed once the second seed is trained
    child = folder.spawn_interruptible("fit --resume run --checkpoint-every 0");
    wait_for(&folder.path("run/.xcebra-seed-1.safetensors"));
    child.kill().unwrap();
    child.wait().unwrap();
    folder.succeeds("fit --resume run");
    for name in ["model.safetensors", "curves.csv", "diagnostics.json"] {
        let bytes = |run: &str| folder.bytes(&format!("{run}/{name}"));
        assert!(bytes("run") == bytes("whole"), "{name}");
    }
    let names = |run: &str| fs::read_dir(folder.path(run)).unwrap().count();
    assert_eq!(names("run"), names("whole"));
    let said = folder.succeeds("fit --resume run");
    assert!(said.contains("this training is finished"), "{said}");
}
