//! Checks one output of a file as a function of one input: value against numbers that are given, gradient against differences.
//!
//! Reads one JSON object a line, `{"model", "input", "output", "constants": {name: file}, "x": file, "y": file, "tolerance"}`,
//! whose arrays are `.npy` files of `f64`, and answers with `{"error", "gradient"}` or `{"problem"}`. It is the other side of
//! `benches/peers/onnx_cases.py`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::panic::catch_unwind;

use ndarray::{ArrayD, Axis};
use ndarray_npy::read_npy;
use serde::Deserialize;
use serde_json::{Value, json};
use xcebra_model::{Advice, Model, VjpCheck};
use xcebra_onnx::{OnnxModel, OnnxOptions};

#[derive(Deserialize)]
struct Job {
    model: String,
    input: String,
    output: String,
    constants: BTreeMap<String, String>,
    x: String,
    y: String,
    tolerance: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = catch_unwind(|| {
            check(&line).unwrap_or_else(|error| json!({ "problem": error.to_string() }))
        });
        let answer = answer.unwrap_or_else(|_| json!({ "problem": "PANIC" }));
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

fn check(line: &str) -> Result<Value, Box<dyn Error>> {
    let job: Job = serde_json::from_str(line)?;
    let x: ArrayD<f64> = read_npy(&job.x)?;
    let expected: ArrayD<f64> = read_npy(&job.y)?;
    let mut options = OnnxOptions::new()
        .input(job.input)
        .output(job.output)
        .no_batch_axis()
        .sample_shape(x.shape());
    for (name, path) in job.constants {
        let value: ArrayD<f64> = read_npy(path)?;
        options = options.constant(name, value);
    }
    let model: OnnxModel<f64> = options
        .load(&job.model)
        .map_err(|e| format!("{e} [{}]", e.advice().unwrap_or_default()))?;
    let x = x.insert_axis(Axis(0));
    let y = model.forward(x.view())?;
    if y.len() != expected.len() {
        return Err(format!("{} numbers, expected {}", y.len(), expected.len()).into());
    }
    let error = y.iter().zip(&expected).map(|(&a, &b)| difference(a, b));
    let error = error.fold(0.0, f64::max);
    if error > job.tolerance {
        return Err(format!("the value differs by {error:e}").into());
    }
    // beside the stored input, which often is on a kink: 0, a half, two equal numbers
    let moved = |(i, v): (usize, &f64)| v + 2e-3 * (1.0 + v.abs()) * (1.0 + (2.3 * i as f64).sin());
    let moved: Vec<f64> = x.iter().enumerate().map(moved).collect();
    let moved = ArrayD::from_shape_vec(x.raw_dim(), moved)?;
    let finite = |y: &ndarray::Array2<f64>| y.iter().all(|v| v.is_finite());
    if x.is_empty() || !finite(&y) || !finite(&model.forward(moved.view())?) {
        return Ok(json!({ "error": error, "gradient": "not asked" }));
    }
    let report = VjpCheck::default()
        .directions(2)
        .run(&model, moved.view())?;
    if !report.passed() {
        return Err(format!("the gradient: {report}").into());
    }
    Ok(json!({ "error": error, "gradient": "passed" }))
}

/// Relative to 1 + |b|; infinities and what is not a number must be the same.
fn difference(a: f64, b: f64) -> f64 {
    if a == b || (a.is_nan() && b.is_nan()) {
        0.0
    } else if a.is_finite() && b.is_finite() {
        (a - b).abs() / (1.0 + b.abs())
    } else {
        f64::INFINITY
    }
}
