//! `xcebra embed`: the embedding of a recording.

use std::path::PathBuf;

use clap::Args;
use ndarray::{Array2, Axis};
use serde_json::json;
use xcebra::Run;
use xcebra::files::{NpzOutput, Source, ensure_writable};
use xcebra::model::Model;

use super::{Outcome, Problem, Result, Session};

/// Samples that are embedded between two updates of the progress.
const BATCH: usize = 16_384;

/// Embed a recording with a trained encoder
///
/// Writes the array embedding (time, dimensions).
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Embed {
    /// Folder written by `xcebra fit`
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,

    /// Recording with the channels of the training: .npz, .npy or .csv
    #[arg(long, value_name = "FILE[:ARRAY]")]
    data: Source,

    /// File to write, .npz
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
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
        let samples = x.nrows();
        let outputs = run.encoder.output_dim();
        let progress = session.progress("embed", samples as u64);
        let mut embedding = Array2::<f32>::zeros((samples, outputs));
        let mut done = 0;
        let chunks = x.axis_chunks_iter(Axis(0), BATCH);
        for (batch, mut out) in chunks.zip(embedding.axis_chunks_iter_mut(Axis(0), BATCH)) {
            done += batch.nrows();
            let embedded = run.encoder.forward(batch.into_dyn())?;
            refuse_overflow(&embedded, done - batch.nrows())?;
            out.assign(&embedded);
            progress.at(done as u64, "");
        }
        drop(progress);
        let mut output = NpzOutput::create(&self.out)?;
        output.add("embedding", &embedding)?;
        output.commit()?;
        let out = self.out.display().to_string();
        Ok(Outcome {
            text: format!("{out}: embedding ({samples}, {outputs})"),
            json: json!({ "out": out, "samples": samples, "dimensions": outputs }),
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
