//! Our side of the attribution part of `cargo xtask bench --peers`.
//!
//! `attribution run FOLDER` loads the encoder that the peer has saved as `model.safetensors`, and the
//! samples of `recording.npz`. It reads one JSON object a line, `{"work": name, "samples": n,
//! "repeats": k}`, makes the map of the first n samples k times, and answers with wall-clock
//! milliseconds and the mean of the absolute attributions.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use ndarray::{Array2, Axis, Slice};
use ndarray_npy::NpzReader;
use serde_json::{Value, json};
use xcebra_attr::{Methods, Options, attribute};
use xcebra_core::Encoder;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", folder] => run(Path::new(folder)),
        _ => Err("usage: attribution run FOLDER".into()),
    }
}

fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = NpzReader::new(File::open(folder.join("recording.npz"))?)?;
    let recording: Array2<f32> = file.by_name("x")?;
    let encoder = Encoder::<f32>::load_cebra(
        folder.join("model.safetensors"),
        "offset1-model-mse-clip-5-5",
    )?;
    answer(&json!({
        "xcebra": env!("CARGO_PKG_VERSION"),
        "threads": rayon::current_num_threads(),
    }))?;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let methods: Methods<f32> = method(request["work"].as_str().ok_or("no work")?)?.parse()?;
        let samples = request["samples"].as_u64().ok_or("no samples")? as usize;
        let repeats = request["repeats"].as_u64().ok_or("no repeats")?;
        let x = recording.slice_axis(Axis(0), Slice::from(..samples));
        let x = x.to_owned();
        let mut milliseconds = Vec::new();
        let mut value = None;
        for _ in 0..repeats {
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
        "ing" => "ing",
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
