//! Checks one output of a file as a function of one input: value against numbers that are given, gradient against differences.
//!
//! Reads one JSON object a line, `{"model", "input", "output", "constants": {name: file}, "x": file, "y": file, "tolerance"}`,
//! whose arrays are `.npy` files of `f64`, and answers with `{"error", "gradient"}` or `{"problem"}`. It is the other side of
//! `benches/peers/onnx_cases.py`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::panic::catch_unwind;

use ndarray::{Array2, ArrayD, Axis};
use ndarray_npy::read_npy;
use serde::Deserialize;
use serde_json::{Value, json};
use xcebra_model::{Advice, Model, VjpCheck};
use xcebra_onnx::{OnnxModel, OnnxOptions};

/// Most entries of a Jacobian that are compared one by one.
const MOST_SLOPES: usize = 1 << 18;

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
    let moved = |(i, v): (usize, &f64)| v + 2e-3 * (1.0 + v.abs()) * (1.1 + (2.3 * i as f64).sin());
    let moved: Vec<f64> = x.iter().enumerate().map(moved).collect();
    let moved = ArrayD::from_shape_vec(x.raw_dim(), moved)?;
    let there = model.forward(moved.view())?;
    let finite = |y: &Array2<f64>| y.iter().all(|v| v.is_finite());
    let is_finite = x.iter().all(|v| v.is_finite()) && finite(&y) && finite(&there);
    if x.is_empty() || !is_finite {
        return Ok(json!({ "error": error, "gradient": "not asked" }));
    }
    match model.has_gradient()? {
        true => differences(&model, &moved)?,
        false => steps(&model, &moved, &there)?,
    }
    Ok(json!({ "error": error, "gradient": "passed" }))
}

/// Whether the gradient is that of central differences. A step that is larger than the distance to a kink, or to where the
/// function bends, fails a right gradient: smaller ones are tried, and a wrong gradient fails with all.
fn differences(model: &OnnxModel<f64>, x: &ArrayD<f64>) -> Result<(), Box<dyn Error>> {
    let size = (x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64).sqrt();
    let step = f64::EPSILON.cbrt();
    let mut problem = String::new();
    for step in [step, step / size.max(1.0), step / 30.0] {
        if x.len() * model.output_dim() > MOST_SLOPES {
            match projected(model, x, step * size.max(1.0))? {
                error if error < 1e-6 => return Ok(()),
                error => problem = format!("the gradient differs by {error:e}"),
            }
            continue;
        }
        let check = VjpCheck::default().step(step).directions(2);
        let report = check.run(model, x.view())?;
        if report.passed() {
            return Ok(());
        }
        problem = format!("the gradient: {report}");
    }
    Err(problem.into())
}

/// The error of one slope, along one direction, of one weighted sum of the results: all slopes would take too long.
fn projected(model: &OnnxModel<f64>, x: &ArrayD<f64>, step: f64) -> Result<f64, Box<dyn Error>> {
    let wave = |i: usize| (1.7 * i as f64 + 0.3).sin();
    let weights = Array2::from_shape_fn((1, model.output_dim()), |(_, i)| wave(i));
    let mut direction = x.clone();
    direction
        .iter_mut()
        .enumerate()
        .for_each(|(i, d)| *d = wave(i + 1));
    let along = |step: f64| -> Result<f64, Box<dyn Error>> {
        let there = x + &(step * &direction);
        Ok((&model.forward(there.view())? * &weights).sum())
    };
    let measured = (along(step)? - along(-step)?) / (2.0 * step);
    let claimed = (&model.vjp(x.view(), weights.view())? * &direction).sum();
    Ok((claimed - measured).abs() / (1.0 + measured.abs()))
}

/// Whether a result that moves in steps has the gradient zero, and does not change with the input a little.
fn steps(
    model: &OnnxModel<f64>,
    x: &ArrayD<f64>,
    there: &Array2<f64>,
) -> Result<(), Box<dyn Error>> {
    let near = x.mapv(|v| v + 1e-9 * (1.0 + v.abs()));
    if model.forward(near.view())? != there {
        return Err("a result that is said to move in steps changes everywhere".into());
    }
    let gradient = model.vjp(x.view(), Array2::ones(there.raw_dim()).view())?;
    match gradient.iter().all(|&g| g == 0.0) {
        true => Ok(()),
        false => Err("the gradient of a result that moves in steps is not zero".into()),
    }
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
