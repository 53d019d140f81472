//! One signal for every domain whose coefficients are known by hand, and what they are called.

use std::f64::consts::{PI, TAU};

use approx::assert_abs_diff_eq;
use cdig::axes::Axes;
use cdig::domains::{
    AnalyticSignal, Basis, ComplexCepstrum, Compose, Dct, FilterBank, PerChannel, SeasonalTrend,
    Stft, Wavelet, WaveletFamily, WaveletPackets, Window, WithRemainder,
};
use cdig::{Domain, Explainer, RealFourier, Rule};
use ndarray::{Array1, Array2, Array3, ArrayD, Axis, array, stack};
use num_complex::Complex;

use crate::models::{Activation, Network, random};

/// Rounding of sums over up to 64 numbers of the order of 1.
const ROUNDING: f64 = 1e-12;

fn coefficients(domain: &dyn Domain<f64>, signal: &ArrayD<f64>) -> ArrayD<Complex<f64>> {
    let z = domain.forward(signal.view().insert_axis(Axis(0))).unwrap();
    z.index_axis_move(Axis(0), 0)
}

fn real(domain: &dyn Domain<f64>, signal: &ArrayD<f64>) -> ArrayD<f64> {
    coefficients(domain, signal).mapv(|z| z.re)
}

fn axes(domain: &dyn Domain<f64>) -> Axes {
    domain.axes()
}

fn group_names(axes: &Axes, axis: usize) -> Vec<String> {
    let groups = axes[axis].groups().into_iter();
    groups.map(|group| group.name).collect()
}

fn course(n: usize, at: impl Fn(f64) -> f64) -> ArrayD<f64> {
    (0..n)
        .map(|t| at(t as f64))
        .collect::<Array1<f64>>()
        .into_dyn()
}

/// `cos(π k (2t + 1)/2N)` is entry `k`, `√(N/2)` large.
#[test]
fn a_half_sample_cosine_is_one_cosine_coefficient() {
    let n = 16;
    let x = course(n, |t| (PI * 3.0 * (2.0 * t + 1.0) / 32.0).cos());
    let domain = Dct::new(&[n], 32.0)
        .unwrap()
        .bands([("low", 0.0..3.5)])
        .unwrap();
    for (k, z) in real(&domain, &x).iter().enumerate() {
        let expected = if k == 3 { 8.0_f64.sqrt() } else { 0.0 };
        assert_abs_diff_eq!(*z, expected, epsilon = ROUNDING);
    }
    let axes = axes(&domain);
    assert_eq!(axes.describe(&[3]).as_deref(), Some("frequency 3 Hz"));
    assert_eq!(axes[0].groups()[0].members, [0, 1, 2, 3]);
}

/// An impulse at a frame's centre has the window's middle value at every frequency of that frame,
/// with the phase of half a window; at the neighbours the window's values there.
#[test]
fn an_impulse_is_flat_in_frequency_and_short_in_time() {
    let (n, length, hop) = (32, 8, 4);
    let mut x = course(n, |_| 0.0);
    x[[12]] = 2.0;
    let domain = Stft::new(&[n], 16.0, &Window::Hann.samples(length), hop).unwrap();
    let z = coefficients(&domain, &x);
    assert_eq!(z.shape(), [5, 9]);
    for k in 0..5 {
        for m in 0..9 {
            let middle = if m == 3 {
                2.0 * (-1.0_f64).powi(k)
            } else {
                0.0
            };
            let found = z[[k as usize, m]];
            assert_abs_diff_eq!((found - middle).norm(), 0.0, epsilon = ROUNDING);
        }
    }
    let axes = axes(&domain);
    let words = axes.describe(&[1, 3]);
    assert_eq!(words.as_deref(), Some("frequency 2 Hz, time 0.75 s"));
}

/// A tone in the middle of a long signal: its frames hold half the window's sum at its frequency.
#[test]
fn a_tone_is_short_in_frequency_and_flat_in_time() {
    let x = course(64, |t| (TAU * t / 4.0).cos());
    let domain = Stft::new(&[64], 16.0, &Window::Hann.samples(16), 4).unwrap();
    let z = coefficients(&domain, &x);
    for m in 2..14 {
        assert_abs_diff_eq!(z[[4, m]].norm(), 4.0, epsilon = ROUNDING);
        assert_abs_diff_eq!(z[[3, m]].norm(), 2.0, epsilon = ROUNDING);
        assert_abs_diff_eq!(z[[7, m]].norm(), 0.0, epsilon = ROUNDING);
    }
}

/// Haar: averages and differences of neighbours over `√2`, level by level.
#[test]
fn haar_coefficients_are_sums_and_differences() {
    let x = array![4.0, 2.0, 5.0, 5.0, 1.0, -1.0, 0.0, 2.0].into_dyn();
    let domain = Wavelet::new(&[8], 8.0, WaveletFamily::Haar, 2).unwrap();
    let z = real(&domain, &x);
    let r = 0.5_f64.sqrt();
    let d1 = [2.0, 0.0, 2.0, -2.0].map(|d| d * r);
    let expected = [8.0, 1.0, -2.0, -1.0, d1[0], d1[1], d1[2], d1[3]];
    for (z, expected) in z.iter().zip(expected) {
        assert_abs_diff_eq!(*z, expected, epsilon = ROUNDING);
    }
    let axes = axes(&domain);
    let names = group_names(&axes, 0);
    assert_eq!(names, ["a2 (0–1 Hz)", "d2 (1–2 Hz)", "d1 (2–4 Hz)"]);
    let words = axes.describe(&[5]);
    assert_eq!(words.as_deref(), Some("wavelet d1 at 0.3125 s")); // samples 2 and 3 of 8 a second
}

/// Haar packets at full depth are the Walsh functions in order of sign changes.
#[test]
fn haar_packets_are_walsh_functions_in_order_of_frequency() {
    let domain = WaveletPackets::new(&[4], 4.0, WaveletFamily::Haar, 2).unwrap();
    let walsh = [
        [1.0, 1.0, 1.0, 1.0],
        [1.0, 1.0, -1.0, -1.0],
        [1.0, -1.0, -1.0, 1.0],
        [1.0, -1.0, 1.0, -1.0],
    ];
    for (band, wave) in walsh.into_iter().enumerate() {
        let z = real(&domain, &Array1::from(wave.to_vec()).into_dyn());
        for (k, z) in z.iter().enumerate() {
            let expected = if k == band { 2.0 } else { 0.0 };
            assert_abs_diff_eq!(z.abs(), expected, epsilon = ROUNDING);
        }
    }
    let words = axes(&domain).describe(&[2, 0]);
    assert_eq!(words.as_deref(), Some("band 1–1.5 Hz, time 0.375 s"));
}

/// An amplitude-modulated tone: both are read off.
#[test]
fn a_modulated_tone_has_its_amplitude_and_phase() {
    let (tone, slow) = (
        |t: f64| TAU * 5.0 * t / 32.0,
        |t: f64| 2.0 + (TAU * t / 32.0).sin(),
    );
    let x = course(32, |t| slow(t) * tone(t).cos());
    let domain = AnalyticSignal::new(&[32], 32.0).unwrap();
    let z = real(&domain, &x);
    for t in 0..32 {
        assert_abs_diff_eq!(z[[0, t]], slow(t as f64), epsilon = ROUNDING);
        let turns = (z[[1, t]] - tone(t as f64)) / TAU;
        assert_abs_diff_eq!(turns, turns.round(), epsilon = ROUNDING);
    }
    let words = axes(&domain).describe(&[1, 8]);
    assert_eq!(words.as_deref(), Some("part phase, time 0.25 s"));
}

/// At fixed phases amplitudes grow in proportion: they get what the samples get, and phases nothing.
#[test]
fn phases_of_silence_leave_everything_to_the_amplitude() {
    let shape = [2, 16];
    let x = random(&shape, 3);
    let model = Network::random(&shape, 4, 2, Activation::Tanh, 1);
    let polar = AnalyticSignal::new(&shape, 1.0).unwrap();
    let fixed = polar.clone().phase_of_silence(x.view()).unwrap();
    let time = cdig::Time::new(&shape).unwrap();
    let explainer = Explainer::new(&model).rule(Rule::GaussLegendre(64));
    let found = explainer
        .explain_many(&[&fixed, &time, &polar], x.view())
        .unwrap();
    for output in 0..2 {
        for channel in 0..2 {
            for t in 0..16 {
                let amplitude = found[0].attribution[[output, channel, 0, t]];
                let sample = found[1].attribution[[output, channel, t]];
                assert_abs_diff_eq!(amplitude, sample, epsilon = ROUNDING);
                assert_eq!(found[0].attribution[[output, channel, 1, t]], 0.0);
            }
        }
    }
    let turning = found[2].by_group(1).unwrap();
    assert!(
        turning
            .sums
            .index_axis(Axis(2), 1)
            .iter()
            .any(|s| s.abs() > 1e-3)
    );
}

/// A minimum-phase echo `1 + a z⁻⁵` has the cepstrum `a, −a²/2, a³/3 …` at multiples of 5 samples.
/// The series wraps around after 160 samples, where `0.3³²` is far below rounding.
#[test]
fn an_echo_is_a_comb_in_the_cepstrum() {
    let (n, a) = (160, 0.3_f64);
    let mut x = course(n, |_| 0.0);
    x[[0]] = 1.0;
    x[[5]] = a;
    let domain = ComplexCepstrum::new(&[n], 100.0).unwrap();
    let z = real(&domain, &x);
    for k in 0..n {
        let m = (k / 5) as i32;
        let expected = match k {
            _ if k % 5 != 0 || k == 0 => 0.0,
            _ => -(-a).powi(m) / f64::from(m),
        };
        assert_abs_diff_eq!(z[[k]], expected, epsilon = ROUNDING);
    }
    assert_eq!((z[[n]], z[[n + 1]]), (0.0, 0.0));

    // later, larger and upside down: delay, gain ln 2 at quefrency 0, polarity
    let mut later = course(n, |_| 0.0);
    later[[3]] = -2.0;
    later[[8]] = -2.0 * a;
    let moved = real(&domain, &later);
    assert_eq!((moved[[n]], moved[[n + 1]]), (3.0, PI));
    assert_abs_diff_eq!(moved[[0]], 2.0_f64.ln(), epsilon = ROUNDING);
    for k in 1..n {
        assert_abs_diff_eq!(moved[[k]], z[[k]], epsilon = ROUNDING);
    }
    let split = domain.split_at(0.03).unwrap();
    let axes = axes(&split);
    assert_eq!(
        axes.describe(&[n - 1]).as_deref(),
        Some("quefrency -0.01 s")
    );
    let names = group_names(&axes, 0);
    assert_eq!(names, ["envelope", "fine structure", "delay", "polarity"]);
    assert_eq!(axes[0].groups()[0].members, [0, 1, 2, 158, 159]);
}

/// Two tones come apart; one at an edge is shared half and half.
#[test]
fn a_filter_bank_takes_tones_apart() {
    let tone = |hz: f64| course(32, move |t| (TAU * hz * t / 32.0).cos());
    let x = tone(3.0) + 2.0 * tone(10.0);
    let bank = FilterBank::new(&[32], 32.0, &[6.0, 12.0]).unwrap();
    let bank = bank.names(["theta", "alpha", "beta"]).unwrap();
    let z = real(&bank, &x);
    for t in 0..32 {
        assert_abs_diff_eq!(z[[0, t]], tone(3.0)[[t]], epsilon = ROUNDING);
        assert_abs_diff_eq!(z[[1, t]], 2.0 * tone(10.0)[[t]], epsilon = ROUNDING);
        assert_abs_diff_eq!(z[[2, t]], 0.0, epsilon = ROUNDING);
    }
    let words = axes(&bank).describe(&[1, 8]);
    assert_eq!(words.as_deref(), Some("band alpha (6–12 Hz), time 0.25 s"));
    let soft = FilterBank::new(&[32], 32.0, &[6.0, 12.0]).unwrap();
    let z = real(&soft.transition(4.0).unwrap(), &tone(6.0));
    for t in 0..32 {
        assert_abs_diff_eq!(z[[0, t]], 0.5 * tone(6.0)[[t]], epsilon = ROUNDING);
        assert_abs_diff_eq!(z[[1, t]], 0.5 * tone(6.0)[[t]], epsilon = ROUNDING);
    }
}

/// Data on a line through (1, 2) along (3, 4)/5: one component has all the variance.
#[test]
fn principal_components_of_a_line() {
    let along = random(&[50], 4);
    let mean = along.mean().unwrap();
    let line = |t: usize, c: usize| [1.0 + 3.0 * along[[t]], 2.0 + 4.0 * along[[t]]][c];
    let data = Array3::from_shape_fn((1, 50, 2), |(_, t, c)| line(t, c)).into_dyn();
    let basis = Basis::pca(data.view(), 1, 2).unwrap();
    assert_abs_diff_eq!(basis.offset()[0], 1.0 + 3.0 * mean, epsilon = ROUNDING);
    assert_abs_diff_eq!(basis.mixing()[[0, 0]], 0.6, epsilon = ROUNDING);
    assert_abs_diff_eq!(basis.mixing()[[1, 0]], 0.8, epsilon = ROUNDING);
    let variance = along.mapv(|s| (s - mean) * (s - mean)).mean().unwrap();
    assert_abs_diff_eq!(basis.variance()[0], 25.0 * variance, epsilon = ROUNDING);
    assert_abs_diff_eq!(basis.variance()[1], 0.0, epsilon = ROUNDING);
    let z = real(&basis, &data.index_axis(Axis(0), 0).to_owned());
    for t in 0..50 {
        assert_abs_diff_eq!(z[[t, 0]], 5.0 * (along[[t]] - mean), epsilon = ROUNDING);
        assert_abs_diff_eq!(z[[t, 1]], 0.0, epsilon = ROUNDING);
    }
}

/// `x = m + A s` gives `s` back; the amounts of the sources' courses are the entries of `A`, and
/// both forms share out the same attribution.
#[test]
fn a_mixture_gives_its_sources_and_their_amounts() {
    let mixing = array![[2.0, 1.0], [0.5, -1.0], [1.0, 1.0]];
    let sources = stack![
        Axis(0),
        course(12, |t| (0.7 * t).sin()),
        course(12, |t| (0.1 * t * t).cos())
    ];
    let sources: Array2<f64> = sources.into_dimensionality().unwrap();
    let offset = [0.0, 0.0, 0.0];
    let x = mixing.dot(&sources).into_dyn();
    let basis = Basis::from_mixing(&[3, 12], 0, &offset, mixing.view()).unwrap();
    let s = real(&basis, &x);
    for (a, b) in s.iter().zip(&sources) {
        assert_abs_diff_eq!(a, b, epsilon = ROUNDING);
    }
    let amounts = basis.amounts_in(x.view()).unwrap();
    let a = real(&amounts, &x);
    assert_eq!(a.shape(), [3, 2]);
    for (a, b) in a.iter().zip(&mixing) {
        assert_abs_diff_eq!(a, b, epsilon = ROUNDING);
    }
    let words = axes(&amounts).describe(&[2, 1]);
    assert_eq!(words.as_deref(), Some("channel 2, component 1"));

    let model = Network::random(&[3, 12], 4, 1, Activation::Tanh, 5);
    let (basis, amounts) = (WithRemainder::new(basis), WithRemainder::new(amounts));
    let found = Explainer::new(&model)
        .rule(Rule::GaussLegendre(64))
        .explain_many(&[&basis, &amounts], x.view())
        .unwrap();
    let by_component = |i: usize| found[i].by_group(0).unwrap().sums;
    for component in 0..3 {
        let (over_time, over_channels) = (by_component(0), by_component(1));
        let pair = [over_time[[0, component]], over_channels[[0, component]]];
        assert_abs_diff_eq!(pair[0], pair[1], epsilon = ROUNDING);
    }

    // an offset is a component of its own
    let offset = [1.0, 0.0, -2.0];
    let with_offset = Basis::from_mixing(&[3, 12], 0, &offset, mixing.view()).unwrap();
    let shift = Array2::from_shape_fn((3, 12), |(c, _)| offset[c]).into_dyn();
    let shifted = &x + &shift;
    let amounts = with_offset.amounts_in(shifted.view()).unwrap();
    let a = real(&amounts, &shifted);
    for c in 0..3 {
        assert_abs_diff_eq!(a[[c, 2]], offset[c], epsilon = ROUNDING);
    }
}

/// Trend, season and remainder as wholes have the amounts 1, and get together what their samples get.
#[test]
fn a_seasonal_series_has_three_amounts() {
    let x = course(48, |t| {
        0.1 * t + (TAU * t / 6.0).sin() + 0.05 * (t * t).cos()
    });
    let domain = SeasonalTrend::new(&[48], 12.0, 6).unwrap();
    let amounts = domain.amounts_in(x.view()).unwrap();
    for amount in real(&amounts, &x) {
        assert_abs_diff_eq!(amount, 1.0, epsilon = 1e-10); // components are not orthogonal
    }
    let model = Network::random(&[48], 4, 1, Activation::Tanh, 9);
    let found = Explainer::new(&model)
        .rule(Rule::GaussLegendre(64))
        .explain_many(&[&domain, &amounts], x.view())
        .unwrap();
    let parts = found[0].by_group(0).unwrap();
    assert_eq!(parts.names, ["trend", "season", "remainder"]);
    for part in 0..3 {
        let sum: f64 = parts.sums.index_axis(Axis(1), part).sum();
        assert_abs_diff_eq!(sum, found[1].attribution[[0, part]], epsilon = 1e-10);
        assert_eq!(
            found[1].axes.describe(&[part]).unwrap(),
            format!("component {}", parts.names[part])
        );
    }
    let words = axes(&domain).describe(&[2, 6]);
    assert_eq!(words.as_deref(), Some("part remainder, time 0.5 s"));

    let both = stack![Axis(0), x, x.mapv(|x| -2.0 * x)];
    let domain = SeasonalTrend::new(&[2, 48], 12.0, 6).unwrap();
    let amounts = domain.amounts_in(both.view()).unwrap();
    assert_eq!(
        axes(&amounts).describe(&[1]).as_deref(),
        Some("component trend 1")
    );
    assert_eq!(real(&amounts, &both).shape(), [6]);
}

/// The spectra of two mixed tones: one component each.
#[test]
fn compositions_carry_labels_and_values_through() {
    let mixing = array![[1.0, 1.0], [1.0, -1.0]];
    let tone = |hz: f64| course(16, move |t| (TAU * hz * t / 16.0).cos());
    let sources: Array2<f64> = stack![Axis(0), tone(2.0), tone(5.0)]
        .into_dimensionality()
        .unwrap();
    let x = mixing.dot(&sources).into_dyn();
    let basis = Basis::from_mixing(&[2, 16], 0, &[0.0, 0.0], mixing.view()).unwrap();
    let spectra = RealFourier::<f64>::new(&[2, 16], 16.0).unwrap();
    let domain = Compose::new(basis.names(["slow", "fast"]).unwrap(), spectra).unwrap();
    let z = coefficients(&domain, &x);
    for source in 0..2 {
        for k in 0..9 {
            let expected = if k == [2, 5][source] { 8.0 } else { 0.0 };
            assert_abs_diff_eq!((z[[source, k]] - expected).norm(), 0.0, epsilon = ROUNDING);
        }
    }
    let words = domain.axes().describe(&[1, 5]);
    assert_eq!(words.as_deref(), Some("component fast, frequency 5 Hz"));
    assert_eq!(domain.name(), "ica, then rfft");
    assert!(domain.has_affine_inverse() && !domain.is_real());
}

#[test]
fn one_domain_for_every_channel_is_that_of_all_channels() {
    let x = random(&[3, 8], 2);
    let one = Dct::new(&[8], 4.0).unwrap();
    let each: PerChannel<f64> = PerChannel::new(&[3, 8], 0, one.clone()).unwrap();
    let all = Dct::new(&[3, 8], 4.0).unwrap();
    assert_eq!(coefficients(&each, &x), coefficients(&all, &x));
    assert_eq!(each.axes(), axes(&all));
    let turned: PerChannel<f64> = PerChannel::new(&[8, 3], 1, one).unwrap();
    assert_eq!(
        coefficients(&turned, &x.t().to_owned()),
        coefficients(&all, &x)
    );
}
