//! Synthetic time series with a known attribution map.
//!
//! **Recordings of latents.** Latents `z` (time, d) move, an injective smooth network `g` mixes them
//! into observations `x = g(z)` (time, D), and which latent drives which channel is known twice: as a boolean map
//! (inputs × latents) and as the exact Jacobian `∂x/∂z` at any point.
//!
//! **A simulated animal** runs about a box while place, grid, head-direction, speed and conjunctive
//! cells fire; which cell depends on which variable is known.
//!
//! **Labelled signals** whose classes differ in a band of frequencies, a patch of the time-frequency
//! plane, a component of a series, or a source behind a mixing: the answer an attribution in that
//! domain should give.
//!
//! | part | type |
//! |---|---|
//! | latents | [`Brownian`] (in a box), [`OrnsteinUhlenbeck`], [`Oscillators`], [`Circular`] |
//! | which latents feed which channels | [`Connectivity`], [`Block`] |
//! | random injective networks with exact Jacobians | [`Mixing`], [`MixingConfig`], [`HiddenLayers`], [`BlockMixing`] |
//! | normal noise, Poisson counts | [`add_gaussian`], [`poisson_counts`], [`PoissonCounts`] |
//! | all of it from one seed | [`DatasetConfig`], [`Dataset`], [`LatentProcess`] |
//! | the animal | [`Motion`], [`Behaviour`] |
//! | its cells | [`Tuning`], [`Cell`], [`Population`], [`Recording`] |
//! | labelled signals | [`BandsConfig`], [`EventsConfig`], [`SeasonalConfig`], [`SourcesConfig`] |
//!
//! The same seed gives the same bits. Everything is computed in `f64`.
//!
//! ```
//! use xcebra_synth::DatasetConfig;
//!
//! # fn main() -> xcebra_synth::Result<()> {
//! // 4 latents in two groups; 25 channels see the first group, 25 see both
//! let data = DatasetConfig::paper_protocol(4)?.samples(500).seed(7).generate::<f32>()?;
//! assert_eq!(data.x.dim(), (500, 50));
//! assert_eq!(data.z.dim(), (500, 4));
//! assert_eq!(data.group(1)?.dim(), (500, 2));
//!
//! let jacobian = data.jacobian(123)?; // ∂x/∂z at the 124th sample
//! assert!(data.map[[30, 3]] && jacobian[[30, 3]] != 0.0);
//! assert!(!data.map[[10, 3]] && jacobian[[10, 3]] == 0.0);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod animal;
mod block_mixing;
mod check;
mod connectivity;
mod dataset;
mod error;
mod latents;
mod mixing;
mod noise;
mod nonlinearity;
mod random;
mod signals;

pub use animal::{Behaviour, Cell, Motion, Population, PopulationConfig, Recording, Tuning};
pub use block_mixing::BlockMixing;
pub use connectivity::{Block, Connectivity};
pub use dataset::{Dataset, DatasetConfig};
pub use error::{Result, SynthError};
pub use latents::{
    Brownian, Circular, LatentProcess, OrnsteinUhlenbeck, Oscillators, brownian, on_circle,
};
pub use mixing::{HiddenLayers, Mixing, MixingConfig};
pub use noise::{PoissonCounts, add_gaussian, poisson_counts};
pub use nonlinearity::Nonlinearity;
pub use signals::{
    Band, Bands, BandsConfig, Component, Event, Events, EventsConfig, Seasonal, SeasonalConfig,
    Sources, SourcesConfig, Waveform,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
