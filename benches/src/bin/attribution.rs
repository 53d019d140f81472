//! Our side of the attribution part of `cargo xtask bench --peers`.
//!
//! `attribution record FILE` writes samples and the parameters of an untrained encoder, which all
//! sides load. `attribution run FILE` reads one JSON object a line, `{"work": name, "samples": n,
//! "steps": k}`, makes the map of the first n samples k times, and answers with wall-clock
//! milliseconds and the mean of the absolute attributions.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, Write};
use std::time::Instant;

use ndarray::{Array1, Array2, Axis, Slice};
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::{Value, json};
use xcebra_attr::{Methods, Options, attribute};
use xcebra_benches::{config, recording};
use xcebra_core::{Architecture, Encoder};

const SAMPLES: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["record", path] => record(path),
        ["run", path] => run(path),
        _ => Err("usage: attribution record|run FILE".into()),
    }
}

fn architecture(channels: usize) -> Result<Architecture, String> {
    Ok(config("time", 512)?.encoder.architecture(channels))
}

fn record(path: &str) -> Result<(), Box<dyn Error>> {
    let (x, _) = recording(SAMPLES)?;
    let encoder = Encoder::<f32>::new(architecture(x.ncols())?, 0)?;
    let mut file = NpzWriter::new(File::create(path)?);
    file.add_array("x", &x)?;
    file.add_array("parameters", &Array1::from(encoder.parameters().to_vec()))?;
    file.finish()?;
    Ok(())
}

fn run(path: &str) -> Result<(), Box<dyn Error>> {
    let mut file = NpzReader::new(File::open(path)?)?;
    let recording: Array2<f32> = file.by_name("x")?;
    let parameters: Array1<f32> = file.by_name("parameters")?;
    let architecture = architecture(recording.ncols())?;
    let encoder = Encoder::from_parameters(architecture, parameters.to_vec())?;
    answer(&json!({
        "xcebra": env!("CARGO_PKG_VERSION"),
        "threads": rayon::current_num_threads(),
    }))?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let methods: Methods<f32> = method(request["work"].as_str().ok_or("no work")?)?.parse()?;
        let samples = request["samples"].as_u64().ok_or("no samples")? as usize;
        let steps = request["steps"].as_u64().ok_or("no steps")?;
        let x = recording.slice_axis(Axis(0), Slice::from(..samples));
        let x = x.to_owned();
        let mut milliseconds = Vec::new();
        let mut value = None;
        for _ in 0..steps {
            let start = Instant::now();
            let maps = attribute(&encoder, &x, &methods, &Options::new())?;
            value = maps[0].values().mean();
            milliseconds.push(1000.0 * start.elapsed().as_secs_f64());
        }
        answer(&json!({ "milliseconds": milliseconds, "value": value }))?;
    }
    Ok(())
}

/// The method with the parameters of the peer.
fn method(work: &str) -> Result<&'static str, String> {
    Ok(match work {
        "ing" | "ing-whole-call" => "ing",
        "integrated-gradients" => "integrated-gradients(nodes=50)",
        "feature-ablation" => "feature-ablation",
        "gradient-shap" => "gradient-shap(draws=50, baseline=zero)",
        "shapley-sampling" => "shapley-sampling(permutations=25)",
        other => return Err(format!("no work `{other}`")),
    })
}

fn answer(value: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}
