//! Labelled signals with a known answer: which frequencies, times or components tell the classes
//! apart. Classes alternate, signal after signal, and every signal has a separate random stream, so
//! that a larger set begins with the smaller one of the same seed.

mod bands;
mod events;
mod seasonal;
mod sources;

pub use bands::{Band, Bands, BandsConfig};
pub use events::{Event, Events, EventsConfig};
pub use seasonal::{Component, Seasonal, SeasonalConfig};
pub use sources::{Sources, SourcesConfig, Waveform};

use ndarray::Array1;
use rand_chacha::ChaCha8Rng;

use crate::random::stream;

/// Labels `0, 1, …, classes − 1, 0, 1, …`.
fn labels(signals: usize, classes: usize) -> Array1<usize> {
    (0..signals).map(|signal| signal % classes).collect()
}

/// The random stream of a signal; stream 0 is for what signals share.
fn rng_of(seed: u64, signal: usize) -> ChaCha8Rng {
    stream(seed, 1 + signal as u64)
}
