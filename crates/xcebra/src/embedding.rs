//! The embedding of a recording.

mod report;
mod shared;

use std::path::Path;

use ndarray::{Array1, Array2};
use serde_json::json;
use xcebra_core::encoder::Edges;
use xcebra_files::{NpzOutput, Source};
use xcebra_model::{Kind, Watch};

use crate::decode::Target;
use crate::read::reading;
use crate::windows::Stretches;
use crate::{Answer, Problem, Result, Run, ScaledRecording, embed_sessions};
pub(crate) use report::show;
pub(crate) use shared::embed_files_share;

/// The embedding of a recording.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// The embedding (times, dimensions).
    pub values: Array2<f32>,
    /// The sample of the recording that each row belongs to.
    pub times: Vec<usize>,
    /// How many segments the recording has.
    pub segments: usize,
    /// What was assumed, left out or repaired, a sentence each.
    pub notes: Vec<String>,
}

/// Embeds a recording on the scale of the training.
///
/// # Errors
/// [`Problem`] if the recording is shorter than the encoder's window and `edges` drops, if the embedding is
/// not finite, and of the kind [`Interrupted`](Kind::Interrupted) if the watch stops it.
pub fn embed(
    run: &Run,
    recording: &ScaledRecording,
    edges: Edges,
    watch: &Watch<'_>,
) -> Result<Embedding> {
    for note in &recording.notes {
        watch.note(note);
    }
    let x = &recording.x;
    let total = x.len() as u64;
    let done = |rows: usize| watch.progress("embed", (rows as u64, total), "");
    done(0);
    let embedded = embed_sessions(&run.encoder, x, edges, done);
    if watch.is_stopped() {
        return Err(Problem::stopped());
    }
    recording.require_read()?;
    let (times, values) = embedded?;
    refuse_overflow(&values, &times)?;
    Ok(Embedding {
        values,
        times,
        segments: x.sessions().len(),
        notes: recording.notes.clone(),
    })
}

/// As [`embed`], of a file by the encoder in a folder: that of a session, by its number or the name of its file,
/// if it holds the encoders of several subjects.
///
/// # Errors
/// As [`embed`], and if a file cannot be read or holds other channels.
pub fn embed_files(
    folder: &Path,
    session: Option<&str>,
    data: &Source,
    edges: Edges,
    watch: &Watch<'_>,
) -> Result<Embedding> {
    Ok(embed_labelled(folder, session, data, edges, &[], watch)?.0)
}

/// As [`embed_files`], with labels of the samples, each with its name. `NAME` is an array of the file with the recording,
/// and `NAME=FILE:ARRAY` one of another file. They are read before the work begins.
///
/// # Errors
/// As [`embed_files`], and [`Problem`] if there is no such label, or it does not have a value for each sample.
pub fn embed_labelled(
    folder: &Path,
    session: Option<&str>,
    data: &Source,
    edges: Edges,
    labels: &[String],
    watch: &Watch<'_>,
) -> Result<(Embedding, Vec<(String, Target)>)> {
    let run = Run::load_session(folder, session)?;
    let recording = reading(watch, || run.recording(data))?;
    let labels = match labels.is_empty() {
        true => Vec::new(),
        false => {
            let stretches = Stretches::of(&run.encoder, &recording.x, edges)?;
            let times: Vec<usize> = stretches.times().collect();
            let rows = Embedding {
                values: Array2::zeros((times.len(), 0)),
                times,
                segments: 0,
                notes: Vec::new(),
            };
            rows.labels(data, labels, watch)?
        }
    };
    Ok((embed(&run, &recording, edges, watch)?, labels))
}

impl Embedding {
    /// Whether rows of the recording are missing between rows of the embedding.
    fn has_gaps(&self) -> bool {
        self.times.windows(2).any(|pair| pair[1] != pair[0] + 1)
    }

    /// Writes the arrays to an `.npz` file: `embedding`, and `sample` where rows are missing.
    ///
    /// # Errors
    /// [`Kind::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut output = NpzOutput::create(path)?;
        output.add("embedding", &self.values)?;
        if self.has_gaps() {
            let rows: Array1<i64> = self.times.iter().map(|&t| t as i64).collect();
            output.add("sample", &rows)?;
        }
        Ok(output.commit()?)
    }

    /// The answer, for a reader and for a program; `out` is the file that the arrays were written to.
    pub fn answer(&self, out: Option<&Path>) -> Answer {
        let (samples, outputs) = self.values.dim();
        let out = out.map(|out| out.display().to_string());
        let mut text = out
            .as_ref()
            .map(|out| format!("{out}: "))
            .unwrap_or_default();
        text += &format!("embedding ({samples}, {outputs})");
        if self.segments > 1 {
            text += &format!(" of {} segments", self.segments);
        }
        if self.has_gaps() {
            text += ", sample (the row of the recording that each row belongs to)";
        }
        let json = json!({
            "out": out,
            "samples": samples,
            "dimensions": outputs,
            "first_sample": self.times.first().copied().unwrap_or(0),
            "segments": self.segments,
            "notes": self.notes,
        });
        Answer { text, json }
    }
}

/// Refuses an embedding that left the finite numbers; `times` are the samples of its rows.
fn refuse_overflow(embedding: &Array2<f32>, times: &[usize]) -> Result<()> {
    let finite = |row: ndarray::ArrayView1<'_, f32>| row.iter().all(|v| v.is_finite());
    match embedding.rows().into_iter().position(|row| !finite(row)) {
        None => Ok(()),
        Some(row) => Err(Problem::new(
            Kind::Numeric,
            format!("the embedding of sample {} is not finite", times[row]),
            "compare the recording's units and range with those of the training",
        )),
    }
}
