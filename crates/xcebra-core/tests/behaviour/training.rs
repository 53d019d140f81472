//! Training as a user sees it.

use std::ops::ControlFlow;

use crate::common::{config, latents, recording, train};
use ndarray::{Array1, Array2, s};
use xcebra_core::{
    Config, CoreError, Element, EncoderName, Labels, LearningRateSchedule, LossConfig, Metric,
    ObjectiveConfig, PositivesConfig, Recording, Similarity, Trainer,
};
use xcebra_model::{Advice, Model};

/// R² of the best linear map with intercept from two columns to one, by the normal equations.
fn r2(embedding: &Array2<f64>, target: &Array1<f64>) -> f64 {
    let (a, b) = (embedding.column(0), embedding.column(1));
    let centre = |v: &Array1<f64>| v - v.mean().unwrap();
    let (a, b, y) = (centre(&a.to_owned()), centre(&b.to_owned()), centre(target));
    let (aa, ab, bb) = (a.dot(&a), a.dot(&b), b.dot(&b));
    let (ay, by) = (a.dot(&y), b.dot(&y));
    let det = aa * bb - ab * ab;
    let (p, q) = ((ay * bb - by * ab) / det, (by * aa - ay * ab) / det);
    let residual = &y - &(&a * p) - &(&b * q);
    1.0 - residual.dot(&residual) / y.dot(&y)
}

fn recovers_latents<E: Element>() {
    let z = latents(2000);
    let recording = recording::<E>(&z);
    let x = recording.samples().to_owned();
    let encoder = train(config(800), recording);
    let embedding = encoder
        .forward(x.into_dyn().view())
        .unwrap()
        .mapv(xcebra_model::Scalar::as_f64);
    for k in 0..2 {
        let found = r2(&embedding, &z.column(k).to_owned());
        assert!(found > 0.9, "R² of latent {k}: {found}");
    }
    // only the second dimension was asked for the second latent, and it should hold no other
    let second = Array2::from_shape_fn((2000, 2), |(t, k)| {
        if k == 0 {
            embedding[[t, 1]]
        } else {
            (t as f64).sin()
        }
    });
    assert!(r2(&second, &z.column(1).to_owned()) > 0.9);
    assert!(r2(&second, &z.column(0).to_owned()) < 0.2);
}

#[test]
fn single_precision_recovers_the_latents() {
    recovers_latents::<f32>();
}

#[test]
fn double_precision_recovers_the_latents() {
    recovers_latents::<f64>();
}

#[test]
fn discrete_positives_separate_the_classes() {
    let z = latents(1000);
    let mut config = config(300);
    config.encoder.name = EncoderName::Offset1;
    config.encoder.hidden = 16;
    config.objective.truncate(1);
    config.objective[0].loss = LossConfig::InfoNce {
        positives: PositivesConfig::Discrete {
            label: "class".into(),
        },
        similarity: Similarity::new(Metric::Cosine, 0.2),
    };
    let mut trainer = Trainer::new(config, recording::<f32>(&z)).unwrap();
    let (mut first, mut last) = (f64::NAN, f64::NAN);
    trainer
        .run(|_, report| {
            if report.step == 0 {
                first = report.loss;
            }
            last = report.loss;
            ControlFlow::Continue(())
        })
        .unwrap();
    // six classes: the best loss lies about log 6 = 1.8 below chance
    assert!(last < first - 0.7, "{first} {last}");
}

#[test]
fn curves_report_what_happened() {
    let mut trainer = Trainer::new(config(40), recording::<f32>(&latents(300))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    assert_eq!(history.step, [0, 10, 20, 30, 39]);
    let penalty = history.part("jacobian").unwrap();
    assert_eq!(penalty.value[0], None);
    assert!(penalty.value[4].unwrap() > 0.0);
    assert_eq!(penalty.weight, [0.0, 0.0, 0.0, 0.1, 0.1]);
    assert_eq!(history.align.len(), 2);
    let sum: f64 = (0..2)
        .map(|o| history.align[o][2] + history.uniform[o][2])
        .sum();
    assert!((sum - history.loss[2]).abs() < 1e-9);
}

#[test]
fn an_observer_can_stop() {
    let mut trainer = Trainer::new(config(40), recording::<f32>(&latents(300))).unwrap();
    let stop = trainer.run(|_, r| {
        if r.step == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(
        matches!(stop, Err(CoreError::Stopped { step: 4 })),
        "{stop:?}"
    );
}

#[test]
fn divergence_is_an_error_that_advises() {
    let mut config = config(500);
    config.train.learning_rate = 1e18;
    let mut trainer = Trainer::new(config, recording::<f32>(&latents(300))).unwrap();
    let error = trainer.run(|_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, CoreError::Diverged { .. }), "{error}");
    assert!(
        error
            .advice()
            .unwrap()
            .contains("smaller train.learning_rate")
    );
}

/// Chance is that of the weights at the step: the first loss says nothing of a later one.
#[test]
fn a_loss_that_sets_in_late_is_no_divergence() {
    let mut config = config(80);
    config.regularizer.weight = 0.0;
    for objective in &mut config.objective {
        objective.weight = 50.0;
        objective.weight_start = 10;
    }
    let mut trainer = Trainer::new(config, recording::<f32>(&latents(300))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    assert!(history.loss[0] == 0.0 && history.loss[1] > 100.0);
    assert!(history.part("jacobian").is_none());
}

#[test]
fn linear_schedule_falls_to_a_hundredth() {
    let mut train = config(5).train;
    train.schedule = LearningRateSchedule::Linear;
    for (step, factor) in [1.0, 0.7525, 0.505, 0.2575, 0.01].into_iter().enumerate() {
        assert!((train.learning_rate_at(step) - 1e-3 * factor).abs() < 1e-15);
    }
    train.steps = 1;
    assert_eq!(train.learning_rate_at(0), 1e-3);
}

#[test]
fn cosine_schedule_rises_and_falls() {
    let mut train = config(1000).train;
    train.schedule = LearningRateSchedule::Cosine;
    let rates: Vec<f64> = (0..1000).map(|s| train.learning_rate_at(s)).collect();
    let highest = rates.iter().copied().fold(0.0, f64::max);
    assert!((highest - 1e-3).abs() < 1e-9);
    // a twenty-first each step, to the whole at the first step after the rise
    for step in [0, 1, 19, 20] {
        assert!((rates[step] - 1e-3 * (step + 1) as f64 / 21.0).abs() < 1e-15);
    }
    assert!(rates[999] < 1.1e-5);
    assert!((rates[510] - 0.505e-3).abs() < 2e-6);
    assert!(rates.windows(2).skip(21).all(|w| w[1] <= w[0]));
}

#[test]
fn impossible_settings_are_refused_before_work() {
    let z = latents(300);
    let refused = |change: &dyn Fn(&mut Config), field: &str| {
        let mut config = config(10);
        change(&mut config);
        let error = Trainer::new(config, recording::<f32>(&z))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(field), "{error}");
    };
    refused(&|c| c.train.steps = 0, "train.steps");
    refused(&|c| c.train.batch = 1, "train.batch");
    refused(&|c| c.train.learning_rate = f64::NAN, "train.learning_rate");
    // every step would take more of a parameter than there is of it
    refused(&|c| c.train.weight_decay = 2000.0, "train.weight_decay");
    refused(&|c| c.train.log_every = 0, "train.log_every");
    refused(&|c| c.regularizer.weight = -1.0, "regularizer.weight");
    refused(&|c| c.encoder.outputs = 0, "encoder.outputs");
    refused(&|c| c.encoder.outputs = 1 << 40, "encoder.outputs");
    refused(&|c| c.objective[0].dims = Some([0, 3]), "objective.0.dims");
    refused(&|c| c.objective[1].dims = Some([1, 1]), "objective.1.dims");
    refused(
        &|c| {
            c.objective[1].loss = LossConfig::InfoNce {
                positives: PositivesConfig::Time { offset: 1 },
                similarity: Similarity::new(Metric::Euclidean, 0.0),
            }
        },
        "objective.1.similarity.temperature",
    );
    refused(
        &|c| c.objective[0].weight = f64::INFINITY,
        "objective.0.weight",
    );
    refused(&|c| c.encoder.name = EncoderName::Offset1, "all dimensions");
    let positives = |p: PositivesConfig| {
        move |c: &mut Config| c.objective[1] = ObjectiveConfig::info_nce(p.clone())
    };
    refused(
        &positives(PositivesConfig::Time { offset: 0 }),
        "objective.1.positives.offset is 0",
    );
    refused(
        &positives(PositivesConfig::Time { offset: 300 }),
        "the recording (for objective.1.positives): its longest uninterrupted stretch has 300 samples, too short",
    );
    refused(
        &positives(PositivesConfig::TimeDelta {
            label: "z".into(),
            delta: 300,
        }),
        "too short",
    );
    refused(
        &positives(PositivesConfig::TimeDelta {
            label: "y".into(),
            delta: 1,
        }),
        "the label `y`",
    );
    refused(
        &positives(PositivesConfig::TimeDelta {
            label: "y".into(),
            delta: 1,
        }),
        "the label `y` (for objective.1.positives): the recording has no label",
    );
    refused(
        &positives(PositivesConfig::Discrete { label: "z".into() }),
        "objective.1.positives.label is `z`, which holds real numbers",
    );
    refused(
        &positives(PositivesConfig::Mixed {
            discrete: "z".into(),
            continuous: "z".into(),
            delta: 1,
        }),
        "objective.1.positives.discrete is `z`",
    );
    let supervised = |loss: LossConfig| {
        move |c: &mut Config| c.objective[1] = ObjectiveConfig::new(loss.clone())
    };
    refused(
        &supervised(LossConfig::CrossEntropy { label: "z".into() }),
        "objective.1.label is `z`",
    );
    refused(
        &supervised(LossConfig::Mse { label: "z".into() }),
        "objective.1.dims is a range of 2 dimensions",
    );
    refused(
        &supervised(LossConfig::Mse { label: "y".into() }),
        "the label `y` (for objective.1): the recording has no label",
    );
    refused(
        &|c| c.validation.held_out = 0.7,
        "validation.held_out is 0.7",
    );
}

#[test]
fn a_label_that_is_missing_is_advised_on() {
    let recording = recording::<f32>(&latents(300));
    let error = recording.label("y").err().unwrap();
    let advice = error.advice().unwrap();
    assert!(advice.ends_with("class, z"), "{advice}");
}

#[test]
fn unusable_recordings_are_refused() {
    let good = Array2::from_shape_fn((10, 2), |(t, c)| (t * (c + 1)) as f32);
    let refused = |x: &Array2<f32>, words: &str| {
        let error = Recording::new(x.view()).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(&Array2::zeros((10, 0)), "no channels");
    refused(&Array2::zeros((0, 2)), "0 samples");
    refused(&good.slice(s![..1, ..]).to_owned(), "1 samples");
    for bad in [f32::NAN, f32::INFINITY] {
        let mut x = good.clone();
        x[[7, 1]] = bad;
        refused(&x, "sample 7 of channel 1");
    }
    let mut x = good.clone();
    x.column_mut(1).fill(4.0);
    refused(&x, "channel 1 is 4 at every sample");
    for (t, v) in x.column_mut(1).iter_mut().enumerate() {
        *v = 1e5 + 0.0078125 * (t % 2) as f32;
    }
    refused(&x, "at every sample, but for rounding");

    let label = |l: Labels, words: &str| {
        let recording = Recording::new(good.view()).unwrap();
        let error = recording.with_label("y", l).err().unwrap().to_string();
        assert!(error.contains(words) && error.contains("`y`"), "{error}");
    };
    label(Labels::Discrete(vec![0; 9]), "9 values for 10 samples");
    label(Labels::Discrete(vec![3; 10]), "class 3");
    label(Labels::Continuous(Array2::zeros((10, 0))), "no columns");
    label(Labels::Continuous(Array2::zeros((10, 1))), "never changes");
    let wave = |gain: f64| Array2::from_shape_fn((10, 1), |(t, _)| gain * (t as f64).sin());
    label(Labels::Continuous(wave(1e-12) + 1e5), "never changes");
    label(Labels::Continuous(wave(1e160)), "squares of it overflow");
    label(
        Labels::Continuous(Array2::from_elem((10, 1), f64::NAN)),
        "NaN",
    );
    let sessions = Recording::new(good.view()).unwrap().with_sessions(&[4, 5]);
    assert!(sessions.err().unwrap().advice().unwrap().contains("add up"));
    let sessions = Recording::new(good.view())
        .unwrap()
        .with_sessions(&[usize::MAX, 11]);
    assert!(sessions.err().unwrap().advice().unwrap().contains("add up"));
}

#[test]
fn a_learned_temperature_falls_where_sharper_is_better() {
    let mut config = config(200);
    config.encoder.name = EncoderName::Offset1;
    config.encoder.hidden = 16;
    let similarity = Similarity {
        learn: true,
        minimum: 0.3,
        ..Similarity::new(Metric::Cosine, 1.0)
    };
    config.objective = vec![ObjectiveConfig::new(LossConfig::InfoNce {
        positives: PositivesConfig::Time { offset: 1 },
        similarity,
    })];
    config.train.learning_rate = 1e-2;
    let mut trainer = Trainer::new(config, recording::<f32>(&latents(1000))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    let temperature = &history.temperature[0];
    assert_eq!(temperature[0], 1.0);
    // on the unit circle unit temperature is far too warm; the minimum holds it
    assert!(
        (temperature.last().unwrap() - 0.3).abs() < 1e-9,
        "{temperature:?}"
    );
}

#[test]
fn supervised_objectives_learn_their_labels() {
    let z = latents(2000);
    let mut config = config(600);
    config.encoder.outputs = 8;
    config.train.learning_rate = 3e-3;
    config.regularizer.weight = 1e-4;
    let mse = LossConfig::Mse { label: "z".into() };
    let class = LossConfig::CrossEntropy {
        label: "class".into(),
    };
    config.objective = vec![
        ObjectiveConfig {
            dims: Some([0, 1]),
            ..ObjectiveConfig::new(mse)
        },
        ObjectiveConfig {
            dims: Some([1, 8]),
            ..ObjectiveConfig::new(class)
        },
    ];
    config.validation.held_out = 0.2;
    let mut trainer = Trainer::new(config, recording::<f32>(&z)).unwrap();
    let report = trainer.step().unwrap();
    // only references go through the encoder
    assert_eq!((report.samples, report.terms.len()), (128, 0));
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (encoder, history) = trainer.finish().unwrap();
    let last = |name: &str| history.part(name).unwrap().value.last().unwrap().unwrap();
    // the label's variance is about 1/3; seven classes at random are log 7 = 1.9
    assert!(last("mse z") < 0.02, "{}", last("mse z"));
    assert!(
        last("cross-entropy class") < 0.5,
        "{}",
        last("cross-entropy class")
    );
    let validation = history.validation.last().unwrap();
    assert!(
        validation.bits.is_empty() && validation.loss < 0.6,
        "{validation:?}"
    );

    let x = recording::<f32>(&z).samples().to_owned();
    let y = encoder.forward(x.view().into_dyn()).unwrap();
    let error: f64 = y
        .column(0)
        .iter()
        .zip(z.column(1))
        .map(|(&y, z)| (f64::from(y) - z).powi(2))
        .sum::<f64>()
        / 2000.0;
    assert!(error < 0.02, "{error}");
}

/// Two losses to one label have a curve each.
#[test]
fn losses_of_equal_names_have_curves_of_their_own() {
    let mut config = config(30);
    let mse = |dims| ObjectiveConfig {
        dims: Some(dims),
        ..ObjectiveConfig::new(LossConfig::Mse { label: "z".into() })
    };
    config.objective = vec![mse([0, 1]), mse([1, 2])];
    config.objective[1].weight = 0.5;
    let mut trainer = Trainer::new(config, recording::<f32>(&latents(300))).unwrap();
    trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
    let (_, history) = trainer.finish().unwrap();
    let names: Vec<&str> = history
        .parts
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    assert_eq!(names, ["mse z", "mse z (2)", "jacobian"]);
    for (i, loss) in history.loss.iter().enumerate() {
        let parts = &history.parts[..2];
        let sum: f64 = parts
            .iter()
            .map(|p| p.weight[i] * p.value[i].unwrap())
            .sum();
        assert!((sum - loss).abs() < 1e-12);
    }
    assert!(
        history
            .parts
            .iter()
            .all(|part| part.value.len() == history.len())
    );
}

#[test]
fn supervised_dimensions_must_fit_their_label() {
    let refused = |loss, dims| {
        let mut config = config(10);
        config.encoder.outputs = 7;
        config.objective = vec![ObjectiveConfig {
            dims,
            ..ObjectiveConfig::new(loss)
        }];
        let trainer = Trainer::new(config, recording::<f32>(&latents(300)));
        trainer.err().expect("it must be refused").to_string()
    };
    let label = String::from;
    assert!(refused(LossConfig::Mse { label: label("z") }, None).contains("columns"));
    let class = LossConfig::CrossEntropy {
        label: label("class"),
    };
    assert!(refused(class, Some([0, 2])).contains("classes"));
    let real = LossConfig::CrossEntropy { label: label("z") };
    assert!(refused(real, Some([0, 2])).contains("real numbers"));
    let none = LossConfig::Mse {
        label: label("none"),
    };
    assert!(refused(none, Some([0, 1])).contains("none"));
}

#[test]
fn convolutional_encoders_recover_the_latents() {
    let z = latents(2000);
    let recording = recording::<f32>(&z);
    let x = recording.samples().to_owned();
    let mut config = config(400);
    config.encoder.name = EncoderName::Offset5Mse;
    config.encoder.hidden = 16;
    config.train.learning_rate = 3e-3;
    let encoder = train(config, recording);
    let embedding = encoder
        .embed(x.view(), xcebra_core::encoder::Edges::Pad)
        .unwrap();
    let embedding = embedding.values.mapv(f64::from);
    assert_eq!(embedding.dim(), (2000, 2));
    for k in 0..2 {
        let r2 = r2(&embedding, &z.column(k).to_owned());
        assert!(r2 > 0.8, "latent {k}: {r2}");
    }
}
