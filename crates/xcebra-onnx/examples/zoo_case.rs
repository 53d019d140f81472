//! Computes the values of an ONNX file and the pull-back of weights of its outputs, for a batch of samples.
//!
//! Reads one JSON object a line, `{"model", "x": file, "weights": file, "value": file, "gradient": file}`, whose arrays are `.npy`
//! files of `f64`: it reads samples `(n, …)` and weights `(outputs,)`, writes values `(n, outputs)` and gradients `(n, …)`, and
//! answers with `{"outputs"}` or `{"problem"}`. It is the other side of `benches/peers/zoo.py`.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::panic::catch_unwind;

use ndarray::{Array1, ArrayD};
use ndarray_npy::{read_npy, write_npy};
use serde::Deserialize;
use serde_json::{Value, json};
use xcebra_model::{Advice, Model};
use xcebra_onnx::{OnnxModel, OnnxOptions};

#[derive(Deserialize)]
struct Job {
    model: String,
    x: String,
    weights: String,
    value: String,
    gradient: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = catch_unwind(|| {
            evaluate(&line).unwrap_or_else(|error| json!({ "problem": error.to_string() }))
        });
        let answer = answer.unwrap_or_else(|_| json!({ "problem": "PANIC" }));
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

fn evaluate(line: &str) -> Result<Value, Box<dyn Error>> {
    let job: Job = serde_json::from_str(line)?;
    let x: ArrayD<f64> = read_npy(&job.x)?;
    let weights: Array1<f64> = read_npy(&job.weights)?;
    // as the Python package reads a file: lengths that it leaves open are those of the signals
    let sample = &x.shape()[1..];
    let options = OnnxOptions::new();
    let model: OnnxModel<f64> = options
        .clone()
        .signal(sample)
        .load(&job.model)
        .or_else(|_| options.sample_shape(sample).load(&job.model))
        .map_err(|e| format!("{e} [{}]", e.advice().unwrap_or_default()))?;
    if model.output_dim() != weights.len() {
        let (n, expected) = (model.output_dim(), weights.len());
        return Err(format!("{n} outputs, expected {expected}").into());
    }
    let cotangent = weights.broadcast((x.shape()[0], weights.len()));
    let cotangent = cotangent.ok_or("no samples")?.to_owned();
    let (value, gradient) = model.value_and_vjp(x.view(), cotangent.view())?;
    write_npy(&job.value, &value)?;
    write_npy(&job.gradient, &gradient)?;
    Ok(json!({ "outputs": model.output_dim() }))
}
