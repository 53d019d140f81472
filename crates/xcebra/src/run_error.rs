//! Why the folder of an encoder, or a recording for it, cannot be used.

use std::borrow::Cow;
use std::path::PathBuf;

use thiserror::Error;
use xcebra_model::Advice;

use crate::files::FileError;
use crate::fit_file::FitFileError;
use crate::unfinished::Unfinished;

/// Why a folder cannot be used as a run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// A data file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The encoder.
    #[error(transparent)]
    Encoder(#[from] xcebra_core::Error),
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
        "{} holds a training that is not finished{}", path.display(), self.tail()
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is needed to go on with a training.
    #[error("{}: {problem}{}", path.display(), self.tail())]
    Resume {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no such folder.
    #[error(
        "{} is not the folder of a trained encoder{}", path.display(), self.tail()
    )]
    NoFolder {
        /// What was given.
        path: PathBuf,
    },
    /// The channels.
    #[error("{}: {problem}{}", path.display(), self.tail())]
    Channels {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The recording has the channels of the training in another order.
    #[error("{place} has the encoder's channels in another order{}", self.tail())]
    Order {
        /// The recording.
        place: String,
        /// The encoder's channels.
        expected: Vec<String>,
    },
    /// The recording's channels have other names than those of the training.
    #[error(
        "{place} has the channels {}, and the encoder was trained on {}{}",
        found.join(","), expected.join(","), self.tail()
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
         channels{}", self.tail()
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
    #[error(
        "{place} has {found} channels, and the encoder was trained on {expected}{}", self.tail()
    )]
    Mismatch {
        /// The recording.
        place: String,
        /// Its channels.
        found: usize,
        /// The encoder's channels.
        expected: usize,
    },
}

impl RunError {
    /// What to do next, if there is more to say than the message says already.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::File(error) => return error.advice().map(Cow::into_owned),
            Self::Encoder(error) => return error.advice().map(Cow::into_owned),
            Self::Config { source, .. } => source.advice.clone(),
            Self::Unfinished { path } => format!("finish it with `{}`", Unfinished::command(path)),
            Self::Resume { .. } => "train anew, with `xcebra fit --force`".to_owned(),
            Self::NoFolder { .. } => {
                "pass one written by `xcebra fit` (`xcebra explain` takes .onnx files too)"
                    .to_owned()
            }
            Self::Channels { .. } => "pass a folder written by `xcebra fit`".to_owned(),
            Self::Order { expected, .. } => format!("choose them as {}", expected.join(",")),
            Self::Names { .. } => "choose those".to_owned(),
            Self::Transposed { .. } => "pass its transpose (x.T in numpy)".to_owned(),
            Self::Mismatch { .. } => "choose the same channels in the same order".to_owned(),
        })
    }

    /// The advice as the end of a message.
    fn tail(&self) -> String {
        let advice = self.advice();
        advice.map_or(String::new(), |advice| format!("; {advice}"))
    }
}
