//! Runs every example of every crate.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::program;
use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

/// They run in an empty folder, so that what they write does no harm.
pub fn run(workspace: &Workspace) -> Result<()> {
    program::build(workspace)?;

    let folder = workspace.fresh_folder("examples")?;
    let built = workspace.target.join(program::FOLDER).join("examples");
    let mut names = BTreeSet::new();
    for package in workspace.published() {
        for example in package.targets.iter().filter(|t| t.kind == "example") {
            let name = &example.name;
            if !names.insert(name) {
                return Err(Failure::new(format!(
                    "two examples are called `{name}`; rename one, they share a folder"
                )));
            }
            let typed = format!("cargo run -p {} --example {name}", package.name);
            let program = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            let start = Instant::now();
            let output = Command::new(&program)
                .current_dir(&folder)
                .stdin(Stdio::null())
                .output()
                .map_err(shell::file_failure(&program, "start"))?;
            println!("$ {typed}  ({:.1} s)", start.elapsed().as_secs_f64());
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                let what = format!("the example {name} ended with {}\n{said}", output.status);
                return Err(Failure::new(what).or_rerun(typed));
            }
        }
    }
    println!("{} examples ran", names.len());
    Ok(())
}
