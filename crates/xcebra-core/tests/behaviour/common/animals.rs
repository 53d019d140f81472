//! Two animals of one latent process, with different channels.

use std::ops::ControlFlow;

use ndarray::{Array2, concatenate, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::{Config, Element, Encoder, Labels, Recording, Session, Trainer};

/// Samples of the first animal, and of both.
pub const FIRST: usize = 300;
pub const BOTH: usize = 700;

/// A random walk in a box, (time, 2).
fn walk(time: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut z = Array2::<f64>::zeros((time, 2));
    for t in 1..time {
        for k in 0..2 {
            let step: f64 = rng.sample(rand_distr::StandardNormal);
            z[[t, k]] = (z[[t - 1, k]] + 0.2 * step).clamp(-1.0, 1.0);
        }
    }
    z
}

/// What `channels` say of the latents.
fn observed(z: &Array2<f64>, channels: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mixing = Array2::from_shape_fn((2, channels), |_| rng.sample(rand_distr::StandardNormal));
    z.dot(&mixing).mapv(f64::tanh)
}

/// The latents of both animals, one after the other.
pub fn latents() -> Array2<f64> {
    let parts = [walk(FIRST, 21), walk(BOTH - FIRST, 22)];
    concatenate(ndarray::Axis(0), &[parts[0].view(), parts[1].view()]).unwrap()
}

/// The samples of each animal: 5 and 8 channels.
pub fn samples() -> [Array2<f64>; 2] {
    let z = latents();
    [
        observed(&z.slice(s![..FIRST, ..]).to_owned(), 5, 31),
        observed(&z.slice(s![FIRST.., ..]).to_owned(), 8, 32),
    ]
}

/// Both animals with the labels `z`, which is the second latent, `both`, and `class`.
pub fn recording<E: Element>() -> Recording<E> {
    let z = latents();
    let sessions = samples().map(|x| {
        let channels = x.ncols();
        let values: Vec<E> = x.iter().map(|&v| E::of(v)).collect();
        session(values, channels)
    });
    let classes = z.column(0).into_iter().map(|&v| (v * 2.0).floor() as i64);
    let class = Labels::Discrete(classes.collect());
    Recording::from_subjects(sessions.to_vec(), vec![0, 1])
        .unwrap()
        .with_label("z", Labels::Continuous(z.slice(s![.., 1..]).to_owned()))
        .unwrap()
        .with_label("both", Labels::Continuous(z))
        .unwrap()
        .with_label("class", class)
        .unwrap()
}

fn session<E: Element>(values: Vec<E>, channels: usize) -> Session {
    // through double precision, which holds either type
    let wide: Vec<f64> = values.iter().map(|v| v.as_f64()).collect();
    Session::new(wide, channels).unwrap()
}

/// The encoders of all subjects after a training.
pub fn train<E: Element>(config: Config, recording: Recording<E>) -> Vec<Encoder<E>> {
    let mut trainer = Trainer::new(config, recording).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    trainer.finish_all().unwrap().0
}
