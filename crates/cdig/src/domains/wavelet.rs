//! The discrete wavelet domain.

use std::sync::Arc;

use super::lanewise::{LaneTransform, Lanewise};
use super::wavelet_family::{Step, WaveletFamily};
use crate::axes::{AxisLabels, Tile};
use crate::error::{CdigError, Result};

/// The discrete wavelet transform over time, periodic and orthonormal, to any level `J`.
///
/// Coefficients, in this order: averages `a_J`, details `d_J`, …, `d_1`. Details `d_j` hold about the
/// band from `1/2^{j+1}` to `1/2^j` of the sampling rate, the averages what lies below; level by level
/// they are groups, with the band in Hz in the group's name. The inverse is the transpose: real and
/// affine, and by Parseval's identity `Σ z² = Σ x²`.
///
/// Decimation phase: coefficient `i` of level `j` weighs samples around `2^j i + (2^j − 1)/2`, and is
/// labelled with that time in seconds. Coefficients are those of `PyWavelets` in mode `periodization`
/// as long as lengths are even; symlets 4 and 6 are mirrored in time. Where the length at some level
/// is odd, its last sample goes over to the averages of the next level as it is, which keeps the
/// transform orthonormal.
///
/// Source: Mallat, "A theory for multiresolution signal decomposition", IEEE Trans. PAMI 11 (1989);
/// filters and steps by the crate `ndwt`. All computations are in double precision, also for `f32` signals.
pub type Wavelet = Lanewise<Wavelets>;

/// The wavelet transform of one lane, as [`Wavelet`] has it.
#[derive(Clone)]
pub struct Wavelets {
    rate: f64,
    /// Length of the averages of every level, from that of the signal on.
    lengths: Vec<usize>,
    step: Arc<Step>,
}

impl Lanewise<Wavelets> {
    /// The transform of signals of `shape`, for example `[channels, time]`, at `sampling_rate` in
    /// Hz, to `level ≥ 1`.
    ///
    /// # Errors
    /// [`CdigError::Shape`] if `shape` has no axes or an empty one; [`CdigError::Parameter`] if the
    /// rate is not positive, the wavelet unknown, or the level 0 or too deep: every step halves the
    /// length and needs 2 samples.
    pub fn new(
        shape: &[usize],
        sampling_rate: f64,
        family: WaveletFamily,
        level: usize,
    ) -> Result<Self> {
        let plan = |n, hz| Wavelets::new(n, hz, family, level);
        Self::on_last_axis(shape, sampling_rate, plan)
    }

    /// As [`new`](Self::new), with `axis` of the signal (counted without the batch axis) as time
    /// instead of the last one.
    ///
    /// # Errors
    /// As [`new`](Self::new), also if there is no such axis.
    pub fn on_axis(
        shape: &[usize],
        axis: usize,
        sampling_rate: f64,
        family: WaveletFamily,
        level: usize,
    ) -> Result<Self> {
        let plan = |n, hz| Wavelets::new(n, hz, family, level);
        Self::of(shape, axis, sampling_rate, plan)
    }
}

impl Wavelets {
    fn new(samples: usize, rate: f64, family: WaveletFamily, level: usize) -> Result<Self> {
        let step = Arc::new(Step::new(family)?);
        let mut lengths = vec![samples];
        while lengths[lengths.len() - 1] >= 2 && lengths.len() <= level {
            lengths.push(lengths[lengths.len() - 1].div_ceil(2));
        }
        if level == 0 || lengths.len() <= level {
            return Err(CdigError::parameter(
                "the wavelet level",
                level,
                format!(
                    "1 to {} for {samples} samples, halving them at every level",
                    usize::BITS - (samples - 1).leading_zeros()
                ),
            ));
        }
        Ok(Self {
            rate,
            lengths,
            step,
        })
    }

    fn level(&self) -> usize {
        self.lengths.len() - 1
    }
}

impl LaneTransform for Wavelets {
    type Coefficient = f64;
    /// As long as the signal.
    type Work = Vec<f64>;

    fn name(&self) -> &str {
        "wavelet"
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.lengths[0]]
    }

    fn work(&self) -> Vec<f64> {
        vec![0.0; self.lengths[0]]
    }

    fn forward(&self, x: &[f64], z: &mut [f64], rest: &mut Vec<f64>) {
        rest.copy_from_slice(x);
        for pair in self.lengths.windows(2) {
            let (averages, details) = z[..pair[0]].split_at_mut(pair[1]);
            self.step.forward(&rest[..pair[0]], averages, details);
            rest[..pair[1]].copy_from_slice(averages);
        }
    }

    fn inverse(&self, z: &[f64], x: &mut [f64], averages: &mut Vec<f64>) {
        let coarse = self.lengths[self.level()];
        x[..coarse].copy_from_slice(&z[..coarse]);
        for pair in self.lengths.windows(2).rev() {
            averages[..pair[1]].copy_from_slice(&x[..pair[1]]);
            let details = &z[pair[1]..pair[0]];
            self.step
                .inverse(&averages[..pair[1]], details, &mut x[..pair[0]]);
        }
    }

    /// The transform of the cotangent: it is orthonormal.
    fn adjoint(&self, g: &[f64], z: &mut [f64], rest: &mut Vec<f64>) {
        self.forward(g, z, rest);
    }

    fn axes(&self) -> Vec<AxisLabels> {
        let rate = self.rate;
        let coarse = self.level();
        let edge = |level: usize| rate / (1_u64 << level) as f64 / 2.0;
        let mut tiles = Vec::with_capacity(self.lengths[0]);
        let mut part = |name: String, level: usize, limits: std::ops::Range<f64>, count: usize| {
            let samples = (1_u64 << level) as f64;
            tiles.extend((0..count).map(|i| Tile {
                name: name.clone(),
                level,
                centre: (samples * (i as f64 + 0.5) - 0.5) / rate,
                width: samples / rate,
                limits: limits.clone(),
            }));
        };
        part(
            format!("a{coarse}"),
            coarse,
            0.0..edge(coarse),
            self.lengths[coarse],
        );
        for level in (1..=coarse).rev() {
            let count = self.lengths[level - 1] - self.lengths[level];
            part(
                format!("d{level}"),
                level,
                edge(level)..edge(level - 1),
                count,
            );
        }
        vec![AxisLabels::wavelets(tiles)]
    }
}
