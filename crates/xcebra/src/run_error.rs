//! Why the folder of an encoder, or a recording for it, cannot be used.

use std::borrow::Cow;
use std::path::PathBuf;

use thiserror::Error;
use xcebra_model::{Advice, Kind};

use crate::files::FileError;
use crate::fit::fit_file::FitFileError;
use crate::fit::unfinished::Unfinished;

/// Why a folder cannot be used as a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A data file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The encoder.
    #[error(transparent)]
    Encoder(#[from] xcebra_core::CoreError),
    /// The settings.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FitFileError,
    },
    /// The training is not finished.
    #[error(
        "{} holds a training that is not finished", path.display()
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is needed to go on with a training.
    #[error("{}: {problem}", path.display())]
    Resume {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no such folder.
    #[error(
        "{} is not the folder of a trained encoder", path.display()
    )]
    NoFolder {
        /// What was given.
        path: PathBuf,
    },
    /// The sessions, or the one that was asked for.
    #[error("{}: {problem}", path.display())]
    Sessions {
        /// The folder or the file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// The channels.
    #[error("{}: {problem}", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The recording has the channels of the training in another order.
    #[error("{place} has the encoder's channels in another order")]
    Order {
        /// The recording.
        place: String,
        /// The encoder's channels.
        expected: Vec<String>,
    },
    /// The recording's channels have other names than those of the training.
    #[error(
        "{place} has the channels {}, and the encoder was trained on {}",
        found.join(","), expected.join(",")
    )]
    Names {
        /// The recording.
        place: String,
        /// Its channels.
        found: Vec<String>,
        /// The encoder's channels.
        expected: Vec<String>,
    },
    /// The recording has its channels in rows.
    #[error(
        "{place} looks transposed: it is ({rows}, {columns}), and the encoder was trained on {rows} \
         channels"
    )]
    Transposed {
        /// The recording.
        place: String,
        /// Its rows, as many as the encoder has channels.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
    /// The recording is not of the kind the encoder was trained on.
    #[error("{place} has {found} channels, and the encoder was trained on {expected}")]
    Mismatch {
        /// The recording.
        place: String,
        /// Its channels.
        found: usize,
        /// The encoder's channels.
        expected: usize,
    },
}

impl Advice for RunError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::File(error) => return error.advice(),
            Self::Encoder(error) => return error.advice(),
            Self::Config { source, .. } => return source.advice(),
            Self::Unfinished { path } => {
                format!("finish it with `{}`", Unfinished::command(path)).into()
            }
            Self::Resume { .. } => "start again with `xcebra fit --force`".into(),
            Self::NoFolder { .. } => {
                "pass one written by `xcebra fit` (`xcebra explain` and `xcebra attribute` take .onnx files too)".into()
            }
            Self::Channels { .. } => "pass a folder written by `xcebra fit`".into(),
            Self::Sessions { advice, .. } => advice.as_str().into(),
            Self::Order { expected, .. } => format!("choose them as {}", expected.join(",")).into(),
            Self::Names { .. } => "choose those".into(),
            Self::Transposed { .. } => "pass its transpose (x.T in numpy)".into(),
            Self::Mismatch { .. } => "choose the same channels in the same order".into(),
        })
    }

    fn kind(&self) -> Kind {
        match self {
            Self::File(error) => error.kind(),
            Self::Encoder(error) => error.kind(),
            Self::Config { .. } => Kind::Setting,
            Self::Unfinished { .. }
            | Self::Resume { .. }
            | Self::NoFolder { .. }
            | Self::Sessions { .. }
            | Self::Channels { .. } => Kind::File,
            Self::Order { .. }
            | Self::Names { .. }
            | Self::Transposed { .. }
            | Self::Mismatch { .. } => Kind::Data,
        }
    }
}
