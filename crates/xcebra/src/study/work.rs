//! What a study does: for each command its settings as a plan keeps them, its pieces, and what gathers them.

mod attribute;
mod embed;
mod explain;
mod fit;
mod model;
mod nothing;
mod search;
mod significance;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xcebra_core::encoder::Edges;
use xcebra_files::Source;
use xcebra_model::Watch;

use super::folder::Study;
use crate::explain::{ExplainJob, ModelOptions};
use crate::fit::unfinished::Inputs;
use crate::report::Report;
use crate::{Answer, FitFile, FitJob, Problem, Result, SearchJob, SignificanceSettings};
use attribute::AttributeWork;
use embed::EmbedWork;
use explain::ExplainWork;
use fit::FitWork;
use nothing::NothingWork;
use search::SearchWork;
use significance::SignificanceWork;

/// Work that can be planned. The places that its jobs would write to do not matter.
#[derive(Debug)]
#[non_exhaustive]
pub enum Planned {
    /// A training; with several seeds a piece for each.
    Fit(FitJob),
    /// A search, with a piece for each choice.
    Search(SearchJob),
    /// Maps of an encoder with a test of their entries, with a piece for each training of the test.
    Significance(MapJob, SignificanceSettings),
    /// Maps, by ranges of samples.
    Attribute(AttributeJob),
    /// An embedding, by ranges of time.
    Embed(EmbedJob),
    /// An explanation, by ranges of signals.
    Explain(Box<ExplainJob>),
    /// Nothing, in as many pieces as are asked for: what a study costs beside its work.
    Nothing,
}

/// Maps of a trained encoder on a recording in a file.
#[derive(Clone, Debug)]
pub struct MapJob {
    /// The folder of the encoder.
    pub model: PathBuf,
    /// The session whose encoder it is, if several subjects were trained.
    pub session: Option<String>,
    /// The recording.
    pub data: Source,
    /// The methods, as their list is written: `ing,neuron-gradient`.
    pub methods: String,
}

/// Maps of a model in a file.
#[derive(Clone, Debug)]
pub enum AttributeJob {
    /// Of a trained encoder.
    Encoder(MapJob),
    /// Of an ONNX file.
    Model {
        /// The file.
        model: PathBuf,
        /// What is said of it.
        options: ModelOptions,
        /// The signals.
        data: Source,
        /// The methods, as their list is written.
        methods: String,
        /// Which axis of the model's input is time; by default the one that fits.
        time_axis: Option<usize>,
        /// Samples from one signal to the next where a recording is cut.
        hop: Option<usize>,
    },
}

/// The embedding of a recording in a file.
#[derive(Clone, Debug)]
pub struct EmbedJob {
    /// The folder of the encoder.
    pub model: PathBuf,
    /// The session whose encoder it is, if several subjects were trained.
    pub session: Option<String>,
    /// The recording.
    pub data: Source,
    /// What becomes of the ends of the recording.
    pub edges: Edges,
}

/// In how many pieces work comes.
pub enum Pieces {
    /// This many.
    These(usize),
    /// Any number up to this.
    UpTo(usize),
    /// Any number.
    Any,
}

/// Work as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Work {
    Fit(FitWork),
    Search(SearchWork),
    Significance(SignificanceWork),
    Attribute(AttributeWork),
    Embed(EmbedWork),
    Explain(Box<ExplainWork>),
    Nothing(NothingWork),
}

/// A piece that is to be run.
pub struct Piece<'a> {
    /// Its number.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// The folder that it works in.
    pub folder: &'a Path,
    /// Time between two checkpoints.
    pub every: Duration,
    pub watch: &'a Watch<'a>,
}

impl Work {
    /// Work as a plan keeps it, and in how many pieces it comes.
    pub fn of(planned: &Planned, watch: &Watch<'_>) -> Result<(Self, Pieces)> {
        Ok(match planned {
            Planned::Fit(job) => {
                let (work, pieces) = FitWork::of(job)?;
                (Self::Fit(work), Pieces::These(pieces))
            }
            Planned::Search(job) => {
                let (work, pieces) = SearchWork::of(job, watch)?;
                (Self::Search(work), Pieces::These(pieces))
            }
            Planned::Significance(job, test) => {
                let (work, pieces) = SignificanceWork::of(job, test)?;
                (Self::Significance(work), Pieces::These(pieces))
            }
            Planned::Attribute(job) => {
                let (work, blocks) = AttributeWork::of(job, watch)?;
                (Self::Attribute(work), Pieces::UpTo(blocks))
            }
            Planned::Embed(job) => {
                let (work, stretches) = EmbedWork::of(job, watch)?;
                (Self::Embed(work), Pieces::UpTo(stretches))
            }
            Planned::Explain(job) => {
                let (work, signals) = ExplainWork::of(job, watch)?;
                (Self::Explain(Box::new(work)), Pieces::UpTo(signals))
            }
            Planned::Nothing => (Self::Nothing(NothingWork {}), Pieces::Any),
        })
    }

    /// The name of the command.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fit(_) => "fit",
            Self::Search(_) => "search",
            Self::Significance(_) => "significance",
            Self::Attribute(_) => "attribute",
            Self::Embed(_) => "embed",
            Self::Explain(_) => "explain",
            Self::Nothing(_) => "nothing",
        }
    }

    /// The files that it reads.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        match self {
            Self::Fit(work) => work.files(),
            Self::Search(work) => work.files(),
            Self::Significance(work) => work.files(),
            Self::Attribute(work) => work.files(),
            Self::Embed(work) => work.files(),
            Self::Explain(work) => work.files(),
            Self::Nothing(_) => Ok(Vec::new()),
        }
    }

    /// Refuses a report of work that writes its own, or has none.
    pub fn require_report(&self) -> Result<()> {
        let instead = match self {
            Self::Fit(_) | Self::Search(_) => "the folder that is written holds report.html",
            Self::Nothing(_) => "there is nothing to show",
            _ => return Ok(()),
        };
        Err(Problem::setting(
            format!("`{}` has no separate report", self.name()),
            format!("leave the report out: {instead}"),
        ))
    }

    /// Runs a piece; what gathering has to know of it beside its files.
    pub fn run(&self, piece: &Piece<'_>) -> Result<Option<String>> {
        match self {
            Self::Fit(work) => work.run(piece).map(|()| None),
            Self::Search(work) => work.run(piece),
            Self::Significance(work) => work.run(piece).map(|()| None),
            Self::Attribute(work) => work.run(piece).map(|()| None),
            Self::Embed(work) => work.run(piece).map(|()| None),
            Self::Explain(work) => work.run(piece).map(|()| None),
            Self::Nothing(_) => Ok(None),
        }
    }

    /// Gathers all pieces, which are done.
    pub fn gather(&self, study: &Study, to: &Gathered<'_>, watch: &Watch<'_>) -> Result<Answer> {
        match self {
            Self::Fit(work) => work.gather(study, to, watch),
            Self::Search(work) => work.gather(study, to),
            Self::Significance(work) => work.gather(study, to, watch),
            Self::Attribute(work) => work.gather(study, to, watch),
            Self::Embed(work) => work.gather(study, to, watch),
            Self::Explain(work) => work.gather(study, to, watch),
            Self::Nothing(work) => work.gather(study, to),
        }
    }
}

impl Piece<'_> {
    /// Its part of this many units.
    fn part(&self, units: usize) -> Range<usize> {
        part(units, self.number, self.of)
    }
}

/// The part of `units` that belongs to a piece; parts differ by one unit at most.
fn part(units: usize, piece: usize, pieces: usize) -> Range<usize> {
    let end = |piece: usize| (units as u128 * piece as u128 / pieces as u128) as usize;
    end(piece)..end(piece + 1)
}

impl Study {
    /// The folder of the piece that each of `units` belongs to.
    fn folder_of(&self, units: usize) -> impl Fn(usize) -> PathBuf {
        let pieces = self.plan.pieces;
        let ends: Vec<usize> = (0..pieces)
            .map(|piece| part(units, piece, pieces).end)
            .collect();
        move |unit| self.piece(ends.partition_point(|&end| end <= unit))
    }
}

/// Where what is gathered is written to.
pub struct Gathered<'a> {
    pub out: &'a Path,
    pub report: Option<&'a Path>,
}

impl Gathered<'_> {
    /// Writes the report if one is asked for.
    fn report(&self, report: impl FnOnce() -> Result<Report>) -> Result<()> {
        match self.report {
            Some(path) => Ok(report()?.write(path)?),
            None => Ok(()),
        }
    }
}

/// The sources of inputs, for this process.
fn sources(inputs: &Inputs) -> Result<Vec<Source>> {
    let all = inputs.data.iter().map(|text| Ok(inputs.source(text)?));
    all.collect()
}

/// The files of a training, as seen from any folder.
fn files(inputs: &Inputs, settings: &FitFile) -> Result<Vec<PathBuf>> {
    let labels = settings.labels().into_values();
    let labels = labels.filter_map(|label| Source::of_other_file(&label));
    let mut files = Vec::new();
    for text in &inputs.data {
        files.push(text.parse::<Source>()?.path);
    }
    files.extend(labels.map(|label| label.path));
    let mut files: Vec<PathBuf> = files.iter().map(|path| inputs.folder.join(path)).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Settings as a plan keeps them.
fn settings(text: &str) -> Result<FitFile> {
    Ok(FitFile::parse(text, &[])?)
}

/// Copies the files of a folder into another one, which is made if it is not there.
fn copy(from: &Path, to: &Path, skip: impl Fn(&str) -> bool) -> Result<()> {
    use xcebra_files::FileError;
    let fail = |path: &Path| {
        let path = path.to_path_buf();
        move |error| FileError::write(&path, error)
    };
    std::fs::create_dir_all(to).map_err(fail(to))?;
    let entries = std::fs::read_dir(from).map_err(|error| FileError::read(from, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| FileError::read(from, error))?;
        let name = entry.file_name();
        if entry.path().is_file() && !skip(&name.to_string_lossy()) {
            let place = to.join(&name);
            std::fs::copy(entry.path(), &place).map_err(fail(&place))?;
        }
    }
    Ok(())
}

/// Refuses work that cannot be planned.
fn refused(what: &str) -> Problem {
    Problem::setting(
        format!(
            "{what} cannot be planned in pieces: the processes of a study share nothing but files"
        ),
        "write the data to a file first",
    )
}
