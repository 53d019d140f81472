//! Table 1 of the paper: which pairs of encoder and attribution method find the true map.
//!
//! Schneider, González Laiz, Filippova, Frey, Mathis, "Time-series attribution maps with regularized
//! contrastive learning", AISTATS 2025, section 5.1. Data sets × encoders are [cells];
//! every cell trains one encoder and scores the maps of all methods on it.

mod cell;
mod estimate;
mod figures;
mod protocol;
mod report;
mod summary;

use std::path::Path;

use crate::cells::{self, Progress, Share};
use crate::error::Result;

pub use cell::{Outcome, Seconds, run};
pub use estimate::{Estimated, estimate};
pub use protocol::{Encoder, Protocol, Settings, Training};
pub use report::{markdown, verdict, write};
pub use summary::{CLAIM, EncoderSummary, Measured, ORACLE, Pair, Summary};

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
