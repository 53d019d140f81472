//! The targets by name.

mod data;
mod model;
pub(crate) mod training;

use std::fs;
use std::path::PathBuf;

/// Takes any bytes; passes if it returns.
pub type Target = fn(&[u8]);

/// All targets, one a reader.
pub const TARGETS: [(&str, Target); 19] = [
    ("npy", data::npy),
    ("npz", data::npz),
    ("csv", data::csv),
    ("edf", data::edf),
    ("wav", data::wav),
    ("hdf5", data::hdf5),
    ("nwb", data::nwb),
    ("matlab", data::matlab),
    ("eeglab", data::eeglab),
    ("brainvision", data::brainvision),
    ("flac", data::flac),
    ("wfdb", data::wfdb),
    ("columnar", data::columnar),
    ("tensors", data::tensors),
    ("onnx", model::onnx),
    ("safetensors", model::safetensors),
    ("checkpoint", training::checkpoint),
    ("toml", training::toml),
    ("json", training::json),
];

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, target)| *target)
}

/// A folder for the files of this thread, the same for all its runs.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// Writes a file and returns its path.
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("a temporary file");
        path
    }
}

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

/// The file `name` with these bytes; it is overwritten by the next call with the same name.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    SCRATCH.with(|scratch| scratch.write(name, bytes))
}
