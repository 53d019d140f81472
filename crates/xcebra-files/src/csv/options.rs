//! How a table is written, where its file does not show it: `data.csv,header=no,decimal=comma`.

use std::fmt;
use std::str::FromStr;

use encoding_rs::Encoding;

use crate::error::FileError;

/// How a table is written. What is not set here is found out from the file.
///
/// As text, options follow the file's name, each after a comma:
///
/// ```
/// use xcebra_files::Source;
///
/// let source: Source = "data.csv,header=no,decimal=comma:0..4".parse()?;
/// assert_eq!(source.path.to_str(), Some("data.csv"));
/// assert_eq!(source.options.header, Some(false));
/// assert_eq!(source.options.decimal, Some(','));
/// assert_eq!(source.array.as_deref(), Some("0..4"));
/// # Ok::<(), xcebra_files::FileError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TableOptions {
    /// What stands between cells: one of `,`, `;`, tab, `|` and space (any run of spaces and tabs).
    pub separator: Option<char>,
    /// The decimal sign: `.` or `,`.
    pub decimal: Option<char>,
    /// What groups the digits of large numbers: one of `,`, `.`, `'` and space.
    pub thousands: Option<char>,
    /// Whether the first row holds the names of the columns.
    pub header: Option<bool>,
    /// Lines to leave out at the start of the file.
    pub skip: usize,
    /// The encoding of the text, such as `latin1`: a label of the WHATWG Encoding Standard.
    pub encoding: Option<String>,
}

/// Words for characters that a shell or the list of options would take for its own.
const WORDS: [(&str, char); 7] = [
    ("comma", ','),
    ("semicolon", ';'),
    ("tab", '\t'),
    ("pipe", '|'),
    ("space", ' '),
    ("point", '.'),
    ("apostrophe", '\''),
];
const SEPARATORS: &str = ",;\t| ";
const DECIMALS: &str = ".,";
const THOUSANDS: &str = ",.' ";

fn word(character: char) -> &'static str {
    let found = WORDS.iter().find(|(_, c)| *c == character);
    found.map_or("comma", |(word, _)| word)
}

fn character(value: &str, allowed: &str) -> Option<char> {
    let named = WORDS.iter().find(|(word, _)| *word == value);
    let found = named.map(|(_, c)| *c).or_else(|| {
        let mut characters = value.chars();
        characters.next().filter(|_| characters.next().is_none())
    })?;
    allowed.contains(found).then_some(found)
}

fn choices(allowed: &str) -> String {
    let words: Vec<&str> = allowed.chars().map(word).collect();
    words.join(", ")
}

impl FromStr for TableOptions {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self, FileError> {
        let mut options = Self::default();
        for part in text.split(',') {
            let fail = |problem: String| FileError::Options {
                text: part.to_owned(),
                problem,
            };
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| fail("is not of the form NAME=VALUE".to_owned()))?;
            let sign = |allowed: &str| {
                let problem = || fail(format!("can be {}", choices(allowed)));
                character(value, allowed).map(Some).ok_or_else(problem)
            };
            match key {
                "separator" => options.separator = sign(SEPARATORS)?,
                "decimal" => options.decimal = sign(DECIMALS)?,
                "thousands" => options.thousands = sign(THOUSANDS)?,
                "header" => {
                    options.header = match value {
                        "yes" => Some(true),
                        "no" => Some(false),
                        _ => return Err(fail("can be yes or no".to_owned())),
                    }
                }
                "skip" => {
                    let problem = |_| fail("needs a number of lines".to_owned());
                    options.skip = value.parse().map_err(problem)?;
                }
                "encoding" => {
                    if Encoding::for_label(value.as_bytes()).is_none() {
                        return Err(fail(
                            "is not a known encoding, such as utf-8, latin1 or shift_jis"
                                .to_owned(),
                        ));
                    }
                    options.encoding = Some(value.to_owned());
                }
                _ => return Err(fail("is not an option of tables".to_owned())),
            }
        }
        Ok(options)
    }
}

impl fmt::Display for TableOptions {
    /// The options as text, each after a comma; nothing if none is set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signs = [
            ("separator", self.separator),
            ("decimal", self.decimal),
            ("thousands", self.thousands),
        ];
        for (key, sign) in signs {
            if let Some(sign) = sign {
                write!(f, ",{key}={}", word(sign))?;
            }
        }
        if let Some(header) = self.header {
            write!(f, ",header={}", if header { "yes" } else { "no" })?;
        }
        if self.skip > 0 {
            write!(f, ",skip={}", self.skip)?;
        }
        match &self.encoding {
            Some(encoding) => write!(f, ",encoding={encoding}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xcebra_model::Advice;

    #[test]
    fn display_is_the_inverse_of_parsing() {
        for text in [
            "separator=tab,decimal=comma,thousands=point,header=yes,skip=3,encoding=latin1",
            "separator=space",
            "thousands=apostrophe,header=no",
        ] {
            let options: TableOptions = text.parse().unwrap();
            assert_eq!(options.to_string(), format!(",{text}"));
        }
        assert_eq!(TableOptions::default().to_string(), "");
        let short: TableOptions = "separator=;,decimal=.".parse().unwrap();
        assert_eq!((short.separator, short.decimal), (Some(';'), Some('.')));
    }

    #[test]
    fn what_is_not_an_option_is_refused_with_those_there_are() {
        for (text, expected) in [
            ("hedaer=no", "`hedaer=no` is not an option"),
            ("header=maybe", "yes or no"),
            ("decimal=tab", "point, comma"),
            ("separator=xy", "comma, semicolon, tab"),
            ("skip=-1", "number of lines"),
            ("encoding=klingon", "latin1"),
            ("header", "NAME=VALUE"),
        ] {
            let error = text.parse::<TableOptions>().unwrap_err();
            assert!(error.to_string().contains(expected), "{text}: {error}");
            assert!(error.advice().unwrap().contains("header=no"), "{text}");
        }
    }
}
