//! A Slurm of two nodes on this machine, for as long as the value lives.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::shell::{self, Failure, Result, file_failure};

/// Programs that are needed.
const PROGRAMS: [&str; 6] = [
    "slurmctld",
    "slurmd",
    "sbatch",
    "squeue",
    "scontrol",
    "sinfo",
];
/// Longer than anything here takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(900);

pub struct Slurm {
    configuration: PathBuf,
}

/// What is missing for a Slurm on this machine, and what to do about it.
pub fn missing() -> Option<String> {
    let missing = PROGRAMS.into_iter();
    let missing: Vec<&str> = missing
        .filter(|name| shell::place(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Some(format!(
            "{} missing; on Debian, install the packages slurm-wlm and slurm-client",
            missing.join(", ")
        ));
    }
    let user = shell::read(Command::new("id").arg("-u"));
    match user.is_ok_and(|user| user.trim() == "0") {
        true => None,
        false => Some("its daemons need root".to_owned()),
    }
}

impl Slurm {
    /// Starts the daemons with their files in a folder.
    pub fn start(folder: &Path) -> Result<Self> {
        if let Some(missing) = missing() {
            return Err(Failure::new(missing));
        }
        fs::create_dir_all(folder.join("state")).map_err(file_failure(folder, "make"))?;
        let host = shell::read(Command::new("hostname").arg("-s"))?;
        let (host, place) = (host.trim(), folder.display());
        let nodes: String = (1..=2)
            .map(|n| {
                format!(
                    "NodeName=n{n} NodeHostname={host} NodeAddr=127.0.0.1 Port={} CPUs=1 State=UNKNOWN\n",
                    36920 + n
                )
            })
            .collect();
        let text = format!(
            "ClusterName=soak\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\nSlurmdUser=root\n\
             AuthType=auth/none\nCredType=cred/none\nSlurmctldPort=36920\n\
             SlurmctldPidFile={place}/slurmctld.pid\nSlurmdPidFile={place}/slurmd-%n.pid\n\
             SlurmdSpoolDir={place}/spool-%n\nStateSaveLocation={place}/state\n\
             SlurmctldLogFile={place}/slurmctld.log\nSlurmdLogFile={place}/slurmd-%n.log\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMpiDefault=none\nReturnToService=2\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nKillWait=30\n{nodes}\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        );
        let configuration = folder.join("slurm.conf");
        fs::write(&configuration, text).map_err(file_failure(&configuration, "write"))?;
        let slurm = Self { configuration };
        shell::run(slurm.command("slurmctld").arg("-c"))?;
        for node in ["n1", "n2"] {
            shell::run(slurm.command("slurmd").args(["-N", node]))?;
        }
        slurm.until("two nodes are idle", |slurm| {
            let idle = slurm.read("sinfo", &["-h", "-t", "idle", "-o", "%D"])?;
            Ok(idle.trim() == "2")
        })?;
        Ok(slurm)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", &self.configuration);
        command
    }

    fn read(&self, program: &str, arguments: &[&str]) -> Result<String> {
        shell::read(self.command(program).args(arguments))
    }

    /// Submits a script as an array in a folder; gives the number of the job.
    pub fn submit(&self, folder: &Path, flags: &str, script: &Path) -> Result<String> {
        let mut command = self.command("sbatch");
        command.arg("--parsable").args(flags.split_whitespace());
        let job = shell::read(command.arg(script).current_dir(folder))?;
        println!("$ sbatch {flags} {} → job {}", script.display(), job.trim());
        Ok(job.trim().to_owned())
    }

    /// Puts a task that runs back into the queue, and lets it start again at once.
    pub fn requeue(&self, task: &str) -> Result<()> {
        println!("$ scontrol requeue {task}");
        self.read("scontrol", &["requeue", task])?;
        self.start_now(task)
    }

    /// A task that was put back waits two minutes, unless it is told to start.
    pub fn start_now(&self, task: &str) -> Result<()> {
        self.until("the task waits in the queue", |slurm| {
            Ok(slurm.state(task)?.as_deref() == Some("PENDING"))
        })?;
        let job = format!("JobId={task}");
        self.read("scontrol", &["update", &job, "StartTime=now"])
            .map(drop)
    }

    /// The state of a task; none once it has left the queue.
    pub fn state(&self, task: &str) -> Result<Option<String>> {
        let listed = self.read("squeue", &["-h", "-r", "-o", "%i %T"])?;
        let line = listed
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{task} ")));
        Ok(line.map(str::to_owned))
    }

    /// Waits until a job has left the queue.
    pub fn finish(&self, job: &str) -> Result<()> {
        self.until("the job ends", |slurm| {
            let listed = slurm.read("squeue", &["-h", "-r", "-o", "%F"])?;
            Ok(!listed.lines().any(|line| line.trim() == job))
        })
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !holds(self)? {
            if start.elapsed() > PATIENCE {
                return Err(Failure::new(format!("waited too long until {what}")));
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        // with it end all daemons; if that fails, they are there to be looked at
        let mut command = self.command("scontrol");
        let _ = command.arg("shutdown").stderr(Stdio::null()).status();
    }
}
