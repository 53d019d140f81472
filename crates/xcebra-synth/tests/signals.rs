//! Bands and events against their own truth.

use std::f64::consts::{PI, TAU};

use ndarray::{Array1, ArrayView1, s};
use xcebra_synth::{Band, BandsConfig, EventsConfig, SynthError};

/// `|Σ_t x_t exp(−2πi k t / n)|²` for `k = 0 … ⌊n/2⌋`, by the definition.
fn power(x: ArrayView1<'_, f64>) -> Array1<f64> {
    let n = x.len();
    Array1::from_shape_fn(n / 2 + 1, |k| {
        let angle = |t: usize| TAU * (k * t % n) as f64 / n as f64;
        let real: f64 = x.iter().enumerate().map(|(t, x)| x * angle(t).cos()).sum();
        let imaginary: f64 = x.iter().enumerate().map(|(t, x)| x * angle(t).sin()).sum();
        real * real + imaginary * imaginary
    })
}

#[test]
fn bands_hold_their_power_and_nothing_else_does() {
    let config = BandsConfig {
        signals: 6,
        noise: 0.0,
        amplitude: 1.5,
        ..BandsConfig::default()
    };
    let data = config.generate(1).unwrap();
    assert_eq!(data.labels.to_vec(), [0, 1, 0, 1, 0, 1]);
    assert_eq!(data.frequencies.len(), 129);
    assert_eq!(data.frequencies[4], 1.0);
    for (signal, &label) in data.labels.iter().enumerate() {
        let spectrum = power(data.signals.row(signal));
        // Parseval: Σ |X_k|² over both sides is n² times the mean square
        let total = 256.0 * 256.0;
        let share = |mask: &dyn Fn(usize) -> bool| {
            let inside = (0..129).filter(|&k| mask(k)).map(|k| 2.0 * spectrum[k]);
            inside.sum::<f64>() / total
        };
        let own = share(&|k| data.truth[[label, k]]);
        let other = share(&|k| data.truth[[1 - label, k]]);
        let distractor = share(&|k| data.distractors[k]);
        // sums of 256 products up to 1.5, squared
        assert!((own - 2.25).abs() < 1e-12);
        assert!((distractor - 2.25).abs() < 1e-12);
        assert!(other < 1e-20);
        let rest = share(&|k| !data.distractors[k] && !data.truth[[label, k]]);
        assert!(rest < 1e-20);
        let component = data.components.row(signal);
        assert!((component.dot(&component) / 256.0 - 2.25).abs() < 1e-12);
    }
    for (k, &frequency) in data.frequencies.iter().enumerate() {
        assert_eq!(data.truth[[0, k]], (4.0..=6.0).contains(&frequency));
        assert_eq!(data.truth[[1, k]], (10.0..=12.0).contains(&frequency));
        assert_eq!(data.distractors[k], (20.0..=24.0).contains(&frequency));
    }
}

#[test]
fn noise_is_white_and_of_its_deviation() {
    let config = BandsConfig {
        signals: 100,
        noise: 0.5,
        distractors: vec![],
        ..BandsConfig::default()
    };
    let data = config.generate(2).unwrap();
    let noise = &data.signals - &data.components;
    let n = noise.len() as f64;
    let variance = noise.mapv(|v| v * v).mean().unwrap();
    // 25,600 normal draws, five errors
    assert!((variance / 0.25 - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
    let mut mean = Array1::<f64>::zeros(129);
    for row in noise.rows() {
        mean += &power(row);
    }
    mean /= 100.0 * 256.0 * 0.25;
    // 100 exponential draws each, over 127 frequencies: five errors and a half
    assert!(
        mean.slice(s![1..128])
            .iter()
            .all(|p| (p - 1.0).abs() < 0.55)
    );
}

#[test]
fn overlapping_or_empty_bands_are_refused() {
    let band = |low, high| Band { low, high };
    let refuse = |classes: &[Band], distractors: &[Band]| {
        let config = BandsConfig {
            classes: classes.to_vec(),
            distractors: distractors.to_vec(),
            ..BandsConfig::default()
        };
        config.generate(0).unwrap_err()
    };
    let index_of = |error: SynthError| match error {
        SynthError::Band { index, .. } => index,
        other => panic!("{other}"),
    };
    assert_eq!(refuse(&[], &[]), SynthError::Nothing { missing: "classes" });
    assert_eq!(index_of(refuse(&[band(4.0, 6.0), band(6.0, 8.0)], &[])), 1);
    assert_eq!(index_of(refuse(&[band(4.0, 6.0)], &[band(5.0, 5.5)])), 1);
    // between two of the frequencies, which are 0.25 Hz apart
    assert_eq!(index_of(refuse(&[band(4.05, 4.2)], &[])), 0);
    for broken in [
        band(6.0, 4.0),
        band(0.0, 4.0),
        band(30.0, 32.0),
        band(f64::NAN, 4.0),
        band(4.0, f64::INFINITY),
    ] {
        assert_eq!(index_of(refuse(&[broken], &[])), 0);
    }
    let broken = |change: fn(&mut BandsConfig)| {
        let mut config = BandsConfig::default();
        change(&mut config);
        let error = config.generate(0).unwrap_err();
        assert!(matches!(error, SynthError::Parameter { .. }), "{error}");
    };
    broken(|config| config.signals = 0);
    broken(|config| config.length = 0);
    broken(|config| config.rate = f64::NAN);
    broken(|config| config.amplitude = 0.0);
    broken(|config| config.noise = -1.0);
}

#[test]
fn events_have_their_energy_where_the_truth_says() {
    let config = EventsConfig {
        signals: 40,
        noise: 0.0,
        distractors: vec![],
        ..EventsConfig::default()
    };
    let data = config.generate(3).unwrap();
    for (signal, event) in data.events.iter().enumerate() {
        let x = data.signals.row(signal);
        let energy = x.dot(&x) / 64.0;
        // ∫ a² exp(−t²/σ²) cos²(2πft + φ) dt = a² σ √π / 2 · (1 + exp(−(2πfσ)²) cos 2φ); the sum is
        // as good as the integral for an event that is band-limited to some 1e-4 of its energy, and
        // the ends cut exp(−9) off
        let expected = 4.0 * 0.2 * PI.sqrt() / 2.0;
        assert!((energy / expected - 1.0).abs() < 1e-3, "{signal}");

        let (first, last) = event.span();
        let times = (0..256).map(|t| t as f64 / 64.0);
        let inside = times
            .zip(x)
            .filter(|(time, _)| (first..=last).contains(time));
        let share = inside.map(|(_, x)| x * x / 64.0).sum::<f64>() / energy;
        // erf(2) = 0.9953, give or take a sample at either end
        assert!((share - 0.9953).abs() < 0.004, "{share}");

        let spectrum = power(x);
        let band = event.band();
        let inside = (0..129).filter(|&k| band.contains(k as f64 / 4.0));
        let share = inside.map(|k| spectrum[k]).sum::<f64>() / spectrum.sum();
        // bins are 0.25 Hz wide and the bandwidth is 0.8 Hz
        assert!((share - 0.9953).abs() < 0.006, "{share}");
        let class = config.classes[data.labels[signal]];
        assert!(class.contains(event.frequency));
        assert!((0.6..=3.4).contains(&event.time));
    }
}

#[test]
fn masks_are_the_patch_of_the_event() {
    let config = EventsConfig {
        signals: 3,
        ..EventsConfig::default()
    };
    let data = config.generate(4).unwrap();
    let frequencies: Vec<f64> = (0..33).map(f64::from).collect();
    let times: Vec<f64> = (0..40).map(|t| f64::from(t) / 10.0).collect();
    let mask = data.mask(1, &frequencies, &times).unwrap();
    assert_eq!(mask.dim(), (33, 40));
    let event = data.events[1];
    for ((k, t), &inside) in mask.indexed_iter() {
        let in_time = (times[t] - event.time).abs() <= 0.4;
        let in_band = (frequencies[k] - event.frequency).abs() <= 2.0 / (TAU * 0.2);
        assert_eq!(inside, in_time && in_band);
    }
    assert!(mask.iter().any(|&inside| inside));
    let error = data.mask(3, &frequencies, &times).unwrap_err();
    assert!(matches!(error, SynthError::OutOfRange { index: 3, .. }));
    assert_eq!(data.distractors[2].len(), 1);
}

#[test]
fn events_that_do_not_fit_are_refused() {
    let broken = |change: fn(&mut EventsConfig)| {
        let mut config = EventsConfig::default();
        change(&mut config);
        config.generate(0).unwrap_err()
    };
    let low = broken(|config| config.classes[0].low = 1.0);
    assert!(matches!(low, SynthError::Band { index: 0, .. }));
    let high = broken(|config| config.distractors[0].high = 31.0);
    assert!(matches!(high, SynthError::Band { index: 2, .. }));
    let empty = broken(|config| config.classes[1].high = 13.0);
    assert!(matches!(empty, SynthError::Band { index: 1, .. }));
    let none = broken(|config| config.classes.clear());
    assert_eq!(none, SynthError::Nothing { missing: "classes" });
    for error in [
        broken(|config| config.length = 0),
        broken(|config| config.length = 60),
        broken(|config| config.duration = 0.0),
        broken(|config| config.duration = 0.7),
        broken(|config| config.rate = -1.0),
        broken(|config| config.amplitude = f64::NAN),
        broken(|config| config.noise = f64::NAN),
        broken(|config| config.signals = 0),
    ] {
        assert!(matches!(error, SynthError::Parameter { .. }), "{error}");
    }
}
