//! One set of animals, trained in one way.

use std::ops::ControlFlow;

use ndarray::Axis;
use serde::{Deserialize, Serialize};
use xcebra::Windows;
use xcebra::attr::map::mean_over_lags;
use xcebra::attr::{Methods, Options, attribute};
use xcebra::core::{Encoder, Recording, Shared, Trainer};
use xcebra::eval::{auroc_map, linear_r2};
use xcebra::synth::Dataset;

use super::data::{Embedded, animal, held_out, part, recording};
use super::protocol::Settings;
use crate::error::Result;

/// Channels of the three animals.
const CHANNELS: [usize; 3] = [40, 45, 50];

/// What came out. Lists of two are for the animals that are trained together, or for the map of each that reads the
/// label of the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// R² with which the map from embedding to label of one animal reads the label of the other.
    pub across: [f64; 2],
    /// The same, with a fifth of the channels of the other lost.
    pub lost: [f64; 2],
    /// R² of the linear map from the embedding to all latents, fitted to the same samples.
    pub latents: [f64; 2],
    /// auROC of the inverted neuron gradient.
    pub auroc: [f64; 2],
    /// What two separate trainings give, if there were any.
    pub apart: Option<Alone>,
    /// What the third animal gives, if it was added.
    pub new: Option<New>,
}

/// Two separate trainings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alone {
    /// As [`Outcome::across`].
    pub across: [f64; 2],
}

/// A third animal that is adapted to the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct New {
    /// R² with which the map of each of the two reads its label.
    pub across: [f64; 2],
    /// auROC of its inverted neuron gradient.
    pub auroc: f64,
    /// Whether the encoders of the two kept their bits.
    pub frozen: bool,
}

/// Trains and scores.
///
/// # Errors
/// If a training fails.
pub fn run(settings: &Settings) -> Result<Outcome> {
    let face = (settings.samples, settings.way.noise);
    let of = |number: u64| {
        let channels = CHANNELS[number as usize];
        animal(channels, face, 10 * settings.seed + number)
    };
    let (first, second) = (of(0)?, of(1)?);
    let both = [&first, &second];
    let together = trained(Trainer::new(settings.config.clone(), recording(&both)?)?)?;
    let [a, b] = embedded(&together, both)?;
    let lost = |k: usize| Embedded::with_lost_channels(&together[k], both[k], settings.seed);
    let outcome = Outcome {
        across: [a.reads(&b)?, b.reads(&a)?],
        lost: [a.reads(&lost(1)?)?, b.reads(&lost(0)?)?],
        latents: [latents(&a, both[0])?, latents(&b, both[1])?],
        auroc: [auroc(&together[0], both[0])?, auroc(&together[1], both[1])?],
        apart: None,
        new: None,
    };
    if !settings.way.is_plain() {
        return Ok(outcome);
    }
    Ok(Outcome {
        apart: Some(apart(settings, both)?),
        new: Some(new(settings, (&together, both), &of(2)?)?),
        ..outcome
    })
}

fn trained(mut trainer: Trainer<f32>) -> Result<Vec<Encoder<f32>>> {
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    Ok(trainer.finish_all()?.0)
}

fn embedded(encoders: &[Encoder<f32>], animals: [&Dataset<f32>; 2]) -> Result<[Embedded; 2]> {
    let of = |k: usize| Embedded::of(&encoders[k], animals[k]);
    Ok([of(0)?, of(1)?])
}

fn latents(embedded: &Embedded, animal: &Dataset<f32>) -> Result<f64> {
    let z = part(&animal.z.view(), held_out(animal.z.nrows()));
    Ok(linear_r2(&embedded.embedding, &z)?)
}

/// auROC of the inverted neuron gradient on what is held out, of its mean over lags.
fn auroc(encoder: &Encoder<f32>, animal: &Dataset<f32>) -> Result<f64> {
    let methods: Methods<f32> = "ing".parse()?;
    let (x, channels) = (&animal.x, animal.x.ncols());
    let seen = part(&x.view(), held_out(x.nrows()));
    let seen = Recording::new(seen.view())?;
    let maps = attribute(
        encoder,
        &Windows::of(encoder, &seen),
        &methods,
        &Options::new(),
    )?;
    let map = mean_over_lags(maps[0].values().view().insert_axis(Axis(0)), channels)?;
    Ok(auroc_map(&animal.map, &map.index_axis_move(Axis(0), 0))?)
}

fn apart(settings: &Settings, animals: [&Dataset<f32>; 2]) -> Result<Alone> {
    let mut encoders = Vec::new();
    for (number, animal) in animals.iter().enumerate() {
        let mut config = settings.config.clone();
        config.train.seed += 100 * number as u64;
        encoders.extend(trained(Trainer::new(config, recording(&[*animal])?)?)?);
    }
    let [a, b] = embedded(&encoders, animals)?;
    Ok(Alone {
        across: [a.reads(&b)?, b.reads(&a)?],
    })
}

fn new(
    settings: &Settings,
    (together, both): (&[Encoder<f32>], [&Dataset<f32>; 2]),
    third: &Dataset<f32>,
) -> Result<New> {
    let config = settings.config.clone();
    let architecture = config.encoder.architecture(third.x.ncols());
    let fresh = Encoder::of_subject(architecture, config.train.seed, 2)?;
    let fresh = match config.encoder.shared {
        Shared::None => fresh,
        Shared::Trunk => fresh.with_trunk_of(&together[0])?,
    };
    let encoders = vec![together[0].clone(), together[1].clone(), fresh];
    let recording = recording(&[both[0], both[1], third])?;
    let adapted = trained(Trainer::adapting(config, recording, encoders)?)?;
    let [a, b] = embedded(together, both)?;
    let c = Embedded::of(&adapted[2], third)?;
    Ok(New {
        across: [a.reads(&c)?, b.reads(&c)?],
        auroc: auroc(&adapted[2], third)?,
        frozen: (0..2).all(|k| adapted[k].parameters() == together[k].parameters()),
    })
}
