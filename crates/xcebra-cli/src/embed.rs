//! `xcebra embed`: the embedding of a recording.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use xcebra::core::encoder::Edges;
use xcebra::files::Source;
use xcebra::study::EmbedJob;
use xcebra::{Answer, Problem, Result, embed_labelled};

use super::Session;
use super::figures::Figures;
use super::places::Places;
use super::study::refuse;

/// Embed a recording with a trained encoder
///
/// Writes the array embedding (time, dimensions). Some encoders also see samples before and after each
/// one. These are missing at both ends of the recording and at both sides of a gap in it. If rows are
/// left out at gaps, the array sample says which row of the recording each row belongs to.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Embed {
    /// Folder written by `xcebra fit`
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,

    /// Recording with the channels of the training, in any format that `xcebra files` lists
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// Session of the training whose encoder is used: its number from 0, or the name of its file
    ///
    /// Needed only if the sessions of the training had different channels.
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,

    /// What to do at the ends and gaps of the recording, where the encoder needs samples that are missing
    #[arg(long, value_enum, default_value_t = EdgeRule::Pad)]
    edges: EdgeRule,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Also write a page with the embedding in three dimensions
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Label that colours the embedding of the page and of the pictures: an array of the data file, or of another file;
    /// can be repeated
    #[arg(long, value_name = "NAME[=FILE:ARRAY]")]
    label: Vec<String>,

    #[command(flatten)]
    figures: Figures,
}

/// What becomes of the ends of a recording.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum EdgeRule {
    /// Repeat the first and the last sample, so that every sample has an embedding
    Pad,
    /// Leave such samples out; `first_sample` in --json says where the embedding begins
    Drop,
}

impl From<EdgeRule> for Edges {
    fn from(rule: EdgeRule) -> Self {
        match rule {
            EdgeRule::Pad => Self::Pad,
            EdgeRule::Drop => Self::Drop,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  xcebra embed --model run --data data.npz --out embedding.npz
  xcebra embed --model run --data data.npz --out embedding.npz --report embedding.html --label z2
  xcebra embed --model run --data tuesday.csv:\"ankle_*\" --out tuesday.npz
  xcebra embed --model animals --session rat2.npz --data rat2.npz --out rat2-embedding.npz";

impl Embed {
    /// The embedding, for a plan whose folder is `out`.
    pub fn planned(&self) -> Result<(EmbedJob, &Path)> {
        refuse(self.report.is_some(), "--report")?;
        refuse(self.figures.folder().is_some(), "--figures")?;
        refuse(!self.label.is_empty(), "--label")?;
        let job = EmbedJob {
            model: self.model.clone(),
            session: self.session.clone(),
            data: self.data.clone(),
            edges: self.edges.into(),
        };
        Ok((job, &self.out))
    }

    pub fn run(&self, session: &Session) -> Result<Answer> {
        if !self.label.is_empty() && self.report.is_none() && self.figures.folder().is_none() {
            return Err(Problem::setting(
                "--label colours a page or pictures, and there are none",
                "add --report FILE or --figures FOLDER, or leave out --label",
            ));
        }
        let places = Places {
            out: Some(&self.out),
            report: self.report.as_deref(),
            figures: &self.figures,
        };
        places.check(&[("--data", self.data.path.as_path())])?;
        let edges = self.edges.into();
        let (embedding, labels) = session.watched("stopping", |watch| {
            let of = self.session.as_deref();
            embed_labelled(&self.model, of, &self.data, edges, &self.label, watch)
        })?;
        places.write(
            || embedding.pictures(&labels),
            || embedding.report(&labels),
            |out| embedding.write(out),
        )?;
        Ok(embedding.answer(Some(&self.out)))
    }
}
