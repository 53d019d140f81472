//! How much memory the program takes for a large recording, in each format.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::large;
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

/// What each command may take of a raster larger than that: `fit` holds it, the others read it again and again.
const OF_LARGE: [f64; 3] = [5e9, 500e6, 500e6];
/// Samples of such a raster: 4 GB.
const LARGE: usize = 2_000_000;

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

/// Runs the commands on recordings of this many samples, and fails if one takes more memory than it may.
pub fn memory(workspace: &Workspace, samples: usize) -> Result<()> {
    let limits = |size: f64, form: &Form| {
        let of = if form.integers {
            OF_INTEGERS
        } else {
            OF_FLOATS
        };
        [REST + size * of; 3]
    };
    measure(workspace, samples, recordings::FORMS.iter(), limits, "")
}

/// As [`memory`], on rasters of 4 GB in the formats of which rows can be read, or in those whose files are named.
pub fn large(workspace: &Workspace, names: &[String]) -> Result<()> {
    let files: Vec<&str> = large::FORMS.iter().map(|form| form.file).collect();
    if let Some(name) = names.iter().find(|name| !files.contains(&name.as_str())) {
        return Err(Failure::new(format!(
            "there is no raster `{name}`; there are {}",
            files.join(", ")
        )));
    }
    let named = |form: &&Form| names.is_empty() || names.iter().any(|name| name == form.file);
    let forms = large::FORMS.iter().filter(named);
    // the inverse of 2,000,000 Jacobians of 2,000 channels takes long, and no more memory
    let quick = " --method neuron-gradient";
    measure(workspace, LARGE, forms, |_, _| OF_LARGE, quick)
}

fn measure<'a>(
    workspace: &Workspace,
    samples: usize,
    forms: impl Iterator<Item = &'a Form>,
    limits: impl Fn(f64, &Form) -> [f64; 3],
    methods: &str,
) -> Result<()> {
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
    for form in forms {
        let file = program.folder.join(form.file);
        recordings::write(form, samples, &file)?;
        let size = (samples * form.channels * form.bytes) as f64;
        for ((name, arguments), limit) in COMMANDS.into_iter().zip(limits(size, form)) {
            let mut arguments = arguments.replace("FILE", form.file);
            if name == "attribute" {
                arguments += methods;
            }
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
