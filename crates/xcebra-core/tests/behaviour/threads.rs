//! The same seed gives the same bits, whatever is trained and however many threads work on it.

use std::ops::ControlFlow;

use crate::common::{config, latents, recording};
use crate::own_parts::{Distance, Tanh};
use xcebra_core::encoder::{Custom, TensorEncoder, Trainable};
use xcebra_core::sampling::Time;
use xcebra_core::{
    Config, Element, EncoderName, LossConfig, Metric, ObjectiveConfig, PositivesConfig, Similarity,
    Trainer,
};

/// More rows than chunks times lanes, three of them as odd as can be.
const BATCH: usize = 523;

fn settings(change: impl Fn(&mut Config)) -> Config {
    let mut config = config(4);
    config.train.batch = BATCH;
    config.regularizer.start = 1;
    config.regularizer.ramp = 2;
    change(&mut config);
    config
}

fn parameters<E: Element, N: Trainable<E>>(mut trainer: Trainer<E, N>) -> Vec<E> {
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    trainer.finish().unwrap().0.parameters().to_vec()
}

fn own<E: Element>(config: Config) -> Vec<E>
where
    Tanh: TensorEncoder<E>,
{
    // large enough for the engine to divide its products among threads
    let network = Tanh {
        inputs: 8,
        hidden: 64,
        outputs: 2,
    };
    let recording = recording::<E>(&latents(700));
    let mut trainer = Trainer::with_encoder(config, recording, Custom::new(network, 3)).unwrap();
    trainer
        .add_objective_by(0..2, Distance, 0.7, |_| Ok(Box::new(Time::new(1)?)))
        .unwrap();
    parameters(trainer)
}

fn shipped<E: Element>(config: Config) -> Vec<E> {
    parameters(Trainer::new(config, recording::<E>(&latents(700))).unwrap())
}

fn dense(_: &mut Config) {}

fn exact(config: &mut Config) {
    config.regularizer.projections = 0;
    config.encoder.name = EncoderName::Offset1MseTanh;
    config.objective[1].loss = LossConfig::InfoNce {
        positives: PositivesConfig::Mixed {
            discrete: "class".into(),
            continuous: "z".into(),
            delta: 1,
        },
        similarity: Similarity {
            learn: true,
            ..Similarity::new(Metric::Euclidean, 1.5)
        },
    };
}

fn convolutional(config: &mut Config) {
    config.encoder.name = EncoderName::Offset5;
    config.encoder.hidden = 8;
    config.objective.truncate(1);
    config.objective[0].loss = LossConfig::InfoNce {
        positives: PositivesConfig::DeltaNormal {
            label: "z".into(),
            sigma: 0.1,
        },
        similarity: Similarity::new(Metric::Dot, 0.5),
    };
}

fn supervised(config: &mut Config) {
    config.encoder.name = EncoderName::Offset1MseResnet;
    config.encoder.hidden = 16;
    config.encoder.outputs = 8;
    let objective = |dims, loss| ObjectiveConfig {
        dims: Some(dims),
        ..ObjectiveConfig::new(loss)
    };
    config.objective = vec![
        objective([0, 1], LossConfig::Mse { label: "z".into() }),
        objective(
            [1, 8],
            LossConfig::CrossEntropy {
                label: "class".into(),
            },
        ),
    ];
}

fn same_bits<E: Element>(train: fn(Config) -> Vec<E>, change: fn(&mut Config)) -> Vec<E> {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| train(settings(change)))
    };
    let one = with(1);
    for threads in [2, 3, 5, 16] {
        assert_eq!(one, with(threads), "{threads} threads");
    }
    one
}

#[test]
fn dense_encoders() {
    let seed = same_bits::<f32>(shipped, dense);
    same_bits::<f64>(shipped, dense);
    let other = shipped::<f32>(settings(|c| c.train.seed = 1));
    assert_ne!(seed, other);
}

#[test]
fn exact_penalties_and_learned_temperatures() {
    same_bits::<f32>(shipped, exact);
    same_bits::<f64>(shipped, exact);
}

#[test]
fn convolutional_encoders() {
    same_bits::<f32>(shipped, convolutional);
    same_bits::<f64>(shipped, convolutional);
}

#[test]
fn supervised_losses() {
    same_bits::<f32>(shipped, supervised);
    same_bits::<f64>(shipped, supervised);
}

#[test]
fn encoders_and_similarities_of_ones_own() {
    same_bits::<f32>(own, dense);
    same_bits::<f64>(own, dense);
}
