//! Series of known components and mixtures of known sources; what holds for all labelled signals.

use ndarray::{Array1, Axis, s};
use proptest::prelude::*;
use xcebra_synth::{
    BandsConfig, Component, EventsConfig, SeasonalConfig, SourcesConfig, SynthError, Waveform,
};

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
