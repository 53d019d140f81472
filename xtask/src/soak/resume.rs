//! Trainings that are killed and gone on with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::Program;
use crate::shell::{self, Failure, Result, file_failure};
use crate::workspace::Workspace;

/// A training, and what the command line is told of it besides `--out`.
struct Training {
    what: &'static str,
    fit: &'static str,
    settings: &'static str,
}

/// Together they have all that a checkpoint has to keep.
const TRAININGS: [Training; 3] = [
    Training {
        what: "two objectives, a regulariser that sets in, validation, weight decay",
        fit: "fit --data one.npz --config 0.toml",
        settings: r#"
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
steps = 1000
batch = 256
log_every = 10
weight_decay = 0.01
[validation]
held_out = 0.1
every = 100
"#,
    },
    Training {
        what: "convolutions, two sessions, learned temperature, a schedule, patience",
        fit: "fit --data one.npz --data two.npz --config 1.toml",
        settings: r#"
[encoder]
name = "offset10"
outputs = 3
hidden = 16
[[objective]]
positives = { kind = "time", offset = 2 }
similarity = { kind = "cosine", temperature = 0.5, learn = true }
[regularizer]
weight = 0.001
start = 50
ramp = 50
projections = 0
[train]
steps = 400
batch = 64
log_every = 1
schedule = "cosine"
learning_rate = 3e-3
[validation]
held_out = 0.2
every = 10
patience = 4
"#,
    },
    Training {
        what: "a supervised loss beside a contrastive one, a weight that rises, two seeds",
        fit: "fit --data one.npz --config 2.toml --seeds 2",
        settings: r#"
[encoder]
name = "offset1-mse-tanh"
outputs = 4
[[objective]]
dims = [0, 2]
loss = "mse"
label = "z2"
[[objective]]
positives = { kind = "delta-normal", label = "z1", sigma = 0.1 }
weight_start = 50
weight_ramp = 100
[regularizer]
weight = 0
[train]
steps = 300
batch = 128
schedule = "linear"
"#,
    },
];

/// When a training is killed.
#[derive(Clone, Copy)]
enum Moment {
    Anywhere,
    /// While the folder of the training is made, before there is a checkpoint.
    Folder,
    /// While the results are written.
    Results,
}

/// They take turns, from one on that is another for each training.
const MOMENTS: [Moment; 4] = [
    Moment::Anywhere,
    Moment::Folder,
    Moment::Results,
    Moment::Anywhere,
];

/// What the kills met.
#[derive(Default)]
struct Tally {
    kills: usize,
    /// Before there was a checkpoint.
    early: usize,
    /// While a file was being written.
    writing: usize,
    /// When some results were there.
    results: usize,
    rounds: usize,
}

/// Makes each training once without a break and then, killed at random and at chosen moments and
/// resumed each time, again, `kills` times in all; the folders must be the same to the byte. The
/// program must have been built.
pub fn resume(workspace: &Workspace, kills: usize, seed: u64) -> Result<()> {
    let program = Program::in_fresh_folder(workspace, "soak-resume")?;
    for (name, seed) in [("one", 1), ("two", 2)] {
        program.call(&format!(
            "synth --dims 4 --samples 4000 --seed {seed} --out {name}.npz"
        ))?;
    }
    let mut chance = Chance(seed);
    for (i, training) in TRAININGS.iter().enumerate() {
        let config = program.folder.join(format!("{i}.toml"));
        fs::write(&config, training.settings).map_err(file_failure(&config, "write"))?;
        // an even share, the first ones one more
        let share = (kills + TRAININGS.len() - 1 - i) / TRAININGS.len();
        if share > 0 {
            again_and_again(&program, training, i, share, &mut chance)?;
        }
    }
    Ok(())
}

fn again_and_again(
    program: &Program,
    training: &Training,
    first_moment: usize,
    kills: usize,
    chance: &mut Chance,
) -> Result<()> {
    let start = Instant::now();
    remove(&program.folder.join("whole"))?;
    program.call(&format!("{} --out whole", training.fit))?;
    let whole = start.elapsed();
    let mut tally = Tally::default();
    let start = Instant::now();
    while tally.kills < kills {
        tally.rounds += 1;
        remove(&program.folder.join("run"))?;
        round(
            program,
            training,
            first_moment,
            kills,
            whole,
            chance,
            &mut tally,
        )?;
        same(program)?;
    }
    println!(
        "{}: {} kills in {} training(s), {} before the first checkpoint, {} while a file was written, \
         {} among the results; all ended in the bytes of the one without a break ({:.1} s; this took \
         {:.1} s)",
        training.what,
        tally.kills,
        tally.rounds,
        tally.early,
        tally.writing,
        tally.results,
        whole.as_secs_f64(),
        start.elapsed().as_secs_f64(),
    );
    Ok(())
}

/// One training from its beginning to its end, killed until `kills` are reached.
fn round(
    program: &Program,
    training: &Training,
    first_moment: usize,
    kills: usize,
    whole: Duration,
    chance: &mut Chance,
    tally: &mut Tally,
) -> Result<()> {
    let folder = program.folder.join("run");
    loop {
        let begun = folder.exists();
        let what = match begun {
            true => "fit --resume run".to_owned(),
            false => format!("{} --out run", training.fit),
        };
        if tally.kills == kills {
            program.call(&what)?;
            return Ok(());
        }
        // a checkpoint after every step spends most of its time in writing
        let every = ["0", "0.02"][(chance.next() * 2.0) as usize];
        let threads = 1 + (chance.next() * 2.0) as usize;
        let arguments = format!("{what} --checkpoint-every {every} --threads {threads}");
        let mut command = program.command(&arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|e| shell::not_started(&command, &e))?;
        let moment = MOMENTS[(first_moment + tally.kills) % MOMENTS.len()];
        match moment {
            Moment::Folder if !begun => {
                wait_for(&mut child, || has(&program.folder, ".run-"));
            }
            // the first file of the results
            Moment::Results => wait_for(&mut child, || has(&folder, "report.html")),
            // long enough to come past the start
            Moment::Folder | Moment::Anywhere => {
                let most = (whole.as_secs_f64() / 2.0).max(0.3);
                sleep(Duration::from_secs_f64(chance.next() * most));
            }
        }
        match killed(child)? {
            Ended::Killed => {
                tally.kills += 1;
                tally.early += usize::from(!has(&folder, "checkpoint.safetensors"));
                tally.writing += usize::from(is_half_written(program));
            }
            Ended::Finished => return Ok(()),
            Ended::Failed(text) => return Err(program.explained(Failure::new(text), &arguments)),
        }
        // what has some results is near its end
        if has(&folder, "report.html") {
            tally.results += 1;
            program.call("fit --resume run")?;
            return Ok(());
        }
    }
}

fn remove(folder: &Path) -> Result<()> {
    match folder.exists() {
        true => fs::remove_dir_all(folder).map_err(file_failure(folder, "remove")),
        false => Ok(()),
    }
}

/// Whether a folder holds something whose name begins so.
fn has(folder: &Path, name: &str) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name())
        .any(|found| found.to_string_lossy().starts_with(name))
}

/// Waits until something holds or the program has ended.
fn wait_for(child: &mut Child, holds: impl Fn() -> bool) {
    while !holds() && matches!(child.try_wait(), Ok(None)) {
        sleep(Duration::from_micros(200));
    }
}

enum Ended {
    Killed,
    Finished,
    Failed(String),
}

/// Kills a program, unless it has ended.
fn killed(mut child: Child) -> Result<Ended> {
    let fail = |e: std::io::Error| Failure::new(format!("cannot watch the program: {e}"));
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

/// Checks that both folders hold the same files and, but for the times that the log and the report
/// tell, the same bytes.
fn same(program: &Program) -> Result<()> {
    let read = |name: &str| -> Result<BTreeMap<String, Vec<u8>>> {
        let folder = program.folder.join(name);
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(file_failure(&folder, "read"))? {
            let path = entry.map_err(file_failure(&folder, "read"))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let bytes = fs::read(&path).map_err(file_failure(&path, "read"))?;
            files.insert(name.clone().into_owned(), without_times(&name, bytes)?);
        }
        Ok(files)
    };
    let (whole, run) = (read("whole")?, read("run")?);
    if !whole.keys().eq(run.keys()) {
        let what = format!("{:?} became {:?}", whole.keys(), run.keys());
        return Err(Failure::new(what));
    }
    match whole.iter().find(|(name, bytes)| run[*name] != **bytes) {
        Some((name, _)) => {
            let what = format!(
                "{name} in whole and run of {} differ",
                program.folder.display()
            );
            Err(Failure::new(what))
        }
        None => Ok(()),
    }
}

/// What a file holds besides times: nothing of the log, the report but for the end of its first table.
fn without_times(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
    match name {
        "log.txt" => Ok(Vec::new()),
        "report.html" => {
            let page = String::from_utf8_lossy(&bytes);
            let cut = page.split_once("<td>seconds</td>");
            let cut =
                cut.and_then(|(before, after)| Some((before, after.split_once("</table>")?.1)));
            let (before, after) =
                cut.ok_or_else(|| Failure::new("the report does not tell its time in a table"))?;
            Ok([before, after].concat().into_bytes())
        }
        _ => Ok(bytes),
    }
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
    use super::{Chance, without_times};

    #[test]
    fn chance_is_that_of_the_paper() {
        // first output for seed 0, as published with the generator: 0xe220a8397b1dcdaf
        let expected = (0xe220_a839_7b1d_cdaf_u64 >> 11) as f64 / (1_u64 << 53) as f64;
        assert_eq!(Chance(0).next(), expected);
    }

    #[test]
    fn only_times_are_left_out() {
        let page = b"<td>loss</td><td>3</td><td>seconds</td><td>9</td></table><p>x</p>".to_vec();
        let rest = without_times("report.html", page).unwrap();
        assert_eq!(rest, b"<td>loss</td><td>3</td><p>x</p>");
        assert!(without_times("report.html", b"<p>x</p>".to_vec()).is_err());
        assert_eq!(without_times("curves.csv", b"1".to_vec()).unwrap(), b"1");
    }
}
