//! The command line from a recording to a scored map, as a user would call it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// The form of `fit.toml` that README.md documents, with few steps.
const CONFIG: &str = r#"
[data]
x = "x"
labels = { z2 = "z2" }
[encoder]
name = "offset1-mse-clip"
outputs = 6
clip = 5.0
[[objective]]
dims = [0, 6]
positives = { kind = "time", offset = 1 }
similarity = { kind = "euclidean", temperature = 1.0 }
[[objective]]
dims = [3, 6]
positives = { kind = "time-delta", label = "z2", delta = 1 }
similarity = { kind = "euclidean", temperature = 1.0 }
[regularizer]
weight = 0.1
start = 100
ramp = 100
projections = 1
[train]
steps = 400
batch = 256
learning_rate = 1e-3
seed = 0
"#;

/// Chance is 0.5; a map this far above it has been through every part in the right order. How good
/// maps become is measured elsewhere, with longer trainings.
const LEAST_AUROC: f64 = 0.7;

pub fn run(workspace: &Workspace) -> Result<()> {
    let mut build = shell::cargo(["build", "--release", "--locked", "--examples", "--bins"]);
    build.args(workspace.published_selection());
    shell::run(build.current_dir(&workspace.root))?;
    let cli = Cli {
        program: workspace.target.join("release").join("xcebra"),
        folder: workspace.fresh_folder("end-to-end")?,
    };
    let config = cli.folder.join("fit.toml");
    fs::write(&config, CONFIG).map_err(file_failure(&config, "write"))?;

    cli.call("synth --dims 6 --samples 2000 --seed 1 --out data.npz")?;
    cli.arrays("data.npz", &["x", "z", "z1", "z2", "map"])?;
    cli.call("fit --data data.npz --config fit.toml --out run --threads 1")?;
    cli.call("embed --model run --data data.npz --out embedding.npz")?;
    cli.arrays("embedding.npz", &["embedding"])?;
    cli.call("attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz")?;
    cli.arrays("map.npz", &["ing"])?;
    let score = cli.json("eval --map map.npz:ing --truth data.npz:map --json")?;
    for field in ["auroc", "average_precision"] {
        let value = score[field].as_f64();
        if !value.is_some_and(|v| (0.0..=1.0).contains(&v)) {
            let what = format!("`eval --json` wrote {score}; {field} must be from 0 to 1");
            return Err(Failure::new(what));
        }
        println!("{field} {:.4}", value.unwrap_or_default());
    }
    if score["auroc"]
        .as_f64()
        .is_none_or(|auroc| auroc < LEAST_AUROC)
    {
        let what = format!("the map of a short training scores {score}, below {LEAST_AUROC}");
        return Err(Failure::new(what));
    }

    // any number of threads gives the same bits
    cli.call("fit --data data.npz --config fit.toml --out run2 --threads 2")?;
    cli.same("run", "run2", "safetensors")?;

    for (arguments, out) in [
        ("fit --data none.npz --config fit.toml --out none", "none"),
        (
            "fit --data data.npz --config fit.toml --set train.batch=0 --out none",
            "none",
        ),
        (
            "attribute --model none --data data.npz --method ing --out none.npz",
            "none.npz",
        ),
        (
            "attribute --model run --data data.npz --method no --out none.npz",
            "none.npz",
        ),
    ] {
        cli.refuses(arguments, out)?;
    }
    Ok(())
}

struct Cli {
    program: PathBuf,
    folder: PathBuf,
}

impl Cli {
    fn command(&self, arguments: &str) -> Command {
        println!("$ xcebra {arguments}");
        let mut command = Command::new(&self.program);
        command.args(arguments.split_whitespace());
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs a command that must succeed; returns its standard output.
    fn call(&self, arguments: &str) -> Result<String> {
        shell::read(&mut self.command(arguments)).map_err(|e| self.explained(e, arguments))
    }

    /// Runs a command that must write one JSON object and nothing else.
    fn json(&self, arguments: &str) -> Result<Value> {
        let text = self.call(arguments)?;
        serde_json::from_str(&text).map_err(|e| {
            let what = format!("standard output is not one JSON value ({e}):\n{text}");
            self.explained(Failure::new(what), arguments)
        })
    }

    /// Runs a command that must fail with code 2 and a message, and leave nothing at `out`.
    fn refuses(&self, arguments: &str, out: &str) -> Result<()> {
        let mut command = self.command(arguments);
        let output = command
            .output()
            .map_err(|e| shell::not_started(&command, &e))?;
        let problem = if output.status.success() {
            "it must fail"
        } else if output.status.code() != Some(2) {
            "it must exit with code 2"
        } else if output.stderr.is_empty() {
            "it must say why it failed"
        } else if self.folder.join(out).exists() {
            "it must not leave an output"
        } else {
            return Ok(());
        };
        Err(self.explained(Failure::new(problem), arguments))
    }

    /// Checks that an `.npz` file holds these arrays: their names stand in its directory.
    fn arrays(&self, file: &str, names: &[&str]) -> Result<()> {
        let path = self.folder.join(file);
        let bytes = fs::read(&path).map_err(file_failure(&path, "read"))?;
        for name in names {
            let entry = format!("{name}.npy");
            if !bytes.windows(entry.len()).any(|w| w == entry.as_bytes()) {
                return Err(Failure::new(format!("{file} has no array `{name}`")));
            }
        }
        Ok(())
    }

    /// Checks that two folders hold the same bytes in their files of one kind.
    fn same(&self, a: &str, b: &str, extension: &str) -> Result<()> {
        let (a, b) = (self.folder.join(a), self.folder.join(b));
        let mut compared = 0;
        for entry in fs::read_dir(&a).map_err(file_failure(&a, "read"))? {
            let path = entry.map_err(file_failure(&a, "read"))?.path();
            if path.extension().is_some_and(|e| e == extension) {
                compared += 1;
                let twin = b.join(path.file_name().unwrap_or_default());
                if read(&path)? != read(&twin)? {
                    let what = format!("{} and {} differ", path.display(), twin.display());
                    return Err(Failure::new(what));
                }
            }
        }
        if compared == 0 {
            let what = format!("{} holds no .{extension} file", a.display());
            return Err(Failure::new(what));
        }
        Ok(())
    }

    fn explained(&self, failure: Failure, arguments: &str) -> Failure {
        failure.or_rerun(format!(
            "cd {} && {} {arguments}",
            self.folder.display(),
            self.program.display()
        ))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(file_failure(path, "read"))
}
