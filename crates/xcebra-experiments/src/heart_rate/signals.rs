//! A generated pulse with a movement in it, and windows of real recordings.

use std::f64::consts::TAU;

use ndarray::{ArrayD, Axis, Slice};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra::files::{Source, read};

use super::{BIN, RATE, WINDOW};
use crate::case_study::example;
use crate::error::Result;

/// Length of a generated session.
pub(super) const SESSION: usize = 640;

/// A window, its heart rate and the rate of its movement, where that is known, in beats a minute.
pub(super) struct Sample {
    pub(super) x: ArrayD<f64>,
    pub(super) heart: f64,
    pub(super) motion: Option<f64>,
}

/// A pulse with a movement in it.
pub(super) struct Session {
    pub(super) x: Vec<f64>,
    /// Heart rate at each sample, in beats a minute.
    rate: Vec<f64>,
    motion: f64,
}

impl Session {
    /// A session with a movement of `strength` times the pulse.
    pub(super) fn draw(rng: &mut ChaCha8Rng, strength: f64) -> Self {
        let start: f64 = rng.gen_range(50.0..160.0);
        let drift = rng.gen_range(-0.4..0.4);
        let motion = loop {
            let motion: f64 = rng.gen_range(45.0..180.0);
            // apart from the heart and its harmonics, and they from those of the movement
            let apart = |a: f64, b: f64| (a - b).abs() > 2.5 * BIN;
            if (1..4).all(|h| apart(motion, f64::from(h) * start))
                && apart(2.0 * motion, start)
                && apart(2.0 * motion, 2.0 * start)
            {
                break motion;
            }
        };
        let mut phase = rng.gen_range(0.0..TAU);
        let motion_phase: f64 = rng.gen_range(0.0..TAU);
        let (breath, breath_phase) = (rng.gen_range(0.15..0.35), rng.gen_range(0.0..TAU));
        let mut wander = 0.0;
        let (mut x, mut rate) = (Vec::with_capacity(SESSION), Vec::with_capacity(SESSION));
        for t in 0..SESSION {
            let seconds = t as f64 / RATE;
            wander = 0.99 * wander + rng.gen_range(-0.15..0.15);
            let bpm = start + drift * seconds + wander;
            phase += TAU * bpm / 60.0 / RATE;
            // systolic rise and dicrotic wave: harmonics at fixed phases
            let pulse =
                phase.cos() + 0.45 * (2.0 * phase - 1.0).cos() + 0.2 * (3.0 * phase - 2.0).cos();
            let swing = motion_phase + TAU * motion / 60.0 * seconds;
            let movement = swing.cos() + 0.35 * (2.0 * swing + 0.8).cos();
            let level = 0.3 * (TAU * breath * seconds + breath_phase).sin();
            x.push(pulse + strength * movement + level + rng.gen_range(-0.35..0.35));
            rate.push(bpm);
        }
        let size = (x.iter().map(|v| v * v).sum::<f64>() / SESSION as f64).sqrt();
        x.iter_mut().for_each(|v| *v /= size);
        Self { x, rate, motion }
    }

    /// The mean rate in the window around a sample.
    pub(super) fn mean_rate(&self, t: usize) -> f64 {
        let first = t.saturating_sub(WINDOW / 2);
        let window = &self.rate[first..(t + WINDOW / 2).min(SESSION)];
        window.iter().sum::<f64>() / window.len() as f64
    }
}

/// Windows with a movement of this many times the pulse.
pub(super) fn generated(count: usize, strength: std::ops::Range<f64>, seed: u64) -> Vec<Sample> {
    let mut rng = ChaCha8Rng::seed_from_u64(1000 + seed);
    (0..count)
        .map(|_| {
            let strength = rng.gen_range(strength.clone());
            let session = Session::draw(&mut rng, strength);
            let middle = SESSION / 2;
            let window = session.x[middle - WINDOW / 2..middle + WINDOW / 2].to_vec();
            Sample {
                x: signal(window),
                heart: session.mean_rate(middle),
                motion: Some(session.motion),
            }
        })
        .collect()
}

/// Windows of the recordings in `examples-data/pulse`, each with mean 0 and the size of the training's.
pub(super) fn recorded() -> Result<Vec<Sample>> {
    let path = example("pulse/pulse.csv");
    let column = |name: &str| read(&Source::new(&path, name))?.vector::<f64>();
    let (pulse, heart) = (column("pulse")?, column("heart_rate_bpm")?);
    let windows = (0..pulse.len() / WINDOW).map(|i| {
        let window = pulse.slice_axis(Axis(0), Slice::from(i * WINDOW..(i + 1) * WINDOW));
        let (mean, size) = (window.sum() / WINDOW as f64, window.std(0.0));
        Sample {
            x: signal(window.iter().map(|v| (v - mean) / size).collect()),
            heart: heart[i * WINDOW],
            motion: None,
        }
    });
    Ok(windows.collect())
}

fn signal(window: Vec<f64>) -> ArrayD<f64> {
    ArrayD::from_shape_vec(vec![1, WINDOW], window).expect("one window")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Size of the Fourier coefficient at a frequency in beats a minute, by its definition.
    fn size_at(bpm: f64, x: &[f64]) -> f64 {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (t, v) in x.iter().enumerate() {
            let angle = TAU * bpm / 60.0 * t as f64 / RATE;
            real += v * angle.cos();
            imaginary += v * angle.sin();
        }
        real.hypot(imaginary)
    }

    #[test]
    fn a_session_has_the_rates_that_it_says() {
        for seed in 0..20 {
            let still = Session::draw(&mut ChaCha8Rng::seed_from_u64(seed), 0.0);
            let moved = Session::draw(&mut ChaCha8Rng::seed_from_u64(seed), 2.0);
            let square = moved.x.iter().map(|v| v * v).sum::<f64>() / SESSION as f64;
            assert!((square - 1.0).abs() < 1e-9);
            let middle = SESSION / 2;
            let window = |s: &Session| s.x[middle - WINDOW / 2..middle + WINDOW / 2].to_vec();
            let strongest = |x: &[f64]| {
                let all = (300..2400).map(|i| f64::from(i) / 10.0);
                all.max_by(|a, b| size_at(*a, x).total_cmp(&size_at(*b, x)))
                    .unwrap()
            };
            let heart = strongest(&window(&still));
            // the rate wanders; a bin is 7.5
            assert!(
                (heart - still.mean_rate(middle)).abs() < BIN / 2.0,
                "{seed}"
            );
            let motion = strongest(&window(&moved));
            assert!((motion - moved.motion).abs() < BIN / 2.0, "{seed}");
        }
    }

    #[test]
    fn the_mean_rate_is_over_the_window_that_the_network_sees() {
        let mut session = Session::draw(&mut ChaCha8Rng::seed_from_u64(1), 0.0);
        session.rate = (0..SESSION).map(|t| t as f64).collect();
        // 192 to 447
        assert_eq!(session.mean_rate(320), 319.5);
        // cut off at the ends
        assert_eq!(session.mean_rate(0), 63.5);
    }

    #[test]
    fn recordings_are_cut_into_windows_of_mean_0_and_size_1() {
        let windows = recorded().unwrap();
        assert_eq!(windows.len(), 46);
        for window in &windows {
            assert_eq!(window.x.shape(), [1, WINDOW]);
            assert!(window.x.sum().abs() < 1e-9);
            let square = window.x.iter().map(|v| v * v).sum::<f64>() / WINDOW as f64;
            assert!((square - 1.0).abs() < 1e-9);
            assert!(window.motion.is_none());
        }
    }
}
