//! Which array of which file: `data.npz:x`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::csv::TableOptions;
use crate::error::{FileError, Result};
use crate::formats::{Format, extensions};

/// A file and, optionally, one of its arrays.
///
/// Written `FILE` or `FILE:ARRAY`; options of a table follow its file, as in
/// `data.csv,header=no:0..4`. The colon that counts is the last one directly after a known
/// extension or after options, so that folders and drives may contain colons.
///
/// ```
/// use xcebra_files::Source;
///
/// let source: Source = "run:3/data.npz:x".parse()?;
/// assert_eq!(source.path.to_str(), Some("run:3/data.npz"));
/// assert_eq!(source.array.as_deref(), Some("x"));
///
/// let whole: Source = r"C:\data.npy".parse()?;
/// assert_eq!(whole.array, None);
/// # Ok::<(), xcebra_files::FileError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// Name of the array; for a table, a selection of columns.
    pub array: Option<String>,
    /// How the table is written, where its file does not show it.
    pub options: TableOptions,
}

impl Source {
    /// The array `array` of the file `path`.
    pub fn new(path: impl Into<PathBuf>, array: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            array: Some(array.into()),
            options: TableOptions::default(),
        }
    }

    /// The other file in which a text says that an array is, such as `labels.npz:y`; none if the text is the
    /// name of an array in a file that is known already.
    pub fn of_other_file(text: &str) -> Option<Self> {
        let source: Self = text.parse().ok()?;
        Format::of(&source.path).is_ok().then_some(source)
    }

    /// The file `path` as a whole.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            array: None,
            options: TableOptions::default(),
        }
    }
}

impl FromStr for Source {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self> {
        let problem = |problem| FileError::Source {
            text: text.to_owned(),
            problem,
        };
        if text.trim().is_empty() {
            return Err(problem("is empty"));
        }
        // ASCII lower case keeps byte positions
        let lower = text.to_ascii_lowercase();
        let end = extensions()
            .flat_map(|(extension, format)| {
                let colon = lower.rfind(&format!("{extension}:"));
                let comma = lower.rfind(&format!("{extension},")).filter(|at| {
                    format == Format::Csv && has_option(&lower[at + extension.len()..])
                });
                [colon, comma].map(|at| at.map(|at| at + extension.len()))
            })
            .flatten()
            .max();
        let Some(end) = end else {
            return Ok(Self::file(text));
        };
        let (path, mut rest) = text.split_at(end);
        let mut source = Self::file(path);
        if let Some(after) = rest.strip_prefix(',') {
            let options = after.split(':').next().unwrap_or_default();
            source.options = options.parse()?;
            rest = &after[options.len()..];
        }
        match rest.strip_prefix(':') {
            Some("") => return Err(problem("names no array after the colon")),
            Some(array) => source.array = Some(array.to_owned()),
            None => {}
        }
        Ok(source)
    }
}

/// Whether a text behind the name of a table begins with an option: `,header=no`.
fn has_option(text: &str) -> bool {
    let name = text[1..].split('=').next().unwrap_or_default();
    text.contains('=') && !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic())
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path.display(), self.options)?;
        match &self.array {
            Some(array) => write!(f, ":{array}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use xcebra_model::Advice;

    use super::*;

    fn parts(text: &str) -> (String, Option<String>) {
        let source: Source = text.parse().unwrap();
        (source.path.display().to_string(), source.array)
    }

    #[test]
    fn the_colon_after_the_extension_counts() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(parts("data.npz:x"), ("data.npz".into(), some("x")));
        assert_eq!(parts("data.npz"), ("data.npz".into(), None));
        assert_eq!(parts("DATA.NPZ:x"), ("DATA.NPZ".into(), some("x")));
        assert_eq!(
            parts("C:/d.csv:acc_*,!b"),
            ("C:/d.csv".into(), some("acc_*,!b"))
        );
        assert_eq!(parts("a:b/c:d.npy"), ("a:b/c:d.npy".into(), None));
        assert_eq!(
            parts("old.npz:1/d.npz:x"),
            ("old.npz:1/d.npz".into(), some("x"))
        );
        assert_eq!(parts("d.npz:group:x"), ("d.npz".into(), some("group:x")));
        assert_eq!(parts("größe.npz:ä"), ("größe.npz".into(), some("ä")));
        assert_eq!(parts("plain"), ("plain".into(), None));
    }

    #[test]
    fn a_text_names_another_file_or_an_array() {
        let other = Source::of_other_file("labels.npz:y");
        assert_eq!(other, Some(Source::new("labels.npz", "y")));
        for name in ["y", "trials.side", "annotations:Sleep*", "x@t", "d.npz:"] {
            assert_eq!(Source::of_other_file(name), None, "{name}");
        }
    }

    #[test]
    fn display_is_the_inverse_of_parsing() {
        for text in [
            "data.npz:x",
            "d.npy",
            "C:/d.csv:acc_*,!b",
            "a:b/d.csv,header=no,skip=2:0..4",
            "D.TXT,separator=tab",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn options_follow_the_name_of_a_table() {
        let source: Source = "a.csv:1/d.tsv,decimal=comma,header=yes:x,y"
            .parse()
            .unwrap();
        assert_eq!(source.path, Path::new("a.csv:1/d.tsv"));
        assert_eq!(source.options.to_string(), ",decimal=comma,header=yes");
        assert_eq!(source.array.as_deref(), Some("x,y"));
        // no options: a list of columns, and names with commas
        assert_eq!(parts("d.csv:a,b=1").1.as_deref(), Some("a,b=1"));
        assert_eq!(parts("a.csv,b.csv").0, "a.csv,b.csv");
        assert_eq!(parts("d.npz,header=no").0, "d.npz,header=no");
        let message = "d.csv,head=no:x".parse::<Source>().unwrap_err().to_string();
        assert!(message.contains("`head=no` is not an option"), "{message}");
    }

    #[test]
    fn nothing_after_the_colon_is_an_error() {
        let message = "data.npz:".parse::<Source>().unwrap_err().to_string();
        assert!(message.contains("no array after the colon"), "{message}");
        assert!("".parse::<Source>().is_err());
    }

    #[test]
    fn formats_by_extension() {
        assert_eq!(Format::of(Path::new("a/B.NPZ")).unwrap(), Format::Npz);
        assert_eq!(Format::of(Path::new("b.tsv")).unwrap(), Format::Csv);
        let error = Format::of(Path::new("b.xyz")).unwrap_err();
        assert!(error.to_string().contains("b.xyz"), "{error}");
        assert!(error.advice().unwrap().contains(".npz"));
    }
}
