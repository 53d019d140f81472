//! One cell: a recording with a known map, its training, those on resampled recordings, and what maps and test say.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayRef2, Axis};
use serde::{Deserialize, Serialize};
use xcebra::attr::comparable::{Effects, Frame, TangentIng};
use xcebra::attr::{Methods, Options, attribute};
use xcebra::core::{Edges, Trainer};
use xcebra::eval::{auroc, auroc_map};
use xcebra::model::Watch;
use xcebra::{Null, Retraining, blocks};

use super::known::{Known, animal, protocol};
use crate::animal::Observation;
use crate::error::{Error, Result};
use crate::recordings::every;

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
    let samples = every(&x, settings.attributed.min(x.nrows()));
    let ranges = blocks(config);
    let frame = Frame::of_model(&encoder, &x, &ranges)?;
    let gathered = Effects::new(&frame);
    let methods: Methods<f32> = "ing,neuron-gradient".parse()?;
    let methods = methods.with(TangentIng::new(frame.clone()));
    let options = Options::new();
    let sink = |piece: &xcebra::attr::Piece<'_>| gathered.add(piece);
    let maps = attribute(&encoder, &samples, &methods, &options.sink(&sink))?;
    let comparable = gathered.finish(&vec![1.0; x.ncols()])?.values;
    let (mut pooled, mut by_latent) = (BTreeMap::new(), BTreeMap::new());
    let mut score = |name: &str, map: &ArrayRef2<f64>| -> Result<()> {
        let map = means(map, &ranges);
        pooled.insert(name.to_owned(), auroc_map(truth, &map)?);
        by_latent.insert(name.to_owned(), within_blocks(truth, &map)?);
        Ok(())
    };
    score("ing_comparable", &comparable)?;
    for map in &maps[..2] {
        score(map.method(), map.values())?;
    }

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

/// Means of a map's columns over each block.
fn means(map: &ArrayRef2<f64>, blocks: &[[usize; 2]]) -> Array2<f64> {
    Array2::from_shape_fn((map.nrows(), blocks.len()), |(channel, block)| {
        let [first, end] = blocks[block];
        (first..end).map(|k| map[[channel, k]]).sum::<f64>() / (end - first) as f64
    })
}

/// auROC within each block that has both classes, mean.
fn within_blocks(truth: &Array2<bool>, map: &Array2<f64>) -> Result<f64> {
    let mut scores = Vec::new();
    for (truth, map) in truth.axis_iter(Axis(1)).zip(map.axis_iter(Axis(1))) {
        let connected = truth.iter().filter(|c| **c).count();
        if connected > 0 && connected < truth.len() {
            scores.push(auroc(&truth.to_vec(), &map.to_vec())?);
        }
    }
    match scores.is_empty() {
        true => Err(Error::Setting {
            what: "the true map",
            found: "a single class in each block".to_owned(),
            expected: "connected channels and others",
        }),
        false => Ok(scores.iter().sum::<f64>() / scores.len() as f64),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn blocks_are_scored_by_the_means_of_their_columns() {
        let map = array![[1.0, 3.0, 5.0], [2.0, 0.0, 9.0]];
        let found = means(&map, &[[0, 2], [2, 3]]);
        assert_eq!(found, array![[2.0, 5.0], [1.0, 9.0]]);
        // the second block ranks its channels the wrong way round
        let truth = array![[true, true], [false, false]];
        assert_eq!(within_blocks(&truth, &found).unwrap(), 0.5);
        assert!(within_blocks(&array![[true], [true]], &array![[1.0], [2.0]]).is_err());
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Ok(kind));
        }
        assert!(Kind::named("rat").is_err());
    }
}
