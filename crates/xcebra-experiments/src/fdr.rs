//! False discoveries, calibrated: how often does the test of map entries call a connection that is not?
//!
//! Many small recordings with a known map, a quick training each, the test of `xcebra attribute
//! --significance`, and counts: of false discoveries against the nominal rate, of connections found, of
//! entries left undecided. A recording is one of the [cells].

mod cell;
mod summary;

use std::fmt::Write;
use std::path::Path;

use xcebra::files::write_file;

use crate::cells::{self, Cell, Progress};
use crate::error::Result;
use crate::table::write_json;
pub use cell::{Outcome, Settings, run};
pub use summary::Row;
use summary::{mean, rows};

/// Recordings unless asked otherwise.
pub const DATA_SETS: u64 = 60;

/// Measures recordings that have no result in `folder` yet, and writes `fdr.md` and `summary.json` there; returns the
/// Markdown.
///
/// # Errors
/// As [`cells::measure`].
pub fn reproduce(
    recordings: &[Settings],
    folder: &Path,
    threads: usize,
    report: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<(Vec<Row>, String)> {
    let cell = |settings: &Settings| Cell {
        name: format!("recording_{}", settings.seed),
        cost: 1.0,
        settings: settings.clone(),
    };
    let cells = recordings.iter().map(cell).collect();
    let measured = cells::measure(cells, folder, threads, report, run)?;
    let (settings, outcomes): (Vec<Settings>, Vec<Outcome>) = measured.into_iter().unzip();
    let rows = rows(&outcomes)?;
    let text = markdown(&settings, &outcomes, &rows);
    write_file(&folder.join("fdr.md"), text.as_bytes())?;
    write_json(&folder.join("summary.json"), &rows)?;
    Ok((rows, text))
}

fn markdown(settings: &[Settings], outcomes: &[Outcome], rows: &[Row]) -> String {
    let over = |of: fn(&Outcome) -> f64| mean(&outcomes.iter().map(of).collect::<Vec<_>>()).0;
    let mut text = format!(
        "{} recordings: {}. auROC of the maps {:.3}, R² of the latents {:.3}.\n\n\
         | test | nominal | false discoveries | power | undecided | connected among \"not connected\" | p ≤ 0.05 where nothing is connected |\n\
         |---|---|---|---|---|---|---|\n",
        outcomes.len(),
        settings.first().map(Settings::text).unwrap_or_default(),
        over(|o| o.auroc),
        over(|o| o.r2),
    );
    for row in rows {
        let ((rate, off), (small, spread)) = (row.false_discoveries, row.small_p);
        let _ = writeln!(
            text,
            "| {} | {} | {rate:.3} ± {off:.3} | {:.2} | {:.2} | {:.2} | {small:.3} ± {spread:.3} |",
            row.test, row.nominal, row.power, row.undecided, row.missed
        );
    }
    text
}
