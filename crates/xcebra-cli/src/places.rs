//! Where a command writes what it found: checked before the work, written after it.

use std::path::Path;

use xcebra::Result;
use xcebra::files::{ensure_folder, ensure_writable};
use xcebra::report::{Picture, Report};

use super::figures::Figures;
use super::{require_distinct, require_npz};

/// The places that the flags `--out`, `--report` and `--figures` name.
pub struct Places<'a> {
    /// An `.npz` file with arrays.
    pub out: Option<&'a Path>,
    /// A page.
    pub report: Option<&'a Path>,
    /// Pictures as files of their own.
    pub figures: &'a Figures,
}

impl Places<'_> {
    /// Refuses places that cannot be written, and those that would replace one of the files that are `read`, each with
    /// its flag, or each other.
    pub fn check(&self, read: &[(&str, &Path)]) -> Result<()> {
        let mut taken = read.to_vec();
        if let Some(out) = self.out {
            require_npz(out)?;
            require_distinct(("--out", out), &taken)?;
            ensure_writable(out)?;
            taken.push(("--out", out));
        }
        if let Some(report) = self.report {
            require_distinct(("--report", report), &taken)?;
            ensure_writable(report)?;
        }
        if let Some(figures) = self.figures.folder() {
            ensure_folder(figures)?;
        }
        Ok(())
    }

    /// Writes what is wanted. The arrays come last: a file that is there stands for results that are complete.
    pub fn write(
        &self,
        pictures: impl FnOnce() -> Vec<Picture>,
        report: impl FnOnce() -> Report,
        arrays: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        self.figures.write(pictures)?;
        if let Some(path) = self.report {
            report().write(path)?;
        }
        self.out.map_or(Ok(()), arrays)
    }
}
