//! Sound inputs to start from: the test data of the workspace, and what a small training writes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::targets::training;

/// Larger test data teach a fuzzer little, and slow it down.
const LARGEST: u64 = 1 << 14;

/// Inputs for a target: files of its kind among the tests' data, and generated ones.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(crates).into_iter().flatten().flatten() {
        collect(&entry.path().join("tests/data"), LARGEST, &mut files);
    }
    for path in files {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if let (Some(mark), Ok(bytes)) = (mark(target, &extension.to_lowercase()), fs::read(&path))
        {
            found.push([mark, &bytes].concat());
        }
    }
    found.extend(training::seeds(target));
    found.sort();
    found.dedup();
    found
}

/// The committed inputs of a target.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut files = Vec::new();
    collect(&folder, u64::MAX, &mut files);
    files
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect()
}

/// The bytes that a target puts before a file with this extension; none if it takes no such files.
fn mark(target: &str, extension: &str) -> Option<&'static [u8]> {
    Some(match (target, extension) {
        ("npy", "npy") | ("edf", "edf" | "bdf") | ("wav", "wav") | ("onnx", "onnx") => &[],
        ("safetensors" | "tensors", "safetensors") => &[],
        ("hdf5", "h5") | ("nwb", "nwb") | ("matlab", "mat") | ("eeglab", "set") => &[],
        ("brainvision", "vhdr") | ("wfdb", "hea") | ("flac", "flac") => &[],
        ("columnar", "parquet" | "feather" | "arrow") => &[],
        ("npz", "npz") | ("csv", "csv") => &[0],
        ("csv", "tsv") => &[1],
        ("csv", "txt") => &[2],
        ("npz", "npy") => &[3],
        _ => return None,
    })
}

fn collect(folder: &Path, largest: u64, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, largest, files);
        } else if entry.metadata().is_ok_and(|m| m.len() <= largest) {
            files.push(path);
        }
    }
    files.sort();
}
