//! The work that both sides of the comparison do.

use ndarray::Array2;
use xcebra_core::{Config, Labels, Recording, Result};
use xcebra_synth::DatasetConfig;

/// Latents of the recording, and outputs of the encoder.
pub const DIMS: usize = 6;

/// The synthetic recording of the paper's protocol: samples (time, 50) and the second group of
/// latents (time, 3).
///
/// # Errors
/// None for a positive number of samples.
pub fn recording(samples: usize) -> xcebra_synth::Result<(Array2<f32>, Array2<f64>)> {
    let data = DatasetConfig::paper_protocol(DIMS)?
        .samples(samples)
        .seed(1)
        .generate::<f32>()?;
    let z2 = data.group(1)?.mapv(f64::from);
    Ok((data.x, z2))
}

/// The training of the comparison: `hybrid` objectives with the regulariser at its full weight 0.1
/// and one projection, or positives one sample later only (`time`) without it.
///
/// # Errors
/// For other names.
pub fn config(objectives: &str, batch: usize) -> std::result::Result<Config, String> {
    let mut config = Config::hybrid(DIMS, "z2");
    config.train.batch = batch;
    config.train.steps = usize::MAX;
    config.regularizer.start = 0;
    config.regularizer.ramp = 0;
    match objectives {
        "hybrid" => {}
        "time" => {
            config.objective.truncate(1);
            config.regularizer.weight = 0.0;
        }
        other => {
            return Err(format!(
                "no objectives `{other}`; there are hybrid and time"
            ));
        }
    }
    Ok(config)
}

/// Puts samples and label together.
///
/// # Errors
/// As [`Recording::new`] and [`Recording::with_label`].
pub fn labelled(x: &Array2<f32>, z2: Array2<f64>) -> Result<Recording<f32>> {
    Recording::new(x.view())?.with_label("z2", Labels::Continuous(z2))
}
