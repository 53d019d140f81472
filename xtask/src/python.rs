//! Environments of Python, and the wheel of the package.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// The oldest version of Python that the package supports.
const OLDEST: (u32, u32) = (3, 10);

/// What builds the package.
pub const MATURIN: &str = "maturin>=1.9.4,<2";

/// The first Python that is new enough.
pub fn find() -> Result<PathBuf> {
    let mut found = Vec::new();
    for name in ["python3", "python"] {
        let code = "import sys; print(sys.version_info[0], sys.version_info[1])";
        let Ok(output) = Command::new(name).args(["-c", code]).output() else {
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<u32> = text
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        if let [major, minor] = numbers[..] {
            if (major, minor) >= OLDEST {
                return Ok(name.into());
            }
            found.push(format!("{name} is {major}.{minor}"));
        }
    }
    let found = match found.is_empty() {
        true => "there is none".to_owned(),
        false => found.join(", "),
    };
    Err(Failure::new(format!(
        "the tests of the Python package need Python {}.{} or later, and {found}; install it, or run the other \
         steps by their names",
        OLDEST.0, OLDEST.1
    )))
}

/// A virtual environment.
pub struct Environment {
    python: PathBuf,
}

impl Environment {
    /// Makes a new one, in place of whatever the folder holds.
    pub fn make(python: &Path, folder: &Path) -> Result<Self> {
        let mut make = Command::new(python);
        make.args(["-m", "venv", "--clear"]).arg(folder);
        shell::run(&mut make).map_err(|_| {
            Failure::new(
                "python3 cannot make a virtual environment; on Debian and Ubuntu install the package python3-venv",
            )
        })?;
        let programs = if cfg!(windows) { "Scripts" } else { "bin" };
        let python = folder.join(programs).join("python");
        Ok(Self { python })
    }

    /// Its Python.
    pub fn python(&self) -> Command {
        let mut command = Command::new(&self.python);
        // results do not depend on what the user has installed elsewhere
        command
            .env("PYTHONNOUSERSITE", "1")
            .env("MPLBACKEND", "Agg");
        command
    }

    /// A module that it runs.
    pub fn module(&self, name: &str) -> Command {
        let mut command = self.python();
        command.args(["-m", name]);
        command
    }

    /// Installs packages or wheels.
    pub fn install(&self, what: &[&str]) -> Result<()> {
        let mut pip = self.module("pip");
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .args(what);
        shell::run(&mut pip)
    }

    /// Builds the wheel with these arguments of maturin, such as a profile, and gives its path.
    pub fn build(&self, workspace: &Workspace, root: &Path, how: &[&str]) -> Result<String> {
        let folder = workspace.fresh_folder("wheels")?;
        let mut build = self.module("maturin");
        build.args(["build", "--locked", "--out"]).arg(&folder);
        build.args(how);
        build.env("CARGO_TARGET_DIR", &workspace.target);
        shell::run(build.current_dir(root))?;
        let files = std::fs::read_dir(&folder).map_err(file_failure(&folder, "read"))?;
        let wheel = files
            .flatten()
            .map(|file| file.path())
            .find(|path| path.extension().is_some_and(|e| e == "whl"));
        let wheel = wheel.ok_or_else(|| Failure::new("maturin built no wheel"))?;
        Ok(wheel.display().to_string())
    }
}
