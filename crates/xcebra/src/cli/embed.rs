//! `xcebra embed`: the embedding of a recording.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ndarray::Array2;
use serde_json::json;
use xcebra::Run;
use xcebra::core::encoder::Edges;
use xcebra::files::{NpzOutput, Source, ensure_writable};

use super::{Outcome, Problem, Result, Session};

/// Embed a recording with a trained encoder
///
/// Writes the array embedding (time, dimensions). An encoder with a receptive field sees samples
/// before and after each one; at both ends of the recording these are missing.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Embed {
    /// Folder written by `xcebra fit`
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,

    /// Recording with the channels of the training: .npz, .npy, .csv, .edf, .bdf or .wav
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// What to do at the ends of the recording, where samples that the encoder needs are missing
    #[arg(long, value_enum, default_value_t = EdgeRule::Pad)]
    edges: EdgeRule,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

/// What becomes of the ends of a recording.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum EdgeRule {
    /// Repeat the first and the last sample: every sample has an embedding
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
  xcebra embed --model run --data tuesday.csv:\"ankle_*\" --out tuesday.npz";

impl Embed {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        super::require_npz(&self.out)?;
        super::require_distinct(("--out", &self.out), &[("--data", &self.data.path)])?;
        ensure_writable(&self.out)?;
        let run = Run::load(&self.model)?;
        let x = run.read(&self.data)?;
        let progress = session.progress("embed", x.nrows() as u64);
        let done = |rows: usize| progress.at(rows as u64, "");
        let (first, embedding) = xcebra::embed(&run.encoder, x.view(), self.edges.into(), done)?;
        drop(progress);
        refuse_overflow(&embedding, first)?;
        let (samples, outputs) = embedding.dim();
        let mut output = NpzOutput::create(&self.out)?;
        output.add("embedding", &embedding)?;
        output.commit()?;
        let out = self.out.display().to_string();
        Ok(Outcome {
            text: format!("{out}: embedding ({samples}, {outputs})"),
            json: json!({
                "out": out,
                "samples": samples,
                "dimensions": outputs,
                "first_sample": first,
            }),
        })
    }
}

/// Refuses an embedding that left the finite numbers; `first` is the sample of its first row.
fn refuse_overflow(embedding: &Array2<f32>, first: usize) -> Result<()> {
    let finite = |row: ndarray::ArrayView1<'_, f32>| row.iter().all(|v| v.is_finite());
    match embedding.rows().into_iter().position(|row| !finite(row)) {
        None => Ok(()),
        Some(row) => Err(Problem::new(
            format!("the embedding of sample {} is not finite", first + row),
            "compare the recording's units and range with those of the training",
        )),
    }
}
