//! Studies on a real Slurm: requeued, killed, at the wall limit, and compared with one process.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use super::slurm::Slurm;
use crate::program::Program;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// The page whose first script is what tasks run: it ends by a checkpoint before the limit, and puts itself back into the
/// queue.
const PAGE: &str = "docs/how-to/cluster.md";

/// How long the pieces take, in seconds.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Of a study whose tasks are broken.
    pub broken: f64,
    /// Of a study whose task meets a limit of one minute.
    pub limited: f64,
    /// How long before the limit Slurm tells the task.
    pub notice: u32,
}

impl Effort {
    /// To be run by hand.
    pub const FULL: Self = Self {
        broken: 8.0,
        limited: 60.0,
        notice: 30,
    };
    /// To be run with everything else.
    pub const BRIEF: Self = Self {
        broken: 4.0,
        limited: 30.0,
        notice: 40,
    };
}

/// Starts a Slurm on this machine and runs studies on it. The program must have been built.
pub fn cluster(workspace: &Workspace, effort: Effort) -> Result<()> {
    let script = script(workspace)?;
    let program = Program::in_fresh_folder(workspace, "soak-cluster")?;
    let start = Instant::now();
    let slurm = Slurm::start(&program.folder.join("slurm"))?;
    println!("two nodes after {:.1} s", start.elapsed().as_secs_f64());
    program.call("synth --dims 4 --samples 4000 --seed 1 --out data.npz")?;
    let fit = "fit --data data.npz --set train.batch=256";
    let speed = program.json(&format!("{fit} --set train.steps=200 --out speed --json"))?;
    let seconds = speed["seconds"].as_f64().unwrap_or(1.0);
    let steps = |wanted: f64| ((200.0 * wanted / seconds) as usize).max(200);
    let soak = Soak {
        program: &program,
        slurm: &slurm,
        script: &script,
    };
    let of = |seconds: f64| format!("{fit} --set train.steps={}", steps(seconds));
    soak.broken(&of(effort.broken))?;
    soak.limited(&of(effort.limited), effort.notice)?;
    println!("all in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// A study on a Slurm.
struct Soak<'a> {
    program: &'a Program,
    slurm: &'a Slurm,
    /// What a task runs.
    script: &'a str,
}

impl Soak<'_> {
    /// Three pieces, of which one is put back in its middle and one is killed; then the same by GNU parallel.
    fn broken(&self, fit: &str) -> Result<()> {
        let Self { program, slurm, .. } = self;
        let fit = format!("{fit} --seeds 3");
        program.call(&format!("{fit} --out whole"))?;
        program.call(&format!("plan {fit} --out study"))?;
        let script = self.task("study")?;
        let flags = "--array=0-2 --cpus-per-task=1 --time=10";
        let job = slurm.submit(&program.folder, flags, &script)?;
        let folder = program.folder.join("study/pieces");
        let begun = folder.join("000000/run/resume.json");
        slurm.until("the first piece is being trained", |_| Ok(begun.is_file()))?;
        std::thread::sleep(std::time::Duration::from_secs(2));
        slurm.requeue(&format!("{job}_0"))?;
        slurm.until("the second piece is running", |_| {
            Ok(process(program, 1)?.is_some())
        })?;
        if let Some(process) = process(program, 1)? {
            println!("$ kill -9 {process}");
            shell::run(Command::new("kill").args(["-9", &process.to_string()]))?;
        }
        slurm.finish(&job)?;
        let state = program.json("status study --json")?;
        println!("after the first array: {} of 3 done", state["done"]);
        // the same array again: what is finished returns at once
        let job = slurm.submit(&program.folder, flags, &script)?;
        slurm.finish(&job)?;
        resumed(program, "study/pieces/000000/run/log.txt")?;
        program.call("gather study --out run")?;
        program.same("whole", "run", "safetensors")?;
        program.same("whole", "run", "json")?;
        if shell::place("parallel").is_none() {
            println!("GNU parallel is not installed, and was not tried");
            return Ok(());
        }
        program.call(&format!("plan {fit} --out other"))?;
        let mut parallel = Command::new("parallel");
        parallel.args(["--jobs", "2", "--joblog", "jobs.log", "--retries", "3"]);
        parallel.args(["--termseq", "TERM,20000,KILL"]);
        let run = format!(
            "{} run other --threads 1 --piece {{}}",
            program.path().display()
        );
        parallel.arg(run).args([":::", "0", "1", "2"]);
        shell::run(parallel.current_dir(&program.folder))?;
        program.call("gather other --out by-parallel")?;
        program.same("whole", "by-parallel", "safetensors")
    }

    /// A piece that takes longer than a task may.
    fn limited(&self, fit: &str, notice: u32) -> Result<()> {
        let Self { program, slurm, .. } = self;
        program.call(&format!("{fit} --out long"))?;
        program.call(&format!("plan {fit} --out limited"))?;
        let script = self.task("limited")?;
        let flags = &format!("--array=0-0 --cpus-per-task=1 --time=1 --signal=B:TERM@{notice}");
        let job = slurm.submit(&program.folder, flags, &script)?;
        let task = format!("{job}_0");
        loop {
            slurm.until("the task is put back or ends", |slurm| {
                Ok(!matches!(
                    slurm.state(&task)?.as_deref(),
                    Some("RUNNING" | "COMPLETING")
                ))
            })?;
            if slurm.state(&task)?.is_none() {
                break;
            }
            slurm.start_now(&task)?;
            slurm.until("the task starts", |slurm| {
                Ok(slurm.state(&task)?.as_deref() != Some("PENDING"))
            })?;
        }
        program.call("gather limited --out after-limits")?;
        program.same("long", "after-limits", "safetensors")?;
        let limits = resumed(program, "after-limits/log.txt")?;
        println!("a limit of one minute was met {limits} times");
        Ok(())
    }

    /// What a task of a study runs, as a file.
    fn task(&self, study: &str) -> Result<PathBuf> {
        let path = self.program.folder.join(format!("{study}.sh"));
        let run = format!("{} run {study}", self.program.path().display());
        let text = self.script.replace(RUN, &run);
        fs::write(&path, text).map_err(file_failure(&path, "write"))?;
        Ok(path)
    }
}

/// How often the training with this log went on from a checkpoint, which must have happened.
fn resumed(program: &Program, log: &str) -> Result<usize> {
    let path = program.folder.join(log);
    let text = fs::read_to_string(&path).map_err(file_failure(&path, "read"))?;
    match text.matches("resumed after step").count() {
        0 => Err(Failure::new(format!(
            "{log}: the training was never interrupted"
        ))),
        count => Ok(count),
    }
}

/// The process that works on a piece of the first study.
fn process(program: &Program, piece: u64) -> Result<Option<u64>> {
    let state = program.json("status study --json")?;
    let running = state["running"].as_array().cloned().unwrap_or_default();
    let found = running
        .iter()
        .find(|one| one["piece"].as_u64() == Some(piece));
    Ok(found.and_then(|one| one["process"].as_u64()))
}

/// How the script of the page runs the program.
const RUN: &str = "xcebra run study";

/// The script of the page.
fn script(workspace: &Workspace) -> Result<String> {
    let path = workspace.root.join(PAGE);
    let page = fs::read_to_string(&path).map_err(file_failure(&path, "read"))?;
    let script = page.split("```bash\n").nth(1);
    let script = script.and_then(|rest| rest.split("```").next());
    let script = script.filter(|text| text.starts_with("#!") && text.contains(RUN));
    script
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("{PAGE} has no script of a task that says `{RUN}`")))
}
