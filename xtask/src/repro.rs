//! `cargo xtask repro`: the papers' experiments, which `crates/xcebra-experiments` runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

const EXPERIMENTS: [&str; 9] = [
    "table1",
    "animal",
    "several-animals",
    "recipe",
    "fdr",
    "chance",
    "heart-rate",
    "seizure",
    "forecast",
];

pub fn main(arguments: &[String]) -> Result<()> {
    check(arguments)?;
    let workspace = Workspace::load()?;
    let folder = workspace.target.join("repro");
    fs::create_dir_all(&folder).map_err(file_failure(&folder, "make"))?;
    let chosen = arguments.iter().any(|a| a.starts_with("--out"));
    let name = match (arguments[0].as_str(), scale(arguments)) {
        _ if chosen => None,
        (name @ ("fdr" | "chance"), _) => Some(name.to_owned()),
        (name, scale) => scale.map(|scale| format!("{name}-{scale}")),
    };
    let out = name.map(|name| folder.join(name));
    run(&workspace, arguments, out.as_deref())
}

/// Runs one experiment at the scale of continuous integration, from nothing, by the program as it
/// was last built to be checked.
pub fn smoke(workspace: &Workspace, experiment: &str) -> Result<()> {
    let folder = workspace.fresh_folder(&format!("repro-{experiment}"))?;
    let built = workspace.target.join(program::FOLDER);
    let mut command = Command::new(built.join("repro"));
    command.args([experiment, "--scale", "smoke", "--out"]);
    shell::run(command.arg(&folder))
}

/// Builds the program and runs it in the caller's folder, so that `--out` means what it says.
fn run(workspace: &Workspace, arguments: &[String], out: Option<&Path>) -> Result<()> {
    let what = ["run", "--release", "--locked", "-p", "xcebra-experiments"];
    let mut command = shell::cargo(what);
    let manifest = workspace.root.join("Cargo.toml");
    command.arg("--manifest-path").arg(manifest).arg("--");
    command.args(arguments);
    if let Some(out) = out {
        command.arg("--out").arg(out);
    }
    shell::run(&mut command)
}

/// The name of the experiment; all else the program itself checks.
fn check(arguments: &[String]) -> Result<()> {
    match arguments.first().map(String::as_str) {
        Some(name) if EXPERIMENTS.contains(&name) => Ok(()),
        found => Err(Failure::new(format!(
            "`repro` runs {}, not `{}`: cargo xtask repro table1 --scale small",
            EXPERIMENTS.join(", "),
            found.unwrap_or_default()
        ))),
    }
}

fn scale(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter();
    let option = words.find(|word| word.starts_with("--scale"))?;
    match option.split_once('=') {
        Some((_, scale)) => Some(scale),
        None => words.next().map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::{check, scale};

    #[test]
    fn reads_the_experiment_and_its_scale() {
        let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(check(&words("animal --scale smoke")).is_ok());
        for wrong in ["", "table2", "--scale smoke"] {
            let message = check(&words(wrong)).unwrap_err().to_string();
            assert!(
                message.contains("table1, animal, several-animals, recipe, fdr"),
                "{message}"
            );
        }
        assert_eq!(scale(&words("table1 --scale small")), Some("small"));
        assert_eq!(
            scale(&words("table1 --scale=paper --threads 2")),
            Some("paper")
        );
        assert_eq!(scale(&words("table1 --scale")), None);
        assert_eq!(scale(&words("table1 --help")), None);
    }
}
