//! The steps that are one call of cargo.

use crate::shell::{self, Result};
use crate::workspace::Workspace;

pub fn format(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--all", "--check"])
}

pub fn clippy(workspace: &Workspace) -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    let what = ["clippy", "--workspace", "--all-targets", "--locked"];
    cargo(workspace, &[&what[..], &deny].concat())
}

/// Clippy of what a caller gets who needs none of the facade's features: nearly all dependencies are checked again.
pub fn features(workspace: &Workspace) -> Result<()> {
    let bare = [
        "clippy",
        "--package",
        "xcebra",
        "--no-default-features",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    cargo(workspace, &bare)
}

/// Libraries, binaries, integration tests and documentation; examples are compiled.
pub fn tests(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["test", "--workspace", "--locked"])
}

pub fn docs(workspace: &Workspace) -> Result<()> {
    let mut command = shell::cargo(["doc", "--workspace", "--no-deps", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    shell::run(command.current_dir(&workspace.root))
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    shell::run(shell::cargo(arguments).current_dir(&workspace.root))
}
