//! Reads an ONNX file and prints what it computes for one sample, and the gradient of its outputs.
//!
//! `cargo run -p xcebra-onnx --example values_and_gradient [file.onnx]`

use std::env;
use std::error::Error;

use ndarray::{ArrayD, Axis};
use xcebra_model::{Model, check_vjp};
use xcebra_onnx::OnnxModel;

fn main() -> Result<(), Box<dyn Error>> {
    let shipped = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/causal_attention.onnx"
    );
    let path = env::args().nth(1).unwrap_or_else(|| shipped.to_owned());
    let model = OnnxModel::<f64>::load(&path)?;
    println!("{path}: {model:?}");

    let shape = [&[1], model.input_shape()].concat();
    let mut x = ArrayD::zeros(shape);
    for (i, v) in x.iter_mut().enumerate() {
        *v = (0.7 * i as f64).sin();
    }
    let values = model.forward(x.view())?;
    let jacobian = model.jacobian(x.view())?;
    for (k, value) in values.iter().enumerate() {
        let gradient = jacobian.index_axis(Axis(1), k);
        let largest = gradient.iter().fold(0.0_f64, |a, g| a.max(g.abs()));
        println!("output {k}: {value:.6}, largest derivative by an input {largest:.6}");
    }
    println!(
        "compared with finite differences: {}",
        check_vjp(&model, x.view())?
    );
    Ok(())
}
