//! What is done around a training: decoding, comparing, searching.

use std::path::PathBuf;
use std::time::Duration;

use ndarray::{Array1, Axis as Along};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::eval::Metric;
use xcebra::{
    Axis, DecodeSettings, Decoder, HeldOut, NamedEmbedding, Problem, SearchData, SearchJob,
    Shuffle, Shuffles, Target, TargetKind, compare_embeddings, search as search_for,
};

use crate::caller::{Shown, in_background};
use crate::error::outcome;
use crate::fitting::read_settings;
use crate::recording::{Given, RecordingGiven, label};

/// How labels are decoded, in names and numbers.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Decoding {
    kind: String,
    decoder: String,
    neighbours: usize,
    metric: String,
    alpha: f64,
    c: f64,
    blocks: usize,
    last: Option<f64>,
    gap: usize,
    shuffles: usize,
    shuffle: String,
    shuffle_blocks: usize,
    seed: u64,
}

impl Decoding {
    fn settings(&self) -> PyResult<DecodeSettings> {
        let metric = one_of(
            "metric",
            &self.metric,
            &[("euclidean", Metric::Euclidean), ("cosine", Metric::Cosine)],
        )?;
        let (count, alpha, c) = (self.neighbours, self.alpha, self.c);
        let decoder = one_of(
            "decoder",
            &self.decoder,
            &[
                ("knn", Decoder::Neighbours { count, metric }),
                ("linear", Decoder::Linear),
                ("ridge", Decoder::Ridge { alpha }),
                ("lasso", Decoder::Lasso { alpha }),
                ("logistic", Decoder::Logistic { c }),
            ],
        )?;
        let what = one_of(
            "shuffle",
            &self.shuffle,
            &[("labels", Shuffle::Labels), ("columns", Shuffle::Columns)],
        )?;
        Ok(DecodeSettings {
            decoder,
            held_out: self
                .last
                .map_or(HeldOut::Blocks(self.blocks), HeldOut::Last),
            gap: self.gap,
            shuffles: Shuffles {
                what,
                count: self.shuffles,
                blocks: self.shuffle_blocks,
                seed: self.seed,
            },
        })
    }

    fn kind(&self) -> PyResult<TargetKind> {
        one_of(
            "kind",
            &self.kind,
            &[
                ("auto", TargetKind::Auto),
                ("numbers", TargetKind::Numbers),
                ("angle", TargetKind::Angle),
                ("classes", TargetKind::Classes),
            ],
        )
    }
}

/// A choice by its name.
pub(crate) fn one_of<T: Copy>(what: &str, name: &str, choices: &[(&str, T)]) -> PyResult<T> {
    let found = choices.iter().find(|(known, _)| *known == name);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
        PyValueError::new_err(format!(
            "{what} is {name:?}; pass one of {}",
            names.join(", ")
        ))
    })
}

/// What was decoded: the answer as JSON, the samples, the decoded values (samples, columns), and a page.
type Decoded<'py> = (String, Vec<usize>, Bound<'py, PyArray2<f64>>, String);

/// Decodes a label from an array.
#[pyfunction]
pub(crate) fn decode<'py>(
    py: Python<'py>,
    x: PyReadonlyArray2<'py, f64>,
    label_given: Given<'py>,
    settings: Decoding,
    fit_on: Option<(PyReadonlyArray2<'py, f64>, Given<'py>)>,
    shown: Shown,
) -> PyResult<Decoded<'py>> {
    let x = x.as_array().to_owned();
    let (kind, settings) = (settings.kind()?, settings.settings()?);
    let array = label("y", &label_given);
    let other = fit_on.map(|(x, given)| (x.as_array().to_owned(), label("fit_on[1]", &given)));
    let found = outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let (target, mut notes) = Target::new("y", array, x.nrows(), kind)?;
            let mut decoded = match other {
                None => xcebra::decode(&x, &target, &settings, &watch)?,
                Some((known, array)) => {
                    let found = Target::new("fit_on[1]", array, known.nrows(), kind)?;
                    notes.extend(found.1);
                    xcebra::decode_across((&known, &found.0), (&x, &target), &settings, &watch)?
                }
            };
            notes.iter().for_each(|note| watch.note(note));
            decoded.notes = notes;
            Ok::<_, Problem>((decoded.answer(None)?, decoded.report().html(), decoded))
        })
    })?)?;
    let (answer, page, decoded) = found;
    let values = match decoded.decoded {
        Target::Numbers(values) => values,
        Target::Angle(angles) => angles.insert_axis(Along(1)),
        Target::Classes { ids, .. } => {
            let ids: Vec<f64> = ids.into_iter().map(|id| id as f64).collect();
            Array1::from(ids).insert_axis(Along(1))
        }
    };
    Ok((
        answer.json.to_string(),
        decoded.samples,
        values.into_pyarray(py),
        page,
    ))
}

/// An embedding that is compared: its name, values, label and group.
type Embedding<'py> = (
    String,
    PyReadonlyArray2<'py, f64>,
    Option<Vec<f64>>,
    Option<String>,
);

/// How alike embeddings are: the answer as JSON, and a page.
#[pyfunction]
pub(crate) fn compare<'py>(
    py: Python<'py>,
    embeddings: Vec<Embedding<'py>>,
    bins: usize,
    shown: Shown,
) -> PyResult<(String, String)> {
    let embeddings = embeddings
        .into_iter()
        .map(|(name, values, label, group)| NamedEmbedding {
            name,
            values: values.as_array().to_owned(),
            label: label.map(Into::into),
            group,
        });
    let embeddings: Vec<NamedEmbedding> = embeddings.collect();
    outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let found = compare_embeddings(&embeddings, bins, &watch)?;
            Ok::<_, Problem>((found.answer(None)?.json.to_string(), found.report().html()))
        })
    })?)
}

/// The settings that are chosen, each with its values as TOML, and how many at random.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Choices {
    grid: Vec<(String, String)>,
    pub(crate) random: Option<u64>,
    pub(crate) seed: u64,
}

impl Choices {
    /// The settings that are chosen.
    pub(crate) fn axes(&self) -> PyResult<Vec<Axis>> {
        let axis = |(path, values): &(String, String)| {
            let axis: Result<Axis, String> = format!("{path}={values}").parse();
            axis.map_err(|problem| PyValueError::new_err(format!("the grid of {path}: {problem}")))
        };
        self.grid.iter().map(axis).collect()
    }
}

/// Trains for each choice of settings, and ranks the runs: the answer as JSON.
#[pyfunction]
pub(crate) fn search<'py>(
    py: Python<'py>,
    settings: &str,
    choices: Choices,
    recording: RecordingGiven<'py>,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let job = SearchJob {
        data: SearchData::Arrays(recording.to_arrays()?),
        settings: read_settings(settings)?,
        axes: choices.axes()?,
        random: choices.random,
        seed: choices.seed,
        out,
        checkpoint_every: Duration::from_secs(30),
    };
    outcome(in_background(py, &shown, |caller| {
        caller
            .watched(|watch| Ok::<_, Problem>(search_for(&job, &watch)?.answer()?.json.to_string()))
    })?)
}
