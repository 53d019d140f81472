//! Work in pieces: planned, run, looked at and gathered.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::files::Source;
use xcebra::study::{self, MapJob, Planned, RunSettings};
use xcebra::{Begin, FitFile, FitJob, Problem, SearchData, SearchJob};

use crate::around::Choices;
use crate::caller::{Shown, in_background};
use crate::error::{exception, outcome};
use crate::maps::Significance;

/// Time between two checkpoints of what is planned; a run has its own.
const EVERY: Duration = Duration::from_secs(30);

/// Plans a training, whose settings are TOML: the answer as JSON.
#[pyfunction]
pub(crate) fn plan_fit(
    py: Python<'_>,
    settings: &str,
    data: Vec<String>,
    seeds: Option<u16>,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let job = FitJob {
        data: sources(data)?,
        settings: read(settings)?,
        out: out.clone(),
        force: false,
        checkpoint_every: EVERY,
        seeds,
        begin: Begin::Fresh,
    };
    plan(py, Planned::Fit(job), out, &shown)
}

/// Plans a search, whose shared settings are TOML: the answer as JSON.
#[pyfunction]
pub(crate) fn plan_search(
    py: Python<'_>,
    settings: &str,
    choices: Choices,
    data: Vec<String>,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let data = sources(data)?;
    let job = SearchJob {
        settings: read(settings)?.reading(&data),
        data: SearchData::Files(data),
        axes: choices.axes()?,
        random: choices.random,
        seed: choices.seed,
        out: out.clone(),
        checkpoint_every: EVERY,
    };
    plan(py, Planned::Search(job), out, &shown)
}

/// The maps whose entries are tested.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Tested {
    model: PathBuf,
    session: Option<String>,
    data: String,
    methods: String,
}

/// Plans a test of map entries: the answer as JSON.
#[pyfunction]
pub(crate) fn plan_significance(
    py: Python<'_>,
    maps: Tested,
    test: Significance,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let job = MapJob {
        model: maps.model,
        session: maps.session,
        data: maps.data.parse().map_err(exception)?,
        methods: maps.methods,
    };
    plan(
        py,
        Planned::Significance(job, test.settings()?),
        out,
        &shown,
    )
}

/// Runs a piece of a study, or all that are left: the answer as JSON.
#[pyfunction]
pub(crate) fn run_study(
    py: Python<'_>,
    folder: PathBuf,
    piece: Option<usize>,
    retry: bool,
    checkpoint_every: f64,
    shown: Shown,
) -> PyResult<String> {
    let every = Duration::try_from_secs_f64(checkpoint_every).map_err(|_| {
        PyValueError::new_err(format!(
            "checkpoint_every is {checkpoint_every}; pass seconds"
        ))
    })?;
    let settings = RunSettings {
        piece,
        retry,
        checkpoint_every: every,
    };
    outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let ran = study::run(&folder, &settings, &watch)?;
            Ok::<_, Problem>(ran.answer(&folder).json.to_string())
        })
    })?)
}

/// How a study stands: the answer as JSON.
#[pyfunction]
pub(crate) fn study_status(py: Python<'_>, folder: PathBuf) -> PyResult<String> {
    let found = py.detach(|| study::status(&folder)).map_err(exception)?;
    Ok(found.answer().json.to_string())
}

/// Gathers a study: the answer as JSON.
#[pyfunction]
pub(crate) fn gather_study(
    py: Python<'_>,
    folder: PathBuf,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let answer = study::gather(&folder, &out, &watch)?;
            Ok::<_, Problem>(answer.json.to_string())
        })
    })?)
}

fn plan(py: Python<'_>, planned: Planned, out: PathBuf, shown: &Shown) -> PyResult<String> {
    outcome(in_background(py, shown, |caller| {
        caller.watched(|watch| {
            let answer = study::plan(&planned, None, &out, &watch)?;
            Ok::<_, Problem>(answer.json.to_string())
        })
    })?)
}

fn sources(data: Vec<String>) -> PyResult<Vec<Source>> {
    let all = data.iter().map(|text| text.parse().map_err(exception));
    all.collect()
}

fn read(settings: &str) -> PyResult<FitFile> {
    FitFile::parse(settings, &[]).map_err(exception)
}
