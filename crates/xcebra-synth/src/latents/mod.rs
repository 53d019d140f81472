//! Processes that latents follow, one a file.

mod brownian;
mod circular;
mod ornstein_uhlenbeck;
mod oscillator;
mod process;

pub use brownian::{Brownian, brownian};
pub use circular::{Circular, on_circle};
pub use ornstein_uhlenbeck::OrnsteinUhlenbeck;
pub use oscillator::Oscillators;
pub use process::LatentProcess;

pub(crate) use circular::wrap;

use ndarray::{Array1, Array2, NdFloat};
use rand::Rng;

use crate::check::{at_least_one, cast};
use crate::error::Result;

/// A path (samples, dims) of independent coordinates: `start` draws the first value of each,
/// `advance` makes one step; both are told the coordinate.
fn walk<A: NdFloat, R: Rng + ?Sized>(
    samples: usize,
    dims: usize,
    rng: &mut R,
    mut start: impl FnMut(&mut R, usize) -> f64,
    mut advance: impl FnMut(&mut R, usize, &mut f64),
) -> Result<Array2<A>> {
    at_least_one("samples", samples)?;
    at_least_one("dims", dims)?;
    let mut state: Array1<f64> = (0..dims).map(|k| start(rng, k)).collect();
    let mut path = Array2::zeros((samples, dims));
    for (t, mut row) in path.rows_mut().into_iter().enumerate() {
        if t > 0 {
            for (k, value) in state.iter_mut().enumerate() {
                advance(rng, k, value);
            }
        }
        row.assign(&state.mapv(cast));
    }
    Ok(path)
}
