//! What can go wrong in an experiment.

use std::path::Path;

/// What went wrong, in which cell, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no scale of that name.
    #[error("no scale `{found}`; the scales are {known}")]
    Scale {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// Settings with which nothing can be measured.
    #[error("{what} is {found}; it must be {expected}")]
    Setting {
        /// Which.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A cell failed; those that are finished are kept.
    #[error("the cell {cell} failed: {source}")]
    Cell {
        /// Its name.
        cell: String,
        /// Why.
        source: Box<Error>,
    },
    /// Cells that are to be gathered have no result.
    #[error(
        "{count} of {total} cells have no result, the first of them {first}; run them, with --piece or without --gather"
    )]
    Missing {
        /// How many.
        count: usize,
        /// Of how many.
        total: usize,
        /// The names of the first.
        first: String,
    },
    /// Threads could not be started.
    #[error("cannot start {threads} threads: {problem}; try --threads 1")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system said.
        problem: String,
    },
    /// A result could not be written as JSON.
    #[error("cannot write {path} as JSON: {problem}")]
    Json {
        /// Where.
        path: String,
        /// Why.
        problem: String,
    },
    /// The synthetic data.
    #[error(transparent)]
    Data(#[from] xcebra::synth::SynthError),
    /// The training.
    #[error(transparent)]
    Training(#[from] xcebra::core::CoreError),
    /// The model.
    #[error(transparent)]
    Model(#[from] xcebra::model::ModelError),
    /// The trainings on resampled recordings.
    #[error(transparent)]
    Retraining(#[from] xcebra::RetrainError),
    /// The attribution maps.
    #[error(transparent)]
    Attribution(#[from] xcebra::attr::AttrError),
    /// The explanations in a domain.
    #[error(transparent)]
    Explanation(#[from] xcebra::cdig::CdigError),
    /// The scores.
    #[error(transparent)]
    Score(#[from] xcebra::eval::EvalError),
    /// A mean or an adjusted p-value could not be computed.
    #[error(transparent)]
    Numeric(#[from] xcebra::numeric::NumericError),
    /// A workflow.
    #[error(transparent)]
    Workflow(#[from] xcebra::Problem),
    /// Settings.
    #[error(transparent)]
    Settings(#[from] xcebra::FitFileError),
    /// Files.
    #[error(transparent)]
    File(#[from] xcebra::files::FileError),
}

/// The result of an experiment.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn json(path: &Path, problem: &impl std::fmt::Display) -> Self {
        Self::Json {
            path: path.display().to_string(),
            problem: problem.to_string(),
        }
    }
}
