//! Decoding labels in files, from an array or from the embedding of a recording.

use std::path::PathBuf;

use xcebra_files::Source;
use xcebra_model::Watch;

use super::{DecodeSettings, Decoded, TargetKind, decode};
use crate::labelled::Labelled;
use crate::{Result, Run};

/// What is decoded, in files.
#[derive(Clone, Debug)]
pub struct DecodeJob {
    /// The array that is decoded from, such as an embedding, or the recording if there is a run.
    pub data: Source,
    /// The folder of a trained encoder, which embeds the recording.
    pub run: Option<PathBuf>,
    /// The session of the training whose encoder is used, if the run has several.
    pub session: Option<String>,
    /// The label: `NAME`, an array of the data file, or `NAME=ARRAY` or `NAME=FILE:ARRAY`.
    pub label: String,
    /// What its values are.
    pub kind: TargetKind,
    /// How it is decoded.
    pub settings: DecodeSettings,
}

/// As [`decode`], of files.
///
/// # Errors
/// As [`decode`], and if a file cannot be read or the encoder does not fit the recording.
pub fn decode_files(job: &DecodeJob, watch: &Watch<'_>) -> Result<Decoded> {
    let from = match &job.run {
        Some(folder) => {
            let run = Run::load_session(folder, job.session.as_deref())?;
            Labelled::embedded(&run, &job.data, watch)?
        }
        None => Labelled::read(&job.data)?,
    };
    let (target, mut notes) = from.label(&job.data, &job.label, job.kind)?;
    notes.splice(0..0, from.notes);
    if job.run.is_some() {
        notes.push(
            "the encoder may have seen these samples and labels: train it on other data than the score is to speak \
             for"
                .to_owned(),
        );
    }
    notes.iter().for_each(|note| watch.note(note));
    let mut decoded = decode(&from.values, &target, &job.settings, watch)?;
    if let Some(rows) = &from.rows {
        decoded.samples = decoded.samples.iter().map(|&sample| rows[sample]).collect();
    }
    decoded.notes = notes;
    Ok(decoded)
}
