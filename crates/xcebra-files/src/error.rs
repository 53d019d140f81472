//! What can go wrong between a file and an array.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use xcebra_model::{Advice, Kind};
use xcebra_numeric::NonFinite;

use crate::formats::{Format, extensions};

/// Result of reading or writing a file.
pub type Result<T, E = FileError> = std::result::Result<T, E>;

/// Why a file cannot be read, written or used as asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused to read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file that was to appear.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A result that was to be written is infinite or NaN.
    #[error(transparent)]
    NonFinite(#[from] NonFinite),
    /// The name does not tell the format.
    #[error("{} has no known extension", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A source such as `data.npz:x` cannot be understood.
    #[error("`{text}` {problem}")]
    Source {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An option of a table cannot be understood.
    #[error("`{text}` {problem}")]
    Options {
        /// The option as it was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What is asked of the clock of a recording cannot be understood.
    #[error("{problem}")]
    Clock {
        /// What is wrong, with the name of the setting.
        problem: String,
        /// How it may be written.
        example: String,
    },
    /// The bytes do not make sense.
    #[error("{place} is damaged or not what its name says: {problem}")]
    Damaged {
        /// The file, or the array and its file.
        place: String,
        /// What does not fit.
        problem: String,
    },
    /// The array would take more memory than it plausibly should.
    #[error(
        "{place} would expand to {claimed} values from {stored} compressed bytes, more than the limit of {limit}"
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
    #[error("{} has no {kind} `{name}`; it has {}", path.display(), list(&nearest(name, available)))]
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
    #[error("{} holds several arrays: {}", path.display(), list(available))]
    Unnamed {
        /// The file.
        path: PathBuf,
        /// What there is.
        available: Vec<String>,
    },
    /// The element type cannot be used.
    #[error("{place} has elements of type {found}, expected {expected}")]
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
    #[error("{place} has shape {found:?}, expected {expected}")]
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
    #[error("{place}: {problem}")]
    Value {
        /// The array and its file.
        place: String,
        /// Which value and why.
        problem: String,
        /// What to do about it.
        advice: String,
    },
}

/// Names in their order, those first that go on from what was asked for, as `s.x` does from `s`.
fn nearest(name: &str, available: &[String]) -> Vec<String> {
    let goes_on = |other: &&String| {
        let rest = other.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['.', '/', '{', '(', ':']))
    };
    let (mut first, rest): (Vec<&String>, Vec<&String>) = available.iter().partition(goes_on);
    first.extend(rest);
    first.into_iter().cloned().collect()
}

impl FileError {
    /// What is wrong, without where.
    #[cfg(feature = "hdf5")]
    pub(crate) fn without_place(&self) -> String {
        match self {
            Self::Value { problem, .. } | Self::Damaged { problem, .. } => problem.clone(),
            other => other.to_string(),
        }
    }
}

impl Advice for FileError {
    fn advice(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { .. } => "choose an existing, writable folder with enough room".into(),
            Self::UnknownFormat { .. } => {
                let all: Vec<&str> = extensions().map(|(extension, _)| extension).collect();
                format!("use {}; `xcebra files` lists the formats", all.join(", ")).into()
            }
            Self::Source { .. } => "write FILE or FILE:ARRAY, such as data.npz:x".into(),
            Self::Clock { example, .. } => format!("write {example}").into(),
            Self::Damaged { place, .. } => renewed(place).into(),
            Self::TooLarge { .. } => {
                "if that is intended, save the file without compression".into()
            }
            Self::Missing { available, .. } if available.is_empty() => return None,
            Self::Missing { .. } => "name one of these".into(),
            Self::Unnamed { path, available } => {
                let first = available.first().map_or("x", String::as_str);
                format!("name one, such as {}:{first}", path.display()).into()
            }
            Self::NonFinite(error) => return error.advice(),
            Self::Options { .. } => "options follow the name of a table, such as \
                data.csv,header=no,separator=semicolon,decimal=comma,thousands=point,skip=3,encoding=latin1"
                .into(),
            Self::Shape { advice, .. } => (*advice).into(),
            Self::ElementType { advice, .. } | Self::Value { advice, .. } => advice.into(),
        })
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Read { .. }
            | Self::Write { .. }
            | Self::UnknownFormat { .. }
            | Self::Damaged { .. }
            | Self::TooLarge { .. } => Kind::File,
            Self::Source { .. } | Self::Options { .. } | Self::Clock { .. } => Kind::Setting,
            Self::Missing { .. }
            | Self::Unnamed { .. }
            | Self::ElementType { .. }
            | Self::Shape { .. }
            | Self::Value { .. } => Kind::Data,
            Self::NonFinite(error) => error.kind(),
        }
    }
}

impl FileError {
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
        Ok(Format::Npz | Format::Npy) => {
            "write the file again, for example with numpy.savez or numpy.save"
        }
        _ => "copy the file again, or export the recording again",
    }
}

/// The first value that is not finite, at a row of a named column, and how many of all values are not.
pub(crate) fn not_finite(
    place: String,
    (row, column): (usize, &str),
    value: impl std::fmt::Display,
    (bad, total): (usize, usize),
) -> FileError {
    FileError::Value {
        place,
        problem: format!(
            "row {row} (counting from 0), column `{column}` is {value} ({bad} of {total} values are not finite)"
        ),
        advice: "fill or cut out such values first".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_advice_and_kind_are_apart() {
        let place = || "array `x` of d.npz".to_owned();
        let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
        let missing = |available: &[&str]| FileError::Missing {
            path: "d.npz".into(),
            kind: "array",
            name: "u".to_owned(),
            available: available.iter().map(|&name| name.to_owned()).collect(),
        };
        let overflow = NonFinite {
            what: "the map".to_owned(),
            index: vec![0],
            value: "inf".to_owned(),
            count: 1,
            total: 1,
        };
        let cases = [
            (
                FileError::read(Path::new("d.npz"), refused()),
                true,
                Kind::File,
            ),
            (
                FileError::write(Path::new("d.npz"), refused()),
                true,
                Kind::File,
            ),
            (overflow.into(), true, Kind::Numeric),
            (
                FileError::UnknownFormat {
                    path: "d.mat".into(),
                },
                true,
                Kind::File,
            ),
            (
                FileError::Source {
                    text: "d.npz:".to_owned(),
                    problem: "names no array",
                },
                true,
                Kind::Setting,
            ),
            (
                FileError::Options {
                    text: "head=no".to_owned(),
                    problem: "is not an option of tables".to_owned(),
                },
                true,
                Kind::Setting,
            ),
            (
                FileError::Clock {
                    problem: "bin: `fast` is not a length of time".to_owned(),
                    example: "25ms".to_owned(),
                },
                true,
                Kind::Setting,
            ),
            (FileError::damaged("d.edf", "it is empty"), true, Kind::File),
            (
                FileError::TooLarge {
                    place: place(),
                    claimed: 9,
                    stored: 1,
                    limit: 3,
                },
                true,
                Kind::File,
            ),
            (missing(&["x", "y"]), true, Kind::Data),
            (missing(&[]), false, Kind::Data),
            (
                FileError::Unnamed {
                    path: "d.npz".into(),
                    available: vec!["x".to_owned(), "y".to_owned()],
                },
                true,
                Kind::Data,
            ),
            (
                FileError::ElementType {
                    place: place(),
                    found: "<U3".to_owned(),
                    expected: "numbers",
                    advice: "save array.astype('float64')".to_owned(),
                },
                true,
                Kind::Data,
            ),
            (
                FileError::Shape {
                    place: place(),
                    found: vec![3],
                    expected: "(n, 2)".to_owned(),
                    advice: "transpose it",
                },
                true,
                Kind::Data,
            ),
            (
                FileError::Value {
                    place: place(),
                    problem: "row 3 is NaN".to_owned(),
                    advice: "fill or cut out such values first".to_owned(),
                },
                true,
                Kind::Data,
            ),
        ];
        for (error, advised, kind) in cases {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            // the second clause of a missing array lists what there is
            assert!(!text.replace("; it has", "").contains("; "), "{text}");
            let advice = error.advice();
            assert_eq!(advice.is_some(), advised, "{text}");
            assert!(
                advice.is_none_or(|advice| !text.contains(&*advice)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_damaged_file_is_renewed_as_it_was_made() {
        for (place, by) in [
            ("d.npz", "numpy.savez"),
            ("array `x` of d.npy", "numpy.savez"),
            ("d.csv", "save the table again"),
            ("d.h5", "copy the file again"),
            ("d.mat", "copy the file again"),
            ("d.vhdr", "copy the file again"),
            ("d.parquet", "copy the file again"),
        ] {
            let advice = FileError::damaged(place, "it is cut short")
                .advice()
                .unwrap()
                .into_owned();
            assert!(advice.contains(by), "{place}: {advice}");
            assert_eq!(advice.contains("numpy"), by.contains("numpy"), "{place}");
        }
    }

    #[test]
    fn names_with_semicolons_stay_whole() {
        let error = FileError::Missing {
            path: "n.npz".into(),
            kind: "array",
            name: "x".to_owned(),
            available: vec!["rest; eyes closed".to_owned(), "y".to_owned()],
        };
        assert_eq!(
            error.to_string(),
            "n.npz has no array `x`; it has `rest; eyes closed`, `y`"
        );
        assert_eq!(error.advice().as_deref(), Some("name one of these"));
    }
}
