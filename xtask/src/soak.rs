//! `cargo xtask soak`: what only shows when it is done many times.

use std::fs;
use std::ops::Range;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{self, Program};
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

pub fn main(arguments: &[String]) -> Result<()> {
    match arguments.split_first().map(|(a, b)| (a.as_str(), b)) {
        Some(("resume", options)) => {
            let [kills, seed] = numbers(options, [("--kills", 20), ("--seed", 0)])?;
            let workspace = Workspace::load()?;
            program::build(&workspace)?;
            resume(&workspace, kills as usize, seed)
        }
        Some(("properties", options)) => {
            let [rounds, seed] = numbers(options, [("--rounds", 5), ("--seed", 2)])?;
            properties(&Workspace::load()?, seed..seed + rounds)
        }
        _ => Err(Failure::new(
            "`soak` can do `resume` and `properties`: cargo xtask soak resume --kills 20, \
             cargo xtask soak properties --rounds 5",
        )),
    }
}

/// The whole numbers that options ask for, or their defaults; the first is to be positive.
fn numbers(arguments: &[String], known: [(&str, u64); 2]) -> Result<[u64; 2]> {
    let mut found = known.map(|(_, default)| default);
    for pair in arguments.chunks(2) {
        let Some(which) = known.iter().position(|(name, _)| *name == pair[0]) else {
            return Err(Failure::new(format!(
                "there is no option `{}`; there are {} and {}",
                pair[0], known[0].0, known[1].0
            )));
        };
        let value = pair.get(1).and_then(|v| v.parse::<u32>().ok());
        let value = value.filter(|v| which > 0 || *v > 0);
        let value =
            value.ok_or_else(|| Failure::new(format!("{} takes a whole number", pair[0])))?;
        found[which] = value.into();
    }
    Ok(found)
}

/// Tests the libraries once for each seed of the cases that their properties are tested on.
fn properties(workspace: &Workspace, seeds: Range<u64>) -> Result<()> {
    const PROGRAMS: [&str; 5] = [
        "xcebra",
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

/// A training with all that a checkpoint has to keep: two objectives, a regulariser that sets in,
/// validation, weight decay.
const CONFIG: &str = r#"
[encoder]
outputs = 4
[[objective]]
positives = { kind = "time" }
[[objective]]
dims = [2, 4]
positives = { kind = "time-delta", label = "z2" }
[regularizer]
start = 200
ramp = 400
[train]
steps = 1500
batch = 256
log_every = 10
weight_decay = 0.01
[validation]
held_out = 0.1
every = 100
"#;

/// What the kills met.
#[derive(Default)]
struct Tally {
    kills: usize,
    /// Before there was a checkpoint.
    early: usize,
    /// While a file was being written.
    writing: usize,
    rounds: usize,
}

/// Trains once without a break and then, killed `kills` times at random moments and resumed each
/// time, again; the results must be the same bytes. The program must have been built.
pub fn resume(workspace: &Workspace, kills: usize, seed: u64) -> Result<()> {
    let program = Program::in_fresh_folder(workspace, "soak-resume")?;
    let config = program.folder.join("fit.toml");
    fs::write(&config, CONFIG).map_err(file_failure(&config, "write"))?;
    program.call("synth --dims 4 --samples 4000 --seed 1 --out data.npz")?;
    let start = Instant::now();
    program.call("fit --data data.npz --config fit.toml --out whole")?;
    let whole = start.elapsed();

    let mut chance = Chance(seed);
    let mut tally = Tally::default();
    let start = Instant::now();
    while tally.kills < kills {
        tally.rounds += 1;
        round(&program, kills, whole, &mut chance, &mut tally)?;
        for extension in ["safetensors", "csv"] {
            program.same("whole", "run", extension)?;
        }
    }
    println!(
        "{} kills in {} training(s): {} before the first checkpoint, {} while a file was written; \
         every training ended in the bytes of the one without a break ({:.1} s; this took {:.1} s)",
        tally.kills,
        tally.rounds,
        tally.early,
        tally.writing,
        whole.as_secs_f64(),
        start.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// One training from its beginning to its end, killed until `kills` are reached.
fn round(
    program: &Program,
    kills: usize,
    whole: Duration,
    chance: &mut Chance,
    tally: &mut Tally,
) -> Result<()> {
    let folder = program.folder.join("run");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(file_failure(&folder, "remove"))?;
    }
    loop {
        let begun = folder.exists();
        let what = match begun {
            true => "fit --resume run",
            false => "fit --data data.npz --config fit.toml --out run",
        };
        if tally.kills == kills {
            program.call(what)?;
            return Ok(());
        }
        // a checkpoint after every step spends most of its time in writing
        let every = ["0", "0.02"][(chance.next() * 2.0) as usize];
        let arguments = format!("{what} --checkpoint-every {every}");
        let mut command = program.command(&arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command
            .spawn()
            .map_err(|e| shell::not_started(&command, &e))?;
        // on average half of an even share of the time, so that all kills fall into one training
        // or two; long enough to come past the start
        let share = whole.as_secs_f64() / (kills as f64 + 1.0);
        let after = chance.next() * share.max(0.3);
        match killed(child, Duration::from_secs_f64(after))? {
            Ended::Killed => {
                tally.kills += 1;
                tally.early += usize::from(!folder.exists());
                tally.writing += usize::from(is_half_written(program));
            }
            Ended::Finished => return Ok(()),
            Ended::Failed(text) => return Err(program.explained(Failure::new(text), &arguments)),
        }
    }
}

enum Ended {
    Killed,
    Finished,
    Failed(String),
}

/// Kills a program after a while, unless it has ended by then.
fn killed(mut child: Child, after: Duration) -> Result<Ended> {
    let fail = |e: std::io::Error| Failure::new(format!("cannot watch the program: {e}"));
    sleep(after);
    let ended = child.try_wait().map_err(fail)?;
    child.kill().map_err(fail)?;
    let output = child.wait_with_output().map_err(fail)?;
    Ok(match ended {
        None => Ended::Killed,
        Some(status) if status.success() => Ended::Finished,
        Some(_) => Ended::Failed(String::from_utf8_lossy(&output.stderr).into_owned()),
    })
}

/// Whether a file or folder with a temporary name is left; it is removed, to count each once.
fn is_half_written(program: &Program) -> bool {
    let mut found = false;
    for folder in [program.folder.clone(), program.folder.join("run")] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "tmp") {
                found = true;
                // what cannot be removed is counted again
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
        }
    }
    found
}

/// Numbers from 0 to 1 (`SplitMix64`: Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{Chance, numbers};

    #[test]
    fn reads_options() {
        let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let known = [("--kills", 20), ("--seed", 0)];
        assert_eq!(numbers(&[], known).unwrap(), [20, 0]);
        assert_eq!(
            numbers(&words("--kills 3 --seed 7"), known).unwrap(),
            [3, 7]
        );
        for wrong in ["--kills", "--kills 0", "--kill 3", "--seed x"] {
            assert!(numbers(&words(wrong), known).is_err(), "{wrong}");
        }
    }

    #[test]
    fn chance_is_that_of_the_paper() {
        // first output for seed 0, as published with the generator: 0xe220a8397b1dcdaf
        let expected = (0xe220_a839_7b1d_cdaf_u64 >> 11) as f64 / (1_u64 << 53) as f64;
        assert_eq!(Chance(0).next(), expected);
    }
}
