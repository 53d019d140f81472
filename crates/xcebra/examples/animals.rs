//! Two animals of one latent process, with other channels each, into one embedding; then a third:
//! `cargo run --release -p xcebra --example animals -- --seeds 3 --steps 1000 [--shared none|trunk]`.
//! Without arguments it only shows that it runs: 50 steps of one seed.
//!
//! It prints, for each seed: how well the linear map from embedding to label of one animal reads the label of the
//! other (R²), with the two trained together and apart; the auROC of each animal's inverted neuron gradient; and
//! the same for a third animal that is adapted to the two. Every animal has its own latents, by the same process,
//! and its own mixing into channels. Scores are on samples after those of the training.

use std::error::Error;
use std::ops::{ControlFlow, Range};

use ndarray::{Array2, Axis, Slice};
use xcebra::attr::{Methods, Options, attribute};
use xcebra::core::{
    Config, Encoder, EncoderName, Labels, LearningRateSchedule, Recording, Session, Shared, Trainer,
};
use xcebra::eval::{LinearRegression, R2Average, auroc_map, linear_r2, r2};
use xcebra::model::Model;
use xcebra::synth::{Block, Connectivity, Dataset, DatasetConfig};

const SAMPLES: usize = 10_000;
/// The training has the samples before these.
const HELD_OUT: Range<usize> = 8_000..SAMPLES;
const LATENTS: usize = 4;

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).cloned()
    };
    let seeds: u64 = value("--seeds").map_or(Ok(1), |v| v.parse())?;
    let steps: usize = value("--steps").map_or(Ok(50), |v| v.parse())?;
    let shared = match value("--shared").as_deref() {
        None => vec![Shared::None, Shared::Trunk],
        Some("none") => vec![Shared::None],
        Some("trunk") => vec![Shared::Trunk],
        Some(other) => return Err(format!("--shared {other}: none or trunk").into()),
    };
    println!(
        "seed shared   R² a→b  b→a   apart   latents a b     auROC a     b   | new: R²  latents auROC  frozen"
    );
    for seed in 0..seeds {
        let animals = [(40, 0), (45, 1), (50, 2)];
        let animals = animals.map(|(channels, number)| animal(channels, 10 * seed + number));
        let [a, b, c] = animals;
        let (a, b, c) = (a?, b?, c?);
        for &shared in &shared {
            one(seed, [&a, &b], &c, settings(shared, seed, steps))?;
        }
    }
    Ok(())
}

/// An animal: half of its channels know the first two latents, the others all four.
fn animal(channels: usize, seed: u64) -> Done<Dataset<f32>> {
    let first = channels / 2;
    let half = LATENTS / 2;
    let block = |channels, groups: &[usize]| Block {
        channels,
        inputs: groups.to_vec(),
    };
    let blocks = vec![block(first, &[0]), block(channels - first, &[0, 1])];
    let connectivity = Connectivity::new(vec![half, LATENTS - half], blocks)?;
    let config = DatasetConfig::new(connectivity).samples(SAMPLES);
    Ok(config.seed(1000 + seed).generate()?)
}

/// All dimensions follow time, the second half also the label; the Jacobian is held small.
fn settings(shared: Shared, seed: u64, steps: usize) -> Config {
    let mut config = Config::hybrid(LATENTS, "z2");
    config.encoder.name = EncoderName::Offset1MseClip;
    config.encoder.shared = shared;
    config.train.steps = steps;
    config.train.learning_rate = 3e-3;
    config.train.schedule = LearningRateSchedule::Cosine;
    config.train.seed = seed;
    (config.regularizer.start, config.regularizer.ramp) = (steps / 5, steps / 5);
    config
}

/// The samples of animals as a recording.
fn recording(animals: &[&Dataset<f32>]) -> Done<Recording<f32>> {
    let (mut sessions, mut label) = (Vec::new(), Vec::new());
    for animal in animals {
        let x = animal.x.slice_axis(Axis(0), Slice::from(..HELD_OUT.start));
        sessions.push(Session::new(
            x.iter().copied().collect::<Vec<f32>>(),
            x.ncols(),
        )?);
        let z2 = animal.group(1)?;
        let z2 = z2.slice_axis(Axis(0), Slice::from(..HELD_OUT.start));
        label.extend(z2.iter().map(|&v| f64::from(v)));
    }
    let label = Array2::from_shape_vec((animals.len() * HELD_OUT.start, LATENTS / 2), label)?;
    let subjects = (0..sessions.len()).collect();
    let recording = Recording::from_subjects(sessions, subjects)?;
    Ok(recording.with_label("z2", Labels::Continuous(label))?)
}

fn train(mut trainer: Trainer<f32>) -> Done<Vec<Encoder<f32>>> {
    trainer.run(|_, _| ControlFlow::Continue(()))?;
    Ok(trainer.finish_all()?.0)
}

fn held_out<A: Clone>(rows: &Array2<A>) -> Array2<A> {
    rows.slice_axis(Axis(0), Slice::from(HELD_OUT)).to_owned()
}

/// Embedding and label of samples that the training has not seen.
fn embedded(encoder: &Encoder<f32>, animal: &Dataset<f32>) -> Done<[Array2<f32>; 2]> {
    let x = held_out(&animal.x);
    let embedding = encoder.forward(x.view().into_dyn())?;
    Ok([embedding, held_out(&animal.group(1)?.to_owned())])
}

/// R² with which the linear map from embedding to label of one animal reads the label of another.
fn reads(from: &[Array2<f32>; 2], to: &[Array2<f32>; 2]) -> Done<f64> {
    let map = LinearRegression::fit(&from[0], &from[1])?;
    let found = map.predict(&to[0])?;
    Ok(r2(&to[1].mapv(f64::from), &found, R2Average::Uniform)?)
}

/// auROC of the inverted neuron gradient of an animal, on samples that the training has not seen.
fn score(encoder: &Encoder<f32>, animal: &Dataset<f32>) -> Done<f64> {
    let methods: Methods<f32> = "ing".parse()?;
    let maps = attribute(encoder, &held_out(&animal.x), &methods, &Options::new())?;
    Ok(auroc_map(&animal.map, maps[0].values())?)
}

fn one(seed: u64, both: [&Dataset<f32>; 2], new: &Dataset<f32>, config: Config) -> Done<()> {
    let together = train(Trainer::new(config.clone(), recording(&both)?)?)?;
    let faces = [0, 1].map(|i| embedded(&together[i], both[i]));
    let [a, b] = faces;
    let (a, b) = (a?, b?);
    let latents = [0, 1].map(|i| {
        let x = held_out(&both[i].x);
        let embedding = together[i].forward(x.view().into_dyn())?;
        Done::Ok(linear_r2(&embedding, &held_out(&both[i].z))?)
    });
    let [latents_a, latents_b] = latents;

    let mut apart = Vec::new();
    for (i, animal) in both.iter().enumerate() {
        let mut config = config.clone();
        config.train.seed += 100 * i as u64;
        let encoders = train(Trainer::new(config, recording(&[*animal])?)?)?;
        apart.push(embedded(&encoders[0], animal)?);
    }

    // a new animal, against the two that stay as they are
    let architecture = config.encoder.architecture(new.x.ncols());
    let fresh = Encoder::of_subject(architecture, config.train.seed, 2)?;
    let fresh = match config.encoder.shared {
        Shared::None => fresh,
        Shared::Trunk => fresh.with_trunk_of(&together[0])?,
    };
    let shared = config.encoder.shared;
    let encoders = vec![together[0].clone(), together[1].clone(), fresh];
    let three = recording(&[both[0], both[1], new])?;
    let adapted = train(Trainer::adapting(config, three, encoders)?)?;
    let c = embedded(&adapted[2], new)?;
    let frozen = (0..2).all(|i| adapted[i].parameters() == together[i].parameters());

    println!(
        "{seed:4} {:7} {:6.3} {:6.3} {:6.2}   {:.3} {:.3}   {:.4} {:.4}   | {:.3}    {:.3}   {:.4}  {frozen}",
        format!("{shared:?}"),
        reads(&a, &b)?,
        reads(&b, &a)?,
        reads(&apart[0], &apart[1])?,
        latents_a?,
        latents_b?,
        score(&together[0], both[0])?,
        score(&together[1], both[1])?,
        reads(&a, &c)?.min(reads(&b, &c)?),
        linear_r2(&c[0], &held_out(&new.z))?,
        score(&adapted[2], new)?,
    );
    Ok(())
}
