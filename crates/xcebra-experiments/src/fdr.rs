//! False discoveries, calibrated: how often does the test of map entries call a connection that is not?
//!
//! Many small recordings with a known map, a quick training each, the test of `xcebra attribute
//! --significance`, and counts: of false discoveries against the nominal rate, of connections found, of
//! entries left undecided. A recording is one of the [cells].

mod cell;
mod known;
mod summary;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use xcebra::SMALLEST_EFFECT;
use xcebra::files::write_file;

use crate::cells::{self, Cell, Progress, Share};
use crate::error::Result;
use crate::table::write_json;
pub use cell::{Kind, Outcome, Settings, run};
pub use summary::Row;
use summary::mean;

/// Recordings unless asked otherwise.
pub const DATA_SETS: u64 = 60;

/// Measures the recordings of a share that have no result in `folder` yet, and writes `fdr.md` and `summary.json` there
/// once all have one; returns rows and Markdown, or none if other pieces are still to be made.
///
/// # Errors
/// As [`cells::measure`].
pub fn reproduce(
    recordings: &[Settings],
    folder: &Path,
    share: (Share, usize),
    report: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<Option<(Vec<Row>, String)>> {
    let cell = |settings: &Settings| Cell {
        name: format!("{}_{}", settings.kind.name(), settings.seed),
        cost: settings.samples as f64,
        settings: settings.clone(),
    };
    let cells = recordings.iter().map(cell).collect();
    let Some(measured) = cells::measure(cells, folder, share, report, run)? else {
        return Ok(None);
    };
    let (mut rows, mut text) = (Vec::new(), String::new());
    for kind in Kind::ALL {
        let own = measured
            .iter()
            .filter(|(settings, _)| settings.kind == kind);
        let (settings, outcomes): (Vec<Settings>, Vec<Outcome>) = own.cloned().unzip();
        if outcomes.is_empty() {
            continue;
        }
        let found = summary::rows(kind.name(), &outcomes)?;
        text += &markdown(&settings, &outcomes, &found);
        rows.extend(found);
    }
    write_file(&folder.join("fdr.md"), text.as_bytes())?;
    write_json(&folder.join("summary.json"), &rows)?;
    Ok(Some((rows, text)))
}

fn markdown(settings: &[Settings], outcomes: &[Outcome], rows: &[Row]) -> String {
    let over = |of: &dyn Fn(&Outcome) -> f64| mean(&outcomes.iter().map(of).collect::<Vec<_>>()).0;
    let of =
        |scores: &BTreeMap<String, f64>, name: &str| scores.get(name).copied().unwrap_or(f64::NAN);
    let mut text = format!(
        "{} recordings: {}. R² of the latents {:.3}.\n\n| map | auROC, pooled | latent by latent |\n|---|---|---|\n",
        outcomes.len(),
        settings.first().map(Settings::text).unwrap_or_default(),
        over(&|o| o.r2),
    );
    for name in crate::maps::NAMES {
        let _ = writeln!(
            text,
            "| {name} | {:.3} | {:.3} |",
            over(&|o| of(&o.pooled, name)),
            over(&|o| of(&o.by_latent, name))
        );
    }
    text += &format!(
        "\nSmallest effect of interest {SMALLEST_EFFECT}.\n\n\
         | test | nominal | false discoveries | power | undecided | unconnected called not connected | false omissions | \
         connected among \"not connected\" | p ≤ 0.05 where nothing is connected |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let ((rate, off), (small, spread)) = (row.false_discoveries, row.small_p);
        let (omitted, half) = row.false_omissions;
        let _ = writeln!(
            text,
            "| {} | {} | {rate:.3} ± {off:.3} | {:.2} | {:.2} | {:.2} | {omitted:.3} ± {half:.3} | {:.2} | {small:.3} \
             ± {spread:.3} |",
            row.test, row.nominal, row.power, row.undecided, row.rejected, row.missed
        );
    }
    text + "\n"
}
