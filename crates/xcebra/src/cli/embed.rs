//! `xcebra embed`: the embedding of a recording.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ndarray::{Array1, Array2};
use serde_json::json;
use xcebra::Run;
use xcebra::core::encoder::Edges;
use xcebra::files::{NpzOutput, Source, ensure_writable};

use super::{Outcome, Problem, Result, Session};

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

    /// Recording with the channels of the training: .npz, .npy, .csv, .edf, .bdf or .wav
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// What to do at the ends and gaps of the recording, where the encoder needs samples that are missing
    #[arg(long, value_enum, default_value_t = EdgeRule::Pad)]
    edges: EdgeRule,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
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
  xcebra embed --model run --data tuesday.csv:\"ankle_*\" --out tuesday.npz";

impl Embed {
    pub fn run(&self, session: &Session) -> Result<Outcome> {
        super::require_npz(&self.out)?;
        super::require_distinct(("--out", &self.out), &[("--data", &self.data.path)])?;
        ensure_writable(&self.out)?;
        let run = Run::load(&self.model)?;
        let recording = run.recording(&self.data)?;
        for note in &recording.notes {
            session.note(note);
        }
        let (x, segments) = (&recording.x, &recording.segments);
        let progress = session.progress("embed", x.nrows() as u64);
        let done = |rows: usize| progress.at(rows as u64, "");
        let edges = self.edges.into();
        let (times, embedding) =
            xcebra::embed_segments(&run.encoder, x.view(), segments, edges, done)?;
        drop(progress);
        refuse_overflow(&embedding, &times)?;
        let (samples, outputs) = embedding.dim();
        let first = times.first().copied().unwrap_or(0);
        let mut output = NpzOutput::create(&self.out)?;
        output.add("embedding", &embedding)?;
        let gaps = times.len() > 1 && times.windows(2).any(|pair| pair[1] != pair[0] + 1);
        let mut text = format!("{}: embedding ({samples}, {outputs})", self.out.display());
        if segments.len() > 1 {
            text += &format!(" of {} segments", segments.len());
        }
        if gaps {
            let rows: Array1<i64> = times.iter().map(|&t| t as i64).collect();
            output.add("sample", &rows)?;
            text += ", sample (the row of the recording that each row belongs to)";
        }
        output.commit()?;
        Ok(Outcome {
            text,
            json: json!({
                "out": self.out.display().to_string(),
                "samples": samples,
                "dimensions": outputs,
                "first_sample": first,
                "segments": segments.len(),
                "notes": recording.notes,
            }),
        })
    }
}

/// Refuses an embedding that left the finite numbers; `times` are the samples of its rows.
fn refuse_overflow(embedding: &Array2<f32>, times: &[usize]) -> Result<()> {
    let finite = |row: ndarray::ArrayView1<'_, f32>| row.iter().all(|v| v.is_finite());
    match embedding.rows().into_iter().position(|row| !finite(row)) {
        None => Ok(()),
        Some(row) => Err(Problem::new(
            format!("the embedding of sample {} is not finite", times[row]),
            "compare the recording's units and range with those of the training",
        )),
    }
}
