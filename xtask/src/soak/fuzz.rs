//! Coverage-guided fuzzing of every reader, on the stable toolchain.
//!
//! libFuzzer drives the targets of `xcebra-fuzz`. Only the workspace's own crates are instrumented: cargo
//! calls this program in place of their compiler ([`compile`]), and it adds the flags.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// Set while this program stands in for the compiler.
pub const COMPILING: &str = "XCEBRA_FUZZ_COMPILING";

/// What libFuzzer needs to see which branches an input takes, and what it compares.
const INSTRUMENTATION: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Committed inputs, a folder for each target.
const CORPUS: &str = "crates/xcebra-fuzz/corpus";
/// Address space of a fuzzed program in KiB; an allocation beyond it fails.
const MEMORY: u64 = 1 << 20;
/// Seconds that one input may take.
const SECONDS: u64 = 10;
/// Largest input that is made. Readers of larger files do nothing else.
const LARGEST: u64 = 1 << 16;

/// Committed inputs of a target, and bytes of the largest.
const KEPT: usize = 40;
const LARGEST_KEPT: u64 = 1500;

/// How long to go on.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Executions of each target; 0 means no limit.
    pub runs: u64,
    /// Seconds for each target; 0 means no limit.
    pub seconds: u64,
}

/// Calls the compiler that cargo would have called, with the instrumentation.
pub fn compile(arguments: &[String]) -> Result<()> {
    let Some((compiler, rest)) = arguments.split_first() else {
        return Err(Failure::new("there is no compiler to call"));
    };
    let mut command = Command::new(compiler);
    command.args(rest);
    // cargo also asks what the compiler can do
    if rest.iter().any(|word| word == "--crate-name") {
        command.args(INSTRUMENTATION);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Err(shell::not_started(&command, &error)),
    }
}

/// Whether libFuzzer can be compiled here.
fn has_compiler() -> bool {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let mut command = Command::new(compiler);
    command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Drives the named targets, or all.
pub fn fuzz(workspace: &Workspace, profile: &str, names: &[String], effort: Effort) -> Result<()> {
    let known = targets(workspace)?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(Failure::new(format!(
            "there is no target `{unknown}`; there are {}",
            known.join(", ")
        )));
    }
    let chosen = if names.is_empty() { &known } else { names };
    let program = build(workspace, profile)?;
    let mut all = 0;
    for target in chosen {
        let (executions, kept) = drive(workspace, &program, target, effort)?;
        println!("{target:12} {executions:>12} executions, {kept} inputs kept");
        all += executions;
    }
    println!("{:12} {all:>12} executions", "together");
    Ok(())
}

/// Replaces the committed inputs of each target by the smallest of those few that together reach all that
/// was reached.
pub fn minimise(workspace: &Workspace, profile: &str) -> Result<()> {
    let program = build(workspace, profile)?;
    for target in &targets(workspace)? {
        let committed = committed(workspace, target);
        let merged = workspace.fresh_folder(&format!("fuzzing/{target}-merged"))?;
        let mut command = started(&program, target, workspace)?;
        command
            .args(["-set_cover_merge=1", "-use_counters=0"])
            .arg(format!("-max_len={LARGEST_KEPT}"))
            .args([&merged, &working(workspace, target)?, &committed]);
        quietly(&mut command, target)?;
        keep_smallest(&merged)?;
        fs::remove_dir_all(&committed).map_err(file_failure(&committed, "remove"))?;
        fs::rename(&merged, &committed).map_err(file_failure(&committed, "write"))?;
        println!("{target:12} {} inputs", count(&committed));
    }
    Ok(())
}

/// The targets: each has a folder of committed inputs, as a test of `xcebra-fuzz` checks.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join(CORPUS);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(file_failure(&folder, "read"))? {
        let entry = entry.map_err(file_failure(&folder, "read"))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Removes all but the smallest files of a folder.
fn keep_smallest(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(file_failure(folder, "read"))? {
        let entry = entry.map_err(file_failure(folder, "read"))?;
        let metadata = entry.metadata().map_err(file_failure(folder, "read"))?;
        files.push((metadata.len(), entry.path()));
    }
    files.sort();
    for (_, path) in files.iter().skip(KEPT) {
        fs::remove_file(path).map_err(file_failure(path, "remove"))?;
    }
    Ok(())
}

fn build(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    if !has_compiler() {
        return Err(Failure::new(
            "libFuzzer needs a C++ compiler, and there is no `c++`; install g++ or clang, or name a compiler in CXX",
        ));
    }
    let this = this_program()?;
    let mut command = shell::cargo(["build", "--locked", "--package", "xcebra-fuzz"]);
    command
        .args(["--features", "coverage", "--profile", profile])
        .env("RUSTC_WORKSPACE_WRAPPER", this)
        .env(COMPILING, "1")
        .current_dir(&workspace.root);
    shell::run(&mut command)?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(workspace.target.join(folder).join("fuzz"))
}

/// The file that was started, or its successor: the tests of the workspace link `xtask` anew while `ci`
/// runs, and what the system knows as the running program is then gone.
fn this_program() -> Result<PathBuf> {
    let started = std::env::args_os().next().map(std::path::absolute);
    match started {
        Some(Ok(path)) if path.is_file() => Ok(path),
        _ => std::env::current_exe().map_err(|e| Failure::new(format!("this program: {e}"))),
    }
}

/// Drives one target; returns the number of executions and of inputs kept.
fn drive(
    workspace: &Workspace,
    program: &Path,
    target: &str,
    effort: Effort,
) -> Result<(u64, usize)> {
    let working = working(workspace, target)?;
    let mut command = started(program, target, workspace)?;
    command
        .env("XCEBRA_FUZZ_SEEDS", &working)
        .arg(format!("-max_len={LARGEST}"))
        .arg(format!("-timeout={SECONDS}"))
        .arg(format!("-rss_limit_mb={}", MEMORY >> 10))
        .args(["-print_final_stats=1", "-use_value_profile=0"])
        .arg(&working);
    let committed = committed(workspace, target);
    if committed.is_dir() {
        command.arg(committed);
    }
    if effort.runs > 0 {
        command.arg(format!("-runs={}", effort.runs));
    }
    if effort.seconds > 0 {
        command.arg(format!("-max_total_time={}", effort.seconds));
    }
    let text = quietly(&mut command, target)?;
    let executions = text
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| Failure::new(format!("{target}: libFuzzer told no number of executions")))?;
    Ok((executions, count(&working)))
}

/// The fuzzed program under its memory limit; what stops it is kept in `target/fuzzing`.
fn started(program: &Path, target: &str, workspace: &Workspace) -> Result<Command> {
    let found = workspace.target.join("fuzzing").join("found");
    fs::create_dir_all(&found).map_err(file_failure(&found, "create"))?;
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v $0 && exec \"$@\"", &MEMORY.to_string()])
        .arg(program)
        .arg(format!("-artifact_prefix={}/{target}-", found.display()))
        .env("XCEBRA_FUZZ_TARGET", target)
        .env("RAYON_NUM_THREADS", "1");
    Ok(command)
}

/// Runs libFuzzer; its words are shown only if it fails.
fn quietly(command: &mut Command, target: &str) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|e| shell::not_started(command, &e))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(60)..].join("\n");
    Err(Failure::new(format!("{last}\n{target}: {}", output.status))
        .or_rerun(shell::shown(command)))
}

fn working(workspace: &Workspace, target: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("fuzzing").join(target);
    fs::create_dir_all(&folder).map_err(file_failure(&folder, "create"))?;
    Ok(folder)
}

fn committed(workspace: &Workspace, target: &str) -> PathBuf {
    workspace.root.join(CORPUS).join(target)
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}
