//! Window functions.

use std::f64::consts::TAU;

/// A window function, in its periodic form `w_j = w(j/L)`, `j = 0 … L−1`, as spectral analysis needs it.
///
/// Source: Harris, "On the use of windows for harmonic analysis", Proc. IEEE 66 (1978).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// `½ − ½ cos(2πj/L)`; touches 0 at `j = 0`.
    Hann,
    /// `0.54 − 0.46 cos(2πj/L)`.
    Hamming,
    /// `0.42 − 0.5 cos(2πj/L) + 0.08 cos(4πj/L)`.
    Blackman,
    /// All ones.
    Rectangular,
}

impl Window {
    /// The window's `length` values.
    pub fn samples(self, length: usize) -> Vec<f64> {
        let wave = |j: usize, turns: f64| (TAU * turns * j as f64 / length as f64).cos();
        (0..length)
            .map(|j| match self {
                Self::Hann => 0.5 - 0.5 * wave(j, 1.0),
                Self::Hamming => 0.54 - 0.46 * wave(j, 1.0),
                Self::Blackman => 0.42 - 0.5 * wave(j, 1.0) + 0.08 * wave(j, 2.0),
                Self::Rectangular => 1.0,
            })
            .collect()
    }
}
