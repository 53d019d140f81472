//! Windows that overlap go through an encoder as runs: against the same windows one by one.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_core::encoder::Trainable;
use xcebra_core::ops::{Embedded, Engine, Sum, Taped, mean_squared_error, traced, vector};
use xcebra_core::{Config, Encoder, EncoderName, Trainer};

use crate::common::encoders::{named, normal};
use crate::common::{config, latents, recording};
use crate::engines::Counting;

const CHANNELS: usize = 5;
const TIMES: usize = 400;

/// Embedding and gradient of a loss whose cotangents all differ.
fn differentiated(
    encoder: &Encoder<f64>,
    embed: impl FnOnce(Taped<(usize,), f64>) -> Taped<(usize, usize), f64>,
) -> (Vec<f64>, Vec<f64>) {
    let parameters = vector(encoder.parameters().to_vec());
    let embedded = Embedded::of(embed(traced(&parameters)));
    let values = embedded.taped().as_vec();
    let n = values.len() / 3;
    let mut sum = Sum::default();
    let targets = normal::<f64>(values.len(), 9);
    let loss = mean_squared_error(embedded.taped(), 0..n, 0..3, &targets);
    sum.add(1.0, loss).unwrap();
    let gradients = sum.backward(embedded).unwrap();
    (values, gradients.get(&parameters).as_vec())
}

fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(expected) {
        // the same products, summed in another order
        assert!((f - e).abs() < 1e-12 * (1.0 + e.abs()), "{what}: {f} {e}");
    }
}

/// The windows that begin at the given times, joined and one by one.
fn compare(name: EncoderName, starts: &[usize], most: usize) {
    let encoder = named::<f64>(name, CHANNELS, 3, 6);
    let window = encoder.architecture().window.len();
    let samples = normal::<f64>(TIMES * CHANNELS, 4);
    let mut asked = 0;
    let mut append = |range: Range<usize>, out: &mut Vec<f64>| {
        asked += range.len();
        out.extend_from_slice(&samples[range.start * CHANNELS..range.end * CHANNELS]);
    };
    let runs = encoder.runs(starts, &mut append).unwrap();
    assert!(asked <= most, "{name:?}: {asked} samples");
    let windows: Vec<f64> = starts
        .iter()
        .flat_map(|&start| &samples[start * CHANNELS..(start + window) * CHANNELS])
        .copied()
        .collect();
    assert_eq!(runs.windows(0..starts.len()), windows, "{name:?}");
    assert_eq!(
        runs.windows(1..2),
        windows[window * CHANNELS..][..window * CHANNELS]
    );
    let (found, found_gradient) = differentiated(&encoder, |parameters| {
        encoder.encode_runs(parameters, Arc::new(runs))
    });
    let (expected, gradient) = differentiated(&encoder, |parameters| {
        encoder.encode(parameters, Arc::new(windows))
    });
    assert_near(&found, &expected, "embedding");
    assert_near(&found_gradient, &gradient, "gradient");
}

#[test]
fn runs_give_what_windows_give() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for (name, window) in [
        (EncoderName::Offset5, 5),
        (EncoderName::Offset10Mse, 10),
        (EncoderName::Offset36, 36),
    ] {
        // few that overlap, many, all times twice, and the first and the last alone
        let last = TIMES - window;
        let some = |n: usize, rng: &mut ChaCha8Rng| -> Vec<usize> {
            (0..n).map(|_| rng.gen_range(0..=last)).collect()
        };
        compare(name, &some(7, &mut rng), 7 * window);
        compare(name, &some(300, &mut rng), 2 * TIMES);
        let twice: Vec<usize> = (0..=last).rev().chain(0..=last).collect();
        compare(name, &twice, 2 * TIMES);
        compare(name, &[last, 0], 2 * window);
    }
}

/// A training of windows one by one goes the same way, penalty and held-out samples included.
#[test]
fn a_training_goes_the_same_way() {
    let change = |config: &mut Config| {
        config.encoder.name = EncoderName::Offset10Mse;
        config.validation.held_out = 0.2;
        config.validation.every = 6;
    };
    let mut settings = config(12);
    change(&mut settings);
    let recording = recording::<f32>(&latents(1500));
    let architecture = settings.encoder.architecture(recording.channels());
    let encoder = Encoder::new(architecture, settings.train.seed).unwrap();
    let losses = |encoder: Encoder<f32>| {
        let (settings, recording) = (settings.clone(), recording.clone());
        let mut trainer = Trainer::with_encoder(settings, recording, encoder).unwrap();
        let mut losses = Vec::new();
        trainer
            .run(|_, report| {
                losses.push(report.loss);
                losses.extend(report.validation.as_ref().map(|v| v.loss));
                ControlFlow::Continue(())
            })
            .unwrap();
        losses
    };
    let joined = losses(encoder.clone());
    let engine = Arc::new(Counting::default());
    let apart = losses(encoder.on(Arc::clone(&engine) as Arc<dyn Engine<f32>>));
    assert!(engine.encoded.load(Relaxed) > 12, "went by another engine");
    assert!(joined.len() > 12);
    for (j, a) in joined.iter().zip(&apart) {
        // twelve steps of Adam from roundings of single precision
        assert!((j - a).abs() < 1e-4 * (1.0 + a.abs()), "{j} {a}");
    }
}
