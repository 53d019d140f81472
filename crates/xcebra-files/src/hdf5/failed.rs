//! Errors of the library in the terms of this one.

use hdf5_reader::error::Error;

use crate::error::FileError;

/// What the library could not read, in the terms of this one.
pub(super) fn failed(place: &str, error: &Error) -> FileError {
    let mut inner = error;
    while let Error::Context { source, .. } = inner {
        inner = source;
    }
    let refused = |problem: String, advice: &str| FileError::Value {
        place: place.to_owned(),
        problem,
        advice: advice.to_owned(),
    };
    match inner {
        Error::Io(error) => FileError::damaged(place, format!("it cannot be read: {error}")),
        Error::UnsupportedFilter(what) => refused(
            format!(
                "it is compressed with {}, which cannot be read",
                filter_name(what)
            ),
            "save it again with gzip, for example with h5repack -f GZIP=4 OLD NEW",
        ),
        Error::ResourceLimit(what) => refused(
            format!("it asks for more memory than its bytes justify ({what})"),
            "if that is intended, save it without compression",
        ),
        Error::UnsupportedEncoding(what) => refused(
            format!("it is stored in a way that cannot be read ({what})"),
            "save it again as a plain array",
        ),
        Error::UnsupportedLayoutClass(VIRTUAL) => refused(
            "its values are in other files (a virtual data set), which cannot be read".to_owned(),
            "name the array in the file that holds it, or save it again as a plain array",
        ),
        other => match other.to_string() {
            what if what.starts_with("unsupported") => refused(
                format!("it is stored in a way that cannot be read ({what})"),
                "save it again as a plain array",
            ),
            what => FileError::damaged(place, what),
        },
    }
}

/// The class of data sets that are parts of others.
const VIRTUAL: u8 = 3;

/// Names of filters that people use, by their registered numbers.
fn filter_name(text: &str) -> String {
    let number = text.rsplit(' ').next().unwrap_or_default();
    match number {
        "32001" => "Blosc".to_owned(),
        "32026" => "Blosc2".to_owned(),
        "32015" => "Zstandard".to_owned(),
        "32008" => "Bitshuffle".to_owned(),
        "32013" => "ZFP".to_owned(),
        "307" => "bzip2".to_owned(),
        "32004" => "LZ4".to_owned(),
        _ => text.to_owned(),
    }
}
