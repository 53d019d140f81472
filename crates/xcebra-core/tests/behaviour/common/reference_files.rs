//! Numbers of CEBRA and PyTorch (`tests/data/README.md`).

use std::fs::File;

use ndarray::Array2;
use ndarray_npy::NpzReader;

/// Both sides compute in double precision; sums of at most 64 × 64 terms of order 10.
pub const TOLERANCE: f64 = 1e-12;

pub fn open(name: &str) -> NpzReader<File> {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    NpzReader::new(File::open(path).unwrap()).unwrap()
}

pub fn number(npz: &mut NpzReader<File>, name: &str) -> f64 {
    npz.by_name::<ndarray::OwnedRepr<f64>, ndarray::Ix1>(name)
        .unwrap()[0]
}

/// Embeddings of `infonce.npz`, one row after another.
pub fn rows(name: &str) -> Vec<f64> {
    let rows: Array2<f64> = open("infonce.npz").by_name(name).unwrap();
    rows.into_iter().collect()
}
