//! The Python package: built as its users build it, in an environment of its own, and tested there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// The oldest version of Python that the package supports.
const OLDEST: (u32, u32) = (3, 10);

/// What the tests use; torch is too large here, and `cargo xtask bench --peers` compares with it.
const PACKAGES: [&str; 13] = [
    "maturin>=1.9.4,<2",
    "numpy",
    "pytest",
    "pytest-timeout",
    "scikit-learn>=1.6",
    "jax",
    "keras>=3",
    "pandas",
    "xarray",
    "matplotlib",
    "joblib",
    "tqdm",
    "mypy",
];

/// Builds the package and runs its tests.
pub fn check(workspace: &Workspace) -> Result<()> {
    let python = find()?;
    let root = workspace.root.join("crates/xcebra-python");
    let environment = Environment::make(&python, &workspace.fresh_folder("python")?)?;
    environment.install(&PACKAGES)?;
    let wheel = environment.build(workspace, &root, "dev")?;
    environment.install(&[&wheel])?;
    let mut tests = environment.module("pytest");
    tests.args([
        "-q",
        "-p",
        "no:cacheprovider",
        "--timeout=300",
        "tests",
        "--doctest-modules",
        "python/xcebra",
    ]);
    // the installed package, not the sources beside the tests
    tests
        .args(["--import-mode=importlib", "--pyargs"])
        .current_dir(&root);
    shell::run(&mut tests)?;
    let mut stubs = environment.module("mypy.stubtest");
    stubs
        .args([
            "xcebra",
            "--mypy-config-file=pyproject.toml",
            "--ignore-missing-stub",
            "--ignore-unused-allowlist",
            "--allowlist=tools/stubtest-allowed.txt",
        ])
        .current_dir(&root);
    shell::run(&mut stubs)?;
    let mut reference = environment.python();
    reference
        .args(["tools/reference.py", "--check"])
        .current_dir(&root);
    shell::run(&mut reference)?;
    bare(workspace, &python, &root, &wheel)
}

/// Without anything but NumPy it imports and works.
fn bare(workspace: &Workspace, python: &Path, root: &Path, wheel: &str) -> Result<()> {
    let environment = Environment::make(python, &workspace.fresh_folder("python-bare")?)?;
    environment.install(&[wheel])?;
    let mut smoke = environment.python();
    shell::run(smoke.arg("tools/smoke.py").current_dir(root))
}

/// The first Python that is new enough.
fn find() -> Result<PathBuf> {
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
struct Environment {
    python: PathBuf,
}

impl Environment {
    fn make(python: &Path, folder: &Path) -> Result<Self> {
        let mut make = Command::new(python);
        make.args(["-m", "venv"]).arg(folder);
        shell::run(&mut make).map_err(|_| {
            Failure::new(
                "python3 cannot make a virtual environment; on Debian and Ubuntu install the package python3-venv",
            )
        })?;
        let programs = if cfg!(windows) { "Scripts" } else { "bin" };
        let python = folder.join(programs).join("python");
        Ok(Self { python })
    }

    fn python(&self) -> Command {
        let mut command = Command::new(&self.python);
        // results do not depend on what the user has installed elsewhere
        command
            .env("PYTHONNOUSERSITE", "1")
            .env("MPLBACKEND", "Agg");
        command
    }

    fn module(&self, name: &str) -> Command {
        let mut command = self.python();
        command.args(["-m", name]);
        command
    }

    fn install(&self, what: &[&str]) -> Result<()> {
        let mut pip = self.module("pip");
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .args(what);
        shell::run(&mut pip)
    }

    /// Builds the wheel in a profile and gives its path.
    fn build(&self, workspace: &Workspace, root: &Path, profile: &str) -> Result<String> {
        let folder = workspace.fresh_folder("wheels")?;
        let mut build = self.module("maturin");
        build
            .args(["build", "--locked", "--profile", profile, "--out"])
            .arg(&folder);
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
