//! Our side of the attribution part of `cargo xtask bench --peers`.
//!
//! `attribution record FILE` writes samples and the parameters of an untrained encoder, which all
//! sides load. `attribution run FILE` reads one JSON object a line, `{"work": name, "samples": n,
//! "steps": k}`, makes the map of the first n samples k times, and answers with wall-clock
//! milliseconds and the mean of the absolute attributions.

use std::error::Error;
use std::fs::File;

use ndarray::{Array1, Array2, Axis, Slice};
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::json;
use xcebra_attr::{Methods, Options, attribute};
use xcebra_benches::service::{number, serve, text, timed};
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
    serve(|request| {
        let methods: Methods<f32> = method(text(request, "work")?)?.parse()?;
        let samples = Slice::from(..number(request, "samples")?);
        let x = recording.slice_axis(Axis(0), samples).to_owned();
        let (milliseconds, value) = timed(request, || {
            let maps = attribute(&encoder, &x, &methods, &Options::new())?;
            Ok(maps[0].values().mean())
        })?;
        Ok(json!({"milliseconds": milliseconds, "value": value}))
    })
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
