//! Weights that change over the steps.

use std::ops::ControlFlow;

use crate::common::{config, latents, recording};
use xcebra_core::regularizer::Ramp;
use xcebra_core::sampling::{Time, Uniform};
use xcebra_core::{
    Config, LossConfig, Metric, ObjectiveConfig, PositivesConfig, Similarity, Trainer,
};

fn supervised(weight_start: usize, weight_ramp: usize) -> Config {
    let mut settings = config(30);
    settings.regularizer.weight = 0.0;
    settings.objective = vec![ObjectiveConfig {
        dims: Some([0, 1]),
        weight_start,
        weight_ramp,
        ..ObjectiveConfig::new(LossConfig::Mse { label: "z".into() })
    }];
    settings
}

/// Until a weight rises from 0 there is nothing to learn, and nothing is learned.
#[test]
fn a_training_may_begin_without_any_weight() {
    for (start, ramp, still) in [(10, 0, 10), (0, 5, 1), (4, 4, 5), (29, 0, 29)] {
        let after = |steps: usize| {
            let recording = recording::<f32>(&latents(300));
            let mut trainer = Trainer::new(supervised(start, ramp), recording).unwrap();
            for step in 0..steps {
                let report = trainer.step().unwrap();
                let off = report.part("mse z").unwrap().value.is_none();
                assert_eq!(off, step < still, "{start}, {ramp}: {step}");
            }
            trainer.finish().unwrap().0.parameters().to_vec()
        };
        assert_eq!(after(0), after(still));
        assert_ne!(after(0), after(still + 1));
    }
}

/// Which temperature belongs to which objective shows in the direction that it takes.
#[test]
fn several_temperatures_are_learned_beside_fixed_ones() {
    let mut settings = config(200);
    settings.encoder.outputs = 4;
    settings.train.learning_rate = 5e-3;
    let objective = |dims, offset, similarity| ObjectiveConfig {
        dims: Some(dims),
        ..ObjectiveConfig::new(LossConfig::InfoNce {
            positives: PositivesConfig::Time { offset },
            similarity,
        })
    };
    let learned = |temperature| Similarity {
        learn: true,
        ..Similarity::new(Metric::Cosine, temperature)
    };
    let nothing = ObjectiveConfig {
        dims: Some([2, 4]),
        ..ObjectiveConfig::new(LossConfig::InfoNce {
            positives: PositivesConfig::Uniform {},
            similarity: learned(0.8),
        })
    };
    settings.objective = vec![
        objective([0, 2], 1, learned(2.0)),
        objective([0, 2], 2, Similarity::new(Metric::Euclidean, 1.5)),
        nothing,
    ];
    let mut trainer = Trainer::new(settings, recording::<f64>(&latents(1000))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    let ends = |o: usize| {
        let t = &history.temperature[o];
        [t[0], *t.last().unwrap()]
    };
    let [first, last] = ends(0);
    assert!((first - 2.0).abs() < 1e-12 && last < 1.0, "{first} {last}");
    assert_eq!(ends(1), [1.5, 1.5]);
    // positives that say nothing: the warmer the better
    let [first, last] = ends(2);
    assert!((first - 0.8).abs() < 1e-12 && last > 0.9, "{first} {last}");
}

fn stopping(weight: f64) -> Config {
    let mut settings = config(400);
    settings.train.learning_rate = 1e-30;
    settings.regularizer.weight = weight;
    settings.regularizer.start = 50;
    settings.regularizer.ramp = 50;
    settings.validation.held_out = 0.2;
    settings.validation.every = 20;
    settings.validation.patience = 2;
    settings
}

/// With steps too small to change a weight no validation is better than the first that counts.
#[test]
fn patience_begins_when_all_weights_are_final() {
    let run = |settings: Config, change: &dyn Fn(&mut Trainer<f32>)| {
        let mut trainer = Trainer::new(settings, recording::<f32>(&latents(400))).unwrap();
        change(&mut trainer);
        trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
        (trainer.steps_made(), trainer.finish().unwrap().1)
    };
    // the regulariser is off: the first validation counts, after step 19
    let (steps, history) = run(stopping(0.0), &|_| {});
    assert_eq!(steps, 60);
    assert_eq!(history.taken(2).unwrap().step, 19);
    // λ is final from step 100 on: the first validation that counts is that after step 119
    let (steps, history) = run(stopping(0.1), &|_| {});
    assert_eq!(steps, 160);
    assert_eq!(history.taken(2).unwrap().step, 119);
    assert!(
        history.validation[..5]
            .iter()
            .all(|v| !v.best && v.penalty.is_none())
    );
    assert!(history.validation[5].penalty.unwrap() > 0.0);
    // an objective that comes later, and one of one's own that never settles before the end
    let mut late = stopping(0.0);
    late.objective[1].weight_start = 130;
    assert_eq!(run(late.clone(), &|_| {}).0, 180);
    late.objective[1].weight_start = 0;
    let (steps, history) = run(late, &|trainer| {
        let ramp = Ramp {
            weight: 1.0,
            start: 0,
            ramp: 399,
        };
        let time = |_: &_| Ok(Box::new(Time::new(1)?) as Box<_>);
        trainer
            .add_objective(0..1, Similarity::default(), ramp, time)
            .unwrap();
    });
    assert_eq!((steps, history.taken(2).unwrap().step), (400, 399));
}

/// The regulariser, when it sets in, costs the loss more than steps gain: without the penalty the
/// validation just after its beginning would be the best.
#[test]
fn the_best_parameters_are_regularised() {
    let mut settings = config(400);
    settings.regularizer.weight = 4.0;
    settings.regularizer.start = 200;
    settings.regularizer.ramp = 0;
    settings.validation.held_out = 0.2;
    settings.validation.every = 20;
    settings.validation.patience = 1000;
    let mut trainer = Trainer::new(settings, recording::<f32>(&latents(1000))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    let taken = history.taken(1000).unwrap();
    let counted: Vec<_> = history
        .validation
        .iter()
        .filter(|v| v.penalty.is_some())
        .collect();
    assert_eq!(counted[0].step, 219);
    let lowest_loss = counted
        .iter()
        .min_by(|a, b| a.loss.total_cmp(&b.loss))
        .unwrap();
    assert!(
        lowest_loss.step < 260 && taken.step > 300,
        "{} {}",
        lowest_loss.step,
        taken.step
    );
    let sum = |v: &xcebra_core::Validation| v.loss + v.penalty.unwrap();
    assert!(counted.iter().all(|v| sum(v) >= sum(taken)));
}

#[test]
fn what_is_added_may_be_alone_and_must_be_possible() {
    let settings = config(20);
    let fresh = || Trainer::new(settings.clone(), recording::<f32>(&latents(300))).unwrap();
    let uniform = |centers: &_| Ok(Box::new(Uniform::new(centers)?) as Box<_>);
    let mut trainer = fresh();
    trainer.clear_objectives().unwrap();
    trainer
        .add_objective(0..2, Similarity::default(), 1.0, uniform)
        .unwrap();
    let report = trainer.step().unwrap();
    assert_eq!((report.terms.len(), report.samples), (1, 3 * 128));
    for (weight, similarity, words) in [
        (-1.0, Similarity::default(), "objective.2.weight is -1"),
        (f64::NAN, Similarity::default(), "objective.2.weight is NaN"),
        (
            1.0,
            Similarity::new(Metric::Dot, 0.0),
            "objective.2.similarity.temperature is 0",
        ),
    ] {
        let refused = fresh().add_objective(0..2, similarity, weight, uniform);
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
