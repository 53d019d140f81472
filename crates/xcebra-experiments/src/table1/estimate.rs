//! How long a protocol will take, from a few steps of each kind of cell.

use super::cell::run;
use super::protocol::{Encoder, Protocol};
use crate::error::Result;

/// Steps that are timed; the first ones are slower.
const STEPS: usize = 4;
/// Samples that are attributed to time it.
const ATTRIBUTED: usize = 8;

/// How long a protocol will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// Cells.
    pub cells: usize,
    /// Seconds of all cells, one after another on one thread.
    pub seconds: f64,
}

/// Times a few steps and maps of every kind of cell, one after another on one thread.
///
/// # Errors
/// As [`run`].
pub fn estimate(protocol: &Protocol) -> Result<Estimated> {
    let mut small = protocol.clone();
    small.train.steps = STEPS;
    small.regularizer.start = 0;
    small.regularizer.ramp = 0;
    small.samples = (2 * protocol.train.batch).min(protocol.samples);
    small.attributed = ATTRIBUTED.min(protocol.attributed);
    let scale = |part: usize, of: usize| of as f64 / part as f64;
    let mut seconds = 0.0;
    for &dims in &protocol.dims {
        for encoder in Encoder::all() {
            let taken = run(&small.settings(0, dims, encoder))?.seconds;
            seconds += taken.data * scale(small.samples, protocol.samples)
                + taken.fit * scale(STEPS, protocol.train.steps)
                + taken.maps * scale(small.attributed, protocol.attributed);
        }
    }
    let seeds = protocol.seeds as usize;
    Ok(Estimated {
        cells: seeds * protocol.dims.len() * Encoder::all().len(),
        seconds: seeds as f64 * seconds,
    })
}
