//! Labelled signals against their own truth.

use std::f64::consts::{PI, TAU};

use ndarray::{Array1, ArrayView1, Axis, s};
use proptest::prelude::*;
use xcebra_synth::{
    Band, BandsConfig, Component, EventsConfig, SeasonalConfig, SourcesConfig, SynthError, Waveform,
};

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

#[test]
fn seasons_sum_to_zero_and_components_to_the_series() {
    let config = SeasonalConfig {
        signals: 200,
        ..SeasonalConfig::default()
    };
    let data = config.generate(5).unwrap();
    let sum = &data.trend + &data.season + &data.remainder;
    assert_eq!(sum, data.signals);
    for season in data.season.rows() {
        for (start, t) in (0..216).step_by(24).zip(0..) {
            let period = season.slice(s![start..start + 24]);
            // 24 terms up to 2
            assert!(period.sum().abs() < 1e-13);
            assert!((period.dot(&period) / 24.0 - 1.0).abs() < 1e-13);
            assert_eq!(season[t], season[t + 24]);
        }
    }
    for (trend, &label) in data.trend.rows().into_iter().zip(&data.labels) {
        let rise = trend[239] - trend[0];
        let sign = if label == 0 { 1.0 } else { -1.0 };
        assert!((1.5..=4.5).contains(&(sign * rise)));
        // second differences of a parabola are constant; differences of numbers up to 3
        let bend = |t: usize| trend[t + 1] - 2.0 * trend[t] + trend[t - 1];
        assert!((1..239).all(|t| (bend(t) - bend(1)).abs() < 1e-14));
    }
    let n = data.remainder.len() as f64;
    let variance = data.remainder.mapv(|v| v * v).mean().unwrap();
    // 48,000 normal draws, five errors
    assert!((variance / 0.09 - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
}

#[test]
fn only_the_informative_component_differs() {
    for informative in [Component::Trend, Component::Season, Component::Remainder] {
        let config = SeasonalConfig {
            signals: 10,
            informative,
            contrast: 3.0,
            ..SeasonalConfig::default()
        };
        let data = config.generate(6).unwrap();
        assert_eq!(data.informative, informative);
        // the same draws with a slight contrast tell what each component would be otherwise
        let plain = SeasonalConfig {
            contrast: 1.5,
            ..config
        };
        let plain = plain.generate(6).unwrap();
        for (component, a, b) in [
            (Component::Trend, &data.trend, &plain.trend),
            (Component::Season, &data.season, &plain.season),
            (Component::Remainder, &data.remainder, &plain.remainder),
        ] {
            for (row, &label) in data.labels.iter().enumerate() {
                let factor = if label == 1 && component == informative {
                    2.0
                } else {
                    1.0
                };
                let expected = b.row(row).mapv(|v| factor * v);
                // one more rounding on either side
                assert!((&a.row(row) - &expected).iter().all(|v| v.abs() < 1e-13));
            }
        }
    }
}

#[test]
fn series_without_a_difference_are_refused() {
    let broken = |change: fn(&mut SeasonalConfig)| {
        let mut config = SeasonalConfig::default();
        change(&mut config);
        let error = config.generate(0).unwrap_err();
        assert!(matches!(error, SynthError::Parameter { .. }), "{error}");
    };
    broken(|config| config.signals = 0);
    broken(|config| config.period = 121);
    broken(|config| config.period = 2);
    broken(|config| config.harmonics = 0);
    broken(|config| config.harmonics = 12);
    broken(|config| config.contrast = 1.0);
    broken(|config| config.contrast = f64::NAN);
    broken(|config| config.trend = 0.0);
    broken(|config| config.trend = f64::INFINITY);
    broken(|config| config.season = -1.0);
    broken(|config| config.noise = f64::NAN);
    broken(|config| config.informative = Component::Season);
    broken(|config| {
        config.informative = Component::Remainder;
        config.contrast = 2.0;
        config.noise = 0.0;
    });
    let odd = SeasonalConfig {
        period: 5,
        harmonics: 2,
        ..SeasonalConfig::default()
    };
    assert!(odd.generate(0).is_ok());
}

const ALL: [Waveform; 5] = [
    Waveform::Sine,
    Waveform::Square,
    Waveform::Sawtooth,
    Waveform::Laplace,
    Waveform::Uniform,
];

#[test]
fn sources_are_standardised_and_mixed_as_told() {
    let config = SourcesConfig {
        signals: 8,
        channels: 7,
        sources: ALL.to_vec(),
        informative: 3,
        contrast: 2.5,
        ..SourcesConfig::default()
    };
    let data = config.generate(7).unwrap();
    assert_eq!(data.signals.dim(), (8, 7, 512));
    assert_eq!(data.sources.dim(), (8, 5, 512));
    for signal in 0..8 {
        let sources = data.sources.index_axis(Axis(0), signal);
        let mixed = data.mixing.dot(&sources);
        assert_eq!(mixed, data.signals.index_axis(Axis(0), signal));
        for (k, source) in sources.rows().into_iter().enumerate() {
            let strong = k == 3 && data.labels[signal] == 1;
            let expected = if strong { 6.25 } else { 1.0 };
            // sums of 512 numbers of order 1
            assert!(source.sum().abs() < 1e-10);
            assert!((source.dot(&source) / 512.0 - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn waveforms_have_the_kurtosis_of_their_kind() {
    let config = SourcesConfig {
        signals: 50,
        length: 4096,
        channels: 5,
        sources: ALL.to_vec(),
        ..SourcesConfig::default()
    };
    let data = config.generate(8).unwrap();
    // E x⁴ / (E x²)²: sine 3/2, square 1, ramp and uniform 9/5, Laplace 6. 200,000 samples; the
    // rest is what a number of cycles that is not whole leaves
    let kurtosis = [1.5, 1.0, 1.8, 6.0, 1.8];
    for (k, expected) in kurtosis.into_iter().enumerate() {
        let mut sum = 0.0;
        for (signal, &label) in data.labels.iter().enumerate() {
            let source = data.sources.index_axis(Axis(0), signal);
            let factor = if k == 0 && label == 1 { 16.0 } else { 1.0 };
            sum += source.row(k).mapv(|v| v.powi(4)).mean().unwrap() / factor;
        }
        assert!(
            (sum / 50.0 - expected).abs() < 0.05 * expected,
            "{k}: {}",
            sum / 50.0
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_mixing_is_well_conditioned(seed in any::<u64>(), count in 1usize..6, extra in 0usize..4) {
        let config = SourcesConfig {
            signals: 1,
            length: 24,
            channels: count + extra,
            sources: vec![Waveform::Uniform; count],
            ..SourcesConfig::default()
        };
        let mixing = config.generate(seed).unwrap().mixing;
        // |A v| lies between the singular values' bounds for every unit vector
        for k in 0..20 {
            let v = Array1::from_shape_fn(count, |i| ((3 * k + i * i + 1) as f64).sin());
            let ratio = (mixing.dot(&v).mapv(|x| x * x).sum() / v.dot(&v)).sqrt();
            prop_assert!((0.5 - 1e-12..=1.5 + 1e-12).contains(&ratio));
        }
    }

    #[test]
    fn larger_sets_begin_with_smaller_ones(seed in any::<u64>(), few in 1usize..5) {
        let set = |signals| BandsConfig { signals, ..BandsConfig::default() }.generate(seed).unwrap();
        let (small, large) = (set(few), set(few + 3));
        prop_assert_eq!(&small.signals, &large.signals.slice(s![..few, ..]));
        let set = |signals| EventsConfig { signals, ..EventsConfig::default() }.generate(seed).unwrap();
        let (small, large) = (set(few), set(few + 3));
        prop_assert_eq!(&small.signals, &large.signals.slice(s![..few, ..]));
        let set = |signals| SeasonalConfig { signals, ..SeasonalConfig::default() }.generate(seed).unwrap();
        let (small, large) = (set(few), set(few + 3));
        prop_assert_eq!(&small.signals, &large.signals.slice(s![..few, ..]));
        let config = |signals| SourcesConfig { signals, length: 64, noise: 0.1, ..SourcesConfig::default() };
        let (small, large) = (config(few).generate(seed).unwrap(), config(few + 3).generate(seed).unwrap());
        prop_assert_eq!(&small.signals, &large.signals.slice(s![..few, .., ..]));
        prop_assert_eq!(small.mixing, large.mixing);
    }
}

#[test]
fn the_seed_determines_everything() {
    fn differ<T: PartialEq + std::fmt::Debug>(generate: impl Fn(u64) -> T) {
        assert_eq!(generate(1), generate(1));
        assert_ne!(generate(1), generate(2));
    }
    differ(|seed| BandsConfig::default().generate(seed).unwrap());
    differ(|seed| EventsConfig::default().generate(seed).unwrap());
    differ(|seed| SeasonalConfig::default().generate(seed).unwrap());
    differ(|seed| SourcesConfig::default().generate(seed).unwrap());
}

#[test]
fn sources_that_cannot_be_mixed_are_refused() {
    let broken = |change: fn(&mut SourcesConfig)| {
        let mut config = SourcesConfig::default();
        change(&mut config);
        config.generate(0).unwrap_err()
    };
    let none = broken(|config| config.sources.clear());
    assert_eq!(none, SynthError::Nothing { missing: "sources" });
    let beyond = broken(|config| config.informative = 3);
    assert!(matches!(beyond, SynthError::OutOfRange { count: 3, .. }));
    let few = broken(|config| config.channels = 2);
    assert!(matches!(few, SynthError::TooFewChannels { .. }));
    for error in [
        broken(|config| config.signals = 0),
        broken(|config| config.length = 23),
        broken(|config| config.contrast = 1.0),
        broken(|config| config.contrast = -2.0),
        broken(|config| config.contrast = f64::NAN),
        broken(|config| config.noise = -0.1),
    ] {
        assert!(matches!(error, SynthError::Parameter { .. }), "{error}");
    }
    let single = SourcesConfig {
        signals: 1,
        noise: 0.5,
        ..SourcesConfig::default()
    };
    let (data, silent) = (single.generate(1).unwrap(), {
        let config = SourcesConfig {
            noise: 0.0,
            ..single.clone()
        };
        config.generate(1).unwrap()
    });
    let noise = &data.signals - &silent.signals;
    let variance = noise.mapv(|v| v * v).mean().unwrap();
    // 2,048 normal draws, five errors
    assert!((variance / 0.25 - 1.0).abs() < 5.0 * (2.0 / 2_048.0_f64).sqrt());
}
