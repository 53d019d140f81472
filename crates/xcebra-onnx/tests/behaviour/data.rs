//! The files in `tests/data`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;

use ndarray::{Array2, ArrayD, Ix1, IxDyn, OwnedRepr};
use ndarray_npy::{NpzReader, ReadableElement};
use xcebra_model::{Model, Scalar};
use xcebra_onnx::OnnxModel;

pub fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name]
        .iter()
        .collect()
}

/// A file of arrays.
pub struct Arrays(NpzReader<File>);

impl Arrays {
    pub fn open(name: &str) -> Self {
        Self(NpzReader::new(File::open(path(name)).unwrap()).unwrap())
    }

    pub fn get<T: ReadableElement>(&mut self, name: &str) -> ArrayD<T> {
        self.0.by_name::<OwnedRepr<T>, IxDyn>(name).unwrap()
    }

    fn bytes(&mut self, name: &str) -> Vec<u8> {
        let array = self.0.by_name::<OwnedRepr<u8>, Ix1>(name).unwrap();
        array.into_raw_vec_and_offset().0
    }

    fn names(&mut self) -> BTreeSet<String> {
        let names = self.0.names().unwrap();
        names
            .iter()
            .filter_map(|n| n.strip_suffix(".x").map(str::to_owned))
            .collect()
    }
}

/// A case of `operators.npz`, `more_operators.npz` or `graphs.npz`.
pub struct Case {
    pub name: String,
    pub model: Vec<u8>,
    pub x: ArrayD<f32>,
    pub y: ArrayD<f32>,
}

pub fn cases() -> Vec<Case> {
    ["operators.npz", "more_operators.npz", "graphs.npz"]
        .into_iter()
        .flat_map(cases_of)
        .collect()
}

fn cases_of(file: &str) -> Vec<Case> {
    let mut file = Arrays::open(file);
    file.names()
        .into_iter()
        .map(|name| Case {
            model: file.bytes(&format!("{name}.model")),
            x: file.get(&format!("{name}.x")),
            y: file.get(&format!("{name}.y")),
            name,
        })
        .collect()
}

/// Names and bytes of all whole models.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(path(""))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "onnx"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

pub fn cast<A: Scalar, B: Scalar>(x: &ArrayD<A>) -> ArrayD<B> {
    x.mapv(|v| B::of(v.as_f64()))
}

/// The largest difference relative to 1 + |expected|, whatever the shapes.
pub fn error<'a, A: Scalar, B: Scalar>(
    found: impl IntoIterator<Item = &'a A>,
    expected: impl IntoIterator<Item = &'a B>,
) -> f64 {
    let (mut found, mut expected) = (found.into_iter(), expected.into_iter());
    let mut worst: f64 = 0.0;
    loop {
        match (found.next(), expected.next()) {
            (None, None) => return worst,
            (Some(a), Some(b)) => {
                let difference = (a.as_f64() - b.as_f64()).abs() / (1.0 + b.as_f64().abs());
                worst = if difference.is_nan() {
                    f64::NAN
                } else {
                    worst.max(difference)
                };
                if worst.is_nan() {
                    return worst;
                }
            }
            _ => return f64::INFINITY,
        }
    }
}

/// The gradient of the sum of all outputs.
pub fn gradient(model: &OnnxModel<f64>, x: &ArrayD<f64>) -> Vec<f64> {
    let cotangent = Array2::ones((x.shape()[0], model.output_dim()));
    let gradient = model.vjp(x.view(), cotangent.view()).unwrap();
    gradient.into_raw_vec_and_offset().0
}
