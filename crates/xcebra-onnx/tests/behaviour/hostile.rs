//! Damaged files: an error or a model, never a panic, never much memory.

use std::sync::OnceLock;

use proptest::prelude::*;
use xcebra_model::Model;
use xcebra_onnx::{OnnxModel, OnnxOptions};

use crate::data::{self, cases, files};

/// All committed files, and every operator.
fn all() -> &'static [Vec<u8>] {
    static ALL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let files = files().into_iter().map(|(_, bytes)| bytes);
        files
            .chain(cases().into_iter().map(|case| case.model))
            .collect()
    })
}

/// Reads the bytes, and evaluates what is still a model.
fn read(bytes: &[u8]) {
    let options = OnnxOptions::new().max_elements(1 << 16);
    evaluate(options.from_bytes::<f32>(bytes));
}

/// The same of a file with another one beside it, which every thread has for itself.
fn read_with_file_beside(bytes: &[u8]) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().unwrap();
    }
    FOLDER.with(|folder| {
        let path = folder.path().join("external.onnx");
        std::fs::copy(
            data::path("external.onnx.data"),
            path.with_extension("onnx.data"),
        )
        .unwrap();
        std::fs::write(&path, bytes).unwrap();
        let _ = xcebra_onnx::list(&path);
        evaluate(OnnxOptions::new().max_elements(1 << 16).load::<f32>(&path));
    });
}

fn evaluate(model: xcebra_onnx::Result<OnnxModel<f32>>) {
    if let Ok(model) = model {
        let shape = [&[2], model.input_shape()].concat();
        let x = ndarray::ArrayD::from_elem(shape, 0.5);
        let cotangent = ndarray::Array2::ones((2, model.output_dim()));
        let _ = model.value_and_vjp(x.view(), cotangent.view());
    }
}

#[test]
fn every_file_cut_short() {
    for bytes in all() {
        let step = (bytes.len() / 40).max(1);
        for length in (0..bytes.len()).step_by(step) {
            read(&bytes[..length]);
        }
    }
}

/// `PROPTEST_CASES` may ask for more.
fn config() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases.max(4000))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn flipped_bits(file in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..6)) {
        let mut bytes = file.get(all()).clone();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
        }
        read(&bytes);
    }

    #[test]
    fn bytes_written_over_removed_and_repeated(
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..12),
        kind in 0..3,
    ) {
        let mut bytes = file.get(all()).clone();
        let at = at.index(bytes.len());
        let end = (at + noise.len()).min(bytes.len());
        match kind {
            0 => bytes[at..end].copy_from_slice(&noise[..end - at]),
            1 => drop(bytes.drain(at..end)),
            _ => drop(bytes.splice(at..at, noise)),
        }
        read(&bytes);
    }

    #[test]
    fn a_damaged_file_beside_another(flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4)) {
        let mut bytes = std::fs::read(data::path("external.onnx")).unwrap();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
        }
        read_with_file_beside(&bytes);
    }

    #[test]
    fn noise(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }
}
