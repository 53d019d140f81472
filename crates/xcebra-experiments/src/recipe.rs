//! Which training settings find the true map, and can they be told without it?
//!
//! A grid of regularisers and lengths on recordings of several kinds. Each training is scored by the auROC of its
//! maps where the true one is known, and by what needs no truth: the fit of held-out samples, condition numbers, the
//! share of outputs at the encoder's limit.

mod cell;
mod protocol;
mod report;

use std::path::Path;

use xcebra::files::write_file;

use crate::cells::{self, Progress, Share};
use crate::error::Result;

pub use cell::{Outcome, run};
pub use protocol::{Begin, Protocol, Recipe, Recorded, Settings};
pub use report::tables;

/// Runs the cells of a share of a protocol that have no result in `folder` yet, and writes `recipe.md` there once all cells
/// have one; returns it, or none if other pieces are still to be made.
///
/// # Errors
/// As [`cells::measure`].
pub fn reproduce(
    protocol: &Protocol,
    folder: &Path,
    share: (Share, usize),
    report: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<Option<String>> {
    let Some(measured) = cells::measure(protocol.cells(), folder, share, report, run)? else {
        return Ok(None);
    };
    let text = tables(&measured);
    write_file(&folder.join("recipe.md"), text.as_bytes())?;
    Ok(Some(text))
}
