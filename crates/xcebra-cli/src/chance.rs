//! `xcebra chance`: does a training find more than chance?

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use xcebra::files::Source;
use xcebra::{
    Answer, ChanceJob, ChanceSettings, FitFile, Result, Run, Shuffle, chance_files, read_settings,
};

use super::Session;
use super::fit::seconds;

/// Find out whether a training finds more than chance
///
/// Trains once on the recording as it is, and N times on the same recording with its labels, or each of its
/// channels, in another order: time is cut into blocks, and the blocks change places. All trainings are judged by
/// samples that they do not see, a fifth of the recording if the settings hold nothing out. The verdict says
/// whether the true order is learned better than the shuffled ones.
///
/// The same command goes on where an earlier one ended, however it ended.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Chance {
    /// Folder written by `xcebra fit`, whose settings are used, and whose data unless --data is given
    #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
    model: Option<PathBuf>,

    /// Recording and labels; repeat for each session
    #[arg(long, value_name = "FILE[:ARRAY]", required_unless_present = "model")]
    data: Vec<Source>,

    /// Settings, .toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Changes one setting; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,

    /// What is shuffled
    #[arg(long, value_enum, default_value_t = What::Labels)]
    shuffle: What,

    /// Number of trainings on shuffled recordings; at least 19 are needed for a verdict at 5 %
    #[arg(long, value_name = "N", default_value_t = 19, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    trainings: u32,

    /// Number of blocks of time [default: 20, or one for each sample if no objective uses a label]
    ///
    /// A block should be longer than the time in which labels and channels change.
    #[arg(long, value_name = "N")]
    shuffle_blocks: Option<usize>,

    /// Folder to write, or that of the trainings to go on with
    #[arg(long, short, value_name = "FOLDER")]
    out: PathBuf,

    /// Time between two checkpoints of a training; 0 for one after every step
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    checkpoint_every: Duration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The labels
    Labels,
    /// Each channel for itself
    Channels,
}

const EXAMPLES: &str = "\
Examples:
  xcebra chance --model run --out chance
  xcebra chance --data monday.npz --config fit.toml --set train.steps=2000 --shuffle channels --out chance-channels";

impl Chance {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        let job = ChanceJob {
            data: self.data.clone(),
            run: self.model.clone(),
            settings: self.settings()?.reading(&self.data),
            how: ChanceSettings {
                shuffle: match self.shuffle {
                    What::Labels => Shuffle::Labels,
                    What::Channels => Shuffle::Columns,
                },
                trainings: self.trainings as usize,
                blocks: self.shuffle_blocks,
            },
            out: self.out.clone(),
            checkpoint_every: self.checkpoint_every,
        };
        let found = session.watched("saving a checkpoint", |watch| chance_files(&job, watch))?;
        let mut answer = found.answer()?;
        let out = self.out.display();
        answer.text += &format!("{out}/report.html: the scores of all trainings\n");
        answer.json["out"] = self.out.display().to_string().into();
        Ok(answer)
    }

    fn settings(&self) -> Result<FitFile> {
        match &self.model {
            None => read_settings(self.config.as_deref(), &self.set),
            Some(folder) => {
                let settings = Run::load_all(folder)?.swap_remove(0).settings;
                Ok(FitFile::parse(&settings.to_toml(), &self.set)?)
            }
        }
    }
}
