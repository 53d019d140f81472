//! Work in pieces: planned, run, looked at and gathered.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use xcebra::cdig::Rule;
use xcebra::core::encoder::Edges;
use xcebra::explain::{Domains, ExplainJob, ExplainSettings, ExplainedModel, ModelOptions};
use xcebra::files::Source;
use xcebra::study::{self, AttributeJob, EmbedJob, MapJob, Planned, RunSettings};
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
    plan(py, Planned::Fit(job), None, out, &shown)
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
    plan(py, Planned::Search(job), None, out, &shown)
}

/// Maps of a trained encoder on a recording.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Tested {
    model: PathBuf,
    session: Option<String>,
    data: String,
    methods: String,
}

impl Tested {
    fn job(self) -> PyResult<MapJob> {
        Ok(MapJob {
            model: self.model,
            session: self.session,
            data: self.data.parse().map_err(exception)?,
            methods: self.methods,
        })
    }
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
    let planned = Planned::Significance(maps.job()?, test.settings()?);
    plan(py, planned, None, out, &shown)
}

/// Plans maps of a trained encoder or, with `time_axis` and `hop`, of an ONNX file: the answer as JSON.
#[pyfunction]
pub(crate) fn plan_attribute(
    py: Python<'_>,
    maps: Tested,
    of_signals: (Option<usize>, Option<usize>),
    pieces: Option<usize>,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let job = match maps.model.is_dir() {
        true => AttributeJob::Encoder(maps.job()?),
        false => {
            let job = maps.job()?;
            AttributeJob::Model {
                model: job.model,
                options: ModelOptions::default(),
                data: job.data,
                methods: job.methods,
                time_axis: of_signals.0,
                hop: of_signals.1,
            }
        }
    };
    plan(py, Planned::Attribute(job), pieces, out, &shown)
}

/// Plans an embedding: the answer as JSON.
#[pyfunction]
pub(crate) fn plan_embed(
    py: Python<'_>,
    maps: Tested,
    edges: &str,
    pieces: Option<usize>,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let MapJob {
        model,
        session,
        data,
        ..
    } = maps.job()?;
    let job = EmbedJob {
        model,
        session,
        data,
        edges: match edges {
            "pad" => Edges::Pad,
            "drop" => Edges::Drop,
            other => {
                return Err(PyValueError::new_err(format!(
                    "edges is {other:?}; pass \"pad\" or \"drop\""
                )));
            }
        },
    };
    plan(py, Planned::Embed(job), pieces, out, &shown)
}

/// An explanation of a model and signals in files; what has a text in the command line has it here.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct InFiles {
    model: PathBuf,
    input: String,
    domains: String,
    fs: Option<f64>,
    output: Option<String>,
    baseline: String,
    rule: Option<String>,
    gradient: String,
    signals: Option<Vec<usize>>,
    group_by: Option<String>,
    bands: Vec<(String, f64, f64)>,
    hop: Option<usize>,
    time_axis: Option<usize>,
    random_orders: Option<usize>,
    seed: u64,
}

impl InFiles {
    fn job(self) -> PyResult<ExplainJob> {
        let input: Source = self.input.parse().map_err(exception)?;
        let value = |error: String| PyValueError::new_err(error);
        let signals = self.signals.map(|list| {
            let each = list.into_iter();
            each.map(|signal| signal..signal + 1).collect()
        });
        let bands = self.bands.into_iter();
        let domains: Domains = self.domains.parse().map_err(exception)?;
        let several = !matches!(&domains, Domains::These(list) if list.len() == 1);
        let settings = ExplainSettings {
            sampling_rate: self.fs,
            output: self
                .output
                .map(|text| text.parse())
                .transpose()
                .map_err(value)?,
            baseline: self.baseline.parse().map_err(exception)?,
            rule: match self.rule {
                Some(rule) => rule.parse().map_err(exception)?,
                None => Rule::default(),
            },
            gradient: self.gradient.parse().map_err(value)?,
            signals,
            group_by: self
                .group_by
                .map(|text| text.parse().unwrap_or_else(|e| match e {})),
            bands: bands.map(|(name, low, high)| (name, low..high)).collect(),
            hop: self.hop,
            time_axis: self.time_axis,
            curves: self.random_orders.or(several.then_some(5)),
            seed: self.seed,
            domains,
            ..ExplainSettings::new(input)
        };
        Ok(ExplainJob {
            model: ExplainedModel::Stored(self.model, ModelOptions::default()),
            settings,
            inputs: Vec::new(),
        })
    }
}

/// Plans an explanation: the answer as JSON.
#[pyfunction]
pub(crate) fn plan_explain(
    py: Python<'_>,
    asked: InFiles,
    pieces: Option<usize>,
    out: PathBuf,
    shown: Shown,
) -> PyResult<String> {
    let job = Box::new(asked.job()?);
    plan(py, Planned::Explain(job), pieces, out, &shown)
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
    report: Option<PathBuf>,
    shown: Shown,
) -> PyResult<String> {
    outcome(in_background(py, &shown, |caller| {
        caller.watched(|watch| {
            let answer = study::gather(&folder, &out, report.as_deref(), &watch)?;
            Ok::<_, Problem>(answer.json.to_string())
        })
    })?)
}

fn plan(
    py: Python<'_>,
    planned: Planned,
    pieces: Option<usize>,
    out: PathBuf,
    shown: &Shown,
) -> PyResult<String> {
    outcome(in_background(py, shown, |caller| {
        caller.watched(|watch| {
            let answer = study::plan(&planned, pieces, &out, &watch)?;
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
