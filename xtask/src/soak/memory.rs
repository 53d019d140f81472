//! How much memory the program takes for a large recording, in each format.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::recordings::{self, Form};
use crate::bench::machine::peak_memory;
use crate::program::Program;
use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

/// What the program may take besides the recording: itself, a batch, the windows' times, the embedding.
const REST: f64 = 100e6;
/// What it may take of a recording of floats, in sizes as 32-bit floats.
const OF_FLOATS: f64 = 2.2;
/// What it may take of a recording of integers, in sizes of the integers.
const OF_INTEGERS: f64 = 1.25;

/// The commands; `FILE` stands for the recording.
const COMMANDS: [(&str, &str); 3] = [
    (
        "fit",
        "fit --data FILE --set train.steps=20 --out run --force --quiet",
    ),
    (
        "embed",
        "embed --model run --data FILE --out embedding.npz --quiet",
    ),
    (
        "attribute",
        "attribute --model run --data FILE --out map.npz --quiet",
    ),
];

/// What a command took.
struct Taken {
    peak: f64,
    seconds: f64,
}

/// Runs the commands on recordings of so many samples, and fails if one takes more memory than it may.
pub fn memory(workspace: &Workspace, samples: usize) -> Result<()> {
    if peak_memory(std::process::id()).is_none() {
        return Err(Failure::new(
            "this system does not tell the peak memory of a process",
        ));
    }
    let build = ["build", "--release", "--locked", "--package", "xcebra-cli"];
    shell::run(shell::cargo(build).current_dir(&workspace.root))?;
    let program = Program::optimised(workspace, "soak-memory")?;
    let mut table = vec![
        "| recording | size (MB) | command | seconds | peak (MB) | limit (MB) | peak / size |"
            .to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    let mut beyond = Vec::new();
    for form in recordings::FORMS {
        let file = program.folder.join(form.file);
        recordings::write(form, samples, &file)?;
        let size = (samples * form.channels * form.bytes) as f64;
        let limit = REST
            + size
                * if form.integers {
                    OF_INTEGERS
                } else {
                    OF_FLOATS
                };
        for (name, arguments) in COMMANDS {
            let arguments = arguments.replace("FILE", form.file);
            let taken = run(&program, &arguments)?;
            table.push(row(form, (size, limit), name, &taken));
            println!("{}", table[table.len() - 1]);
            if taken.peak > limit {
                beyond.push(format!("`{name}` on {}", form.file));
            }
        }
        std::fs::remove_file(&file).map_err(shell::file_failure(&file, "remove"))?;
    }
    println!("\n{}", table.join("\n"));
    match beyond.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "too much memory: {}",
            beyond.join(", ")
        ))),
    }
}

fn row(form: &Form, (size, limit): (f64, f64), command: &str, taken: &Taken) -> String {
    format!(
        "| {} | {:.0} | {command} | {:.1} | {:.0} | {:.0} | {:.2} |",
        form.what,
        size / 1e6,
        taken.seconds,
        taken.peak / 1e6,
        limit / 1e6,
        taken.peak / size
    )
}

/// Runs a command that must succeed, and asks again and again how much memory it has taken: the system
/// forgets it when the process ends.
fn run(program: &Program, arguments: &str) -> Result<Taken> {
    const BETWEEN: Duration = Duration::from_millis(2);
    println!("$ xcebra {arguments}");
    let mut command = program.command(arguments);
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).spawn();
    let mut child = child.map_err(|e| shell::not_started(&command, &e))?;
    let mut peak = 0.0_f64;
    let status = loop {
        peak = peak.max(peak_memory(child.id()).unwrap_or(0.0));
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => sleep(BETWEEN),
            Err(e) => return Err(Failure::new(format!("cannot wait for xcebra: {e}"))),
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    match status.success() {
        true => Ok(Taken { peak, seconds }),
        false => Err(program.explained(Failure::new(format!("it ended with {status}")), arguments)),
    }
}
