//! The files as a reader of recordings meets them. One program, because each would be linked anew.

mod annotations;
mod biosignal_properties;
mod biosignals;
#[cfg(feature = "hdf5")]
mod clock;
#[cfg(feature = "hdf5")]
mod clock_of_kinds;
mod constant;
#[cfg(feature = "hdf5")]
mod containers;
mod damaged_signals;
mod hostile;
#[cfg(feature = "hdf5")]
mod kinds;
mod left_in_files;
mod numpy;
mod recorders;
mod signal_corpus;
mod signal_files;
mod signals;
mod sound_properties;
mod sounds;
mod table_dialects;
mod tables;
#[cfg(feature = "hdf5")]
mod unusual;

use std::path::{Path, PathBuf};

use xcebra_files::FileError;
use xcebra_model::Advice;

/// A file of the tests' data, or a folder.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// Problem and advice of an error.
fn told(error: &FileError) -> (String, String) {
    let advice = error.advice().unwrap_or_default();
    (error.to_string(), advice.into_owned())
}
