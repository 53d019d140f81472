//! `xcebra show`: what is inside a data file.

use clap::Args;
use xcebra::files::Source;
use xcebra::{Answer, Result, show};

use super::Session;

/// List what is inside a data file
///
/// Each line is an array: its name, shape, type, unit, and when its rows were measured. The last lines
/// say what could be used as a recording, as a label and as epochs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Show {
    /// The file, of any format that `xcebra files` lists
    #[arg(value_name = "FILE")]
    file: Source,
}

const EXAMPLES: &str = "\
Examples:
  xcebra show data.npz
  xcebra --json show night.edf";

impl Show {
    pub fn run(&self, _session: &Session) -> Result<Answer> {
        Ok(show(&self.file)?.answer())
    }
}
