//! The command line under test, called as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// Where cargo puts what it builds to be checked, not to be timed.
pub const FOLDER: &str = "debug";

/// Builds all programs and examples in the profile of the tests, in which the kernels are optimised:
/// what the tests have built serves again.
pub fn build(workspace: &Workspace) -> Result<()> {
    let what = ["build", "--workspace", "--locked", "--bins", "--examples"];
    shell::run(shell::cargo(what).current_dir(&workspace.root))
}

/// The program `xcebra`, optimised, and the folder in which it runs.
pub struct Program {
    path: PathBuf,
    pub folder: PathBuf,
}

impl Program {
    /// The program as it was last built.
    pub fn in_fresh_folder(workspace: &Workspace, name: &str) -> Result<Self> {
        Ok(Self {
            path: workspace.target.join(FOLDER).join("xcebra"),
            folder: workspace.fresh_folder(name)?,
        })
    }

    /// As [`in_fresh_folder`](Self::in_fresh_folder), built as for users.
    pub fn optimised(workspace: &Workspace, name: &str) -> Result<Self> {
        Ok(Self {
            path: workspace.target.join("release").join("xcebra"),
            folder: workspace.fresh_folder(name)?,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments.split_whitespace());
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs a command that must succeed; returns its standard output.
    pub fn call(&self, arguments: &str) -> Result<String> {
        say(arguments);
        shell::read(&mut self.command(arguments)).map_err(|e| self.explained(e, arguments))
    }

    /// Runs a command that must write one JSON object and nothing else.
    pub fn json(&self, arguments: &str) -> Result<Value> {
        let text = self.call(arguments)?;
        serde_json::from_str(&text).map_err(|e| {
            let what = format!("standard output is not one JSON value ({e}):\n{text}");
            self.explained(Failure::new(what), arguments)
        })
    }

    /// Runs a command that must fail with code 2 and a message, and leave nothing at `out`.
    pub fn refuses(&self, arguments: &str, out: &str) -> Result<()> {
        say(arguments);
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
    pub fn arrays(&self, file: &str, names: &[&str]) -> Result<()> {
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
    pub fn same(&self, a: &str, b: &str, extension: &str) -> Result<()> {
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

    pub fn explained(&self, failure: Failure, arguments: &str) -> Failure {
        failure.or_rerun(format!(
            "cd {} && {} {arguments}",
            self.folder.display(),
            self.path.display()
        ))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(file_failure(path, "read"))
}

fn say(arguments: &str) {
    println!("$ xcebra {arguments}");
}
