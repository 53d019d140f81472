//! An array in a file, or the embedding of a recording, with the label of its samples.

use ndarray::Array2;
use xcebra_core::encoder::Edges;
use xcebra_files::{Clock, DataFile, Source};
use xcebra_model::Watch;

use crate::decode::{Target, TargetKind};
use crate::{Embedding, LabelArray, Problem, Result, Run, embed, label_of};

/// The array of an embedding, and the rows of the recording that it has.
const EMBEDDING: &str = "embedding";
const SAMPLE: &str = "sample";

/// An array (samples, columns) with what is needed to read its label.
pub(crate) struct Labelled {
    pub(crate) values: Array2<f64>,
    /// The row of the recording that each row belongs to, if some are missing.
    pub(crate) rows: Option<Vec<usize>>,
    clock: Option<Clock>,
    /// What was assumed, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl Labelled {
    /// An array of a file: the one that is named, or its embedding.
    pub(crate) fn read(source: &Source) -> Result<Self> {
        let mut file = DataFile::of(source)?;
        let known: Vec<String> = file.arrays()?.into_iter().map(|array| array.name).collect();
        let has = |name: &str| known.iter().any(|known| known == name);
        let array = match &source.array {
            Some(name) => file.read(name)?,
            None if has(EMBEDDING) => file.read(EMBEDDING)?,
            None => file.read_only()?,
        };
        let rows = match array.source.array.as_deref() == Some(EMBEDDING) && has(SAMPLE) {
            true => {
                let rows = file.read(SAMPLE)?.vector::<f64>()?;
                Some(rows.iter().map(|&row| row as usize).collect())
            }
            false => None,
        };
        Ok(Self {
            values: array.finite_matrix()?,
            rows,
            clock: array.clock(),
            notes: array.notes,
        })
    }

    /// The embedding of a recording.
    pub(crate) fn embedded(run: &Run, source: &Source, watch: &Watch<'_>) -> Result<Self> {
        let embedding = embed(run, &run.recording(source)?, Edges::Pad, watch)?;
        Ok(Self::of(&embedding))
    }

    /// An embedding.
    pub(crate) fn of(embedding: &Embedding) -> Self {
        let mut times = embedding.times.iter().enumerate();
        let gaps = times.any(|(row, &time)| row != time);
        Self {
            values: embedding.values.mapv(f64::from),
            rows: gaps.then(|| embedding.times.clone()),
            clock: None,
            notes: Vec::new(),
        }
    }

    /// The label of its samples.
    pub(crate) fn label(
        &self,
        data: &Source,
        text: &str,
        kind: TargetKind,
    ) -> Result<(Target, Vec<String>)> {
        let label = label_of(text)?;
        let (clock, mut said) = (self.clock.as_ref(), Vec::new());
        let array = match &Source::of_other_file(&label.array) {
            Some(source) => {
                let mut file = DataFile::of(source)?;
                read_label(&mut file, source.array.as_deref(), clock, &mut said)?
            }
            None => {
                let mut file = DataFile::of(data)?;
                read_label(&mut file, Some(&label.array), clock, &mut said)?
            }
        };
        let samples = self.values.nrows();
        let found = match &array {
            LabelArray::Numbers(array) => array.shape().first().copied().unwrap_or(0),
            LabelArray::Text(text) => text.len(),
        };
        let Some(rows) = self.rows.as_ref().filter(|_| found != samples) else {
            let (target, notes) = Target::new(&label.name, array, samples, kind)?;
            return Ok((target, [said, notes].concat()));
        };
        let (all, notes) = Target::new(&label.name, array, found, kind)?;
        match rows.iter().all(|&row| row < found) {
            true => Ok((all.rows(rows), [said, notes].concat())),
            false => Err(Problem::data(
                format!(
                    "the label `{}` has {found} values, and the embedding belongs to more samples",
                    label.name
                ),
                "pass the label of the recording that was embedded",
            )),
        }
    }
}

/// A label as its file holds it: text, or numbers; without a name the only array. What was assumed of text
/// is added to `notes`.
pub(crate) fn read_label(
    file: &mut DataFile,
    array: Option<&str>,
    clock: Option<&Clock>,
    notes: &mut Vec<String>,
) -> Result<LabelArray> {
    let Some(array) = array else {
        return Ok(file.read_only()?.into());
    };
    Ok(match file.read_text(array, clock)? {
        Some(text) => {
            notes.extend(text.notes);
            LabelArray::Text(text.texts)
        }
        None => file.read(array)?.into(),
    })
}
