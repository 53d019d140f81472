//! How stored numbers become those of a training.

use crate::error::{CoreError, Result};

/// A map of each channel, computed in double precision: one number a channel in each list.
///
/// The order of the operations is part of it, because it decides the last bits.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaling {
    /// `offset + gain · v`, as physical values come from the integers of a recorder.
    Physical {
        /// Values of the integer 0.
        offset: Vec<f64>,
        /// Values of one step.
        gain: Vec<f64>,
    },
    /// `(v − mean) / scale`, as channels are standardised.
    Standard {
        /// Means.
        mean: Vec<f64>,
        /// Standard deviations.
        scale: Vec<f64>,
    },
}

impl Scaling {
    /// The two numbers of each channel.
    fn lists(&self) -> [&[f64]; 2] {
        match self {
            Self::Physical { offset, gain } => [offset, gain],
            Self::Standard { mean, scale } => [mean, scale],
        }
    }

    /// Refuses lists of another length, and numbers with which every value would be lost.
    pub(super) fn check(&self, channels: usize) -> Result<()> {
        let [first, second] = self.lists();
        let unusable =
            |c: usize| !first[c].is_finite() || !second[c].is_finite() || second[c] == 0.0;
        let problem = if first.len() != channels || second.len() != channels {
            format!(
                "{} and {} numbers for {channels} channels",
                first.len(),
                second.len()
            )
        } else if let Some(c) = (0..channels).find(|&c| unusable(c)) {
            format!("channel {c} has {:e} and {:e}", first[c], second[c])
        } else {
            return Ok(());
        };
        Err(CoreError::data(
            "the scaling of the channels",
            problem,
            "give each channel two finite numbers, of which the factor is not 0",
        ))
    }

    /// The value of a channel.
    pub(super) fn of(&self, channel: usize, value: f64) -> f64 {
        match self {
            Self::Physical { offset, gain } => offset[channel] + gain[channel] * value,
            Self::Standard { mean, scale } => (value - mean[channel]) / scale[channel],
        }
    }

    /// Maps whole rows in place.
    pub(super) fn apply(&self, rows: &mut [f64]) {
        match self {
            Self::Physical { offset, gain } => {
                each(rows, offset, gain, |v, offset, gain| offset + gain * v);
            }
            Self::Standard { mean, scale } => {
                each(rows, mean, scale, |v, mean, scale| (v - mean) / scale);
            }
        }
    }
}

fn each(rows: &mut [f64], first: &[f64], second: &[f64], of: impl Fn(f64, f64, f64) -> f64) {
    for row in rows.chunks_exact_mut(first.len()) {
        for ((v, &first), &second) in row.iter_mut().zip(first).zip(second) {
            *v = of(*v, first, second);
        }
    }
}
