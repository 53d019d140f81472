//! A folder in which the program runs, and small recordings to run it on.

#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../../xcebra-files/tests/behaviour/signal_files.rs"]
pub mod signal_files;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use ndarray::Array2;
use serde_json::Value;
use xcebra::files::{DataArray, NpzOutput, Source, read};

/// A training of an instant.
pub const SHORT: &str = "--set train.steps=20 --set train.batch=32 --set train.log_every=5 \
     --set encoder.outputs=2 --set regularizer.start=5 --set regularizer.ramp=5";

/// What `xcebra fit` writes.
pub const RUN: [&str; 8] = [
    "channels.json",
    "config.toml",
    "curves.csv",
    "diagnostics.json",
    "log.txt",
    "model.safetensors",
    "report.html",
    "sessions.json",
];

/// Keys of `--json` that are null where there is no such thing. NaN would be null, too, and no other key may be.
const MAY_BE_NULL: [&str; 14] = [
    // nothing held out, or no other seeds
    "validation_loss",
    "bits",
    "held_out",
    "seeds",
    // rules without a tolerance
    "error_estimate",
    "jumps",
    "tolerance_met",
    // files that do not tell
    "sampling_rate_hz",
    // what is in no named band
    "low",
    "high",
    // latents to which every channel is connected, or none: there is nothing to tell apart
    "by_latent",
    "difference",
    // no random orders
    "random_deletion_area",
    "random_insertion_area",
];

/// Keys that are null only with a note that has these words.
const NULL_WITH_A_NOTE: [(&str, &str); 3] = [
    ("first_share", "no change to explain"),
    ("relative_residual", "no change to explain"),
    ("condition", "outputs do not change"),
];

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn array(&self, file: &str, array: &str) -> DataArray {
        read(&Source::new(self.path(file), array)).unwrap()
    }

    /// Everything in the folder and the folders in it.
    pub fn entries(&self) -> Vec<String> {
        let mut names = Vec::new();
        list(self.0.path(), "", &mut names);
        names.sort();
        names
    }

    /// Runs the program in this folder; arguments may be in quotation marks.
    pub fn run(&self, arguments: &str) -> Output {
        Command::new(cargo_bin("xcebra"))
            .args(words(arguments))
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// Runs the program as on a full disk: its files may grow to a few kilobytes. The system ends a program
    /// that writes more, unless that signal is ignored.
    #[cfg(target_os = "linux")]
    pub fn run_on_full_disk(&self, arguments: &str, ignored: bool) -> Output {
        let trap = if ignored { "trap '' XFSZ; " } else { "" };
        let script = format!("{trap}ulimit -f 1; exec \"$0\" {arguments}");
        Command::new("sh")
            .args(["-c", &script])
            .arg(cargo_bin("xcebra"))
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// Starts the program in this folder. Interrupts end it, even where tests run in the background of a
    /// script and inherit that they are ignored.
    pub fn spawn_interruptible(&self, arguments: &str) -> Child {
        let mut program = Command::new("env");
        program.arg("--default-signal=INT").arg(cargo_bin("xcebra"));
        self.spawn_as(program, arguments)
    }

    /// Starts the program in this folder.
    pub fn spawn(&self, arguments: &str) -> Child {
        self.spawn_as(Command::new(cargo_bin("xcebra")), arguments)
    }

    pub fn spawn_as(&self, mut program: Command, arguments: &str) -> Child {
        program
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the program, which must succeed, and gives standard output.
    pub fn succeeds(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the program, which must fail and leave all as it was, and gives what it says.
    pub fn fails(&self, arguments: &str) -> String {
        let before = self.contents();
        let output = self.run(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments}: {error}");
        assert!(output.stdout.is_empty(), "{arguments}");
        assert!(!error.contains("panicked"), "{arguments}: {error}");
        let after = self.contents();
        let names = |c: &[(String, Vec<u8>)]| c.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after), "{arguments}: {error}");
        assert!(before == after, "{arguments} changed a file");
        error
    }

    /// As [`fails`](Self::fails), and the message must hold each of `parts`.
    pub fn fails_with(&self, arguments: &str, parts: &[&str]) {
        let error = self.fails(arguments);
        for part in parts {
            assert!(error.contains(part), "{arguments}: no {part:?} in {error}");
        }
    }

    fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let read = |name: String| {
            let bytes = fs::read(self.path(&name)).unwrap_or_default();
            (name, bytes)
        };
        self.entries().into_iter().map(read).collect()
    }

    /// Runs the program with `--json` and gives the one object on standard output.
    pub fn json(&self, arguments: &str) -> Value {
        let text = self.succeeds(&format!("{arguments} --json"));
        assert_eq!(text.lines().count(), 1, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value.is_object());
        let mut missing = Vec::new();
        nulls(&value, "", &mut missing);
        let notes = value["notes"].to_string();
        let is_told = |key: &str| {
            let mut told = NULL_WITH_A_NOTE.iter();
            told.any(|(name, words)| *name == key && notes.contains(words))
        };
        missing.retain(|key| !MAY_BE_NULL.contains(&key.as_str()) && !is_told(key));
        assert!(missing.is_empty(), "{arguments}: {missing:?} are null");
        value
    }

    pub fn write_npz(&self, name: &str, arrays: &[(&str, Array2<f64>)]) {
        let mut output = NpzOutput::create(&self.path(name)).unwrap();
        for (name, array) in arrays {
            output.add_with_gaps(name, array).unwrap();
        }
        output.commit().unwrap();
    }

    /// `data.npz` with the recording `x` (200, 4) and the labels `speed` and `state`.
    pub fn recording(&self) {
        let arrays = [("x", x()), ("speed", speed()), ("state", state())];
        self.write_npz("data.npz", &arrays);
    }

    /// As [`recording`](Self::recording), with `fit.toml`.
    pub fn with_settings(settings: &str) -> Self {
        let folder = Self::new();
        folder.recording();
        folder.write("fit.toml", settings);
        folder
    }

    /// A run of [`SHORT`] on [`recording`](Self::recording) in `run`.
    pub fn trained(&self) {
        self.recording();
        self.succeeds(&format!("fit --data data.npz --out run {SHORT}"));
    }
}

/// The words of a command line; apostrophes keep some together.
fn words(arguments: &str) -> Vec<String> {
    match arguments.contains('\'') {
        true => shell_words::split(arguments).unwrap(),
        false => arguments.split_whitespace().map(str::to_owned).collect(),
    }
}

/// The keys whose values are null, or lists with a null.
fn nulls(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(key.to_owned()),
        Value::Array(all) => all.iter().for_each(|value| nulls(value, key, found)),
        Value::Object(all) => all.iter().for_each(|(key, value)| nulls(value, key, found)),
        _ => (),
    }
}

/// Waits until a file or folder is there.
pub fn wait_for(path: &Path) {
    wait_until(|| path.exists(), path);
}

/// Waits until something holds, a minute at most.
pub fn wait_until(holds: impl Fn() -> bool, what: impl std::fmt::Debug) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what:?}");
        sleep(Duration::from_millis(1));
    }
}

/// Presses Ctrl-C.
pub fn interrupt(child: &Child) {
    signal(child, "INT");
}

/// Sends a signal.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names);
        }
        names.push(name);
    }
}

/// Four channels that move at different rates.
pub fn x() -> Array2<f64> {
    Array2::from_shape_fn((200, 4), |(t, c)| {
        let (t, c) = (t as f64, c as f64);
        (0.07 * t * (c + 1.0)).sin() + 0.2 * (1.3 * t + c).cos()
    })
}

/// A label that goes up and down.
pub fn speed() -> Array2<f64> {
    Array2::from_shape_fn((200, 1), |(t, _)| (0.07 * t as f64).sin())
}

/// Three classes.
pub fn state() -> Array2<f64> {
    Array2::from_shape_fn((200, 1), |(t, _)| (t / 20 % 3) as f64)
}

/// A page that needs nothing from elsewhere.
pub fn assert_self_contained(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    // the name of a vocabulary, which nothing is fetched from
    let fetched = page.replace("http://www.w3.org/2000/svg", "");
    for foreign in ["http://", "https://", "<link", "src=", "url(", "@import"] {
        let found = fetched.find(foreign);
        assert!(found.is_none(), "{foreign} at {found:?}");
    }
    // one script, which the policy allows by its hash; all other blocks are data
    let blocks = page.matches("<script").count();
    let data = page.matches("<script type=\"application/json\">").count();
    assert_eq!(blocks, data + 1);
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
}
