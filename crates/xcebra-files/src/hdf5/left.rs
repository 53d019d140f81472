//! Matrices of a data set that stay in the file.

use std::ops::{Range, RangeInclusive};

use hdf5_reader::Dataset;

use super::values::{Kind, kind, read};
use crate::error::{FileError, Result};
use crate::on_disk::{OnDisk, ReadRows};
use crate::progress::told;
use crate::values::Values;

/// A matrix that stays in the file, if it has at least this many bytes.
pub(super) fn leave(
    dataset: &Dataset,
    place: &str,
    sizes: RangeInclusive<u64>,
) -> Result<Option<OnDisk>> {
    let (&[rows, columns], Kind::Numbers(number)) = (dataset.shape(), kind(dataset.dtype())) else {
        return Ok(None);
    };
    let bytes = rows.saturating_mul(columns).saturating_mul(number.bytes());
    let (Ok(rows), Ok(columns)) = (usize::try_from(rows), usize::try_from(columns)) else {
        return Ok(None);
    };
    if !sizes.contains(&bytes) || rows == 0 || columns == 0 {
        return Ok(None);
    }
    let slices = Slices {
        dataset: dataset.clone(),
        place: place.to_owned(),
        rows: rows as u64,
        row: columns as u64 * number.bytes(),
    };
    OnDisk::new([rows, columns], Box::new(slices)).map(Some)
}

/// The rows of a data set.
struct Slices {
    dataset: Dataset,
    place: String,
    rows: u64,
    /// Bytes of a row.
    row: u64,
}

impl std::fmt::Debug for Slices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slices").finish_non_exhaustive()
    }
}

impl ReadRows for Slices {
    fn read(&mut self, rows: Range<usize>) -> Result<Values> {
        let rows = rows.start as u64..rows.end as u64;
        told(rows.end * self.row, self.rows * self.row)
            .map_err(|error| FileError::damaged(&self.place, error.to_string()))?;
        Ok(read(&self.dataset, &self.place, Some(rows))?.into_rows())
    }
}
