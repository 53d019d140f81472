//! Generated signals: a rhythm that comes and goes, other sources, and how they mix.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{CYCLES, RATE};

/// Sources, and channels they are mixed into.
pub(super) const CHANNELS: usize = 19;
/// The source that carries the rhythm.
pub(super) const RHYTHM: usize = 0;
/// How much larger than the other sources the rhythm is: discharges stand out.
const SIZE: f64 = 3.0;

/// Sources (time, 19), the others of variance about 1, and where the rhythm is on.
pub(super) struct Sources {
    pub(super) values: Array2<f64>,
    pub(super) on: Vec<f64>,
}

impl Sources {
    pub(super) fn draw(seconds: usize, rng: &mut ChaCha8Rng) -> Self {
        let time = seconds * RATE as usize;
        let on = episodes(time, rng);
        let mut values = Array2::zeros((time, CHANNELS));
        for (source, mut column) in values.columns_mut().into_iter().enumerate() {
            let course: Vec<f64> = match source {
                RHYTHM => rhythm(&on, rng).into_iter().map(|v| SIZE * v).collect(),
                // rhythms of their own, in bursts
                1..=4 => bursts(time, [10.0, 6.0, 20.0, 2.0][source - 1], rng),
                _ => background(time, rng),
            };
            column.assign(&Array1::from(course));
        }
        Self { values, on }
    }

    pub(super) fn mixed(&self, mixing: &Array2<f64>) -> Array2<f64> {
        self.values.dot(&mixing.t())
    }
}

/// Off for two to five seconds, on for as long, and so on: 0 or 1 at each sample.
pub(super) fn episodes(time: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut on = Vec::with_capacity(time);
    let mut state = 0.0;
    while on.len() < time {
        let length = rng.gen_range(2.0 * RATE..5.0 * RATE) as usize;
        on.extend(std::iter::repeat_n(state, length.min(time - on.len())));
        state = 1.0 - state;
    }
    on
}

/// The spike and wave where it is on, otherwise 0.
pub(super) fn rhythm(on: &[f64], rng: &mut ChaCha8Rng) -> Vec<f64> {
    let course = spike_and_wave(on.len(), rng);
    on.iter().zip(course).map(|(on, v)| on * v).collect()
}

/// A sharp spike and a slow wave of size 1, three a second, with a rate that wanders by a tenth.
fn spike_and_wave(time: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (mut phase, mut rate) = (0.0, CYCLES);
    (0..time)
        .map(|_| {
            rate = (rate + rng.gen_range(-0.02..0.02)).clamp(2.7, 3.3);
            phase = (phase + rate / RATE) % 1.0;
            let spike = (-((phase - 0.2_f64) / 0.05).powi(2)).exp();
            let wave = (TAU * (phase - 0.3)).sin();
            2.0 * spike - wave
        })
        .collect()
}

fn bursts(time: usize, hz: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (mut phase, mut size) = (rng.gen_range(0.0..TAU), 0.0);
    (0..time)
        .map(|_| {
            size = 0.99_f64.mul_add(size, if rng.gen_bool(0.01) { 1.5 } else { 0.0 });
            phase += TAU * hz / RATE * rng.gen_range(0.8..1.2);
            size * phase.sin()
        })
        .collect()
}

/// Noise with more of the slow, whose size comes and goes.
fn background(time: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (mut slow, mut size) = (0.0, 1.0_f64);
    (0..time)
        .map(|_| {
            size = (0.98 * size + 0.02 + rng.gen_range(-0.25..0.25)).clamp(0.05, 3.0);
            slow = 0.8 * slow + rng.gen_range(-1.0..1.0) * size * size;
            slow
        })
        .collect()
}

/// Each source reaches channels near its own place on a ring most, others less: (channels, sources).
pub(super) fn mixing(rng: &mut ChaCha8Rng) -> Array2<f64> {
    let places: Vec<f64> = (0..CHANNELS).map(|_| rng.gen_range(0.0..TAU)).collect();
    Array2::from_shape_fn((CHANNELS, CHANNELS), |(channel, source)| {
        let angle = TAU * channel as f64 / CHANNELS as f64 - places[source];
        (angle.cos() - 1.0).exp() + rng.gen_range(-0.4..0.4)
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Size of the Fourier coefficient at a frequency, by its definition.
    fn size_at(hz: f64, signal: &[f64]) -> f64 {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (t, v) in signal.iter().enumerate() {
            let angle = TAU * hz * t as f64 / RATE;
            real += v * angle.cos();
            imaginary += v * angle.sin();
        }
        real.hypot(imaginary) / signal.len() as f64
    }

    #[test]
    fn the_rhythm_is_three_a_second() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let signal = spike_and_wave(60 * RATE as usize, &mut rng);
        // one cycle ends where the slow wave has passed: upward crossings of its trough, once a cycle
        let spikes = signal
            .windows(3)
            .filter(|w| w[1] > 1.2 && w[1] >= w[0] && w[1] > w[2])
            .count();
        let rate = spikes as f64 / 60.0;
        assert!((2.7..=3.3).contains(&rate), "{rate}");
        // in a second the rate hardly wanders
        let second = &signal[..RATE as usize];
        let sizes: Vec<f64> = (1..=20).map(|hz| size_at(f64::from(hz), second)).collect();
        let largest = (0..20).max_by(|&a, &b| sizes[a].total_cmp(&sizes[b]));
        assert_eq!(largest, Some(2), "{sizes:?}");
    }

    #[test]
    fn episodes_last_two_to_five_seconds() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let on = episodes(10_000, &mut rng);
        assert_eq!((on.len(), on[0]), (10_000, 0.0));
        let lengths: Vec<usize> = on.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
        // the last one is cut off
        for length in &lengths[..lengths.len() - 1] {
            assert!((2 * 128..5 * 128).contains(length), "{length}");
        }
        assert!(on.iter().all(|v| *v == 0.0 || *v == 1.0));
    }

    #[test]
    fn the_rhythm_is_a_source_of_its_own_and_off_outside_episodes() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mixing = mixing(&mut rng);
        let sources = Sources::draw(30, &mut rng);
        assert_eq!(sources.values.dim(), (30 * 128, CHANNELS));
        let rhythm = sources.values.column(RHYTHM);
        for (value, on) in rhythm.iter().zip(&sources.on) {
            assert!(*on == 1.0 || *value == 0.0);
        }
        let largest = rhythm.iter().copied().fold(0.0, f64::max);
        // the spike's top less the wave there, 2 + sin(0.1 τ), times 3; samples fall beside it
        assert!((6.5..7.8).contains(&largest), "{largest}");
        // one sample, mixed by hand
        let mixed = sources.mixed(&mixing);
        let by_hand: f64 = (0..CHANNELS)
            .map(|s| sources.values[[77, s]] * mixing[[4, s]])
            .sum();
        assert!((mixed[[77, 4]] - by_hand).abs() < 1e-12);
    }
}
