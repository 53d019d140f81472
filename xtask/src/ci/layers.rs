//! Who may depend on whom.

use crate::shell::{self, Result};
use crate::workspace::{Package, Workspace};

/// The crates of the workspace that each may use, tests included.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("xcebra-numeric", &[]),
    ("xcebra-model", &["xcebra-numeric"]),
    ("xcebra-synth", &["xcebra-model", "xcebra-numeric"]),
    ("xcebra-eval", &["xcebra-model", "xcebra-numeric"]),
    ("xcebra-attr", &["xcebra-model", "xcebra-numeric"]),
    ("cdig", &["xcebra-model", "xcebra-numeric"]),
    ("xcebra-core", &["xcebra-model", "xcebra-numeric"]),
    ("xcebra-onnx", &["xcebra-model", "xcebra-numeric"]),
    ("xcebra-files", &["xcebra-model", "xcebra-numeric"]),
    (
        "xcebra-report",
        &["xcebra-model", "xcebra-numeric", "xcebra-files"],
    ),
    ("xcebra", &LIBRARIES),
    ("xcebra-cli", &LIBRARIES_AND_FACADE),
    // the last two only for the features they have in the workspace
    (
        "xcebra-python",
        &["xcebra", "xcebra-numeric", "xcebra-report"],
    ),
    ("xcebra-benches", &LIBRARIES_AND_FACADE),
    ("xcebra-docs", &LIBRARIES_AND_FACADE),
    ("xcebra-experiments", &LIBRARIES_AND_FACADE),
    ("xcebra-fuzz", &LIBRARIES_AND_FACADE),
    ("xtask", &[]),
];

const LIBRARIES: [&str; 10] = [
    "xcebra-numeric",
    "xcebra-model",
    "xcebra-files",
    "xcebra-synth",
    "xcebra-eval",
    "xcebra-attr",
    "cdig",
    "xcebra-core",
    "xcebra-onnx",
    "xcebra-report",
];

const LIBRARIES_AND_FACADE: [&str; 11] = [
    "xcebra-numeric",
    "xcebra-model",
    "xcebra-files",
    "xcebra-synth",
    "xcebra-eval",
    "xcebra-attr",
    "cdig",
    "xcebra-core",
    "xcebra-onnx",
    "xcebra-report",
    "xcebra",
];

/// Crates that must stay usable without the tensor engine and the command line …
const LIGHT: [&str; 9] = [
    "xcebra-report",
    "xcebra-files",
    "cdig",
    "xcebra-onnx",
    "xcebra-attr",
    "xcebra-synth",
    "xcebra-eval",
    "xcebra-model",
    "xcebra-numeric",
];

/// … that is, without these and their companions.
const HEAVY: [&str; 2] = ["dfdx", "clap"];

/// What only the program or a feature of the facade may bring.
const OF_THE_PROGRAM: [&str; 7] = [
    "clap",
    "miette",
    "indicatif",
    "ctrlc",
    "signal",
    "kuva",
    "assert_cmd",
];

pub fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let names: Vec<&str> = workspace.packages.iter().map(|p| p.name.as_str()).collect();
    let mut problems: Vec<String> = workspace
        .packages
        .iter()
        .flat_map(|p| upward(p, &names))
        .collect();
    for name in LIGHT {
        let mut tree = shell::cargo(["tree", "--locked", "--prefix=none", "--edges=normal"]);
        let text = shell::read(tree.args(["--package", name]).current_dir(&workspace.root))?;
        problems.extend(of_families(&text, &HEAVY).map(|found| {
            format!("{name} depends on {found} (see `cargo tree -p {name} -i {found}`)")
        }));
    }
    let mut tree = shell::cargo(["tree", "--locked", "--prefix=none", "--edges=normal"]);
    tree.args(["--package", "xcebra", "--no-default-features"]);
    let text = shell::read(tree.current_dir(&workspace.root))?;
    problems.extend(of_families(&text, &OF_THE_PROGRAM).map(|found| {
        format!("xcebra without features depends on {found} (see `cargo tree -p xcebra --no-default-features -i {found}`)")
    }));
    Ok(problems)
}

fn upward(package: &Package, workspace: &[&str]) -> Vec<String> {
    let name = &package.name;
    let Some((_, allowed)) = MAY_USE.iter().find(|(n, _)| n == name) else {
        return vec![format!(
            "{name} has no place in the architecture; add it to {} and to CONTRIBUTING.md",
            file!()
        )];
    };
    let forbidden = |d: &&String| workspace.contains(&d.as_str()) && !allowed.contains(&d.as_str());
    package
        .dependencies
        .iter()
        .filter(forbidden)
        .map(|d| format!("{name} depends on {d}, which CONTRIBUTING.md does not allow"))
        .collect()
}

/// Packages of forbidden families in the output of `cargo tree`.
fn of_families<'a>(tree: &'a str, families: &[&str]) -> impl Iterator<Item = &'a str> {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|package| {
            let family = package.split(['-', '_']).next().unwrap_or(package);
            families.contains(&family)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{HEAVY, of_families, upward};
    use crate::workspace::Package;

    #[test]
    fn finds_heavy_packages_and_their_companions() {
        let tree =
            "cdig v0.1.0 (/a)\nclap_derive v4 (proc-macro)\nclapboard v1\ndfdx v0.13.0 (*)\n";
        assert!(of_families(tree, &HEAVY).eq(["clap_derive", "dfdx"]));
    }

    #[test]
    fn finds_dependencies_against_the_arrows() {
        let package = |name: &str| Package {
            name: name.to_owned(),
            version: String::new(),
            folder: PathBuf::new(),
            published: true,
            description: None,
            license: None,
            readme: None,
            keywords: Vec::new(),
            categories: Vec::new(),
            dependencies: ["ndarray", "xcebra-model", "xcebra-core"]
                .map(str::to_owned)
                .into(),
            targets: Vec::new(),
        };
        let workspace = ["xcebra-model", "xcebra-core", "xcebra-attr", "xcebra"];
        assert!(upward(&package("xcebra"), &workspace).is_empty());
        let found = upward(&package("xcebra-attr"), &workspace);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("xcebra-attr depends on xcebra-core"));
        assert!(upward(&package("newcomer"), &workspace)[0].contains("no place"));
    }
}
