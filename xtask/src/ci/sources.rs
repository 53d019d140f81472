//! The shape of source files and manifests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Result, file_failure};
use crate::workspace::{Package, Workspace};

/// Longest source file. Aim for 300 lines: a file is read in one sitting.
const MOST_LINES: usize = 500;

/// Where dfdx, the tape, may be named.
const ENGINE_ROOM: [&str; 4] = [
    "crates/xcebra-core/src/encoder/",
    "crates/xcebra-core/src/ops/",
    "crates/xcebra-core/tests/",
    "crates/xcebra-core/examples/",
];

/// The source of the crate that has an engine.
const CORE: &str = "crates/xcebra-core/src/";

/// What in it reads or checks data and settings: it must know neither tape nor engine, in its bounds
/// either.
const ENGINE_FREE: [&str; 13] = [
    "checks.rs",
    "config/",
    "disk.rs",
    "fingerprint.rs",
    "objective/similarity.rs",
    "objective/targets.rs",
    "path.rs",
    "recording/",
    "regularizer/probes.rs",
    "regularizer/schedule.rs",
    "sampling/",
    "streams.rs",
    "window.rs",
];

/// Names of the tape and the engines.
const ENGINE: [&str; 8] = [
    "Cpu",
    "Element",
    "Engine",
    "Gradients",
    "Taped",
    "Trainable",
    "Value",
    "Vector",
];

/// Where compilers' guarantees may be suspended.
const KERNELS: &str = "crates/xcebra-core/src/ops/cpu/kernels/";

pub fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in &workspace.packages {
        let mut files = Vec::new();
        collect(&package.folder, &mut files)?;
        for file in files {
            let text = fs::read_to_string(&file).map_err(file_failure(&file, "read"))?;
            problems.extend(source(&workspace.relative(&file), &text));
        }
        for target in package.targets.iter().filter(|t| t.kind == "lib") {
            let text =
                fs::read_to_string(&target.source).map_err(file_failure(&target.source, "read"))?;
            if package.name != "xcebra-core" && !text.contains("\n#![forbid(unsafe_code)]\n") {
                let path = workspace.relative(&target.source);
                problems.push(format!("{path}: no #![forbid(unsafe_code)]"));
            }
        }
    }
    problems.extend(workspace.published().flat_map(manifest));
    Ok(problems)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(file_failure(folder, "read"))? {
        let path = entry.map_err(file_failure(folder, "read"))?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

/// What is wrong with one source file; `path` is relative to the root.
fn source(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !text.starts_with("//!") {
        problems.push(format!("{path}:1: begin with a module doc, `//! …`"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        problems.push(format!(
            "{path}: {lines} lines; divide it ({MOST_LINES} at most)"
        ));
    }
    let engine_room = ENGINE_ROOM.iter().any(|p| path.starts_with(p));
    let engine_free = path
        .strip_prefix(CORE)
        .is_some_and(|path| ENGINE_FREE.iter().any(|p| path.starts_with(p)));
    let kernels = path.starts_with(KERNELS);
    for (number, line) in text.lines().enumerate() {
        let code = code(line);
        let at = format!("{path}:{}", number + 1);
        if !engine_room && has_word(&code, "dfdx") {
            problems.push(format!(
                "{at}: names dfdx; go through xcebra-core's encoder/ or ops/"
            ));
        }
        if engine_free && let Some(name) = ENGINE.iter().find(|name| has_word(&code, name)) {
            problems.push(format!(
                "{at}: names {name}; data and settings know neither tape nor engine"
            ));
        }
        if !kernels && has_word(&code, "unsafe") {
            problems.push(format!("{at}: unsafe code outside {KERNELS}"));
        }
    }
    problems
}

/// A line without its comment and the insides of its strings.
fn code(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    let mut in_string = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' if in_string => {
                rest.next();
            }
            '"' => in_string = !in_string,
            '/' if !in_string && rest.peek() == Some(&'/') => break,
            _ if in_string => {}
            _ => kept.push(c),
        }
    }
    kept
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|w| w == word)
}

/// What a registry's page would lack.
fn manifest(package: &Package) -> Vec<String> {
    let readme = package.readme.as_ref().map(|r| package.folder.join(r));
    let missing = [
        ("description", package.description.is_none()),
        ("license", package.license.is_none()),
        ("keywords", package.keywords.is_empty()),
        ("categories", package.categories.is_empty()),
        ("readme", !readme.is_some_and(|r| r.is_file())),
    ];
    missing
        .iter()
        .filter(|(_, missing)| *missing)
        .map(|(field, _)| format!("{}: its manifest has no {field}", package.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{code, has_word, source};

    #[test]
    fn comments_and_strings_are_no_code() {
        assert_eq!(code(r#"let a = "b // \" c"; // d"#), "let a = ; ");
        assert!(has_word("use dfdx::tensor", "dfdx"));
        assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
    }

    #[test]
    fn finds_each_fault() {
        let doc = "//! Doc.\n";
        let faults = |path: &str, rest: &str| source(path, &format!("{doc}{rest}")).len();
        let core = "crates/xcebra-core/src";
        assert_eq!(faults("crates/cdig/src/a.rs", "// dfdx, unsafe\n"), 0);
        assert_eq!(faults("crates/cdig/src/a.rs", "use dfdx::shapes;\n"), 1);
        assert_eq!(
            faults(&format!("{core}/ops/a.rs"), "use dfdx::shapes;\n"),
            0
        );
        assert_eq!(
            faults(&format!("{core}/train/a.rs"), "use dfdx::shapes;\n"),
            1
        );
        assert_eq!(faults(&format!("{core}/ops/a.rs"), "unsafe { f() }\n"), 1);
        assert_eq!(
            faults(&format!("{core}/ops/cpu/kernels/a.rs"), "unsafe { f() }\n"),
            0
        );
        let bound = "fn f<E: Element>() {}\n";
        assert_eq!(faults(&format!("{core}/train/a.rs"), bound), 0);
        for place in ["recording/a.rs", "sampling/a.rs", "config/a.rs", "disk.rs"] {
            assert_eq!(faults(&format!("{core}/{place}"), bound), 1, "{place}");
            let scalar = "fn f<E: Scalar>() {} // Element\n";
            assert_eq!(faults(&format!("{core}/{place}"), scalar), 0, "{place}");
        }
        assert_eq!(faults("xtask/src/a.rs", &"\n".repeat(499)), 0);
        assert_eq!(faults("xtask/src/a.rs", &"\n".repeat(500)), 1);
        assert_eq!(source("xtask/src/a.rs", "fn main() {}\n").len(), 1);
    }
}
