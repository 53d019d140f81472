//! Several pieces at once, a thread each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use xcebra_model::{Kind, Progress, Watch};

use super::queue::Queue;
use super::{Outcome, RunSettings, run_piece};
use crate::study::folder::Study;
use crate::{Problem, Result};

/// Parts of a piece in which progress is told.
const PARTS: u64 = 1000;

/// Several pieces at once, a thread each.
pub struct Many<'a> {
    study: &'a Study,
    /// How many pieces are left at first.
    count: usize,
    left: Queue<'a>,
    settings: &'a RunSettings,
    watch: &'a Watch<'a>,
    /// How far the pieces are that were begun.
    parts: Mutex<Parts>,
    said: Mutex<BTreeSet<String>>,
    ended: Mutex<Ended>,
}

/// How several pieces ended.
#[derive(Default)]
pub struct Ended {
    pub finished: Vec<usize>,
    pub others: Vec<usize>,
    pub failed: Vec<(usize, Problem)>,
    /// Why not all of them were run.
    pub stopped: Option<Problem>,
}

impl<'a> Many<'a> {
    pub fn new(
        study: &'a Study,
        left: Vec<usize>,
        settings: &'a RunSettings,
        watch: &'a Watch<'a>,
    ) -> Result<Self> {
        Ok(Self {
            study,
            count: left.len(),
            left: Queue::new(study, left)?,
            settings,
            watch,
            parts: Mutex::default(),
            said: Mutex::default(),
            ended: Mutex::default(),
        })
    }

    /// Runs them; how they ended.
    pub fn work(self) -> Result<Ended> {
        let threads = rayon::current_num_threads();
        let workers = threads.min(self.count);
        match workers {
            1 => self.one_after_another(),
            _ => self.beside_each_other(threads, workers)?,
        }
        Ok(self.ended.into_inner().expect("no worker panicked"))
    }

    fn beside_each_other(&self, threads: usize, workers: usize) -> Result<()> {
        let pool = |worker: usize| {
            // those that are left over go to the first ones
            let own = threads / workers + usize::from(worker < threads % workers);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(own).build();
            pool.map_err(|error| {
                Problem::setting(
                    format!("the threads cannot be started: {error}"),
                    "ask for fewer",
                )
            })
        };
        let pools: Vec<rayon::ThreadPool> = (0..workers).map(pool).collect::<Result<_>>()?;
        std::thread::scope(|scope| {
            for pool in &pools {
                scope.spawn(|| pool.install(|| self.one_after_another()));
            }
        });
        Ok(())
    }

    fn one_after_another(&self) {
        while !self.watch.is_stopped() {
            let Some(piece) = self.left.take() else {
                return;
            };
            let outcome = self.piece(piece);
            let outcome = match outcome {
                Ok(Outcome::Before | Outcome::Others(_)) => self.left.missed().and(outcome),
                other => other,
            };
            let Ok(mut ended) = self.ended.lock() else {
                return;
            };
            match outcome {
                Ok(Outcome::Finished) => ended.finished.push(piece),
                Ok(Outcome::Before) => {}
                Ok(Outcome::Others(_)) => ended.others.push(piece),
                Err(problem) if problem.kind() == Kind::Interrupted => {
                    if self.watch.is_stopped() {
                        ended.stopped = Some(self.interrupted());
                    } else {
                        ended.others.push(piece);
                    }
                }
                Err(problem) => ended.failed.push((piece, problem)),
            }
        }
        if let (Ok(mut ended), true) = (self.ended.lock(), self.watch.is_stopped()) {
            ended.stopped = Some(self.interrupted());
        }
    }

    fn interrupted(&self) -> Problem {
        Problem::new(
            Kind::Interrupted,
            "interrupted; the study keeps what is done, and checkpoints of the rest",
            format!("go on with `xcebra run {}`", self.study.folder.display()),
        )
    }

    fn piece(&self, piece: usize) -> Result<Outcome> {
        let tell = |part: u64, message: &str| {
            let Ok(mut parts) = self.parts.lock() else {
                return;
            };
            let done = parts.at(piece, part);
            let message = format!("piece {piece}: {message}");
            let total = self.count as u64 * PARTS;
            self.watch.progress("run", (done, total), &message);
        };
        let progress = |part: Progress<'_>| {
            let share = part.done * (PARTS - 1) / part.total.max(1);
            tell(share, part.message);
        };
        // most notes are about the data, which all pieces share
        let note = |text: &str| {
            let said = self.said.lock();
            if said.is_ok_and(|mut said| said.insert(text.to_owned())) {
                self.watch.note(text);
            }
        };
        let stop = || self.watch.is_stopped();
        let inner = Watch::new()
            .on_progress(&progress)
            .on_note(&note)
            .stop_when(&stop);
        let outcome = run_piece(self.study, piece, self.settings, &inner);
        if outcome.is_ok() {
            tell(PARTS, "done");
        }
        outcome
    }
}

/// How far pieces are.
#[derive(Default)]
struct Parts {
    /// Of those that are being worked on.
    begun: BTreeMap<usize, u64>,
    /// Of all together.
    total: u64,
}

impl Parts {
    /// Notes how far a piece is; how far all are.
    fn at(&mut self, piece: usize, part: u64) -> u64 {
        let own = self.begun.entry(piece).or_default();
        self.total += part.saturating_sub(*own);
        *own = part.max(*own);
        self.total
    }
}
