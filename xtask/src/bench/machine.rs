//! What the numbers were measured on.

use std::fs;

use crate::shell::{self, Result};
use crate::workspace::Workspace;

/// The processor as Linux names it.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find(|l| l.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let Some(model) = field("model name") else {
        return "unknown".to_owned();
    };
    let flags = field("flags").unwrap_or_default();
    let has = |flag: &str| flags.split(' ').any(|f| f == flag);
    let widest = ["avx512f", "avx2"].into_iter().find(|f| has(f));
    let widest = widest.map(|f| format!(" with {f}")).unwrap_or_default();
    match (field("cpu family"), field("model")) {
        (Some(family), Some(number)) => {
            format!("{model} (family {family}, model {number}){widest}")
        }
        _ => format!("{model}{widest}"),
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Seconds that all processors together have worked since the machine was started.
pub fn busy() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let ticks = |field: &str| field.parse::<f64>().ok();
    let fields = text.lines().next()?.split_whitespace().skip(1);
    // user, nice, system; then idle and waiting, which do not count
    let worked: f64 = fields.take(3).filter_map(ticks).sum();
    Some(worked / TICKS_A_SECOND)
}

/// Linux reports times to programs in this unit on every common platform.
const TICKS_A_SECOND: f64 = 100.0;

pub fn rustc(workspace: &Workspace) -> Result<String> {
    let mut command = std::process::Command::new("rustc");
    command.arg("--version").current_dir(&workspace.root);
    Ok(shell::read(&mut command)?.trim().to_owned())
}

/// Seconds of processor time that a process has used, threads that have ended included.
pub fn cpu_time(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // the name of the program, in parentheses, may hold spaces; `utime` and `stime` are the 12th
    // and 13th field after it
    let (_, fields) = text.rsplit_once(')')?;
    let ticks: Option<Vec<f64>> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse().ok())
        .collect();
    Some(ticks?.iter().sum::<f64>() / TICKS_A_SECOND)
}

/// Bytes of memory that a process has had at most.
pub fn peak_memory(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(1024.0 * kibibytes)
}

#[cfg(test)]
mod tests {
    use super::{busy, cpu_time, peak_memory};

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_memory() {
        assert!(peak_memory(std::process::id()).unwrap() > 1e5);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_uses_no_more_than_all_do() {
        let mine = cpu_time(std::process::id()).unwrap();
        assert!((0.0..=busy().unwrap()).contains(&mine));
    }
}
