//! `cargo xtask soak`: what only shows when it is done many times.

mod cluster;
mod fuzz;
mod large;
mod memory;
mod recordings;
mod resume;
mod slurm;

use std::ops::Range;

use crate::program;
use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

pub use cluster::{Effort as ClusterEffort, cluster};
pub use fuzz::{COMPILING, compile};
use fuzz::{Effort, fuzz};
pub use resume::resume;
pub use slurm::missing as missing_of_slurm;

pub fn main(arguments: &[String]) -> Result<()> {
    match arguments.split_first().map(|(a, b)| (a.as_str(), b)) {
        Some(("resume", options)) => {
            let [kills, seed] = numbers(options, [("--kills", 20), ("--seed", 0)], 1)?;
            let workspace = Workspace::load()?;
            program::build(&workspace)?;
            resume(&workspace, kills as usize, seed)
        }
        Some(("cluster", [])) => {
            let workspace = Workspace::load()?;
            let what = ["build", "--package", "xcebra-cli", "--locked"];
            shell::run(shell::cargo(what).current_dir(&workspace.root))?;
            cluster(&workspace, ClusterEffort::FULL)
        }
        Some(("memory", [option, names @ ..])) if option == "--large" => {
            memory::large(&Workspace::load()?, names)
        }
        Some(("memory", options)) => {
            let [samples, _] = numbers(options, [("--samples", 1_000_000), ("--", 0)], 1000)?;
            memory::memory(&Workspace::load()?, samples as usize)
        }
        Some(("properties", options)) => {
            let [rounds, seed] = numbers(options, [("--rounds", 5), ("--seed", 2)], 1)?;
            properties(&Workspace::load()?, seed..seed + rounds)
        }
        Some(("fuzz", [option])) if option == "--minimise" => {
            fuzz::minimise(&Workspace::load()?, FUZZING)
        }
        Some(("fuzz", options)) => {
            let named = options
                .iter()
                .position(|o| !o.starts_with("--") && !is_number(o));
            let (options, names) = options.split_at(named.unwrap_or(options.len()));
            let [runs, seconds] = numbers(options, [("--runs", 0), ("--seconds", 0)], 0)?;
            let effort = match (runs, seconds) {
                (0, 0) => Effort { runs, seconds: 60 },
                _ => Effort { runs, seconds },
            };
            fuzz(&Workspace::load()?, FUZZING, names, effort)
        }
        _ => Err(Failure::new(
            "`soak` can do `resume`, `cluster`, `memory`, `properties` and `fuzz`: cargo xtask soak resume --kills 20, \
             cargo xtask soak cluster, cargo xtask soak memory --samples 1000000, cargo xtask soak memory --large, cargo xtask soak properties --rounds 5, cargo xtask soak fuzz --seconds 60",
        )),
    }
}

/// The profile in which targets are fuzzed: optimised, with all checks.
const FUZZING: &str = "fuzz";

fn is_number(word: &str) -> bool {
    word.parse::<u64>().is_ok()
}

/// The whole numbers that options ask for, or their defaults; the first is to be at least `least`.
fn numbers(arguments: &[String], known: [(&str, u64); 2], least: u32) -> Result<[u64; 2]> {
    let mut found = known.map(|(_, default)| default);
    for pair in arguments.chunks(2) {
        let Some(which) = known.iter().position(|(name, _)| *name == pair[0]) else {
            return Err(Failure::new(format!(
                "there is no option `{}`; there are {} and {}",
                pair[0], known[0].0, known[1].0
            )));
        };
        let value = pair.get(1).and_then(|v| v.parse::<u32>().ok());
        let value = value.filter(|v| which > 0 || *v >= least);
        let value =
            value.ok_or_else(|| Failure::new(format!("{} takes a whole number", pair[0])))?;
        found[which] = value.into();
    }
    Ok(found)
}

/// Tests the libraries once for each seed of the cases that their properties are tested on.
fn properties(workspace: &Workspace, seeds: Range<u64>) -> Result<()> {
    const PROGRAMS: [&str; 5] = [
        "xcebra-cli",
        "xcebra-experiments",
        "xcebra-docs",
        "xtask",
        "xcebra-benches",
    ];
    for seed in seeds {
        println!("seed {seed}");
        let mut test = shell::cargo([
            "test",
            "--locked",
            "--workspace",
            "--lib",
            "--tests",
            "--quiet",
        ]);
        for program in PROGRAMS {
            test.args(["--exclude", program]);
        }
        test.env("PROPTEST_RNG_SEED", seed.to_string());
        shell::run(test.current_dir(&workspace.root)).map_err(|_| {
            Failure::new(format!("a test fails with the cases of seed {seed}"))
                .or_rerun(format!("PROPTEST_RNG_SEED={seed} cargo test --workspace"))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn reads_options() {
        let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let known = [("--kills", 20), ("--seed", 0)];
        assert_eq!(numbers(&[], known, 1).unwrap(), [20, 0]);
        assert_eq!(
            numbers(&words("--kills 3 --seed 7"), known, 1).unwrap(),
            [3, 7]
        );
        for wrong in ["--kills", "--kills 0", "--kill 3", "--seed x"] {
            assert!(numbers(&words(wrong), known, 1).is_err(), "{wrong}");
        }
    }
}
