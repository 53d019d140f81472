//! What is held out, the goodness of fit on it, and early stopping.

use std::ops::ControlFlow;

use crate::common::{config, latents, recording};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::objective::{Batch, Loss};
use xcebra_core::ops::dfdx::prelude::*;
use xcebra_core::ops::{Taped, Value};
use xcebra_core::{CoreError, Recording, Trainer};

#[test]
fn the_goodness_of_fit_rises_above_chance_where_there_is_something_to_learn() {
    let mut settings = config(300);
    settings.validation.held_out = 0.2;
    settings.validation.every = 100;
    let mut trainer = Trainer::new(settings, recording::<f32>(&latents(2000))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    let steps: Vec<usize> = history.validation.iter().map(|v| v.step).collect();
    assert_eq!(steps, [99, 199, 299]);
    let last = &history.validation[2];
    assert!(last.bits.iter().all(|&bits| bits > 0.5), "{last:?}");
    // the loss is the sum of both objectives, n = 128 negatives: ln n − bits ln 2 each
    let loss: f64 = last
        .bits
        .iter()
        .map(|b| 128_f64.ln() - b * 2_f64.ln())
        .sum();
    assert!((loss - last.loss).abs() < 1e-9, "{loss} {}", last.loss);
}

/// White noise: neighbours in time have nothing in common, so that what is learned of the training
/// samples does not carry over.
fn noise(time: usize) -> Recording<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let x = Array2::from_shape_fn((time, 20), |_| rng.sample(rand_distr::StandardNormal));
    Recording::new(x.view()).unwrap()
}

#[test]
fn early_stopping_takes_the_best_parameters() {
    let mut settings = config(2000);
    settings.objective.truncate(1);
    settings.objective[0].dims = None;
    settings.train.learning_rate = 3e-3;
    settings.regularizer.weight = 0.0;
    settings.validation.held_out = 0.3;
    settings.validation.blocks = 2;
    settings.validation.every = 10;
    settings.validation.patience = 5;
    let mut trainer = Trainer::new(settings.clone(), noise(300)).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    assert!(trainer.stopped_early());
    let made = trainer.steps_made();
    assert!(made < 2000, "{made}");
    let mut resumed = Trainer::new(settings.clone(), noise(300)).unwrap();
    resumed.restore(&trainer.checkpoint()).unwrap();
    assert!(resumed.stopped_early());
    let (encoder, history) = trainer.finish().unwrap();
    let best = history.validation.iter().rev().find(|v| v.best).unwrap();
    assert_eq!(made, best.step + 1 + 5 * 10);
    assert_eq!(history.taken(5), Some(best));
    assert_eq!(history.taken(0), history.validation.last());
    let lowest = history
        .validation
        .iter()
        .map(|v| v.loss)
        .fold(f64::INFINITY, f64::min);
    assert_eq!(best.loss, lowest);

    // a checkpoint holds them, and the same training, stopped by hand at the best step, has them
    assert_eq!(
        resumed.finish().unwrap().0.parameters(),
        encoder.parameters()
    );
    settings.validation.patience = 0;
    let mut again = Trainer::new(settings, noise(300)).unwrap();
    (0..=best.step).for_each(|_| drop(again.step().unwrap()));
    let (same, _) = again.finish().unwrap();
    assert_eq!(encoder.parameters(), same.parameters());
}

#[test]
fn nothing_to_hold_out_is_refused() {
    let refused = |change: fn(&mut xcebra_core::Config)| {
        let mut settings = config(10);
        settings.validation.held_out = 0.2;
        change(&mut settings);
        let trainer = Trainer::new(settings, recording::<f32>(&latents(300)));
        trainer.err().expect("it must be refused").to_string()
    };
    assert!(refused(|c| c.validation.held_out = 0.7).contains("validation.held_out"));
    assert!(refused(|c| c.validation.held_out = f64::NAN).contains("validation.held_out"));
    assert!(refused(|c| c.validation.blocks = 0).contains("validation.blocks"));
    assert!(refused(|c| c.validation.every = 0).contains("validation.every"));
    assert!(refused(|c| c.validation.batches = 0).contains("validation.batches"));
    assert!(refused(|c| c.validation.blocks = 200).contains("too short"));
    let patience = |c: &mut xcebra_core::Config| {
        c.validation.held_out = 0.0;
        c.validation.patience = 3;
    };
    assert!(refused(patience).contains("validation.patience"));
}

/// Infinite at samples that are held out.
struct Beyond(Vec<usize>);

impl Loss<f32> for Beyond {
    fn name(&self) -> &'static str {
        "beyond"
    }

    fn weight(&self, _: usize) -> f64 {
        1.0
    }

    fn loss(&self, embedding: Taped<(usize, usize), f32>, batch: &Batch) -> Value<f32> {
        let beyond = self.0.contains(&batch.times[0]);
        embedding.square().mean() * if beyond { f32::INFINITY } else { 1.0 }
    }
}

/// A checkpoint could not hold it, and no later validation be better.
#[test]
fn a_validation_that_is_not_finite_ends_the_training() {
    let mut settings = config(20);
    settings.validation.held_out = 0.3;
    settings.validation.blocks = 2;
    settings.validation.every = 7;
    let recording = recording::<f32>(&latents(400));
    let (_, held_out) = recording.pieces().split(0.3, 2).unwrap();
    let mut trainer = Trainer::new(settings, recording).unwrap();
    trainer.add_loss(Box::new(Beyond(held_out.samples().collect())));
    let error = trainer.run(|_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(
        matches!(error, CoreError::Diverged { step: 6, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("held out"), "{error}");
}
