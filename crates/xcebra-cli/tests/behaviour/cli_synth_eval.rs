//! The commands `synth` and `eval` as a user meets them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use ndarray::{Array2, array};
use serde_json::Value;
use xcebra::files::{NpzOutput, Source, read};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn entries(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs the program in this folder.
    fn run(&self, arguments: &str) -> Output {
        Command::new(cargo_bin("xcebra"))
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// Runs the program, which must fail cleanly, and gives what it says.
    fn fails(&self, arguments: &str) -> String {
        let before = self.entries();
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {error}");
        assert!(output.stdout.is_empty(), "{arguments}");
        assert!(!error.contains("panicked"), "{arguments}: {error}");
        assert_eq!(self.entries(), before, "{arguments} left something behind");
        error
    }

    /// Runs the program with `--json` and gives the object on standard output.
    fn json(&self, arguments: &str) -> Value {
        let output = self.run(&format!("{arguments} --json"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value.is_object());
        value
    }

    fn write_npz(&self, name: &str, arrays: &[(&str, Array2<f64>)]) {
        let mut output = NpzOutput::create(&self.path(name)).unwrap();
        for (name, array) in arrays {
            output.add_with_gaps(name, array).unwrap();
        }
        output.commit().unwrap();
    }

    /// `truth.npz` with `map` and `map.npz` with maps of several qualities.
    fn maps(&self) {
        let truth = array![[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let good = array![[0.9, 0.1], [0.7, 0.8], [0.2, 0.6]];
        let mut nan = good.clone();
        nan[[1, 0]] = f64::NAN;
        let mut infinite = good.clone();
        infinite[[2, 1]] = f64::INFINITY;
        self.write_npz(
            "truth.npz",
            &[("map", truth), ("ones", Array2::ones((3, 2)))],
        );
        let transposed = good.t().to_owned();
        self.write_npz(
            "map.npz",
            &[
                ("good", good.clone()),
                ("signed", -good),
                ("transposed", transposed),
                ("constant", Array2::ones((3, 2))),
                ("nan", nan),
                ("infinite", infinite),
                ("other", Array2::ones((4, 2))),
                ("empty", Array2::zeros((0, 2))),
            ],
        );
    }
}

fn matrix(path: &Path, array: &str) -> Array2<f64> {
    read(&Source::new(path, array)).unwrap().matrix().unwrap()
}

#[test]
fn synth_writes_what_it_promises() {
    let folder = Folder::new();
    let output = folder.run("synth --dims 5 --samples 300 --seed 1 --out data.npz");
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("x (300, 50)")
    );
    assert_eq!(folder.entries(), ["data.npz"]);
    let path = folder.path("data.npz");
    let (z, z1, z2) = (matrix(&path, "z"), matrix(&path, "z1"), matrix(&path, "z2"));
    assert_eq!(matrix(&path, "x").dim(), (300, 50));
    assert_eq!((z1.dim(), z2.dim()), ((300, 3), (300, 2)));
    assert_eq!(ndarray::concatenate![ndarray::Axis(1), z1, z2], z);
    let map = read(&Source::new(&path, "map")).unwrap();
    assert_eq!(map.values.element_type(), "bool");
    let expected = Array2::from_shape_fn((50, 5), |(i, j)| i >= 25 || j < 3);
    assert_eq!(map.mask().unwrap(), expected);
}

#[test]
fn the_same_seed_gives_the_same_file() {
    let folder = Folder::new();
    for (seed, threads, name) in [(1, 1, "a.npz"), (1, 4, "b.npz"), (2, 1, "c.npz")] {
        let arguments =
            format!("synth --samples 100 --seed {seed} --threads {threads} --out {name}");
        assert!(folder.run(&arguments).status.success());
    }
    let bytes = |name: &str| fs::read(folder.path(name)).unwrap();
    assert_eq!(bytes("a.npz"), bytes("b.npz"));
    assert_ne!(bytes("a.npz"), bytes("c.npz"));
}

#[test]
fn synth_in_json_and_in_double_precision() {
    let folder = Folder::new();
    let value = folder.json("synth --samples 50 --precision float64 --noise 0.1 --out d.npz");
    assert_eq!(value["samples"], 50);
    assert_eq!(value["groups"], serde_json::json!([3, 3]));
    let x = read(&Source::new(folder.path("d.npz"), "x")).unwrap();
    assert_eq!(x.values.element_type(), "float64");
}

#[test]
fn synth_refuses_what_makes_no_sense() {
    let folder = Folder::new();
    fs::write(folder.path("file"), "").unwrap();
    fs::create_dir(folder.path("folder.npz")).unwrap();
    for (arguments, expected) in [
        ("synth", "--out"),
        ("synth --samples 0 --out d.npz", "0 is not in 1.."),
        ("synth --samples -5 --out d.npz", "-5"),
        (
            "synth --samples 999999999999999 --out d.npz",
            "is not in 1..",
        ),
        ("synth --dims 1 --out d.npz", "1 is not in 2..=25"),
        ("synth --dims 26 --out d.npz", "26 is not in 2..=25"),
        ("synth --samples 9 --step 0 --out d.npz", "step is 0"),
        ("synth --samples 9 --step NaN --out d.npz", "step is NaN"),
        ("synth --samples 9 --step -1 --out d.npz", "step is -1"),
        ("synth --samples 9 --noise inf --out d.npz", "noise is inf"),
        (
            "synth --samples 9 --strength 1 --out d.npz",
            "strength is 1",
        ),
        (
            "synth --threads 0 --samples 9 --out d.npz",
            "0 is not in 1..=1024",
        ),
        ("synth --samples 9 --out d.csv", "end the name in .npz"),
        (
            "synth --samples 9 --out missing/d.npz",
            "the folder missing does not exist",
        ),
        (
            "synth --samples 9 --out file/d.npz",
            "cannot write file/d.npz",
        ),
        (
            "synth --samples 9 --out folder.npz",
            "a folder of that name exists",
        ),
    ] {
        let error = folder.fails(arguments);
        assert!(error.contains(expected), "{arguments}: {error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_where_nothing_can_be_written_is_noticed_before_the_work() {
    let folder = Folder::new();
    // /proc takes no files, whoever asks
    let error = folder.fails("synth --samples 10000000 --out /proc/d.npz");
    assert!(error.contains("cannot write /proc/d.npz"), "{error}");
    std::os::unix::fs::symlink("/dev/full", folder.path("full.npz")).unwrap();
    let error = folder.fails("synth --samples 10000000 --out full.npz");
    assert!(error.contains("not an ordinary file"), "{error}");
}

#[test]
fn eval_scores_a_map() {
    let folder = Folder::new();
    folder.maps();
    let value = folder.json("eval --map map.npz:good --truth truth.npz:map");
    assert_eq!(value["auroc"], 1.0);
    assert_eq!(value["average_precision"], 1.0);
    assert_eq!(value["notes"], serde_json::json!([]));
    let output = folder.run("eval --map map.npz:good --truth truth.npz:map");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("1.0000  (guessing: 0.5)") && text.contains("3 inputs × 2 latents"),
        "{text}"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn eval_notes_what_it_changes() {
    let folder = Folder::new();
    folder.maps();
    for (array, auroc, expected) in [
        ("transposed", 1.0, "the map is transposed"),
        ("signed", 1.0, "absolute values"),
        ("constant", 0.5, "does not rank anything"),
    ] {
        let arguments = format!("eval --map map.npz:{array} --truth truth.npz:map");
        let value = folder.json(&arguments);
        assert_eq!(value["auroc"], auroc, "{array}");
        assert!(
            value["notes"][0].as_str().unwrap().contains(expected),
            "{value}"
        );
        let noted = String::from_utf8(folder.run(&arguments).stderr).unwrap();
        assert!(noted.contains(expected), "{noted}");
        assert!(
            folder
                .run(&format!("{arguments} --quiet"))
                .stderr
                .is_empty()
        );
    }
}

#[test]
fn eval_reads_every_format() {
    let folder = Folder::new();
    folder.maps();
    fs::write(
        folder.path("map.csv"),
        "name,z1,z2\nc0,0.9,0.1\nc1,0.7,0.8\nc2,0.2,0.6\n",
    )
    .unwrap();
    fs::write(folder.path("truth.csv"), "1,0\n1,1\n0,1\n").unwrap();
    ndarray_npy::write_npy(
        folder.path("map.npy"),
        &array![[0.9f32, 0.1], [0.7, 0.8], [0.2, 0.6]],
    )
    .unwrap();
    for map in [
        "map.csv:z*",
        "map.csv:z1,z2",
        "map.csv:1..3",
        "map.npy",
        "map.npz:good",
    ] {
        let value = folder.json(&format!("eval --map {map} --truth truth.csv"));
        assert_eq!(value["auroc"], 1.0, "{map}: {value}");
    }
}

#[test]
fn eval_refuses_what_cannot_be_scored() {
    let folder = Folder::new();
    folder.maps();
    fs::write(folder.path("text.csv"), "v,w\n1,a\n2,b\n").unwrap();
    fs::write(folder.path("junk.npz"), "junk").unwrap();
    fs::write(folder.path("map.xyz"), "").unwrap();
    let whole = fs::read(folder.path("map.npz")).unwrap();
    fs::write(folder.path("half.npz"), &whole[..whole.len() / 2]).unwrap();
    for (map, expected) in [
        ("map.npz:nan", "row 1 (counting from 0), column `0` is NaN"),
        (
            "map.npz:infinite",
            "row 2 (counting from 0), column `1` is inf",
        ),
        ("map.npz:other", "[4, 2]"),
        ("map.npz:empty", "[0, 2]"),
        ("map.npz:nothing", "it has `good`"),
        ("map.npz", "several arrays"),
        ("map.npz:", "no array after the colon"),
        ("absent.npz:x", "cannot read absent.npz"),
        ("junk.npz:x", "junk.npz is damaged"),
        ("half.npz:good", "half.npz is damaged"),
        ("map.xyz", "no known extension"),
        ("text.csv", "holds \"a\", not a number"),
    ] {
        let arguments = format!("eval --map {map} --truth truth.npz:map");
        let error = folder.fails(&arguments);
        assert!(error.contains(expected), "{arguments}: {error}");
    }
    for (truth, expected) in [
        ("truth.npz:ones", "all 6 labels are true"),
        ("map.npz:good", "neither 0 nor 1"),
    ] {
        let error = folder.fails(&format!("eval --map map.npz:good --truth {truth}"));
        assert!(error.contains(expected), "{truth}: {error}");
    }
}

#[test]
fn errors_in_json_are_one_object_too() {
    let folder = Folder::new();
    folder.maps();
    for (arguments, expected) in [
        (
            "eval --map map.npz:x --truth truth.npz:map",
            "has no array `x`",
        ),
        ("synth --samples 0 --out d.npz", "0 is not in"),
        ("synth --out missing/d.npz", "does not exist"),
        ("nonsense", "unrecognized subcommand"),
    ] {
        let value = folder.json(arguments);
        assert!(
            value["error"].as_str().unwrap().contains(expected),
            "{value}"
        );
        assert!(value["help"].is_string(), "{value}");
    }
}

#[test]
fn help_is_enough_to_begin() {
    let folder = Folder::new();
    for arguments in ["--help", "synth --help", "eval --help"] {
        let output = folder.run(arguments);
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("Examples:") && text.contains("xcebra "),
            "{text}"
        );
    }
    assert!(folder.run("--version").status.success());
    let error = folder.fails("");
    assert!(error.contains("Usage: xcebra"), "{error}");
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let folder = Folder::new();
    folder.maps();
    for arguments in ["--help", "eval --map map.npz:good --truth truth.npz:map"] {
        let mut child = Command::new(cargo_bin("xcebra"))
            .args(arguments.split(' '))
            .current_dir(folder.0.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut error = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut error)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{arguments}: {error}");
        assert!(error.is_empty(), "{error}");
    }
}
