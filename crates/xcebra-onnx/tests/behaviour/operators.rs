//! Every operator: its value against onnxruntime, its gradient against differences.

use xcebra_model::{Model, Scalar, VjpCheck};
use xcebra_onnx::OnnxModel;

use crate::data::{Case, cases, cast, error};

fn value_error<A: Scalar>(case: &Case) -> Result<f64, String> {
    let model = OnnxModel::<A>::from_bytes(&case.model).map_err(|e| e.to_string())?;
    let y = model
        .forward(cast(&case.x).view())
        .map_err(|e| e.to_string())?;
    Ok(error(&y, &case.y))
}

/// onnxruntime computes in `f32`: 1e-5 is a few dozen roundings of it.
#[test]
fn values_are_those_of_onnxruntime() {
    let mut wrong = Vec::new();
    for case in cases() {
        let errors = [
            ("f32", value_error::<f32>(&case)),
            ("f64", value_error::<f64>(&case)),
        ];
        for (width, error) in errors {
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
        let x = cast(&case.x);
        let report = VjpCheck::default().directions(3).run(&model, x.view());
        match report {
            Ok(report) if report.passed() => {}
            other => wrong.push(format!("{}: {other:?}", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A batch goes through all graphs at once but those that take one sample: none of the cases is one.
#[test]
fn no_case_falls_back_to_one_sample_at_a_time() {
    for case in cases() {
        let model = OnnxModel::<f32>::from_bytes(&case.model).unwrap();
        assert!(model.samples_at_once() > 1, "{}", case.name);
    }
}
