//! What tests of trainings share.

pub mod animals;
pub mod dual;
pub mod encoders;
pub mod losses;
pub mod plain;
pub mod reference_files;

use std::ops::ControlFlow;

use ndarray::{Array2, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::{Config, Element, Encoder, EncoderName, Labels, Recording, Trainer};

/// A random walk of two latents in a box, seen through a linear map and a tanh by 8 channels.
pub fn latents(time: usize) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut z = Array2::<f64>::zeros((time, 2));
    for t in 1..time {
        for k in 0..2 {
            let step: f64 = rng.sample(rand_distr::StandardNormal);
            z[[t, k]] = (z[[t - 1, k]] + 0.2 * step).clamp(-1.0, 1.0);
        }
    }
    z
}

pub fn recording<E: Element>(z: &Array2<f64>) -> Recording<E> {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mixing = Array2::from_shape_fn((2, 8), |_| rng.sample(rand_distr::StandardNormal));
    let x = z.dot(&mixing).mapv(|v: f64| E::of(v.tanh()));
    let class = z
        .column(0)
        .iter()
        .map(|&v| (v * 3.0).floor() as i64)
        .collect();
    Recording::new(x.view())
        .unwrap()
        .with_label("z", Labels::Continuous(z.slice(s![.., 1..]).to_owned()))
        .unwrap()
        .with_label("class", Labels::Discrete(class))
        .unwrap()
}

pub fn config(steps: usize) -> Config {
    let mut config = Config::hybrid(2, "z");
    config.encoder.name = EncoderName::Offset1Mse;
    config.train.steps = steps;
    config.train.batch = 128;
    config.train.learning_rate = 1e-3;
    config.train.log_every = 10;
    config.regularizer.start = steps / 2;
    config.regularizer.ramp = steps / 4;
    config
}

pub fn train<E: Element>(config: Config, recording: Recording<E>) -> Encoder<E> {
    let mut trainer = Trainer::new(config, recording).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    trainer.finish().unwrap().0
}
