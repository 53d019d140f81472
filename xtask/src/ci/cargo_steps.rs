//! The steps that are one call of cargo.

use crate::shell::{self, Result};
use crate::workspace::Workspace;

pub fn format(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--all", "--check"])
}

pub fn clippy(workspace: &Workspace) -> Result<()> {
    let what = ["clippy", "--workspace", "--all-targets", "--locked"];
    cargo(workspace, &[&what[..], &["--", "-D", "warnings"]].concat())
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

/// Packs every crate as for a registry and builds it from nothing but the packed files.
///
/// A packed crate has lost the workspace's profile; that of the dependencies is given back here, so
/// that those which the tests have built serve again.
pub fn packages(workspace: &Workspace) -> Result<()> {
    let mut arguments = vec!["package".to_owned(), "--locked".to_owned()];
    arguments.extend(workspace.published_selection());
    if std::env::var_os("CI").is_none() {
        arguments.push("--allow-dirty".to_owned());
    }
    let mut profile = vec![
        "opt-level=1".to_owned(),
        "debug=\"line-tables-only\"".to_owned(),
        "package.\"*\".debug=false".to_owned(),
    ];
    let kernels = ["gemm-common", "gemm-f32", "gemm-f64", "matrixmultiply"];
    profile.extend(kernels.map(|name| format!("package.{name}.opt-level=3")));
    // our own are only compiled here, not run
    profile.extend(
        workspace
            .published()
            .map(|p| format!("package.{}.opt-level=0", p.name)),
    );
    for setting in profile {
        arguments.extend(["--config".to_owned(), format!("profile.dev.{setting}")]);
    }
    let mut command = shell::cargo(&arguments);
    command.env("CARGO_TARGET_DIR", &workspace.target);
    shell::run(command.current_dir(&workspace.root))
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    shell::run(shell::cargo(arguments).current_dir(&workspace.root))
}
