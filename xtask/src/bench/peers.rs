//! Our training step and CEBRA's, in turn, on the same recording.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::worker::{Case, Steps, Worker};
use super::{machine, report};
use crate::shell::{self, Failure, Result};
use crate::workspace::Workspace;

pub struct Options {
    /// How often each side has its turn at each case.
    pub rounds: usize,
    /// Threads of each side, one run after another; the first is the one with all rounds.
    pub threads: Vec<usize>,
}

impl Default for Options {
    fn default() -> Self {
        let mut threads = vec![machine::cores(), 1];
        threads.dedup();
        Self {
            rounds: 10,
            threads,
        }
    }
}

/// Objectives, batch, and how many of the sides take part. In the order of the batch, so that the
/// largest memory so far is that of the case.
const CASES: [(&str, usize, usize); 8] = [
    ("time", 512, 2), // the k-d tree changes nothing where there is no label
    ("hybrid", 512, 3),
    ("time", 5000, 2),
    ("hybrid", 5000, 3),
    ("time", 20_000, 2),
    ("hybrid", 20_000, 1), // the peer's label search asks for matrices of 8 GB
    ("time", 50_000, 1),
    ("hybrid", 50_000, 1),
];

/// Rounds where a step takes long, or that are there for comparison.
const FEW_ROUNDS: usize = 2;

/// The sides; the first is ours.
pub const SIDES: [&str; 3] = ["xcebra", "cebra", "cebra-kdtree"];

/// Between two turns, so that no side waits for the other's threads to go to sleep.
const PAUSE: Duration = Duration::from_millis(200);

/// What was measured of one side at one case.
pub struct Measured {
    pub case: Case,
    pub side: &'static str,
    pub turns: Vec<Steps>,
}

pub fn compare(workspace: &Workspace, options: &Options) -> Result<()> {
    let python = python(workspace)?;
    let mut build = shell::cargo(["build", "--release", "--locked", "-p", "xcebra-benches"]);
    shell::run(build.args(["--bin", "step"]).current_dir(&workspace.root))?;
    let step = workspace.target.join("release").join("step");
    let recording = workspace.fresh_folder("peers")?.join("recording.npz");
    shell::run(Command::new(&step).arg("record").arg(&recording))?;

    let script = workspace.root.join("benches/peers/cebra_step.py");
    let (mut measured, mut about, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for &threads in &options.threads {
        let count = threads.to_string();
        let peer = |variant: &str| {
            let mut command = Command::new(&python);
            command.arg(&script).arg(&recording);
            command.args(["--threads", &count, "--variant", variant]);
            command.env("OMP_NUM_THREADS", &count);
            command.env("PYTHONWARNINGS", "ignore");
            command
        };
        let mut ours = Command::new(&step);
        ours.arg("run").arg(&recording);
        let mut workers = [
            Worker::start(SIDES[0], ours.env("RAYON_NUM_THREADS", &count))?,
            Worker::start(SIDES[1], &mut peer("stock"))?,
            Worker::start(SIDES[2], &mut peer("kdtree"))?,
        ];
        let usage = Usage::now(&workers);
        for (objectives, batch, sides) in CASES {
            let case = Case {
                objectives,
                batch,
                threads,
            };
            println!("{objectives} objectives, batch {batch}, threads {threads}");
            let first = Some(&threads) == options.threads.first();
            let rounds_here = match batch {
                ..=5000 if first => options.rounds,
                _ => options.rounds.min(FEW_ROUNDS),
            };
            measured.extend(rounds(&mut workers[..sides], case, rounds_here)?);
        }
        others.extend(usage.of_others(&workers));
        about = workers.iter().map(|w| w.about.clone()).collect();
    }
    let context = report::Context {
        others: others.into_iter().reduce(f64::max),
        rustc: machine::rustc(workspace)?,
        about,
    };
    report::write(workspace, &context, &measured)
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

fn rounds(workers: &mut [Worker], case: Case, rounds: usize) -> Result<Vec<Measured>> {
    let mut measured: Vec<Measured> = workers
        .iter()
        .map(|w| Measured {
            case,
            side: w.name,
            turns: Vec::new(),
        })
        .collect();
    for round in 0..rounds {
        for (worker, measured) in workers.iter_mut().zip(&mut measured) {
            let turn = worker.steps(case, steps_a_turn(worker.name, case))?;
            std::thread::sleep(PAUSE);
            print!("  {} {}: ", round + 1, worker.name);
            let times = turn.milliseconds.iter().map(|t| format!("{t:.1}"));
            println!("{} ms", times.collect::<Vec<_>>().join(" "));
            measured.turns.push(turn);
        }
    }
    let parameters = |m: &Measured| m.turns[0].parameters;
    if measured
        .iter()
        .any(|m| parameters(m) != parameters(&measured[0]))
    {
        return Err(Failure::new("the sides train encoders of different size"));
    }
    Ok(measured)
}

/// Enough that a turn is not over in an instant, not so many that a round takes minutes.
fn steps_a_turn(side: &str, case: Case) -> usize {
    match (side, case.objectives, case.batch) {
        ("xcebra", _, 512) => 30,
        ("xcebra", _, 5000) => 10,
        (_, "time", 512) => 20,
        ("cebra", "hybrid", 5000) | ("cebra", _, 20_000) => 1,
        _ => 3,
    }
}

/// The Python of the environment variable, or of an environment made for this.
fn python(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(python) = std::env::var_os("XCEBRA_PEERS_PYTHON") {
        return Ok(PathBuf::from(python));
    }
    let folder = workspace.target.join("peers-venv");
    let python = folder.join("bin").join("python");
    let complete = folder.join("complete");
    if !complete.exists() {
        let requirements = workspace.root.join("benches/peers/requirements.txt");
        install(&folder, &python, &requirements)?;
        std::fs::write(&complete, "").map_err(shell::file_failure(&complete, "write"))?;
    }
    Ok(python)
}

fn install(folder: &Path, python: &Path, requirements: &Path) -> Result<()> {
    let mut create = Command::new("python3");
    shell::run(create.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-r"]);
    shell::run(pip.arg(requirements))
}
