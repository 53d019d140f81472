//! `xcebra search`: a training for each choice of some settings.

use std::path::PathBuf;

use clap::Args;
use xcebra::files::Source;
use xcebra::{Answer, Axis, Result, SearchData, SearchJob, read_settings, search};

use super::Session;
use super::fit::seconds;

/// Train with several settings and rank the runs by how well they fit what was held out
///
/// Each --grid names a setting, as --set of `xcebra fit` does, and the values to try. A run is trained for
/// each combination, or for some of them at random, into the folders 0000, 0001, … of --out. A table and a
/// report list them from the best fit to the worst. If the settings hold nothing out, a fifth of the samples is
/// held out.
///
/// The same command goes on where an earlier one ended, however it ended: finished runs stay, and an
/// interrupted one goes on from its checkpoint.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Search {
    /// Recording and labels, of any format that `xcebra files` lists; repeat for each session
    #[arg(long, value_name = "FILE[:ARRAY]", required = true)]
    data: Vec<Source>,

    /// Settings that all runs share, .toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Changes one setting of all runs; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,

    /// A setting and the values to try, such as "encoder.outputs=[3,6]"; may be repeated
    #[arg(long, value_name = "FIELD=[VALUE,…]", required = true)]
    grid: Vec<Axis>,

    /// Train N combinations chosen at random, all different, instead of all
    #[arg(long, value_name = "N")]
    random: Option<u64>,

    /// Seed of the random choice; that of the trainings is train.seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// Folder to write, or that of the search to go on with
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,

    /// Time between two checkpoints of a run; 0 for one after every step
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    checkpoint_every: std::time::Duration,
}

const EXAMPLES: &str = "\
Examples:
  xcebra search --data data.npz --config fit.toml --set train.steps=2000 --grid \"encoder.outputs=[3,6]\" --grid \"regularizer.weight=[0.01,0.1]\" --out search
  xcebra search --data monday.npz --grid \"train.learning_rate=[1e-4,3e-4,1e-3]\" --grid \"encoder.hidden=[16,32,64]\" --random 3 --out some";

impl Search {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let job = self.job()?;
        session
            .watched("saving a checkpoint", |watch| search(&job, watch))?
            .answer()
    }

    /// What is to be done.
    pub fn job(&self) -> Result<SearchJob> {
        let settings = read_settings(self.config.as_deref(), &self.set)?;
        Ok(SearchJob {
            data: SearchData::Files(self.data.clone()),
            settings: settings.reading(&self.data),
            axes: self.grid.clone(),
            random: self.random,
            seed: self.seed,
            out: self.out.clone(),
            checkpoint_every: self.checkpoint_every,
        })
    }
}
