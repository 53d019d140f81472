//! Decoding labels in files, from an array or from the embedding of a recording.

use std::path::PathBuf;

use xcebra_files::Source;
use xcebra_model::Watch;

use super::{DecodeSettings, Decoded, Target, TargetKind, decode, decode_across};
use crate::labelled::Labelled;
use crate::{Problem, Result, Run, label_of};

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
    /// What the decoder is fitted to instead of parts of the data.
    pub fit_on: Option<FitOn>,
}

/// Another array that a decoder is fitted to, such as the embedding of another animal.
#[derive(Clone, Debug)]
pub struct FitOn {
    /// The array, or the recording if there is a run.
    pub data: Source,
    /// The session whose encoder embeds it.
    pub session: Option<String>,
    /// Its label, if it is not the array that the label of the job names, in this file.
    pub label: Option<String>,
}

/// As [`decode`], of files.
///
/// # Errors
/// As [`decode`], and if a file cannot be read or the encoder does not fit the recording.
pub fn decode_files(job: &DecodeJob, watch: &Watch<'_>) -> Result<Decoded> {
    let mut notes = Vec::new();
    let other = match &job.fit_on {
        Some(other) => {
            let label = other.label_or(&job.label)?;
            Some(job.read(
                &other.data,
                other.session.as_deref(),
                label,
                &mut notes,
                watch,
            )?)
        }
        None => None,
    };
    let session = job.session.as_deref();
    let (from, target) = job.read(&job.data, session, &job.label, &mut notes, watch)?;
    if job.run.is_some() {
        notes.push(
            "the encoder may have seen these samples and labels: train it on other data than the score is to speak \
             for"
                .to_owned(),
        );
    }
    notes.iter().for_each(|note| watch.note(note));
    let own = (&from.values, &target);
    let mut decoded = match &other {
        Some((known, label)) => decode_across((&known.values, label), own, &job.settings, watch)?,
        None => decode(own.0, own.1, &job.settings, watch)?,
    };
    if let Some(rows) = &from.rows {
        decoded.samples = decoded.samples.iter().map(|&sample| rows[sample]).collect();
    }
    decoded.notes = notes;
    Ok(decoded)
}

impl DecodeJob {
    /// An array, or the embedding of a recording, and its label.
    fn read(
        &self,
        data: &Source,
        session: Option<&str>,
        label: &str,
        notes: &mut Vec<String>,
        watch: &Watch<'_>,
    ) -> Result<(Labelled, Target)> {
        let mut from = match &self.run {
            Some(folder) => {
                let run = Run::load_session(folder, session)?;
                Labelled::embedded(&run, data, watch)?
            }
            None => Labelled::read(data)?,
        };
        let (target, said) = from.label(data, label, self.kind)?;
        notes.append(&mut from.notes);
        notes.extend(said);
        Ok((from, target))
    }
}

impl FitOn {
    /// Its label, or the array of the same name as that of the data.
    fn label_or<'a>(&'a self, of_data: &'a str) -> Result<&'a str> {
        if let Some(label) = &self.label {
            return Ok(label);
        }
        match Source::of_other_file(&label_of(of_data)?.array) {
            None => Ok(of_data),
            Some(_) => Err(Problem::setting(
                format!(
                    "the label `{of_data}` is in a file of its own, which is not that of {}",
                    self.data
                ),
                "say which label the decoder is fitted to: --fit-label NAME=FILE:ARRAY",
            )),
        }
    }
}
