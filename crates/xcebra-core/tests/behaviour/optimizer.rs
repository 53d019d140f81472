//! Adam, AdamW and learning rates against PyTorch's (`tests/data/README.md`).

use crate::common::reference_files::open;
use ndarray::{Array1, Array2};
use xcebra_core::ops::dfdx::prelude::*;
use xcebra_core::ops::{Adam, traced, vector};
use xcebra_core::{Element, LearningRateSchedule, TrainConfig};

/// The largest relative error over all steps.
fn error<E: Element>(name: &str, weight_decay: f64) -> f64 {
    let mut npz = open("optimizers.npz");
    let start: Array1<f64> = npz.by_name("start").unwrap();
    let gradients: Array2<f64> = npz.by_name("gradients").unwrap();
    let rates: Array1<f64> = npz.by_name("rates").unwrap();
    let expected: Array2<f64> = npz.by_name(name).unwrap();
    let numbers = |values: ndarray::ArrayView1<'_, f64>| values.iter().map(|&v| E::of(v)).collect();
    let mut parameters = vector::<E>(numbers(start.view()));
    let mut adam = Adam::new(start.len()).unwrap();
    let mut largest = 0.0_f64;
    for ((gradient, &rate), expected) in gradients
        .outer_iter()
        .zip(&rates)
        .zip(expected.outer_iter())
    {
        // the gradient of ⟨θ, g⟩ is g
        let product = traced(&parameters) * vector::<E>(numbers(gradient));
        let mut gradients = product.sum::<Rank0, _>().backward();
        adam.step(&mut parameters, &mut gradients, rate, weight_decay)
            .unwrap();
        for (found, expected) in parameters.as_vec().iter().zip(expected) {
            largest = largest.max((found.as_f64() - expected).abs() / expected.abs().max(1e-2));
        }
    }
    largest
}

#[test]
fn adam_and_adamw_equal_pytorch() {
    for (name, decay) in [("adam", 0.0), ("adamw", 0.3)] {
        // forty steps of rounding
        assert!(
            error::<f64>(name, decay) < 1e-12,
            "{name}: {}",
            error::<f64>(name, decay)
        );
        assert!(
            error::<f32>(name, decay) < 1e-4,
            "{name}: {}",
            error::<f32>(name, decay)
        );
    }
    // the decay is seen
    assert!(error::<f64>("adamw", 0.0) > 1e-3);
}

#[test]
fn learning_rates_fall_as_pytorch_lets_them() {
    let mut npz = open("optimizers.npz");
    let config = |schedule| TrainConfig {
        steps: 50,
        learning_rate: 3e-3,
        schedule,
        ..TrainConfig::default()
    };
    let linear: Array1<f64> = npz.by_name("linear").unwrap();
    let found = config(LearningRateSchedule::Linear);
    for (step, expected) in linear.iter().enumerate() {
        assert!((found.learning_rate_at(step) - 3e-3 * expected).abs() < 1e-15);
    }
    // the rise takes one step, the first
    let cosine: Array1<f64> = npz.by_name("cosine").unwrap();
    let found = config(LearningRateSchedule::Cosine);
    assert!((found.learning_rate_at(0) - 1.5e-3).abs() < 1e-15);
    for (step, expected) in (1..50).zip(&cosine) {
        assert!((found.learning_rate_at(step) - 3e-3 * expected).abs() < 1e-15);
    }
    let found = config(LearningRateSchedule::Constant);
    assert!((0..50).all(|step| found.learning_rate_at(step) == 3e-3));
    // a training of one step has a last step, too
    for schedule in [LearningRateSchedule::Linear, LearningRateSchedule::Cosine] {
        let one = TrainConfig {
            steps: 1,
            ..config(schedule)
        };
        assert!(one.learning_rate_at(0) > 0.0 && one.learning_rate_at(0).is_finite());
    }
}
