//! One cell: a recording with a known map, its training, those on resampled recordings, and the intervals.

use std::ops::ControlFlow;

use ndarray::{Array2, Axis, concatenate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use xcebra::attr::significance::{Blocks, Bootstrap};
use xcebra::attr::{Methods, Options, Piece, attribute};
use xcebra::core::{
    Config, Edges, Labels, LearningRateSchedule, Recording, RegularizerConfig, Trainer,
};
use xcebra::model::Watch;
use xcebra::synth::{Block, Connectivity, DatasetConfig};
use xcebra::{Null, Retraining};

use crate::error::Result;
use crate::recordings::standardized;

/// Everything that decides one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seed of the recording and of the training.
    pub seed: u64,
    /// Samples of a recording.
    pub samples: usize,
    /// Latents of each of the two groups.
    pub latents: usize,
    /// Channels of each of the three blocks that latents drive.
    pub channels: usize,
    /// Channels of nothing but noise.
    pub noise_channels: usize,
    /// Standard deviation of the noise on all channels.
    pub noise: f64,
    /// Steps of a training.
    pub steps: usize,
    /// Samples of a batch.
    pub batch: usize,
    /// Trainings on resampled recordings that an entry is compared with.
    pub trainings: usize,
    /// Blocks of time that intervals are over.
    pub blocks: usize,
}

impl Settings {
    /// Those of `docs/reports/results.md`, for one seed.
    pub fn of_seed(seed: u64) -> Self {
        Self {
            seed,
            samples: 4000,
            latents: 2,
            channels: 5,
            noise_channels: 3,
            noise: 0.1,
            steps: 500,
            batch: 128,
            trainings: 20,
            blocks: 40,
        }
    }

    /// In words, without the seed.
    pub(super) fn text(&self) -> String {
        let Self {
            samples,
            latents,
            channels,
            noise_channels,
            noise,
            steps,
            batch,
            trainings,
            ..
        } = self;
        let all = 3 * channels + noise_channels;
        format!(
            "{samples} samples of {all} channels: {channels} driven by latents z1, {channels} by z2, {channels} \
             by both, {noise_channels} of white noise; {latents} latents a group; noise {noise} on all; {steps} \
             steps at batch {batch}; {trainings} trainings on resampled recordings"
        )
    }
}

/// What one recording gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// auROC of the map.
    pub auroc: f64,
    /// R² of the latents from the embedding.
    pub r2: f64,
    /// Columns of the maps below.
    pub latents: usize,
    /// The true map, row by row.
    pub truth: Vec<bool>,
    /// The map.
    pub map: Vec<f64>,
    /// Upper ends of the intervals of its entries.
    pub upper: Vec<f64>,
    /// The null maps.
    pub nulls: Vec<Vec<f64>>,
}

/// Makes the recording, trains, retrains, attributes.
///
/// # Errors
/// Those of the parts.
pub fn run(settings: &Settings) -> Result<Outcome> {
    let (recording, truth, latents) = recording(settings)?;
    let config = config(settings);
    let mut trainer = Trainer::new(config.clone(), recording.clone())?;
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    let (encoder, _) = trainer.finish()?;
    let methods: Methods<f32> = "ing".parse()?;

    let retraining = Retraining::new(Null::Resampled, settings.trainings);
    let retrained = retraining.run(&encoder, &config, &recording, &methods, &Watch::new())?;
    let tested = retrained.maps.first().expect("one map a method");

    let x = recording.samples().into_owned();
    let blocks = Blocks::new(settings.samples, settings.blocks)?;
    let sink = |piece: &Piece<'_>| blocks.add(piece);
    attribute(&encoder, &x, &methods, &Options::new().sink(&sink))?;
    let intervals = blocks.intervals("ing", &Bootstrap::new())?;

    let (_, embedding) = xcebra::embed_sessions(&encoder, &recording, Edges::Pad, |_| ())?;
    let embedding = embedding.mapv(f64::from);
    let row_by_row = |map: &Array2<f64>| map.iter().copied().collect();
    Ok(Outcome {
        auroc: xcebra::eval::auroc_map(&truth, &tested.map)?,
        r2: xcebra::eval::linear_r2(&embedding, &latents)?,
        latents: truth.ncols(),
        truth: truth.iter().copied().collect(),
        map: row_by_row(&tested.map),
        upper: row_by_row(&intervals.high),
        nulls: tested.nulls.iter().map(row_by_row).collect(),
    })
}

/// A recording with its map and its latents.
fn recording(settings: &Settings) -> Result<(Recording<f32>, Array2<bool>, Array2<f64>)> {
    let Settings {
        seed,
        samples,
        latents,
        channels,
        noise_channels,
        ..
    } = *settings;
    let block = |inputs: &[usize]| Block {
        channels,
        inputs: inputs.to_vec(),
    };
    let blocks = vec![block(&[0]), block(&[1]), block(&[0, 1])];
    let connectivity = Connectivity::new(vec![latents, latents], blocks)?;
    let data = DatasetConfig::new(connectivity)
        .samples(samples)
        .seed(seed)
        .noise(settings.noise);
    let data = data.generate::<f64>()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let noise = || rng.sample::<f64, _>(StandardNormal);
    let noise = Array2::from_shape_simple_fn((samples, noise_channels), noise);
    let x = concatenate(Axis(1), &[data.x.view(), noise.view()]).expect("a row a sample");
    let nothing = Array2::from_elem((noise_channels, 2 * latents), false);
    let map = concatenate(Axis(0), &[data.map.view(), nothing.view()]).expect("a column a latent");
    let label = Labels::Continuous(data.group(1)?.to_owned());
    let x = standardized(&x).mapv(|v| v as f32);
    let recording = Recording::new(x.view())?.with_label(LABEL, label)?;
    Ok((recording, map, data.z))
}

/// Name of the label: the second group of latents.
const LABEL: &str = "z2";

fn config(settings: &Settings) -> Config {
    let mut config = Config::hybrid(2 * settings.latents, LABEL);
    config.regularizer = RegularizerConfig {
        start: settings.steps / 4,
        ramp: settings.steps / 4,
        ..RegularizerConfig::default()
    };
    config.train.steps = settings.steps;
    config.train.batch = settings.batch;
    config.train.learning_rate = 2e-3;
    config.train.schedule = LearningRateSchedule::Cosine;
    config.train.seed = 1000 * (settings.seed + 1);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_have_the_map_they_say() {
        let (recording, map, latents) = recording(&Settings::of_seed(3)).unwrap();
        assert_eq!((recording.len(), recording.channels()), (4000, 18));
        assert_eq!((map.dim(), latents.dim()), ((18, 4), (4000, 4)));
        let connected = map.iter().filter(|&&c| c).count();
        assert_eq!(connected, 5 * 2 + 5 * 2 + 5 * 4);
        assert!(!map[[0, 2]] && map[[5, 2]] && map[[10, 0]] && !map[[17, 3]]);
    }
}
