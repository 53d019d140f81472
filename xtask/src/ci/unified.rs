//! The dependencies of the Python package have the features that they have in the workspace, so that what its tests
//! have built serves again.

use std::collections::BTreeSet;

use super::python::AS_IN_WORKSPACE;
use crate::shell::{self, Result};
use crate::workspace::Workspace;

const PACKAGE: &str = "xcebra-python";

/// Dependencies that would be compiled twice.
pub fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let tested = features(
        workspace,
        &["--workspace", "--edges", "normal,dev,no-proc-macro"],
    )?;
    let package = ["--package", PACKAGE, "--features", AS_IN_WORKSPACE];
    let package = [&package[..], &["--edges", "normal,no-proc-macro"]].concat();
    let packed = features(workspace, &package)?;
    let different = packed
        .difference(&tested)
        .filter(|line| !line.starts_with(PACKAGE));
    let problem = |line: &String| {
        format!(
            "crates/{PACKAGE}/Cargo.toml: the feature `{AS_IN_WORKSPACE}` gives `{line}`, which differs from the \
             workspace, so that ci compiles it and what uses it twice; `cargo tree --workspace --edges normal,dev,features \
             --invert` shows which package asks for more; add an optional dependency to {PACKAGE} that asks for the same"
        )
    };
    Ok(different.map(problem).collect())
}

/// Each dependency with its features, a line each.
fn features(workspace: &Workspace, of: &[&str]) -> Result<BTreeSet<String>> {
    let mut tree = shell::cargo(["tree", "--locked", "--no-dedupe", "--prefix", "none"]);
    tree.args(["--format", "{p} {f}"]).args(of);
    let text = shell::read(tree.current_dir(&workspace.root))?;
    Ok(text.lines().map(|line| line.trim().to_owned()).collect())
}
