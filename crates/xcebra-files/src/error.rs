//! What can go wrong between a file and an array.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::Format;

/// Result of reading or writing a file.
pub type Result<T, E = FileError> = std::result::Result<T, E>;

/// Why a file cannot be read, written or used as asked.
///
/// Each message reads `what and where; what to do next`; [`advice`](FileError::advice) is its second part.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused to read.
    #[error("cannot read {}: {source}{}", path.display(), self.tail())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error("cannot write {}: {source}{}", path.display(), self.tail())]
    Write {
        /// The file that was to appear.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A result that was to be written is infinite or NaN.
    #[error(transparent)]
    NonFinite(#[from] xcebra_numeric::NonFinite),
    /// The name does not tell the format.
    #[error("{} has no known extension{}", path.display(), self.tail())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A source such as `data.npz:x` cannot be understood.
    #[error("`{text}` {problem}{}", self.tail())]
    Source {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An option of a table cannot be understood.
    #[error("`{text}` {problem}{}", self.tail())]
    Options {
        /// The option as it was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The bytes do not make sense.
    #[error("{place} is damaged or not what its name says: {problem}{}", self.tail())]
    Damaged {
        /// The file, or the array and its file.
        place: String,
        /// What does not fit.
        problem: String,
    },
    /// The array would take more memory than it plausibly should.
    #[error(
        "{place} would expand to {claimed} values from {stored} compressed bytes, more than the limit of {limit}{}",
        self.tail()
    )]
    TooLarge {
        /// The array and its file.
        place: String,
        /// Number of values the header claims.
        claimed: u64,
        /// Compressed size.
        stored: u64,
        /// Largest number of values accepted for that size.
        limit: u64,
    },
    /// There is no array, or no column, of that name.
    #[error("{} has no {kind} `{name}`; it has {}{}", path.display(), list(available), self.tail())]
    Missing {
        /// The file.
        path: PathBuf,
        /// `array` or `column`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        available: Vec<String>,
    },
    /// The file holds several arrays and none was named.
    #[error("{} holds several arrays: {}{}", path.display(), list(available), self.tail())]
    Unnamed {
        /// The file.
        path: PathBuf,
        /// What there is.
        available: Vec<String>,
    },
    /// The element type cannot be used.
    #[error("{place} has elements of type {found}, expected {expected}{}", self.tail())]
    ElementType {
        /// The array and its file.
        place: String,
        /// Its element type.
        found: String,
        /// What is allowed.
        expected: &'static str,
        /// How to convert.
        advice: String,
    },
    /// The shape is not the one needed.
    #[error("{place} has shape {found:?}, expected {expected}{}", self.tail())]
    Shape {
        /// The array and its file.
        place: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it should have.
        expected: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// A value cannot be used.
    #[error("{place}: {problem}{}", self.tail())]
    Value {
        /// The array and its file.
        place: String,
        /// Which value and why.
        problem: String,
        /// What to do about it.
        advice: String,
    },
}

impl FileError {
    /// What to do next, if there is more to say than the message says already.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } => "check the path and its permissions".to_owned(),
            Self::Write { .. } => "choose an existing, writable folder with enough room".to_owned(),
            Self::UnknownFormat { .. } => {
                "use .npz, .npy, .csv, .tsv, .txt, .edf, .bdf or .wav".to_owned()
            }
            Self::Source { .. } => "write FILE or FILE:ARRAY, such as data.npz:x".to_owned(),
            Self::Damaged { place, .. } => renewed(place).to_owned(),
            Self::TooLarge { .. } => {
                "if that is intended, save the file without compression".to_owned()
            }
            Self::Missing { available, .. } if available.is_empty() => return None,
            Self::Missing { .. } => "name one of these".to_owned(),
            Self::Unnamed { path, available } => {
                let first = available.first().map_or("x", String::as_str);
                format!("name one, such as {}:{first}", path.display())
            }
            Self::NonFinite(_) => return None,
            Self::Options { .. } => "options follow the name of a table, such as \
                data.csv,header=no,separator=semicolon,decimal=comma,thousands=point,skip=3,encoding=latin1"
                .to_owned(),
            Self::Shape { advice, .. } => (*advice).to_owned(),
            Self::ElementType { advice, .. } | Self::Value { advice, .. } => advice.clone(),
        })
    }

    /// The advice as the end of a message.
    fn tail(&self) -> String {
        let advice = self.advice();
        advice.map_or(String::new(), |advice| format!("; {advice}"))
    }

    /// The system refused to read `path`.
    pub fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_path_buf(),
            source,
        }
    }

    /// The system refused to write `path`.
    pub fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_path_buf(),
            source,
        }
    }

    /// The bytes at `place` do not make sense.
    pub fn damaged(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Damaged {
            place: place.into(),
            problem: problem.into(),
        }
    }
}

/// How to get an intact file of this kind.
fn renewed(place: &str) -> &'static str {
    match Format::of(Path::new(place)) {
        Ok(Format::Csv) => "correct it, or save the table again",
        Ok(Format::Edf | Format::Wav) => "copy the file again, or export the recording again",
        _ => "write the file again, for example with numpy.savez or numpy.save",
    }
}

/// Names in back quotes, the first dozen of many.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut text: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > SHOWN {
        text.push(format!("and {} more", names.len() - SHOWN));
    }
    text.join(", ")
}
