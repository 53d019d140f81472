//! Packs every crate as for a registry and compiles the packed files, and nothing else, together.
//!
//! `cargo package` could build them itself. But it keeps what it unpacks by name and version, in a
//! folder of cargo's that outlives the build: the next run, of other sources with the same version,
//! would compile a crate against its neighbours of the run before.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::shell::{self, Result, file_failure};
use crate::workspace::Workspace;

pub fn check(workspace: &Workspace) -> Result<()> {
    let mut pack = shell::cargo(["package", "--locked", "--no-verify"]);
    pack.args(workspace.published_selection());
    if std::env::var_os("CI").is_none() {
        pack.arg("--allow-dirty");
    }
    pack.env("CARGO_TARGET_DIR", &workspace.target);
    shell::run(pack.current_dir(&workspace.root))?;

    let folder = workspace.fresh_folder("packages")?;
    for package in workspace.published() {
        let file = format!("{}-{}.crate", package.name, package.version);
        let packed = workspace.target.join("package").join(file);
        let mut unpack = Command::new("tar");
        // every pack has the same times in it, and cargo would take the files for those of the last one
        unpack.arg("-xzmf").arg(&packed).arg("-C").arg(&folder);
        shell::run(&mut unpack)?;
    }
    let read = |name: &str| {
        let path = workspace.root.join(name);
        fs::read_to_string(&path).map_err(file_failure(&path, "read"))
    };
    write(
        &folder.join("Cargo.toml"),
        &manifest(workspace, &read("Cargo.toml")?),
    )?;
    write(&folder.join("Cargo.lock"), &read("Cargo.lock")?)?;

    let mut check = shell::cargo(["check", "--workspace"]);
    check.env("CARGO_TARGET_DIR", &workspace.target);
    shell::run(check.current_dir(&folder))
}

/// A workspace of the packed crates. They ask a registry for each other and get their neighbours;
/// with the profiles of this workspace, what other steps have built of dependencies serves again.
fn manifest(workspace: &Workspace, root: &str) -> String {
    let (mut members, mut neighbours) = (String::new(), String::new());
    for p in workspace.published() {
        let folder = format!("{}-{}", p.name, p.version);
        let _ = writeln!(members, "    \"{folder}\",");
        let _ = writeln!(neighbours, "{} = {{ path = \"{folder}\" }}", p.name);
    }
    let profiles = profiles(root);
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n[patch.crates-io]\n{neighbours}\n{profiles}"
    )
}

/// The tables of a manifest whose names begin with `profile.dev`.
fn profiles(manifest: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.starts_with("[profile.dev");
        }
        if inside {
            text += line;
            text += "\n";
        }
    }
    text
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(file_failure(path, "write"))
}

#[cfg(test)]
mod tests {
    use super::profiles;

    #[test]
    fn profiles_are_taken_and_nothing_else() {
        let manifest = "[workspace]\nmembers = []\n[profile.dev]\nopt-level = 1\n[profile.release]\nlto = true\n\
                        [profile.dev.package.a]\nopt-level = 3\n[dependencies]\na = \"1\"\n";
        let expected = "[profile.dev]\nopt-level = 1\n[profile.dev.package.a]\nopt-level = 3\n";
        assert_eq!(profiles(manifest), expected);
    }
}
