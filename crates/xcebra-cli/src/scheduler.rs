//! What a scheduler tells the tasks that it starts, by variables of the environment.

use xcebra::{Problem, Result};

/// Variables with the number of a task of an array, and the number of the first task.
const TASKS: [(&str, usize); 7] = [
    ("SLURM_ARRAY_TASK_ID", 0),
    ("PBS_ARRAY_INDEX", 0),
    ("PBS_ARRAYID", 0),
    ("AWS_BATCH_JOB_ARRAY_INDEX", 0),
    ("JOB_COMPLETION_INDEX", 0),
    // these cannot be 0
    ("SGE_TASK_ID", 1),
    ("LSB_JOBINDEX", 1),
];

/// Variables with the number of processors that were granted to a task.
const PROCESSORS: [&str; 4] = [
    "SLURM_CPUS_PER_TASK",
    "PBS_NUM_PPN",
    "NSLOTS",
    "LSB_DJOB_NUMPROC",
];

/// The piece that this process is to run, if a scheduler started it as a task of an array.
///
/// # Errors
/// [`Problem`] if the variable does not hold the number of a piece.
pub fn piece() -> Result<Option<usize>> {
    piece_of(|name| std::env::var(name).ok())
}

fn piece_of(variable: impl Fn(&str) -> Option<String>) -> Result<Option<usize>> {
    for (name, first) in TASKS {
        let Some(text) = variable(name) else { continue };
        // what is set outside of arrays
        if text.trim().is_empty() || text == "undefined" || (first == 1 && text == "0") {
            continue;
        }
        let number: Option<usize> = text.trim().parse().ok();
        return match number.and_then(|number| number.checked_sub(first)) {
            Some(piece) => Ok(Some(piece)),
            None => Err(Problem::setting(
                format!("{name} is `{text}`, which is not the number of a piece"),
                "name the piece with --piece K, or run all that are left with --all",
            )),
        };
    }
    Ok(None)
}

/// The number of threads that a scheduler granted, if one did.
pub fn threads() -> Option<usize> {
    threads_of(|name| std::env::var(name).ok())
}

fn threads_of(variable: impl Fn(&str) -> Option<String>) -> Option<usize> {
    let granted = PROCESSORS.iter().find_map(|name| {
        let number: usize = variable(name)?.trim().parse().ok()?;
        (1..=1024).contains(&number).then_some(number)
    });
    // a user who sets the variable of the pool itself has chosen
    match variable("RAYON_NUM_THREADS") {
        Some(_) => None,
        None => granted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> impl Fn(&str) -> Option<String> {
        move |asked| (asked == name).then(|| value.to_owned())
    }

    #[test]
    fn pieces_count_from_0_where_tasks_cannot() {
        let piece = |name, value| piece_of(with(name, value)).ok().flatten();
        assert_eq!(piece("SLURM_ARRAY_TASK_ID", "7"), Some(7));
        assert_eq!(piece("JOB_COMPLETION_INDEX", "0"), Some(0));
        assert_eq!(piece("SGE_TASK_ID", "1"), Some(0));
        assert_eq!(piece("SGE_TASK_ID", "undefined"), None);
        assert_eq!(piece("LSB_JOBINDEX", "0"), None);
        assert_eq!(piece("HOME", "3"), None);
        assert!(piece_of(with("SLURM_ARRAY_TASK_ID", "x")).is_err());
    }

    #[test]
    fn threads_are_what_was_granted() {
        assert_eq!(threads_of(with("SLURM_CPUS_PER_TASK", "4")), Some(4));
        assert_eq!(threads_of(with("NSLOTS", "0")), None);
        let both = |name: &str| {
            let value = match name {
                "NSLOTS" => "4",
                "RAYON_NUM_THREADS" => "2",
                _ => return None,
            };
            Some(value.to_owned())
        };
        assert_eq!(threads_of(both), None);
    }
}
