//! The training loop against the same steps by hand: draws, windows, weights, schedules, optimiser.

use std::sync::Arc;

use crate::common::plain::Adam;
use crate::common::{latents, recording};
use ndarray::Axis;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::Trainable as _;
use xcebra_core::ops::{self, Cpu, Embedded, Sum, Term, vector};
use xcebra_core::regularizer::Probes;
use xcebra_core::sampling::{Positives, References, Time, TimeDelta};
use xcebra_core::{
    Config, Encoder, EncoderName, LearningRateSchedule, LossConfig, Metric, ObjectiveConfig,
    Pieces, PositivesConfig, Recording, Similarity, StepReport, Trainer,
};

const STEPS: usize = 9;
const BATCH: usize = 40;

/// Two contrastive objectives with learned temperatures, one label, a ramp on everything.
fn settings() -> Config {
    let similarity = |metric, temperature| Similarity {
        learn: true,
        ..Similarity::new(metric, temperature)
    };
    let objective = |dims, weight, loss| ObjectiveConfig {
        dims: Some(dims),
        weight,
        ..ObjectiveConfig::new(loss)
    };
    let mut config = Config::default();
    config.encoder.name = EncoderName::Offset5Mse;
    config.encoder.outputs = 3;
    config.encoder.hidden = 6;
    config.objective = vec![
        objective([0, 1], 0.6, LossConfig::Mse { label: "z".into() }),
        objective(
            [1, 3],
            0.8,
            LossConfig::InfoNce {
                positives: PositivesConfig::TimeDelta {
                    label: "z".into(),
                    delta: 3,
                },
                similarity: similarity(Metric::Cosine, 0.5),
            },
        ),
        objective(
            [0, 2],
            1.5,
            LossConfig::InfoNce {
                positives: PositivesConfig::Time { offset: 2 },
                similarity: similarity(Metric::Euclidean, 2.0),
            },
        ),
    ];
    config.objective[0].weight_start = 1;
    config.objective[1].weight_start = 2;
    config.objective[1].weight_ramp = 3;
    config.regularizer.weight = 0.2;
    config.regularizer.start = 3;
    config.regularizer.ramp = 4;
    config.regularizer.projections = 2;
    config.train.steps = STEPS;
    config.train.batch = BATCH;
    config.train.learning_rate = 1e-2;
    config.train.schedule = LearningRateSchedule::Linear;
    config.train.weight_decay = 0.1;
    config.train.seed = 11;
    config.validation.held_out = 0.3;
    config.validation.blocks = 2;
    config.validation.every = 5;
    config.validation.batches = 3;
    config
}

/// 0 before `start`, then a rise over `ramp` steps.
fn ramp(step: usize, weight: f64, start: usize, ramp: usize) -> f64 {
    weight * ((step as f64 - start as f64) / ramp as f64).clamp(0.0, 1.0)
}

fn stream(id: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    rng.set_stream(id);
    rng
}

/// Samples of one part of the recording, and the losses at them.
struct Part<'a> {
    recording: &'a Recording<f64>,
    references: References,
    negatives: References,
    positives: [Box<dyn Positives>; 2],
}

impl<'a> Part<'a> {
    fn new(recording: &'a Recording<f64>, pieces: &Pieces, encoder: &Encoder<f64>) -> Self {
        let centers = pieces.centers(encoder.architecture().window).unwrap();
        Self {
            recording,
            // time positives come two samples later
            references: References::new(&centers, 2).unwrap(),
            negatives: References::new(&centers, 0).unwrap(),
            positives: [
                Box::new(TimeDelta::new(recording, &centers, "z", 3).unwrap()),
                Box::new(Time::new(2).unwrap()),
            ],
        }
    }

    /// Times of references, negatives and both kinds of positives; their windows.
    fn draw(&self, rng: &mut ChaCha8Rng) -> (Vec<usize>, Arc<Vec<f64>>) {
        let references = self.references.draw(BATCH, rng);
        let mut times = references.clone();
        times.extend(self.negatives.draw(BATCH, rng));
        for positives in &self.positives {
            times.extend(positives.draw(&references, rng));
        }
        let windows = times.iter().flat_map(|&t| t - 2..t + 3);
        let rows: Vec<usize> = windows.collect();
        let x = self.recording.samples().select(Axis(0), &rows);
        (times, Arc::new(x.into_raw_vec_and_offset().0))
    }

    /// Labels of the references.
    fn targets(&self, times: &[usize]) -> Vec<f64> {
        let Ok(xcebra_core::Labels::Continuous(z)) = self.recording.label("z") else {
            panic!("it is continuous")
        };
        times[..BATCH].iter().map(|&t| z[[t, 0]]).collect()
    }
}

fn terms(step: usize) -> Vec<Term> {
    let objectives = settings().objective;
    let term = |i: usize, dims, weight| {
        let LossConfig::InfoNce { similarity, .. } = objectives[i].loss else {
            panic!("it is contrastive")
        };
        Term {
            reference: 0..BATCH,
            negative: BATCH..2 * BATCH,
            positive: (i + 1) * BATCH..(i + 2) * BATCH,
            dims,
            similarity,
            weight,
        }
    };
    vec![term(1, 1..3, ramp(step, 0.8, 2, 3)), term(2, 0..2, 1.5)]
}

/// What a step reports: the loss, its parts and, at the last, validation.
fn assert_report(found: &StepReport, loss: f64, penalty: Option<f64>) {
    let step = found.step;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9 * (1.0 + b.abs());
    assert!(near(found.loss, loss), "step {step}: {} {loss}", found.loss);
    let part = found.part("jacobian").unwrap();
    let same = match (part.value, penalty) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a == b,
    };
    assert!(same, "step {step}: {:?} {penalty:?}", part.value);
}

#[test]
fn a_training_makes_the_steps_that_its_settings_say() {
    let recording = recording::<f64>(&latents(300))
        .with_sessions(&[120, 180])
        .unwrap();
    let mut trainer = Trainer::new(settings(), recording.clone()).unwrap();
    let architecture = settings().encoder.architecture(8);
    let encoder = Encoder::<f64>::new(architecture, 11).unwrap();
    assert_eq!(encoder.architecture().window.left, 2);
    let (training, held_out) = recording.pieces().split(0.3, 2).unwrap();
    let training = Part::new(&recording, &training, &encoder);
    let held_out = Part::new(&recording, &held_out, &encoder);
    let (mut samples, mut probes) = (stream(2), stream(3));

    let mut weights = Adam::new(encoder.parameters().to_vec(), 0.1);
    let mut temperatures = Adam::new(vec![2.0_f64.ln(), -(2.0_f64.ln())], 0.0);
    let engine = Cpu::default();
    // contrastive and supervised loss at the present numbers
    let losses = |part: &Part<'_>, times: &[usize], embedded: &Embedded<f64>, step, of: &_| {
        let targets = part.targets(times);
        let error = ops::mean_squared_error(embedded.taped(), 0..BATCH, 0..1, &targets);
        let contrast = ops::info_nce_at(
            embedded.taped(),
            Some(ops::traced(of)),
            &terms(step),
            &engine,
        );
        (error, contrast)
    };
    for step in 0..STEPS {
        let parameters = vector(weights.values.clone());
        let inverse = vector(temperatures.values.clone());
        let (times, x) = training.draw(&mut samples);
        let mut sum = Sum::default();
        let lambda = ramp(step, 0.2, 3, 4);
        let penalty = (lambda > 0.0).then(|| {
            let (directions, factor) = Probes::Random(2).draw(BATCH, 3, &mut probes);
            let x = &x[..BATCH * 5 * 8];
            let taped = ops::traced(&parameters);
            let penalty = encoder.jacobian_penalty(taped, x, &directions, factor);
            sum.add(lambda, penalty).unwrap()
        });
        let embedded = Embedded::of(encoder.encode(ops::traced(&parameters), x));
        let (error, (contrast, _)) = losses(&training, &times, &embedded, step, &inverse);
        let weight = if step == 0 { 0.0 } else { 0.6 };
        let loss = weight * sum.add(weight, error).unwrap() + sum.add(1.0, contrast).unwrap();
        let gradients = sum.backward(embedded).unwrap();
        let rate = 1e-2 * (1.0 - 0.99 * step as f64 / (STEPS - 1) as f64);
        weights.step(&gradients.get(&parameters).as_vec(), step, rate);
        temperatures.step(&gradients.get(&inverse).as_vec(), step, rate);

        let found = trainer.step().unwrap();
        assert_report(&found, loss, penalty);
        // what has no weight is not computed
        assert_eq!(found.part("mse z").unwrap().value.is_none(), step == 0);
        assert!((found.learning_rate - rate).abs() < 1e-15);
        let temperature = (-inverse.as_vec()[0]).exp();
        assert!((found.terms[0].temperature - temperature).abs() < 1e-12);
        assert_eq!(found.samples, 4 * BATCH);
        assert_eq!(found.validation.is_some(), step == 4 || step == STEPS - 1);
        let Some(validation) = found.validation else {
            continue;
        };
        let mut rng = stream(4);
        let parameters = vector(weights.values.clone());
        let inverse = vector(temperatures.values.clone());
        let (mut loss, mut bits) = (0.0, [0.0; 2]);
        for _ in 0..3 {
            let (times, x) = held_out.draw(&mut rng);
            let embedded = Embedded::of(encoder.encode(ops::traced(&parameters), x));
            let (error, (contrast, reports)) = losses(&held_out, &times, &embedded, step, &inverse);
            let mut sum = Sum::default();
            loss += (0.6 * sum.add(1.0, error).unwrap() + sum.add(1.0, contrast).unwrap()) / 3.0;
            for (bits, report) in bits.iter_mut().zip(reports) {
                *bits += report.bits_over_chance() / 3.0;
            }
        }
        assert!(
            (validation.loss - loss).abs() < 1e-9,
            "{} {loss}",
            validation.loss
        );
        for (found, expected) in validation.bits.iter().zip(bits) {
            assert!((found - expected).abs() < 1e-9);
        }
    }
    assert!(trainer.is_done());
    let (encoder, history) = trainer.finish().unwrap();
    assert_eq!(history.step, [0, STEPS - 1]);
    assert_eq!(history.learning_rate.len(), 2);
    assert!((history.learning_rate[1] - 1e-4).abs() < 1e-15);
    for (found, expected) in encoder.parameters().iter().zip(&weights.values) {
        // rounding, through nine steps of Adam
        assert!((found - expected).abs() < 1e-10, "{found} {expected}");
    }
}
