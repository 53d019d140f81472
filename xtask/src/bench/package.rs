//! The Python package beside what its users would take instead: `cargo xtask bench --peers python`.

use std::process::Command;

use super::peers::{self, Options};
use crate::python::{Environment, MATURIN, find};
use crate::shell::{self, Result};
use crate::workspace::Workspace;

/// The page that the script writes.
const PAGE: &str = "docs/reports/python-package.md";

/// Builds wheel and program as users do, and runs the script in the environment of the others.
pub fn compare(workspace: &Workspace, options: &Options) -> Result<()> {
    let root = &workspace.root;
    let mut program = shell::cargo(["build", "--release", "--locked", "-p", "xcebra-cli"]);
    shell::run(program.current_dir(root))?;
    let maturin = Environment::make(&find()?, &workspace.fresh_folder("maturin")?)?;
    maturin.install(&[MATURIN])?;
    let wheel = maturin.build(
        workspace,
        &root.join("crates/xcebra-python"),
        &["--profile", "python"],
    )?;

    let python = peers::python(workspace)?;
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--force-reinstall",
        &wheel,
    ]);
    shell::run(&mut install)?;
    let threads = options.threads.last().copied().unwrap_or(1);
    let mut script = Command::new(&python);
    script.arg(root.join("benches/peers/python_package.py"));
    script.args(["--rounds", &options.rounds.to_string()]);
    script.args(["--threads", &threads.to_string(), "--program"]);
    script.arg(workspace.target.join("release/xcebra"));
    script.arg("--page").arg(root.join(PAGE));
    shell::run(&mut script)
}
