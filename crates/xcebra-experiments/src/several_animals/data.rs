//! The animals, and what is read from their embeddings.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use xcebra::core::encoder::Edges;
use xcebra::core::{Encoder, Labels, Recording, Session};
use xcebra::eval::{LinearRegression, R2Average, r2};
use xcebra::synth::{Block, Connectivity, Dataset, DatasetConfig};

use super::protocol::LATENTS;
use crate::error::Result;

/// Share of the channels that are lost after the training.
const LOST: f64 = 0.2;

/// An animal: half of its channels know the first two latents, the others all four.
pub fn animal(channels: usize, (samples, noise): (usize, f64), seed: u64) -> Result<Dataset<f32>> {
    let first = channels / 2;
    let half = LATENTS / 2;
    let block = |channels, groups: &[usize]| Block {
        channels,
        inputs: groups.to_vec(),
    };
    let blocks = vec![block(first, &[0]), block(channels - first, &[0, 1])];
    let connectivity = Connectivity::new(vec![half, LATENTS - half], blocks)?;
    let config = DatasetConfig::new(connectivity).samples(samples);
    let animal = config.seed(1000 + seed).noise(noise).generate()?;
    Ok(standardised(animal))
}

/// The samples that are held out of the training: the last fifth.
pub fn held_out(samples: usize) -> Range<usize> {
    samples - samples / 5..samples
}

/// The samples of animals before those that are held out, as a recording.
pub fn recording(animals: &[&Dataset<f32>]) -> Result<Recording<f32>> {
    let (mut sessions, mut label) = (Vec::new(), Vec::new());
    for animal in animals {
        let end = held_out(animal.x.nrows()).start;
        let x = part(&animal.x.view(), 0..end);
        let channels = x.ncols();
        sessions.push(Session::new(
            x.iter().copied().collect::<Vec<f32>>(),
            channels,
        )?);
        label.extend(
            part(&animal.group(1)?, 0..end)
                .iter()
                .map(|&v| f64::from(v)),
        );
    }
    let rows = label.len() / (LATENTS / 2);
    let label = Array2::from_shape_vec((rows, LATENTS / 2), label).expect("whole rows");
    let subjects = (0..sessions.len()).collect();
    let recording = Recording::from_subjects(sessions, subjects)?;
    Ok(recording.with_label("z2", Labels::Continuous(label))?)
}

/// Rows of an array.
pub fn part(array: &ArrayView2<'_, f32>, rows: Range<usize>) -> Array2<f32> {
    array.slice_axis(Axis(0), Slice::from(rows)).to_owned()
}

/// The embedding of samples, with the label of each.
pub struct Embedded {
    pub embedding: Array2<f32>,
    pub label: Array2<f32>,
}

impl Embedded {
    /// Of what is held out of an animal.
    pub fn of(encoder: &Encoder<f32>, animal: &Dataset<f32>) -> Result<Self> {
        Self::seen(encoder, animal, &animal.x)
    }

    /// As [`of`](Self::of), with a fifth of the channels at their mean, which is 0.
    pub fn with_lost_channels(
        encoder: &Encoder<f32>,
        animal: &Dataset<f32>,
        seed: u64,
    ) -> Result<Self> {
        let mut x = animal.x.clone();
        let channels = x.ncols();
        let mut order: Vec<usize> = (0..channels).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        for &channel in &order[..(LOST * channels as f64).round() as usize] {
            x.column_mut(channel).fill(0.0);
        }
        Self::seen(encoder, animal, &x)
    }

    fn seen(encoder: &Encoder<f32>, animal: &Dataset<f32>, x: &Array2<f32>) -> Result<Self> {
        let rows = held_out(x.nrows());
        let seen = part(&x.view(), rows.clone());
        Ok(Self {
            embedding: encoder.embed(seen.view(), Edges::Pad)?.values,
            label: part(&animal.group(1)?, rows),
        })
    }

    /// R² with which the linear map from this embedding to its label reads another label.
    pub fn reads(&self, other: &Self) -> Result<f64> {
        let map = LinearRegression::fit(&self.embedding, &self.label)?;
        let found = map.predict(&other.embedding)?;
        Ok(r2(
            &other.label.mapv(f64::from),
            &found,
            R2Average::Uniform,
        )?)
    }
}

/// Brings the channels of an animal to mean 0 and standard deviation 1 by its training part, as `xcebra fit` does.
fn standardised(mut animal: Dataset<f32>) -> Dataset<f32> {
    let end = held_out(animal.x.nrows()).start;
    let seen = part(&animal.x.view(), 0..end);
    let mean: Array1<f32> = seen.mean_axis(Axis(0)).expect("there are samples");
    animal.x -= &mean;
    animal.x /= &seen.std_axis(Axis(0), 0.0);
    animal
}
