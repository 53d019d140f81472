//! The simulated animal: which cells carry position, heading, speed?
//!
//! Place, grid, head-direction, speed and conjunctive cells of an animal that runs about a box, with
//! a known map from cells to variables. An encoder with a block of dimensions for each variable is
//! trained on their rates or on smoothed spike counts, and each method's map is asked which cells
//! carry which variable.

mod cell;
mod coordinates;
mod protocol;
mod recording;
mod report;
mod summary;

use std::path::Path;

use crate::cells::{self, Progress, Share};
use crate::error::Result;

pub use cell::{OWN, Outcome, TOP, VARIABLES, run};
pub use protocol::{Encoder, Observation, Protocol, Settings, Training};
pub(crate) use recording::observe;
pub use report::{markdown, write};
pub use summary::{EncoderSummary, KindScore, Measured, Summary};

/// Runs the cells of a share of a protocol that have no result in `folder` yet, and writes tables and figures
/// there once all cells have one; returns the summary, or none if other pieces are still to be made.
///
/// # Errors
/// As [`cells::measure`].
pub fn reproduce(
    protocol: &Protocol,
    folder: &Path,
    share: (Share, usize),
    report: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<Option<Summary>> {
    let Some(measured) = cells::measure(protocol.cells(), folder, share, report, run)? else {
        return Ok(None);
    };
    let summary = Summary::of(&measured)?;
    write(folder, &measured, &summary)?;
    Ok(Some(summary))
}
