//! Comparing embeddings in files, and those of trained runs.

use std::path::{Path, PathBuf};

use ndarray::Array1;
use xcebra_files::Source;
use xcebra_model::Watch;

use super::{Compared, NamedEmbedding, compare_embeddings};
use crate::decode::{Target, TargetKind};
use crate::labelled::Labelled;
use crate::{Problem, Result, Run, Sessions};

/// What is compared, in files.
#[derive(Clone, Debug, Default)]
pub struct CompareJob {
    /// Arrays that hold embeddings; without a name the array is `embedding`, or the only one.
    pub embeddings: Vec<Source>,
    /// Folders of trained runs, each of which embeds the recordings, session by session.
    pub runs: Vec<PathBuf>,
    /// The recordings that the runs embed; those that each was trained on if this is empty.
    pub data: Vec<Source>,
    /// The label by which they are compared: one for all, an array of the file of each, or one for each in their
    /// order; none for embeddings of the same samples.
    pub labels: Vec<String>,
    /// The number of bins of the label.
    pub bins: usize,
    /// The group of each, such as its animal; none for no groups.
    pub groups: Vec<String>,
}

/// As [`compare_embeddings`], of files and runs: first the arrays, then each run's sessions.
///
/// # Errors
/// As [`compare_embeddings`], and if a file cannot be read, an encoder does not fit its recording, or runs embed
/// different recordings without a label.
pub fn compare_files(job: &CompareJob, watch: &Watch<'_>) -> Result<Compared> {
    let mut found: Vec<(String, Source, Labelled)> = Vec::new();
    for source in &job.embeddings {
        found.push((source.to_string(), source.clone(), Labelled::read(source)?));
    }
    for folder in &job.runs {
        for (session, (run, source)) in of_run(folder, &job.data)?.into_iter().enumerate() {
            let name = format!("{} of {source}", folder.display());
            if job.labels.is_empty() {
                let embedded = &found[job.embeddings.len()..];
                require_same_recording(embedded, (&name, &source, session))?;
            }
            let embedding = Labelled::embedded(&run, &source, watch)
                .map_err(|problem| problem.context(&name))?;
            found.push((name, source, embedding));
        }
    }
    let count = found.len();
    let per_embedding = |what: &str, given: usize| match given {
        0 => Ok(()),
        given if given == count => Ok(()),
        _ => Err(Problem::setting(
            format!("there are {count} embeddings and {given} {what}"),
            format!("pass {what} in the order of the embeddings, one for each"),
        )),
    };
    if job.labels.len() != 1 {
        per_embedding("labels", job.labels.len())?;
    }
    per_embedding("groups", job.groups.len())?;
    let (mut embeddings, mut notes) = (Vec::new(), Vec::new());
    for (number, (name, source, embedding)) in found.into_iter().enumerate() {
        notes.extend(embedding.notes.iter().cloned());
        let label = match job.labels.get(number).or(job.labels.first()) {
            Some(text) => {
                let (target, said) = embedding.label(&source, text, TargetKind::Numbers)?;
                notes.extend(said);
                Some(column(&name, text, target)?)
            }
            None => None,
        };
        embeddings.push(NamedEmbedding {
            name,
            values: embedding.values,
            label,
            group: job.groups.get(number).cloned(),
        });
    }
    notes.iter().for_each(|note| watch.note(note));
    let mut compared = compare_embeddings(&embeddings, job.bins, watch)?;
    compared.notes = notes;
    Ok(compared)
}

/// Refuses the next session that a run embeds if it is another recording than those before: without a label they are
/// compared row by row. The sessions of one run are different recordings, and so are different files.
fn require_same_recording(
    before: &[(String, Source, Labelled)],
    (name, source, session): (&str, &Source, usize),
) -> Result<()> {
    let path = |source: &Source| {
        let path = &source.path;
        path.canonicalize().unwrap_or_else(|_| path.clone())
    };
    let Some((other, known, _)) = before.last() else {
        return Ok(());
    };
    if session == 0 && path(source) == path(known) {
        return Ok(());
    }
    Err(Problem::data(
        format!(
            "{other} and {name} are of different recordings, whose samples do not belong together"
        ),
        "name a label to compare by with --label, or one recording for all with --data",
    ))
}

/// The encoder and the recording of each session that a run embeds.
fn of_run(folder: &Path, data: &[Source]) -> Result<Vec<(Run, Source)>> {
    let mut runs = Run::load_all(folder)?;
    let sessions = Sessions::load(folder)?;
    let known = sessions.as_ref().and_then(|sessions| {
        let inputs = sessions.inputs.as_ref()?;
        Some((inputs, sessions))
    });
    let mut all = Vec::new();
    match (data.is_empty(), known) {
        (true, Some((inputs, sessions))) => {
            for (text, &subject) in inputs.data.iter().zip(&sessions.subjects) {
                all.push((runs[subject].clone(), inputs.source(text)?));
            }
        }
        (true, None) => {
            return Err(Problem::file(
                format!(
                    "{} does not say which data it was trained on",
                    folder.display()
                ),
                "name the recordings with --data",
            ));
        }
        (false, _) if runs.len() == 1 => {
            let run = runs.remove(0);
            all.extend(data.iter().map(|source| (run.clone(), source.clone())));
        }
        (false, _) => {
            for source in data {
                let path = source.path.display().to_string();
                let subject = Run::subject(folder, Some(&path))?;
                all.push((runs[subject].clone(), source.clone()));
            }
        }
    }
    Ok(all)
}

/// A label of one column.
fn column(name: &str, text: &str, target: Target) -> Result<Array1<f64>> {
    match target {
        Target::Numbers(values) if values.ncols() == 1 => Ok(values.column(0).to_owned()),
        Target::Numbers(values) => Err(Problem::data(
            format!("{name}: the label `{text}` has {} columns", values.ncols()),
            "compare by a label of one column",
        )),
        _ => Err(Problem::data(
            format!("{name}: the label `{text}` does not hold numbers"),
            "compare by a label of numbers",
        )),
    }
}
