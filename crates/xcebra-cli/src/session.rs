//! Options that every command has, and how a command talks while it works.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};

use clap::Args;

use xcebra::model::{Progress, Watch};
use xcebra::{Problem, Result};

use super::interrupt::{self, Asked};
use super::progress::Bar;
use super::scheduler;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Number of threads [default: as many processors as the scheduler granted, else all]
    ///
    /// Results do not depend on this number. Schedulers tell it by `SLURM_CPUS_PER_TASK`, `PBS_NUM_PPN`, `NSLOTS` or
    /// `LSB_DJOB_NUMPROC`.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Print only the result and errors, without progress and notes
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Print one JSON object on standard output, and nothing else
    ///
    /// After an error it has the members "error" and, where there is advice, "help". For an error in
    /// the settings it also has "file" and "line".
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// Starts the threads of this process; the one that calls is the first of them.
    ///
    /// A thread outside the pool is put to sleep and woken up again for each piece of work that it hands in,
    /// and is one more for the system to find a place for: a short training step takes a quarter longer.
    pub fn start_threads(&self) -> Result<()> {
        let granted = || scheduler::threads().unwrap_or(0);
        let threads = self.threads.map_or_else(granted, usize::from);
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .use_current_thread()
            .build_global()
            .map_err(|error| {
                Problem::setting(
                    format!("the threads cannot be started: {error}"),
                    "ask for fewer with --threads",
                )
            })
    }
}

/// How a command talks while it works: on standard error, in the measure the user wants.
#[derive(Debug, Clone)]
pub struct Session {
    quiet: bool,
    bars: bool,
    asked: Asked,
    /// The work whose progress is shown, by its name.
    shown: Arc<Mutex<Option<(String, Bar)>>>,
}

impl Session {
    pub fn new(global: &Global) -> Self {
        Self {
            quiet: global.quiet,
            bars: !global.quiet && !global.json,
            asked: Asked::default(),
            shown: Arc::default(),
        }
    }

    /// Whether and by what the command was asked to end.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Writes a note for the user.
    pub fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        // nobody is left to tell if this fails
        let write = || {
            let _ = writeln!(std::io::stderr(), "note: {text}");
        };
        match self.shown.lock().as_deref() {
            Ok(Some((_, bar))) => bar.suspended(write),
            _ => write(),
        }
    }

    /// Does long work under a watch: its progress and notes are shown, and signals stop it; `doing` tells the
    /// user what a signal starts.
    pub fn watched<T>(&self, doing: &'static str, work: impl FnOnce(&Watch<'_>) -> T) -> T {
        interrupt::listen(self, doing);
        let progress = |progress: Progress<'_>| self.show(progress);
        let note = |text: &str| self.note(text);
        let stop = || self.asked.is_set();
        let watch = Watch::new();
        let done = work(&watch.on_progress(&progress).on_note(&note).stop_when(&stop));
        if let Ok(mut shown) = self.shown.lock() {
            *shown = None;
        }
        done
    }

    /// Shows progress: a bar on a terminal, otherwise a line now and then; nothing with `--quiet` or `--json`.
    fn show(&self, progress: Progress<'_>) {
        let Ok(mut shown) = self.shown.lock() else {
            return;
        };
        let (task, total) = (progress.task, progress.total);
        // a file may be read several times
        let other = |(name, bar): &(String, Bar)| name != task || bar.is_beyond(progress.done);
        if shown.as_ref().is_none_or(other) {
            let bar = match (self.bars, std::io::stderr().is_terminal()) {
                (false, _) => Bar::hidden(task, total),
                (true, true) => Bar::on_terminal(task, total),
                (true, false) => Bar::lines(task, total),
            };
            *shown = Some((task.to_owned(), bar.resumed_at(progress.done)));
        }
        if let Some((_, bar)) = shown.as_ref() {
            bar.at(progress.done, progress.message);
        }
    }
}
