//! Channels and times that a training step hides from the encoders.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use crate::config::TrainConfig;
use crate::streams;

/// Random numbers that a step may take before it reaches those of the next, as a power of 2.
const DRAWS: u32 = 32;

/// Hides parts of the windows of a step by setting them to 0.
#[derive(Clone, Copy, Debug)]
pub struct Masks {
    channels: f64,
    times: f64,
    seed: u64,
}

impl Masks {
    /// None if nothing is hidden.
    pub fn new(train: &TrainConfig) -> Option<Self> {
        (train.mask_channels > 0.0 || train.mask_times > 0.0).then_some(Self {
            channels: train.mask_channels,
            times: train.mask_times,
            seed: train.seed,
        })
    }

    /// The generator of a step. It follows from seed and step alone, so a training that goes on from a checkpoint
    /// hides the same.
    pub fn generator(&self, step: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(streams::MASKS);
        rng.set_word_pos((step as u128) << DRAWS);
        rng
    }

    /// Hides parts of windows (windows, `len`, channels), of each window other ones.
    pub fn hide<E: Scalar>(
        &self,
        windows: &mut [E],
        (len, channels): (usize, usize),
        rng: &mut ChaCha8Rng,
    ) {
        let rare = (self.channels * 2.0_f64.powi(32)) as u64;
        let block = hidden_times(self.times, len);
        for window in windows.chunks_exact_mut(len * channels) {
            if rare > 0 {
                for channel in 0..channels {
                    if u64::from(rng.next_u32()) < rare {
                        let values = window[channel..].iter_mut().step_by(channels);
                        values.for_each(|value| *value = E::zero());
                    }
                }
            }
            if block > 0 {
                let first = rng.gen_range(0..=len - block);
                window[first * channels..(first + block) * channels].fill(E::zero());
            }
        }
    }
}

/// Samples of a window that are hidden: the share of it, one at least, and never all of it.
fn hidden_times(share: f64, len: usize) -> usize {
    match share > 0.0 {
        true => ((share * len as f64).round() as usize).clamp(1, len - 1),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: usize = 10;
    const CHANNELS: usize = 7;
    const WINDOWS: usize = 4000;

    fn hidden(channels: f64, times: f64, step: usize) -> Vec<f32> {
        let train = TrainConfig {
            mask_channels: channels,
            mask_times: times,
            ..TrainConfig::default()
        };
        let masks = Masks::new(&train).expect("something is hidden");
        let mut windows = vec![1.0; WINDOWS * LEN * CHANNELS];
        masks.hide(&mut windows, (LEN, CHANNELS), &mut masks.generator(step));
        windows
    }

    #[test]
    fn channels_are_hidden_for_a_whole_window_at_the_rate_that_was_asked_for() {
        let windows = hidden(0.3, 0.0, 5);
        let mut count = 0;
        for window in windows.chunks(LEN * CHANNELS) {
            for channel in 0..CHANNELS {
                let values: Vec<f32> = window[channel..]
                    .iter()
                    .step_by(CHANNELS)
                    .copied()
                    .collect();
                assert!(values.iter().all(|v| *v == values[0]));
                count += usize::from(values[0] == 0.0);
            }
        }
        let all = (WINDOWS * CHANNELS) as f64;
        // five standard deviations of a binomial
        let tolerance = 5.0 * (0.3 * 0.7 / all).sqrt();
        assert!((count as f64 / all - 0.3).abs() < tolerance, "{count}");
    }

    #[test]
    fn times_are_hidden_as_one_block_that_is_anywhere_in_the_window() {
        let windows = hidden(0.0, 0.32, 5);
        let mut firsts = [0; LEN];
        for window in windows.chunks(LEN * CHANNELS) {
            let zero = |t: &usize| {
                window[t * CHANNELS..(t + 1) * CHANNELS]
                    .iter()
                    .all(|v| *v == 0.0)
            };
            let times: Vec<usize> = (0..LEN).filter(zero).collect();
            assert_eq!(times.len(), 3);
            assert_eq!(times[2], times[0] + 2);
            firsts[times[0]] += 1;
        }
        let possible = LEN - 3 + 1;
        let expected = WINDOWS as f64 / possible as f64;
        for (first, &count) in firsts.iter().enumerate() {
            match first < possible {
                true => assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt()),
                false => assert_eq!(count, 0),
            }
        }
    }

    #[test]
    fn a_step_always_hides_the_same_and_another_step_something_else() {
        assert_eq!(hidden(0.5, 0.2, 3), hidden(0.5, 0.2, 3));
        assert_ne!(hidden(0.5, 0.2, 3), hidden(0.5, 0.2, 4));
        assert!(Masks::new(&TrainConfig::default()).is_none());
    }

    #[test]
    fn something_of_a_window_is_always_shown() {
        let found = [(0.01, 10), (0.99, 10), (0.5, 2), (0.0, 10), (0.25, 10)];
        let found = found.map(|(share, len)| hidden_times(share, len));
        // 2.5 rounds away from 0
        assert_eq!(found, [1, 9, 1, 0, 3]);
    }
}
