//! Walks of independent coordinates, one step at a time.

use ndarray::{Array1, Array2, NdFloat};
use rand::Rng;

use crate::check::{at_least_one, cast};
use crate::error::Result;

/// How one coordinate begins and moves; all are independent.
pub(crate) trait Process {
    fn validate(&self) -> Result<()>;

    /// The first state.
    fn start<R: Rng + ?Sized>(&self, rng: &mut R) -> f64;

    /// The state that follows.
    fn step<R: Rng + ?Sized>(&self, at: Coordinate, state: f64, rng: &mut R) -> f64;

    /// What a state looks like from outside.
    fn show(&self, state: f64) -> f64 {
        state
    }
}

/// Which coordinate, of how many.
#[derive(Clone, Copy)]
pub(crate) struct Coordinate {
    pub(super) index: usize,
    pub(super) dims: usize,
}

/// A walk in some dimensions.
pub(crate) struct Walk<P> {
    process: P,
    state: Array1<f64>,
}

impl<P: Process> Walk<P> {
    pub(super) fn start<R: Rng + ?Sized>(process: P, dims: usize, rng: &mut R) -> Result<Self> {
        process.validate()?;
        at_least_one("dims", dims)?;
        let state = Array1::from_shape_simple_fn(dims, || process.start(rng));
        Ok(Self { process, state })
    }

    pub(super) fn advance<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let dims = self.state.len();
        for (index, state) in self.state.iter_mut().enumerate() {
            *state = self.process.step(Coordinate { index, dims }, *state, rng);
        }
    }

    pub(super) fn position(&self) -> Array1<f64> {
        self.state.mapv(|state| self.process.show(state))
    }
}

/// A path (samples, dims); row 0 is the start.
pub(super) fn path<P: Process, A: NdFloat, R: Rng + ?Sized>(
    process: P,
    samples: usize,
    dims: usize,
    rng: &mut R,
) -> Result<Array2<A>> {
    at_least_one("samples", samples)?;
    let mut walk = Walk::start(process, dims, rng)?;
    let mut path = Array2::zeros((samples, dims));
    for (t, mut row) in path.rows_mut().into_iter().enumerate() {
        if t > 0 {
            walk.advance(rng);
        }
        row.assign(&walk.position().mapv(cast));
    }
    Ok(path)
}
