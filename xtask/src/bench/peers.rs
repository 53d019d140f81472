//! Our work and that of others, in turn, on the same data.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::groups::{ALL, Case, Group};
use super::worker::{Steps, Worker};
use super::{machine, report};
use crate::python::{Environment, find};
use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

pub struct Options {
    /// How often each side has its turn at each case.
    pub rounds: usize,
    /// Threads of each side, one run after another; the first is the one with all rounds.
    pub threads: Vec<usize>,
    pub groups: Vec<&'static Group>,
}

impl Default for Options {
    fn default() -> Self {
        let mut threads = vec![machine::cores(), 1];
        threads.dedup();
        Self {
            rounds: 10,
            threads,
            groups: ALL.iter().collect(),
        }
    }
}

/// Rounds where a step takes long, or that are there for comparison.
const FEW_ROUNDS: usize = 2;

/// Between two turns, so that no side waits for the other's threads to go to sleep.
const PAUSE: Duration = Duration::from_millis(200);

/// What was measured of one side at one case.
pub struct Measured {
    pub fields: Vec<(&'static str, Value)>,
    pub threads: usize,
    pub side: &'static str,
    pub turns: Vec<Steps>,
}

pub fn compare(workspace: &Workspace, options: &Options) -> Result<()> {
    let python = python(workspace)?;
    for group in &options.groups {
        measure(workspace, options, group, &python)?;
    }
    Ok(())
}

fn measure(workspace: &Workspace, options: &Options, group: &Group, python: &Path) -> Result<()> {
    let mut build = shell::cargo(["build", "--release", "--locked", "-p", "xcebra-benches"]);
    shell::run(
        build
            .args(["--bin", group.program])
            .current_dir(&workspace.root),
    )?;
    let program = workspace.target.join("release").join(group.program);
    let data = workspace.fresh_folder("peers")?.join(group.data);
    let scripts = workspace.root.join("benches/peers");
    let mut record = Command::new(group.maker.map_or(program.as_path(), |_| python));
    match group.maker {
        None => record.arg("record"),
        Some(maker) => record.arg(scripts.join(maker)),
    };
    shell::run(record.arg(&data))?;

    let script = scripts.join(group.script);
    let (mut measured, mut about, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for &threads in &options.threads {
        let count = threads.to_string();
        let mut workers = Vec::with_capacity(group.sides.len());
        for (i, &(side, variant)) in group.sides.iter().enumerate() {
            let mut command = if i == 0 {
                let mut ours = Command::new(&program);
                ours.arg("run").arg(&data).env("RAYON_NUM_THREADS", &count);
                ours
            } else {
                let mut peer = Command::new(python);
                peer.arg(&script).arg(&data);
                peer.args(["--threads", &count, "--variant", variant]);
                peer.env("OMP_NUM_THREADS", &count);
                peer.env("PYTHONWARNINGS", "ignore");
                peer
            };
            workers.push(Worker::start(side, &mut command)?);
        }
        let usage = Usage::now(&workers);
        for case in (group.cases)() {
            let fields = case.fields.iter().map(|(k, v)| format!("{k} {v}"));
            let fields = fields.collect::<Vec<_>>().join(", ");
            println!("{fields}, threads {threads}");
            let first = Some(&threads) == options.threads.first();
            let rounds_here = match case.few {
                false if first => options.rounds,
                _ => options.rounds.min(FEW_ROUNDS),
            };
            measured.extend(rounds(group, &mut workers, &case, threads, rounds_here)?);
        }
        others.extend(usage.of_others(&workers));
        about = workers.iter().map(|w| w.about.clone()).collect();
    }
    let context = report::Context {
        others: others.into_iter().reduce(f64::max),
        rustc: machine::rustc(workspace)?,
        about,
    };
    report::write(workspace, group, &context, &measured)
}

/// How much the processors had worked at some moment, and how much of it the workers did.
struct Usage {
    moment: Instant,
    busy: Option<f64>,
    workers: Option<f64>,
}

impl Usage {
    fn now(workers: &[Worker]) -> Self {
        Self {
            moment: Instant::now(),
            busy: machine::busy(),
            workers: workers.iter().map(Worker::cpu_seconds).sum(),
        }
    }

    /// The part of the processors that other programs have had since then, from 0 to 1.
    fn of_others(&self, workers: &[Worker]) -> Option<f64> {
        let now = Self::now(workers);
        let all = now.busy? - self.busy?;
        let ours = now.workers? - self.workers?;
        let available = self.moment.elapsed().as_secs_f64() * machine::cores() as f64;
        Some(((all - ours) / available).clamp(0.0, 1.0))
    }
}

fn rounds(
    group: &Group,
    workers: &mut [Worker],
    case: &Case,
    threads: usize,
    rounds: usize,
) -> Result<Vec<Measured>> {
    let mut measured: Vec<Measured> = case
        .steps
        .iter()
        .map(|&(side, _)| Measured {
            fields: case.fields.clone(),
            threads,
            side,
            turns: Vec::new(),
        })
        .collect();
    for round in 0..rounds {
        for (&(side, steps), measured) in case.steps.iter().zip(&mut measured) {
            let worker = workers.iter_mut().find(|w| w.name == side);
            let worker = worker.ok_or_else(|| Failure::new(format!("no worker `{side}`")))?;
            let turn = worker.steps(&case.fields, steps)?;
            std::thread::sleep(PAUSE);
            print!("  {} {side}: ", round + 1);
            let times = turn.milliseconds.iter().map(|t| format!("{t:.1}"));
            println!("{} ms", times.collect::<Vec<_>>().join(" "));
            measured.turns.push(turn);
        }
    }
    let field = group.same;
    let said = |m: &Measured| m.turns.first()?.said.get(field)?.as_f64();
    let ours = measured.first().and_then(said);
    for other in &measured {
        let agrees = |(a, b): (f64, f64)| (a - b).abs() <= case.tolerance * a.abs();
        if !ours.zip(said(other)).is_some_and(agrees) {
            let theirs = said(other);
            return Err(Failure::new(format!(
                "`{}` does other work than we do: its {field} is {theirs:?}, ours {ours:?}",
                other.side
            )));
        }
    }
    Ok(measured)
}

/// The Python of the environment variable, or of an environment made for this.
pub fn python(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(python) = std::env::var_os("XCEBRA_PEERS_PYTHON") {
        return Ok(PathBuf::from(python));
    }
    let folder = workspace.target.join("peers-venv");
    let python = folder.join("bin").join("python");
    let complete = folder.join("complete");
    if !complete.exists() {
        let requirements = workspace.root.join("benches/peers/requirements.txt");
        let others = Environment::make(&find()?, &folder)?;
        let mut pip = others.module("pip");
        pip.args(["install", "--disable-pip-version-check", "-r"]);
        shell::run(pip.arg(requirements))?;
        std::fs::write(&complete, "").map_err(shell::file_failure(&complete, "write"))?;
    }
    Ok(python)
}
