//! Several animals of one latent process in one embedding, and a new one that is added to them.
//!
//! Three animals with different numbers of channels, each with its own latents and its own mixing of them. The first two
//! are trained together, or apart for comparison, and the third is adapted to them. Further ways of training hide
//! channels or times. All scores are on samples after those of the training.

mod cell;
mod data;
mod protocol;
mod report;

use std::path::Path;

use crate::cells::{self, Progress, Share};
use crate::error::Result;
use crate::table::Table;

pub use cell::{Alone, New, Outcome, run};
pub use protocol::{Protocol, Settings, Way};
pub use report::{masks, sessions};

/// Runs the cells of a share of a protocol that have no result in `folder` yet, and writes its tables there once all cells
/// have one; returns them as Markdown, or none if other pieces are still to be made.
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
    let tables: [(&str, Table); 2] = [
        ("sessions", sessions(&measured)),
        ("masks", masks(&measured)),
    ];
    for (name, table) in &tables {
        table.write_csv(folder, name)?;
    }
    Ok(Some(tables.map(|(_, table)| table.markdown()).join("\n")))
}
