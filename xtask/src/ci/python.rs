//! The Python package: built as its users build it, in an environment of its own, and tested there.

use std::path::Path;
use std::sync::OnceLock;

use crate::python::{Environment, MATURIN, find};
use crate::shell::{self, Result};
use crate::workspace::Workspace;

/// What the tests use; torch is too large here, and `cargo xtask bench --peers` compares with it.
const PACKAGES: [&str; 13] = [
    MATURIN,
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

/// The feature of the package with which its dependencies are those of the workspace's tests.
pub const AS_IN_WORKSPACE: &str = "as-in-workspace";

/// The environment of the tests, with what they use.
static ENVIRONMENT: OnceLock<Result<Environment>> = OnceLock::new();

/// Makes the environment, or waits until another thread has. Its packages take minutes to arrive, in which the
/// processor is free for other steps.
pub fn environment(workspace: &Workspace) -> Result<&'static Environment> {
    let made = ENVIRONMENT.get_or_init(|| {
        let environment = Environment::make(&find()?, &workspace.fresh_folder("python")?)?;
        environment.install(&PACKAGES)?;
        Ok(environment)
    });
    made.as_ref().map_err(Clone::clone)
}

/// Builds the package and runs its tests.
pub fn check(workspace: &Workspace) -> Result<()> {
    let root = workspace.root.join("crates/xcebra-python");
    let environment = environment(workspace)?;
    let how = ["--profile", "dev", "--features", AS_IN_WORKSPACE];
    let wheel = environment.build(workspace, &root, &how)?;
    environment.install(&[&wheel])?;
    for what in [&["tests"][..], &["--doctest-modules", "--pyargs", "xcebra"]] {
        let mut tests = environment.module("pytest");
        tests.args(["-q", "-p", "no:cacheprovider", "--timeout=300"]);
        shell::run(tests.args(what).current_dir(&root))?;
    }
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
    bare(workspace, &find()?, &root, &wheel)
}

/// Without anything but NumPy it imports and works.
fn bare(workspace: &Workspace, python: &Path, root: &Path, wheel: &str) -> Result<()> {
    let environment = Environment::make(python, &workspace.fresh_folder("python-bare")?)?;
    environment.install(&[wheel])?;
    let mut smoke = environment.python();
    shell::run(smoke.arg("tools/smoke.py").current_dir(root))
}
