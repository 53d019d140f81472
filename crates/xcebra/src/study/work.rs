//! What a study does: for each command its settings as a plan keeps them, its pieces, and what gathers them.

mod fit;
mod nothing;
mod search;
mod significance;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xcebra_files::Source;
use xcebra_model::Watch;

use super::folder::Study;
use crate::fit::unfinished::Inputs;
use crate::{Answer, FitFile, FitJob, Problem, Result, SearchJob, SignificanceSettings};
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

/// Work as a plan keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Work {
    Fit(FitWork),
    Search(SearchWork),
    Significance(SignificanceWork),
    Nothing(NothingWork),
}

/// A piece that is to be run.
pub struct Piece<'a> {
    /// Its number.
    pub number: usize,
    /// The folder that it works in.
    pub folder: &'a Path,
    /// Time between two checkpoints.
    pub every: Duration,
    pub watch: &'a Watch<'a>,
}

impl Work {
    /// Work as a plan keeps it, and the number of its pieces where that is not free.
    pub fn of(planned: &Planned, watch: &Watch<'_>) -> Result<(Self, Option<usize>)> {
        Ok(match planned {
            Planned::Fit(job) => {
                let (work, pieces) = FitWork::of(job)?;
                (Self::Fit(work), Some(pieces))
            }
            Planned::Search(job) => {
                let (work, pieces) = SearchWork::of(job, watch)?;
                (Self::Search(work), Some(pieces))
            }
            Planned::Significance(job, test) => {
                let (work, pieces) = SignificanceWork::of(job, test)?;
                (Self::Significance(work), Some(pieces))
            }
            Planned::Nothing => (Self::Nothing(NothingWork {}), None),
        })
    }

    /// The name of the command.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fit(_) => "fit",
            Self::Search(_) => "search",
            Self::Significance(_) => "significance",
            Self::Nothing(_) => "nothing",
        }
    }

    /// The files that it reads.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        match self {
            Self::Fit(work) => work.files(),
            Self::Search(work) => work.files(),
            Self::Significance(work) => work.files(),
            Self::Nothing(_) => Ok(Vec::new()),
        }
    }

    /// Runs a piece; what gathering has to know of it beside its files.
    pub fn run(&self, piece: &Piece<'_>) -> Result<Option<String>> {
        match self {
            Self::Fit(work) => work.run(piece).map(|()| None),
            Self::Search(work) => work.run(piece),
            Self::Significance(work) => work.run(piece).map(|()| None),
            Self::Nothing(_) => Ok(None),
        }
    }

    /// Gathers all pieces, which are done.
    pub fn gather(&self, study: &Study, out: &Path, watch: &Watch<'_>) -> Result<Answer> {
        match self {
            Self::Fit(work) => work.gather(study, out, watch),
            Self::Search(work) => work.gather(study, out),
            Self::Significance(work) => work.gather(study, out, watch),
            Self::Nothing(work) => work.gather(study, out),
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
