//! Gathering: from the pieces to what the command writes in one process.

use std::path::Path;

use xcebra_model::Watch;

use super::folder::Study;
use super::ranges;
use super::work::Gathered;
use crate::{Answer, Problem, Result};

/// Gathers the pieces of the study in a folder, and writes what its command writes in one process, to the same bytes but
/// for durations; and a report, if a place for one is given and the work has one that is not in `out`.
///
/// # Errors
/// [`Problem`] if pieces are missing, which it names, if files are damaged, `out` cannot be written, or the work has no
/// such report.
pub fn gather(
    folder: &Path,
    out: &Path,
    report: Option<&Path>,
    watch: &Watch<'_>,
) -> Result<Answer> {
    let study = Study::open(folder)?;
    if report.is_some() {
        study.plan.work.require_report()?;
    }
    let done = study.all_done()?;
    let missing: Vec<usize> = (0..study.plan.pieces)
        .filter(|piece| !done.contains(piece))
        .collect();
    if !missing.is_empty() {
        let failed = study.all_failed()?;
        let failed: Vec<usize> = missing
            .iter()
            .copied()
            .filter(|p| failed.contains(p))
            .collect();
        let failed = match failed.is_empty() {
            true => String::new(),
            false => format!(", of which failed: {}", ranges(&failed)),
        };
        return Err(Problem::file(
            format!(
                "{} of {} pieces are missing: {}{failed}",
                missing.len(),
                study.plan.pieces,
                ranges(&missing)
            ),
            format!(
                "run them with `xcebra run {0}`; `xcebra status {0}` tells more",
                folder.display()
            ),
        ));
    }
    let to = Gathered { out, report };
    study.plan.work.gather(&study, &to, watch)
}
