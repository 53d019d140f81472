//! Every operator: its value against onnxruntime, its gradient against differences.

use std::collections::BTreeSet;
use std::fs::File;

use ndarray::{ArrayD, Ix1, IxDyn, OwnedRepr};
use ndarray_npy::NpzReader;
use xcebra_model::{Model, Scalar, VjpCheck};
use xcebra_onnx::OnnxModel;

/// A case of `operators.npz`.
struct Case {
    name: String,
    model: Vec<u8>,
    x: ArrayD<f32>,
    y: ArrayD<f32>,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/operators.npz");
    let mut file = NpzReader::new(File::open(path).unwrap()).unwrap();
    let names: BTreeSet<String> = file
        .names()
        .unwrap()
        .iter()
        .filter_map(|entry| entry.strip_suffix(".x").map(str::to_owned))
        .collect();
    names
        .into_iter()
        .map(|name| Case {
            model: file
                .by_name::<OwnedRepr<u8>, Ix1>(&format!("{name}.model"))
                .unwrap()
                .into_raw_vec_and_offset()
                .0,
            x: file.by_name(&format!("{name}.x")).unwrap(),
            y: file.by_name(&format!("{name}.y")).unwrap(),
            name,
        })
        .collect()
}

/// The largest difference between our values and those of onnxruntime, relative to 1 + |y|.
fn error<A: Scalar>(case: &Case) -> Result<f64, String> {
    let model = OnnxModel::<A>::from_bytes(&case.model).map_err(|e| e.to_string())?;
    let y = model
        .forward(case.x.mapv(|v| A::of(f64::from(v))).view())
        .map_err(|e| e.to_string())?;
    let expected = case
        .y
        .to_shape(IxDyn(y.shape()))
        .map_err(|e| format!("{e}: {:?}", case.y.shape()))?;
    let far = |(a, b): (&A, &f32)| {
        let b = f64::from(*b);
        (a.as_f64() - b).abs() / (1.0 + b.abs())
    };
    Ok(y.iter().zip(expected.iter()).map(far).fold(0.0, f64::max))
}

/// onnxruntime computes in `f32`: 1e-5 is a few dozen roundings of it.
#[test]
fn values_are_those_of_onnxruntime() {
    let mut wrong = Vec::new();
    for case in cases() {
        for (width, error) in [("f32", error::<f32>(&case)), ("f64", error::<f64>(&case))] {
            match error {
                Ok(error) if error <= 1e-5 => {}
                other => wrong.push(format!("{} in {width}: {other:?}", case.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Central differences in `f64` leave about 1e-9; 1e-6 is the check's own default.
#[test]
fn gradients_are_those_of_differences() {
    let mut wrong = Vec::new();
    for case in cases() {
        let Ok(model) = OnnxModel::<f64>::from_bytes(&case.model) else {
            wrong.push(format!("{} cannot be read", case.name));
            continue;
        };
        let x = case.x.mapv(f64::from);
        let report = VjpCheck::default().with_directions(3).run(&model, x.view());
        match report {
            Ok(report) if report.passed() => {}
            other => wrong.push(format!("{}: {other:?}", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
