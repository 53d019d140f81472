//! Options that every command has, and how a command talks while it works.

use std::io::{IsTerminal, Write};

use clap::Args;

use super::problem::{Problem, Result};
use super::progress::Progress;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Number of threads [default: one for each processor]
    ///
    /// Results do not depend on this number.
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
        let threads = self.threads.unwrap_or(0);
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .use_current_thread()
            .build_global()
            .map_err(|error| {
                Problem::new(
                    format!("the threads cannot be started: {error}"),
                    "ask for fewer with --threads",
                )
            })
    }
}

/// How a command talks while it works: on standard error, in the measure the user wants.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    quiet: bool,
    bars: bool,
}

impl Session {
    pub fn new(global: &Global) -> Self {
        Self {
            quiet: global.quiet,
            bars: !global.quiet && !global.json,
        }
    }

    /// Writes a note for the user.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            // nobody is left to tell if this fails
            let _ = writeln!(std::io::stderr(), "note: {text}");
        }
    }

    /// Shows the progress of `total` units of work: a bar on a terminal, otherwise a line now and
    /// then; nothing with `--quiet` or `--json`.
    pub fn progress(&self, what: &str, total: u64) -> Progress {
        match (self.bars, std::io::stderr().is_terminal()) {
            (false, _) => Progress::hidden(what, total),
            (true, true) => Progress::bar(what, total),
            (true, false) => Progress::lines(what, total),
        }
    }
}
