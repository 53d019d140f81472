//! A data set from one seed.

use ndarray::{Array1, Array2, ArrayRef1, ArrayView2, Axis, NdFloat, Slice};
use rand_chacha::ChaCha8Rng;

use crate::block_mixing::BlockMixing;
use crate::check::{at_least_one, cast, parameter};
use crate::connectivity::Connectivity;
use crate::error::{Result, SynthError};
use crate::latents::LatentProcess;
use crate::mixing::{HiddenLayers, MixingConfig};
use crate::noise::{PoissonCounts, poisson};
use crate::random::{self, normal};

/// What to generate. Everything but the connectivity has a default.
///
/// The seed determines the data completely. Latents, noise and every block's network have random
/// separate streams: a longer recording begins with the shorter one of the same seed, and noise
/// and counts change neither latents nor networks.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetConfig {
    connectivity: Connectivity,
    samples: usize,
    seed: u64,
    step: f64,
    noise: f64,
    mixing: MixingConfig,
    hidden_layers: HiddenLayers,
    latents: LatentProcess,
    counts: Option<PoissonCounts>,
}

impl DatasetConfig {
    /// 100,000 samples of the given connectivity, seed 0, Brownian step 0.2, no noise, and the
    /// default [`MixingConfig`].
    #[must_use]
    pub fn new(connectivity: Connectivity) -> Self {
        Self {
            connectivity,
            samples: 100_000,
            seed: 0,
            step: 0.2,
            noise: 0.0,
            mixing: MixingConfig::default(),
            hidden_layers: HiddenLayers::default(),
            latents: LatentProcess::default(),
            counts: None,
        }
    }

    /// The protocol of Schneider et al. 2025 for `dims` latents: see
    /// [`Connectivity::paper_protocol`]. The paper states neither the step nor the networks; ours
    /// are the defaults.
    ///
    /// # Errors
    /// As [`Connectivity::paper_protocol`].
    pub fn paper_protocol(dims: usize) -> Result<Self> {
        Connectivity::paper_protocol(dims).map(Self::new)
    }

    /// Number of samples.
    #[must_use]
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// Seed of all random numbers.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Standard deviation of a [`Brownian`](crate::Brownian) step before truncation; the box has
    /// width 2. Other processes bring their own parameters.
    #[must_use]
    pub fn step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    /// Standard deviation of normal noise added to the observations, whose own is about 1.
    #[must_use]
    pub fn noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }

    /// Depth and strength of the mixing networks.
    #[must_use]
    pub fn mixing(mut self, mixing: MixingConfig) -> Self {
        self.mixing = mixing;
        self
    }

    /// Width and non-linearity of the mixing networks' hidden layers.
    #[must_use]
    pub fn hidden_layers(mut self, layers: HiddenLayers) -> Self {
        self.hidden_layers = layers;
        self
    }

    /// The process that the latents follow.
    #[must_use]
    pub fn latents(mut self, process: LatentProcess) -> Self {
        self.latents = process;
        self
    }

    /// Observes Poisson counts in place of the channels' values (with their normal noise, if any).
    #[must_use]
    pub fn counts(mut self, counts: PoissonCounts) -> Self {
        self.counts = Some(counts);
        self
    }

    /// Generates the data in `f32` or `f64`; computed in `f64`, so that both hold the same numbers,
    /// rounded.
    ///
    /// # Errors
    /// [`SynthError::Parameter`] unless there is at least one sample, the step is positive, the noise
    /// not negative, both finite, `0 ≤ strength < 1`, the width suits every block, and the parameters
    /// of process and counts are in their domains.
    pub fn generate<A: NdFloat>(&self) -> Result<Dataset<A>> {
        at_least_one("samples", self.samples)?;
        // single precision must hold it
        let valid = (0.0..=1e30).contains(&self.noise);
        let expected = "0 or a standard deviation up to 1e30";
        parameter("noise", self.noise, valid, expected)?;
        self.counts.map_or(Ok(()), |counts| counts.validate())?;
        let (config, layers) = (self.mixing, self.hidden_layers);
        let mixing = BlockMixing::with_layers(&self.connectivity, config, layers, |block| {
            self.rng(FIRST_BLOCK_STREAM + block as u64)
        })?;
        let latents = self.connectivity.latents();
        let mut latent_rng = self.rng(LATENT_STREAM);
        let mut noise_rng = self.rng(NOISE_STREAM);
        let mut count_rng = self.rng(COUNT_STREAM);
        let mut walk = self.latents.start(latents, self.step, &mut latent_rng)?;

        let mut x = Array2::zeros((self.samples, self.connectivity.channels()));
        let mut z = Array2::zeros((self.samples, latents));
        for (t, (mut x, mut z)) in x.rows_mut().into_iter().zip(z.rows_mut()).enumerate() {
            if t > 0 {
                walk.advance(&mut latent_rng);
            }
            let position = walk.position();
            z.assign(&position.mapv(cast));
            let mut observation = mixing.evaluate(&position);
            if self.noise > 0.0 {
                observation.mapv_inplace(|value| value + self.noise * normal(&mut noise_rng));
            }
            if let Some(counts) = self.counts {
                for (channel, value) in observation.iter_mut().enumerate() {
                    *value = poisson(counts.mean(*value), channel, &mut count_rng)?;
                }
            }
            x.assign(&observation.mapv(cast));
        }
        Ok(Dataset {
            x,
            z,
            map: self.connectivity.map(),
            mixing,
        })
    }

    fn rng(&self, stream: u64) -> ChaCha8Rng {
        random::stream(self.seed, stream)
    }
}

const LATENT_STREAM: u64 = 0;
const NOISE_STREAM: u64 = 1;
const FIRST_BLOCK_STREAM: u64 = 2;
/// Beyond every block's.
const COUNT_STREAM: u64 = u64::MAX;

/// Observations, their latents, and the truth about how they hang together.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset<A> {
    /// Observations (samples, D): each channel with mean about 0 and variance about 1 where latents
    /// fill the box, or counts if those were asked for.
    pub x: Array2<A>,
    /// Latents (samples, d), in `[−1, 1]` but for Ornstein–Uhlenbeck processes.
    pub z: Array2<A>,
    /// The ground-truth attribution map (D, d): whether a channel is a function of a latent.
    pub map: Array2<bool>,
    mixing: BlockMixing,
}

impl<A: NdFloat> Dataset<A> {
    /// The latents of one group, (samples, latents of the group).
    ///
    /// # Errors
    /// [`SynthError::OutOfRange`] if there is no such group.
    pub fn group(&self, group: usize) -> Result<ArrayView2<'_, A>> {
        let latents = self.mixing.connectivity().group_latents(group)?;
        Ok(self.z.slice_axis(Axis(1), Slice::from(latents)))
    }

    /// The mixing function `g`, free of noise and before counting.
    #[must_use]
    pub fn mixing(&self) -> &BlockMixing {
        &self.mixing
    }

    /// The observation (D) of any latent point `z` (d), free of noise and before counting.
    ///
    /// # Errors
    /// [`SynthError::PointLength`], [`SynthError::NotFinite`].
    pub fn observe(&self, z: &ArrayRef1<A>) -> Result<Array1<A>> {
        self.mixing.value(z)
    }

    /// The true Jacobian `∂x/∂z` (D, d) at any latent point `z` (d).
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn jacobian_at(&self, z: &ArrayRef1<A>) -> Result<Array2<A>> {
        self.mixing.jacobian(z)
    }

    /// The true Jacobian `∂x/∂z` (D, d) at sample `t`.
    ///
    /// # Errors
    /// [`SynthError::OutOfRange`] if there is no such sample.
    pub fn jacobian(&self, t: usize) -> Result<Array2<A>> {
        if t >= self.z.nrows() {
            return Err(SynthError::OutOfRange {
                what: "sample",
                index: t,
                count: self.z.nrows(),
            });
        }
        self.mixing.jacobian(&self.z.row(t))
    }
}
