//! Our side of `cargo xtask bench --peers`: training steps, timed, on request.
//!
//! `step record FILE` writes the recording that both sides train on. `step run FILE` reads one JSON
//! object a line, `{"objectives": "hybrid" | "time" | "animals", "batch": n, "steps": k}` or
//! `{"encoder": "offset10", …}`, makes k steps of a [`Trainer`] and answers with their wall-clock milliseconds.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;

use ndarray::Array2;
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::json;
use xcebra_benches::service::{number, serve, text, timed};
use xcebra_benches::{
    animals, config, config_of_animals, config_of_encoder, doubled, labelled, recording,
};
use xcebra_core::{Config, Encoder, Recording, Trainer};

const SAMPLES: usize = 100_000;
const WARM_UP: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    // as the command line does
    rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["record", path] => record(path),
        ["run", path] => run(path),
        _ => Err("usage: step record|run FILE".into()),
    }
}

fn record(path: &str) -> Result<(), Box<dyn Error>> {
    let (x, z2) = recording(SAMPLES)?;
    let mut file = NpzWriter::new(File::create(path)?);
    file.add_array("x", &x)?;
    file.add_array("z2", &z2)?;
    file.finish()?;
    Ok(())
}

fn run(path: &str) -> Result<(), Box<dyn Error>> {
    let mut file = NpzReader::new(File::open(path)?)?;
    let x: Array2<f32> = file.by_name("x")?;
    let z2: Array2<f64> = file.by_name("z2")?;
    let two = animals(&x, z2.clone())?;
    let wide = doubled(&x, &z2)?;
    let recording = labelled(&x, z2)?;
    let mut trainings = BTreeMap::new();
    serve(|request| {
        let batch = number(request, "batch")?;
        let encoder = request["encoder"].as_str();
        let what = encoder.map_or_else(|| text(request, "objectives"), Ok)?;
        let key = (what.to_owned(), batch);
        if !trainings.contains_key(&key) {
            let (recording, config) = match what {
                name if encoder.is_some() => (&wide, config_of_encoder(name, batch)?),
                "animals" => (&two, config_of_animals(batch)),
                other => (&recording, config(other, batch)?),
            };
            trainings.insert(key.clone(), training(recording, config)?);
        }
        let (trainer, parameters) = trainings.get_mut(&key).ok_or("no training")?;
        let (milliseconds, loss) = timed(request, || Ok(trainer.step()?.loss))?;
        Ok(json!({"milliseconds": milliseconds, "loss": loss, "parameters": parameters}))
    })
}

/// A warm training, and the number of its encoders' parameters.
fn training(
    recording: &Recording<f32>,
    config: Config,
) -> Result<(Trainer<f32>, usize), Box<dyn Error>> {
    let mut parameters = 0;
    for subject in 0..recording.subjects() {
        let architecture = config.encoder.architecture(recording.channels_of(subject));
        parameters += Encoder::<f32>::new(architecture, 0)?.parameters().len();
    }
    let mut trainer = Trainer::new(config, recording.clone())?;
    for _ in 0..WARM_UP {
        trainer.step()?;
    }
    Ok((trainer, parameters))
}
