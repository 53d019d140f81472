//! `xcebra demo`: all of it on data with a known answer, in a minute.

use std::path::PathBuf;

use clap::Args;
use xcebra::{Answer, DemoJob, Result, demo};

use super::Session;

/// See it work: data with a known answer, training, attribution map, score, report
///
/// Generates a synthetic recording of 50 channels whose attribution map is known, and trains a
/// regularised contrastive encoder on it. Computes the inverted neuron gradient (ING) and, for
/// comparison, the plain neuron gradient, and scores both against the truth. Writes data, model,
/// maps and a report with pictures into a folder.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Demo {
    /// Folder to write; the folder of an earlier demo is replaced
    #[arg(long, short, value_name = "FOLDER", default_value = "xcebra-demo")]
    out: PathBuf,

    /// Seed of the data and of the training
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Training steps; fewer are faster and worse
    #[arg(long, default_value_t = 2500, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
}

const EXAMPLES: &str = "\
Examples:
  xcebra demo
  xcebra --json demo --seed 3 --out demo-3";

impl Demo {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let job = DemoJob {
            out: self.out.clone(),
            seed: self.seed,
            steps: self.steps as usize,
        };
        session.watched("stopping", |watch| demo(&job, watch))
    }
}
