//! `xcebra convert`: a recording and its labels in bins of one clock.

use std::path::{Path, PathBuf};

use clap::Args;
use xcebra::files::Source;
use xcebra::{Answer, ConvertJob, Result, convert, label_of};

use super::clock::ClockArguments;
use super::{Session, require_distinct, require_npz};

/// Bring a recording and its labels to one clock
///
/// Writes the arrays x (bins, channels), t (the centres of the bins in seconds), and each label under its
/// name; if the recording has gaps, also segment, the number of the stretch that each bin is in. `xcebra fit`
/// with the same flags trains on the same numbers.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Convert {
    /// The recording: the units of a file, all its channels, or `FILE:ARRAY`
    #[arg(value_name = "FILE[:ARRAY]")]
    data: Source,

    #[command(flatten)]
    clock: ClockArguments,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  xcebra convert session.nwb --bin 25ms --label position --out data.npz
  xcebra convert session.nwb --bin 10ms --smooth 50ms --units quality=good --epochs trials --out rates.npz
  xcebra convert night.edf --bin 1s --label stage=hypnogram.edf:annotations --out night.npz
  xcebra convert lfp.npz:x@t --bin 20ms --label pos=behaviour.csv:x@t --out data.npz";

impl Convert {
    pub fn run(&self, session: &Session) -> Result<Answer> {
        require_npz(&self.out)?;
        let mut read = vec![("the recording", self.data.path.clone())];
        for text in &self.clock.label {
            let other = Source::of_other_file(&label_of(text)?.array);
            read.extend(other.map(|source| ("a label", source.path)));
        }
        let read: Vec<(&str, &Path)> = read.iter().map(|(what, path)| (*what, &**path)).collect();
        require_distinct(("--out", &self.out), &read)?;
        let job = ConvertJob {
            data: self.data.clone(),
            labels: self.clock.label.clone(),
            clock: self.clock.required()?,
            out: self.out.clone(),
        };
        session.watched("stopping", |watch| convert(&job, watch))
    }
}
