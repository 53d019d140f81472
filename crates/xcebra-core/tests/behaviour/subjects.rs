//! Trainings of several subjects: an encoder each, into one embedding.

use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex};

use ndarray::{Array2, ArrayView2};
use safetensors::SafeTensors;
use xcebra_core::encoder::Trainable;
use xcebra_core::objective::{Batch, Loss};
use xcebra_core::ops::{Taped, Value, with_gradient};
use xcebra_core::{Balance, Config, Element, Encoder, Recording, Session, Shared, Trainer};
use xcebra_model::Model;

use crate::common::animals::{self, BOTH, FIRST};
use crate::common::{self, config};

const SHARED: [Shared; 2] = [Shared::None, Shared::Trunk];

fn bits<E: Element>(encoder: &Encoder<E>) -> Vec<u64> {
    let parameters = encoder.parameters().iter();
    parameters.map(|p| p.as_f64().to_bits()).collect()
}

/// Of one subject, all settings give the bits of a recording without subjects.
#[test]
fn one_subject_is_a_plain_recording() {
    let z = common::latents(400);
    let plain = common::recording::<f32>(&z);
    let values: Vec<f32> = plain.samples().iter().copied().collect();
    let session = Session::new(values, plain.channels()).unwrap();
    let mut one = Recording::<f32>::from_subjects(vec![session], vec![0]).unwrap();
    for (name, labels) in plain.labels() {
        one = one.with_label(name, labels.clone()).unwrap();
    }
    let mut settings = config(30);
    settings.validation.held_out = 0.2;
    let expected = common::train(settings.clone(), plain);
    for shared in SHARED {
        for balance in [Balance::Subjects, Balance::Samples] {
            let mut settings = settings.clone();
            (settings.encoder.shared, settings.train.balance) = (shared, balance);
            let found = animals::train(settings, one.clone());
            assert_eq!(bits(&found[0]), bits(&expected));
        }
    }
}

/// What a batch was, and how it was embedded.
#[derive(Default)]
struct Seen {
    times: Vec<usize>,
    roles: [Range<usize>; 2],
    positives: Vec<Range<usize>>,
    embedding: Vec<f64>,
}

/// A loss of 0 that keeps what it sees.
struct Witness(Arc<Mutex<Seen>>);

impl Loss<f64> for Witness {
    fn name(&self) -> &str {
        "witness"
    }

    fn weight(&self, _: usize) -> f64 {
        1.0
    }

    fn loss(&self, embedding: Taped<(usize, usize), f64>, batch: &Batch) -> Value<f64> {
        let values = embedding.as_vec();
        *self.0.lock().unwrap() = Seen {
            times: batch.times.clone(),
            roles: [batch.references.clone(), batch.negatives.clone()],
            positives: batch.positives.clone(),
            embedding: values.clone(),
        };
        with_gradient(embedding, 0.0, vec![0.0; values.len()])
    }
}

/// Settings whose first step has the exact penalty.
fn first_step(shared: Shared) -> Config {
    let mut settings = config(3);
    settings.train.batch = 26;
    settings.encoder.shared = shared;
    settings.regularizer.start = 0;
    settings.regularizer.ramp = 0;
    settings.regularizer.weight = 0.3;
    settings.regularizer.projections = 0;
    settings
}

/// Loss with penalty at the first step, the gradient that Adam saw of it, and what the batch was.
fn step(settings: &Config, encoders: Vec<Encoder<f64>>) -> (f64, Vec<f64>, Seen) {
    let recording = animals::recording::<f64>();
    let mut trainer = Trainer::with_encoders(settings.clone(), recording, encoders).unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    trainer.add_loss(Box::new(Witness(Arc::clone(&seen))));
    let report = trainer.step().unwrap();
    let penalty = report.part("jacobian").unwrap();
    let total = report.loss + penalty.weight * penalty.value.unwrap();
    let bytes = trainer.checkpoint().to_bytes().unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    // after one step the running mean is a tenth of the gradient
    let first = tensors.tensor("first").unwrap();
    let first = first.data().as_chunks::<8>().0;
    let gradient = first
        .iter()
        .map(|b| 10.0 * f64::from_le_bytes(*b))
        .collect();
    drop(trainer);
    let seen = Arc::into_inner(seen).unwrap().into_inner().unwrap();
    (total, gradient, seen)
}

fn fresh(settings: &Config) -> Vec<Encoder<f64>> {
    let recording = animals::recording::<f64>();
    let trainer = Trainer::new(settings.clone(), recording).unwrap();
    trainer.finish_all().unwrap().0
}

/// The value by its definition, from each encoder as a model of its own.
fn by_definition(settings: &Config, encoders: &[Encoder<f64>], seen: &Seen) -> f64 {
    let x = animals::samples();
    let row = |time: usize| match time < FIRST {
        true => (0, x[0].row(time)),
        false => (1, x[1].row(time - FIRST)),
    };
    let forward = |time: usize| {
        let (subject, row) = row(time);
        let one = row.insert_axis(ndarray::Axis(0)).into_dyn();
        encoders[subject]
            .forward(one.view())
            .unwrap()
            .row(0)
            .to_vec()
    };
    let embedded: Vec<Vec<f64>> = seen.times.iter().map(|&t| forward(t)).collect();
    // products in blocks of another size
    for (a, b) in embedded.iter().flatten().zip(&seen.embedding) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
    let [references, negatives] = seen.roles.clone();
    let mut total = 0.0;
    for (objective, positives) in settings.objectives().iter().zip(&seen.positives) {
        let [first, end] = objective.dims.unwrap();
        let phi = |a: usize, b: usize| -> f64 {
            let pairs = embedded[a][first..end].iter().zip(&embedded[b][first..end]);
            -pairs.map(|(u, v)| (u - v).powi(2)).sum::<f64>()
        };
        let loss = references.clone().zip(positives.clone()).map(|(r, p)| {
            let sum: f64 = negatives.clone().map(|n| phi(r, n).exp()).sum();
            -phi(r, p) + sum.ln()
        });
        total += loss.sum::<f64>() / references.len() as f64;
    }
    let squares = references.clone().map(|r| {
        let (subject, row) = row(seen.times[r]);
        let one = row.insert_axis(ndarray::Axis(0)).into_dyn();
        let jacobian = encoders[subject].jacobian(one.view()).unwrap();
        0.5 * jacobian.iter().map(|v| v * v).sum::<f64>()
    });
    total + settings.regularizer.weight * squares.sum::<f64>() / references.len() as f64
}

#[test]
fn loss_and_penalty_are_those_of_the_definition() {
    for shared in SHARED {
        let settings = first_step(shared);
        let encoders = fresh(&settings);
        let (value, _, seen) = step(&settings, encoders.clone());
        let subjects: Vec<bool> = seen.times[..26].iter().map(|&t| t < FIRST).collect();
        assert_eq!(subjects, [[true; 13], [false; 13]].concat());
        let expected = by_definition(&settings, &encoders, &seen);
        // rounding of sums of a few hundred terms
        assert!((value - expected).abs() < 1e-10, "{value} {expected}");
    }
}

/// The vector that is trained, as encoders.
fn of_vector(shared: Shared, like: &[Encoder<f64>], vector: &[f64]) -> Vec<Encoder<f64>> {
    let own: Vec<usize> = like.iter().map(Trainable::own_parameters).collect();
    let parts = match shared {
        Shared::None => {
            let first = like[0].parameters().len();
            vec![vector[..first].to_vec(), vector[first..].to_vec()]
        }
        Shared::Trunk => {
            let trunk = &vector[own[0] + own[1]..];
            let first = [&vector[..own[0]], trunk].concat();
            vec![first, [&vector[own[0]..own[0] + own[1]], trunk].concat()]
        }
    };
    let both = like.iter().zip(parts);
    both.map(|(e, p)| e.clone().with_parameters(p).unwrap())
        .collect()
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for shared in SHARED {
        let settings = first_step(shared);
        let encoders = fresh(&settings);
        let (_, gradient, _) = step(&settings, encoders.clone());
        let own: Vec<usize> = encoders.iter().map(Trainable::own_parameters).collect();
        let vector: Vec<f64> = match shared {
            Shared::None => encoders
                .iter()
                .flat_map(Encoder::parameters)
                .copied()
                .collect(),
            Shared::Trunk => {
                let parts = [
                    &encoders[0].parameters()[..own[0]],
                    &encoders[1].parameters()[..own[1]],
                    &encoders[0].parameters()[own[0]..],
                ];
                parts.concat()
            }
        };
        assert_eq!(vector.len(), gradient.len());
        for k in 0..4_u32 {
            let direction = |i: usize| ((i as f64 + 1.0) * (1.7 + f64::from(k))).sin();
            let at = |h: f64| {
                let moved = vector.iter().enumerate().map(|(i, v)| v + h * direction(i));
                let moved: Vec<f64> = moved.collect();
                step(&settings, of_vector(shared, &encoders, &moved)).0
            };
            let h = 1e-6;
            let expected = (at(h) - at(-h)) / (2.0 * h);
            let slope: f64 = gradient
                .iter()
                .enumerate()
                .map(|(i, g)| g * direction(i))
                .sum();
            // rounding of the loss over the step, and the third derivative times its square
            assert!(
                (slope - expected).abs() < 1e-6 * (1.0 + slope.abs()),
                "{slope} {expected}"
            );
        }
    }
}

#[test]
fn threads_do_not_matter() {
    for shared in SHARED {
        let mut settings = config(12);
        settings.encoder.shared = shared;
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| animals::train(settings.clone(), animals::recording::<f32>()))
        };
        let [one, several] = [1, 3].map(with);
        for (a, b) in one.iter().zip(&several) {
            assert_eq!(bits(a), bits(b));
        }
    }
}

#[test]
fn a_shared_trunk_stays_shared_and_other_networks_apart() {
    for shared in SHARED {
        let mut settings = config(12);
        settings.encoder.shared = shared;
        let encoders = animals::train(settings, animals::recording::<f32>());
        let trunk = |e: &Encoder<f32>| bits(e)[e.own_parameters()..].to_vec();
        assert_eq!(
            trunk(&encoders[0]) == trunk(&encoders[1]),
            shared == Shared::Trunk
        );
        assert_eq!(encoders[0].architecture().inputs, 5);
        assert_eq!(encoders[1].architecture().inputs, 8);
    }
}

#[test]
fn a_break_changes_nothing() {
    let mut settings = config(30);
    settings.validation.held_out = 0.2;
    settings.validation.every = 10;
    settings.encoder.shared = Shared::Trunk;
    let whole = animals::train(settings.clone(), animals::recording::<f32>());
    let mut first = Trainer::new(settings.clone(), animals::recording::<f32>()).unwrap();
    for _ in 0..13 {
        first.step().unwrap();
    }
    let checkpoint = first.checkpoint();
    let mut second = Trainer::new(settings.clone(), animals::recording::<f32>()).unwrap();
    second.restore(&checkpoint).unwrap();
    second.run(|_, _| ControlFlow::Continue(())).unwrap();
    for (a, b) in second.finish_all().unwrap().0.iter().zip(&whole) {
        assert_eq!(bits(a), bits(b));
    }
    // the same samples with sessions of one subject are another recording
    let x = animals::samples();
    let flat = |x: &Array2<f64>| Session::new(x.iter().copied().collect::<Vec<f64>>(), x.ncols());
    let swapped = vec![flat(&x[1]).unwrap(), flat(&x[0]).unwrap()];
    let mut swapped = Recording::<f32>::from_subjects(swapped, vec![0, 1]).unwrap();
    for (name, labels) in animals::recording::<f32>().labels() {
        swapped = swapped.with_label(name, labels.clone()).unwrap();
    }
    let mut other = Trainer::new(settings, swapped).unwrap();
    assert!(other.restore(&checkpoint).is_err());
}

/// Only the last encoder moves, and of it only its own layers if there is a trunk.
#[test]
fn what_is_frozen_keeps_its_bits() {
    for shared in SHARED {
        let mut settings = config(20);
        settings.encoder.shared = shared;
        settings.train.weight_decay = 0.1;
        let before = animals::train(settings.clone(), animals::recording::<f32>());
        let recording = animals::recording::<f32>();
        let mut trainer = Trainer::adapting(settings, recording, before.clone()).unwrap();
        trainer.run(|_, _| ControlFlow::Continue(())).unwrap();
        let after = trainer.finish_all().unwrap().0;
        assert_eq!(bits(&before[0]), bits(&after[0]));
        let own = before[1].own_parameters();
        let [old, new] = [&before[1], &after[1]].map(bits);
        assert_ne!(old[..own], new[..own]);
        assert_eq!(old[own..] == new[own..], shared == Shared::Trunk);
    }
}

#[test]
fn references_follow_the_balance() {
    let mut settings = first_step(Shared::None);
    settings.train.batch = 70;
    for (balance, of_first) in [(Balance::Subjects, 35), (Balance::Samples, 30)] {
        settings.train.balance = balance;
        let (_, _, seen) = step(&settings, fresh(&settings));
        for role in &seen.roles {
            let found = seen.times[role.clone()]
                .iter()
                .filter(|&&t| t < FIRST)
                .count();
            // by samples in the ratio of 300 to 400, to one for rounding and one for each
            assert!(found.abs_diff(of_first) <= 1, "{balance:?} {found}");
        }
    }
}

#[test]
fn subjects_are_recordings_of_their_own() {
    let recording = animals::recording::<f32>()
        .with_sessions(&[100, 200, 150, 250])
        .unwrap();
    let second = recording.subject(1);
    assert_eq!(second.sessions(), [0..150, 150..400]);
    assert_eq!(second.subjects(), 1);
    let x = animals::samples();
    let same = |found: ArrayView2<'_, f32>, expected: &Array2<f64>| {
        found.iter().zip(expected).all(|(a, b)| *a == *b as f32)
    };
    assert!(same(second.samples().view(), &x[1]));
    assert!(same(recording.rows(FIRST..BOTH).view(), &x[1]));
    let [whole, own] = [&recording, &second].map(|r| match r.label("z").unwrap() {
        xcebra_core::Labels::Continuous(values) => values.clone(),
        xcebra_core::Labels::Discrete(_) => panic!("numbers"),
    });
    assert_eq!(own, whole.slice(ndarray::s![FIRST.., ..]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let session = |samples: usize, channels: usize| {
        let values: Vec<f32> = (0..samples * channels)
            .map(|i| (i * i % 89) as f32)
            .collect();
        Session::new(values, channels).unwrap()
    };
    let of = |lengths: &[(usize, usize)], subjects: &[usize]| {
        let sessions = lengths.iter().map(|&(n, c)| session(n, c)).collect();
        Recording::<f32>::from_subjects(sessions, subjects.to_vec())
    };
    for (lengths, subjects, part) in [
        (
            &[(30, 2), (30, 3)][..],
            &[0][..],
            "2 sessions, and the subjects of 1",
        ),
        (
            &[(30, 2), (30, 3)],
            &[0, 2],
            "of subject 2, and 1 came before",
        ),
        (&[(30, 2), (30, 3)], &[0, 0], "subject 0 has 2 channels"),
        (&[(30, 2), (1, 3)], &[0, 1], "subject 1 has 1 samples"),
        (&[], &[], "0 sessions"),
    ] {
        let error = of(lengths, subjects).unwrap_err().to_string();
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    let constant = Session::new(vec![1.0_f32; 60], 2).unwrap();
    let error = Recording::<f32>::from_subjects(vec![session(30, 2), constant], vec![0, 1]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("channel 0 of subject 1"), "{error}");
    let recording = of(&[(30, 2), (30, 3)], &[0, 1]).unwrap();
    let error = recording.clone().with_sessions(&[20, 40]).unwrap_err();
    assert!(error.to_string().contains("several subjects"), "{error}");

    let refused =
        |result: Result<Trainer<f32>, xcebra_core::CoreError>| result.err().unwrap().to_string();
    let mut settings = Config::default();
    settings.train.batch = 2;
    let trainer = Trainer::new(settings.clone(), recording.clone()).unwrap();
    let error = trainer.finish().err().unwrap().to_string();
    assert!(error.contains("2 encoders"), "{error}");
    let three = of(&[(30, 2), (30, 3), (30, 4)], &[0, 1, 2]).unwrap();
    let error = refused(Trainer::new(settings.clone(), three));
    assert!(error.contains("train.batch"), "{error}");
    let encoders = |channels: &[usize], shared| {
        let seeds = channels.iter().enumerate();
        let make = |(i, &c): (usize, &usize)| {
            let architecture = Config::default().encoder.architecture(c);
            Encoder::<f32>::of_subject(architecture, 3, i).unwrap()
        };
        let mut settings = settings.clone();
        settings.encoder.shared = shared;
        Trainer::with_encoders(settings, recording.clone(), seeds.map(make).collect())
    };
    let mut trunk = settings.clone();
    trunk.encoder.shared = Shared::Trunk;
    let apart = [2, 3].map(|c| {
        let architecture = trunk.encoder.architecture(c);
        Encoder::<f32>::of_subject(architecture, 3, c).unwrap()
    });
    let adapting = Trainer::adapting(trunk, recording.clone(), apart.to_vec());
    let error = refused(adapting);
    assert!(error.contains("another trunk than the first"), "{error}");
    let error = refused(encoders(&[2], Shared::None));
    assert!(error.contains("1 for a recording of 2 subjects"), "{error}");
    let error = refused(encoders(&[2, 5], Shared::None));
    assert!(
        error.contains("that of subject 1 takes 5 channels"),
        "{error}"
    );
    let error = refused(encoders(&[2, 3], Shared::Trunk));
    assert!(error.contains("another trunk"), "{error}");
    // a subject that is too short for the window
    let mut wide = settings.clone();
    wide.encoder.name = xcebra_core::EncoderName::Offset10Mse;
    let short = of(&[(30, 2), (7, 3)], &[0, 1]).unwrap();
    let error = refused(Trainer::new(wide, short));
    assert!(error.contains("subject 1"), "{error}");
}
