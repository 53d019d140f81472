//! Trainings that hide channels and times from their encoders.

use std::ops::ControlFlow;

use crate::common::animals;
use crate::common::{config, latents, recording};
use xcebra_core::{Checkpoint, Config, CoreError, EncoderName, Trainer};

fn settings(channels: f64) -> Config {
    let mut config = config(12);
    config.train.mask_channels = channels;
    config
}

fn trainer(config: Config) -> Trainer<f32> {
    Trainer::new(config, recording(&latents(300))).unwrap()
}

fn parameters(mut trainer: Trainer<f32>) -> Vec<f32> {
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    trainer.finish().unwrap().0.parameters().to_vec()
}

/// If nothing is shown, all samples have one embedding. Whatever it is, the loss of a batch of `n` is then `ln n`, and
/// the goodness of fit 0 bits.
#[test]
fn an_encoder_that_sees_nothing_fits_by_chance() {
    let bits = |channels: f64| {
        let mut config = settings(channels);
        config.train.learning_rate = 1e-2;
        let mut last = Vec::new();
        trainer(config)
            .run(|_, report| {
                last = report
                    .terms
                    .iter()
                    .map(|term| term.bits_over_chance())
                    .collect();
                ControlFlow::Continue(())
            })
            .unwrap();
        last
    };
    // single precision, of a sum over the batch
    assert!(bits(1.0 - 1e-10).iter().all(|bits| bits.abs() < 1e-5));
    assert!(bits(0.0).iter().all(|bits| bits.abs() > 0.01));
}

#[test]
fn what_is_hidden_changes_the_training_and_nothing_else_does() {
    let plain = parameters(trainer(settings(0.0)));
    let hidden = parameters(trainer(settings(0.3)));
    assert_ne!(plain, hidden);
    assert_eq!(hidden, parameters(trainer(settings(0.3))));
    // the draws of a step do not depend on what is hidden: 1e-12 hides nothing in 12 steps
    assert_eq!(plain, parameters(trainer(settings(1e-12))));
    // and settings that hide nothing are written as before
    let text = serde_json::to_string(&settings(0.0)).unwrap();
    assert!(!text.contains("mask"), "{text}");
}

#[test]
fn a_training_that_goes_on_hides_the_same() {
    let whole = parameters(trainer(settings(0.3)));
    let mut first = trainer(settings(0.3));
    for _ in 0..5 {
        first.step().unwrap();
    }
    let bytes = first.checkpoint().to_bytes().unwrap();
    let mut second = trainer(settings(0.3));
    second
        .restore(&Checkpoint::from_bytes(&bytes).unwrap())
        .unwrap();
    assert_eq!(whole, parameters(second));
}

/// What is held out is shown whole: if a step changes next to nothing, its loss is that of a training without masks.
#[test]
fn what_is_held_out_is_shown_whole() {
    let of = |channels: f64| {
        let mut config = settings(channels);
        config.train.learning_rate = 1e-12;
        config.validation.held_out = 0.3;
        config.validation.blocks = 2;
        config.validation.every = 1;
        let report = trainer(config).step().unwrap();
        (report.loss, report.validation.unwrap().loss)
    };
    let (plain, hidden) = (of(0.0), of(0.5));
    assert!((plain.0 - hidden.0).abs() > 1e-5);
    assert!(
        (plain.1 - hidden.1).abs() < 1e-6,
        "{} {}",
        plain.1,
        hidden.1
    );
}

#[test]
fn times_are_hidden_in_windows_and_in_those_of_every_animal() {
    let mut config = settings(0.0);
    config.encoder.name = EncoderName::Offset10Mse;
    config.encoder.hidden = 8;
    let plain = parameters(trainer(config.clone()));
    config.train.mask_times = 0.3;
    assert_ne!(plain, parameters(trainer(config)));

    let encoders = |channels: f64| {
        let encoders = animals::train::<f32>(settings(channels), animals::recording());
        encoders
            .into_iter()
            .map(|e| e.parameters().to_vec())
            .collect::<Vec<_>>()
    };
    for (plain, hidden) in encoders(0.0).iter().zip(&encoders(0.4)) {
        assert_ne!(plain, hidden);
    }
}

#[test]
fn shares_that_make_no_sense_are_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = settings(0.0);
        change(&mut config);
        let error = Trainer::<f32>::new(config, recording(&latents(300)));
        let Some(CoreError::Setting { .. }) = error.as_ref().err() else {
            panic!("it was not refused as a setting");
        };
        error.err().unwrap().to_string()
    };
    for wrong in [
        refused(|c| c.train.mask_channels = 1.0),
        refused(|c| c.train.mask_channels = -0.1),
        refused(|c| c.train.mask_channels = f64::NAN),
    ] {
        assert!(wrong.contains("train.mask_channels"), "{wrong}");
    }
    // an encoder that sees one sample at a time would see nothing
    let wrong = refused(|c| c.train.mask_times = 0.2);
    assert!(wrong.contains("train.mask_times"), "{wrong}");
}
