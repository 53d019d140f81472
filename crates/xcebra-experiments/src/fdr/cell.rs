//! One cell: a recording with a known map, its training, those on resampled recordings, and what maps and test say.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use xcebra::attr::Methods;
use xcebra::core::{Edges, Trainer};
use xcebra::model::Watch;
use xcebra::{Null, Retraining};

use super::known::{Known, animal, protocol};
use crate::animal::Observation;
use crate::error::Result;
use crate::maps::{maps, scores};

/// Everything that decides one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What is recorded: the form of the paper, or an animal's rates or spikes.
    pub kind: Kind,
    /// Seed of the recording and of the training.
    pub seed: u64,
    /// Samples of a recording.
    pub samples: usize,
    /// Latents of each of the two groups.
    pub latents: usize,
    /// Channels of each of the three blocks that latents drive, or cells of each of an animal's five tuned kinds.
    pub channels: usize,
    /// Channels of nothing but noise, or cells that are tuned to nothing.
    pub noise_channels: usize,
    /// Standard deviation of the noise on all channels.
    pub noise: f64,
    /// Steps of a training.
    pub steps: usize,
    /// Samples of a batch.
    pub batch: usize,
    /// Trainings on resampled recordings that an entry is compared with.
    pub trainings: usize,
    /// Samples, evenly spaced, that maps are over.
    pub attributed: usize,
}

/// A kind of recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The form of the paper: two groups of latents, the second of which is the label.
    Protocol,
    /// Firing rates of a simulated animal; position, heading and speed are labels.
    Rates,
    /// Its smoothed spike counts.
    Spikes,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Protocol, Self::Rates, Self::Spikes];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Rates => "rates",
            Self::Spikes => "spikes",
        }
    }

    /// The kind of a name.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(name: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| "protocol, rates or spikes".to_owned())
    }
}

impl Settings {
    /// Those of `docs/reports/results.md`, for one seed.
    pub fn of_seed(kind: Kind, seed: u64) -> Self {
        let protocol = Self {
            kind,
            seed,
            samples: 4000,
            latents: 2,
            channels: 5,
            noise_channels: 3,
            noise: 0.1,
            steps: 500,
            batch: 128,
            trainings: 20,
            attributed: 500,
        };
        match kind {
            Kind::Protocol => protocol,
            Kind::Rates | Kind::Spikes => Self {
                samples: 8000,
                latents: 0,
                channels: 6,
                noise_channels: 4,
                noise: 0.0,
                steps: 1000,
                batch: 256,
                ..protocol
            },
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
        let recorded = match self.kind {
            Kind::Protocol => format!(
                "{samples} samples of {} channels: {channels} driven by latents z1, {channels} by z2, {channels} \
                 by both, {noise_channels} of white noise; {latents} latents a group; noise {noise} on all",
                3 * channels + noise_channels
            ),
            Kind::Rates => format!(
                "{samples} bins of the rates of {} cells, {channels} of each kind",
                5 * channels
            ),
            Kind::Spikes => format!(
                "{samples} bins of the smoothed spike counts of {} cells, {channels} of each kind, {noise_channels} \
                 untuned",
                5 * channels + noise_channels
            ),
        };
        format!(
            "{recorded}; {steps} steps at batch {batch}; {trainings} trainings on resampled recordings"
        )
    }
}

/// What one recording gave. Maps are channels × blocks of latents, row by row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// auROC over all entries of a map, by name: `ing`, `ing_comparable`, `neuron-gradient`.
    pub pooled: BTreeMap<String, f64>,
    /// The same within each block, mean over the blocks that have connected channels and others.
    pub by_latent: BTreeMap<String, f64>,
    /// R² of each block's latents from the embedding, mean.
    pub r2: f64,
    /// Columns of the maps below.
    pub blocks: usize,
    /// The true map.
    pub truth: Vec<bool>,
    /// The true effects, in standard deviations of the channels.
    pub effects: Vec<f64>,
    /// The effects that were tested.
    pub map: Vec<f64>,
    /// The null maps.
    pub nulls: Vec<Vec<f64>>,
}

/// Makes the recording, trains, retrains, attributes.
///
/// # Errors
/// Those of the parts.
pub fn run(settings: &Settings) -> Result<Outcome> {
    let known = match settings.kind {
        Kind::Protocol => protocol(settings)?,
        Kind::Rates => animal(settings, Observation::Rates)?,
        Kind::Spikes => animal(settings, Observation::Spikes)?,
    };
    let Known {
        recording,
        config,
        truth,
        effects,
        latents,
    } = &known;
    let mut trainer = Trainer::new(config.clone(), recording.clone())?;
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    let (encoder, _) = trainer.finish()?;

    let ing: Methods<f32> = "ing".parse()?;
    let retraining = Retraining::new(Null::Resampled, settings.trainings);
    let retrained = retraining.run(&encoder, config, recording, &ing, &Watch::new())?;
    let tested = retrained.maps.first().expect("one map a method");

    let x = recording.samples().into_owned();
    let maps = maps(&encoder, config, &x, settings.attributed)?;
    let [pooled, by_latent] = scores(&maps, truth)?;
    let (_, embedding) = xcebra::embed_sessions(&encoder, recording, Edges::Pad, |_| ())?;
    let embedding = embedding.mapv(f64::from);
    let row_by_row = |map: &Array2<f64>| map.iter().copied().collect();
    Ok(Outcome {
        pooled,
        by_latent,
        r2: xcebra::eval::linear_r2(&embedding, latents)?,
        blocks: truth.ncols(),
        truth: truth.iter().copied().collect(),
        effects: row_by_row(effects),
        map: row_by_row(&tested.map),
        nulls: tested.nulls.iter().map(row_by_row).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Ok(kind));
        }
        assert!(Kind::named("rat").is_err());
    }
}
