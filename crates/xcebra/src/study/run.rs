//! Running pieces: one by its number, or all that are left.

mod many;
mod queue;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use xcebra_model::{Kind, Progress, Watch};

use super::claim::{self, Asked, Claim, Owner};
use super::folder::{Done, Failed, Study};
use super::ranges;
use super::work::Piece;
use crate::{Answer, Problem, Result};
use many::{Ended, Many};

/// Which pieces to run, and how.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// The piece, counted from 0; without one all that are left and that no other process works on.
    pub piece: Option<usize>,
    /// Whether pieces that failed are run again, if no piece is named.
    pub retry: bool,
    /// Time between two checkpoints of a piece.
    pub checkpoint_every: Duration,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            piece: None,
            retry: false,
            checkpoint_every: Duration::from_secs(30),
        }
    }
}

/// What was run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    /// Pieces that this call has finished.
    pub finished: Vec<usize>,
    /// How many were finished before.
    pub before: usize,
    /// Pieces that other processes work on.
    pub others: Vec<usize>,
    /// Pieces that had failed before and were left.
    pub failed_before: Vec<usize>,
}

/// Runs a piece of the study in a folder, or all that are left, one for each thread.
///
/// A piece that is finished is not run again. One that was interrupted goes on from its checkpoint. One that fails
/// keeps its message in the study, and the others go on.
///
/// # Errors
/// [`Problem`] if there is no such study or piece, its data have changed, another process works on the piece, or a piece
/// fails; of the kind [`Interrupted`](Kind::Interrupted) if the watch stops it, with checkpoints in the study.
pub fn run(folder: &Path, settings: &RunSettings, watch: &Watch<'_>) -> Result<Ran> {
    let study = Study::open(folder)?;
    if let Some(piece) = settings.piece {
        return one(&study, piece, settings, watch);
    }
    let done = study.all_done()?;
    let failed = match settings.retry {
        true => BTreeSet::new(),
        false => study.all_failed()?,
    };
    let all = 0..study.plan.pieces;
    let left: Vec<usize> = all
        .filter(|piece| !done.contains(piece) && !failed.contains(piece))
        .collect();
    let mut ran = Ran {
        before: done.len(),
        failed_before: failed.difference(&done).copied().collect(),
        ..Ran::default()
    };
    if left.is_empty() {
        return Ok(ran);
    }
    study.plan.require_data()?;
    let Ended {
        mut finished,
        mut others,
        mut failed,
        stopped,
    } = Many::new(&study, left, settings, watch)?.work()?;
    if let Some(problem) = stopped {
        return Err(problem);
    }
    finished.sort_unstable();
    others.sort_unstable();
    failed.sort_by_key(|(piece, _)| *piece);
    if let Some((piece, problem)) = failed.first() {
        let numbers: Vec<usize> = failed.iter().map(|(piece, _)| *piece).collect();
        return Err(Problem::new(
            problem.kind(),
            format!(
                "{} of {} pieces failed ({}); piece {piece}: {problem}",
                failed.len(),
                study.plan.pieces,
                ranges(&numbers)
            ),
            format!(
                "`xcebra status {}` says why, and how to repeat them",
                folder.display()
            ),
        ));
    }
    (ran.finished, ran.others) = (finished, others);
    Ok(ran)
}

/// Runs a piece by its number.
fn one(study: &Study, piece: usize, settings: &RunSettings, watch: &Watch<'_>) -> Result<Ran> {
    let pieces = study.plan.pieces;
    if piece >= pieces {
        return Err(Problem::setting(
            format!("there is no piece {piece}: the study has {pieces}, from 0 on"),
            format!("name one of 0 to {}", pieces - 1),
        ));
    }
    let mut ran = Ran::default();
    if study.is_done(piece) {
        ran.before = 1;
        return Ok(ran);
    }
    study.plan.require_data()?;
    match run_piece(study, piece, settings, watch)? {
        Outcome::Finished => ran.finished.push(piece),
        Outcome::Before => ran.before = 1,
        Outcome::Others(owner) => return Err(busy(piece, owner)),
    }
    Ok(ran)
}

fn busy(piece: usize, owner: Option<Owner>) -> Problem {
    let who = owner.map_or("another process".to_owned(), |owner| {
        format!("process {} on {}", owner.process, owner.host)
    });
    Problem::file(
        format!("{who} works on piece {piece}"),
        "wait for it; if it is dead, its claim ends within a minute",
    )
}

/// What became of a piece.
enum Outcome {
    Finished,
    /// It was finished before.
    Before,
    /// Another process works on it.
    Others(Option<Owner>),
}

/// Claims and runs a piece, and notes how it ended.
fn run_piece(
    study: &Study,
    number: usize,
    settings: &RunSettings,
    watch: &Watch<'_>,
) -> Result<Outcome> {
    if study.is_done(number) {
        return Ok(Outcome::Before);
    }
    let claim = match claim::ask(&study.claims(), number)? {
        Asked::Ours(claim) => claim,
        Asked::Others(owner) => return Ok(Outcome::Others(owner)),
    };
    if !claim.locks {
        watch.note(
            "this file system cannot lock files: the claim of a process that dies is taken over only after a minute, \
             unless it was on the same machine",
        );
    }
    // it may have been finished between the look and the claim
    if study.is_done(number) {
        claim.finish(&study.claims(), number);
        return Ok(Outcome::Before);
    }
    let begun = Instant::now();
    let ended = work_on(study, number, &claim, settings, watch);
    let outcome = match ended {
        Ok(said) => study.write_done(
            number,
            &Done {
                seconds: begun.elapsed().as_secs_f64(),
                host: claim::host(),
                said,
            },
        ),
        Err(problem) if problem.kind() == Kind::Interrupted => Err(Problem::new(
            Kind::Interrupted,
            format!("piece {number}: {problem}"),
            format!(
                "go on with `xcebra run {} --piece {number}`",
                study.folder.display()
            ),
        )),
        Err(problem) => {
            let failed = Failed {
                message: problem.to_string(),
                advice: problem.advice().map(str::to_owned),
                host: claim::host(),
            };
            // what went wrong says more than that it could not be noted
            let _ = study.write_failed(number, &failed);
            Err(problem)
        }
    };
    // with an error the claim ends and stays, so that the piece is known to have been begun
    outcome?;
    claim.finish(&study.claims(), number);
    Ok(Outcome::Finished)
}

fn work_on(
    study: &Study,
    number: usize,
    claim: &Claim,
    settings: &RunSettings,
    watch: &Watch<'_>,
) -> Result<Option<String>> {
    let progress = |part: Progress<'_>| {
        watch.progress(part.task, (part.done, part.total), part.message);
    };
    let note = |text: &str| watch.note(text);
    let stop = || claim.is_lost() || watch.is_stopped();
    let inner = Watch::new()
        .on_progress(&progress)
        .on_note(&note)
        .stop_when(&stop);
    let folder = study.piece(number);
    let ended = study.plan.work.run(&Piece {
        number,
        of: study.plan.pieces,
        folder: &folder,
        every: settings.checkpoint_every,
        watch: &inner,
    });
    match ended {
        Err(_) if claim.is_lost() => Err(Problem::new(
            Kind::Interrupted,
            "another process has taken the piece over: this one had no heartbeat for a minute",
            "leave the piece to it",
        )),
        other => other,
    }
}

impl Ran {
    /// The answer, for a reader and for a program.
    pub fn answer(&self, folder: &Path) -> Answer {
        let folder = folder.display().to_string();
        let mut text = match (self.finished.len(), self.before) {
            (0, before) => format!("{folder}: nothing left to do, {before} finished before"),
            (count, 0) => format!("{folder}: {count} finished ({})", ranges(&self.finished)),
            (count, before) => format!(
                "{folder}: {count} finished ({}), {before} before",
                ranges(&self.finished)
            ),
        };
        if !self.others.is_empty() {
            text += &format!("\nother processes work on {}", ranges(&self.others));
        }
        if !self.failed_before.is_empty() {
            text += &format!(
                "\nfailed before: {}; `xcebra status {folder}` says why",
                ranges(&self.failed_before)
            );
        }
        Answer {
            text,
            json: json!({
                "study": folder,
                "finished": self.finished,
                "finished_before": self.before,
                "others": self.others,
                "failed_before": self.failed_before,
            }),
        }
    }
}
