//! Shares of work that several processes make: signals of an explanation, blocks of samples of a map, stretches of an
//! embedding. Each such unit is kept in a file of its own as plain numbers, so that it is taken up to the last bit.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use xcebra_files::{FileError, write_file};
use xcebra_numeric::Packer;

use crate::{Problem, Result};

/// What of some work to make.
pub(crate) enum Share<'a> {
    /// All of it.
    Whole,
    /// Nothing: what would be made is checked, and the number of its units told.
    Checked(&'a dyn Fn(usize)),
    /// These units, as far as they are not kept in the folder yet, which keeps them.
    Part(Range<usize>, &'a Path),
    /// All of it, from what was kept: the folder of each unit.
    Kept(&'a dyn Fn(usize) -> PathBuf),
}

/// Makes the folder of a part; those of its units that it does not keep yet.
pub(crate) fn left(units: &Range<usize>, folder: &Path) -> Result<Vec<usize>> {
    fs::create_dir_all(folder).map_err(|error| FileError::write(folder, error))?;
    let left = units.clone().filter(|&unit| !place(folder, unit).is_file());
    Ok(left.collect())
}

/// Keeps a unit.
pub(crate) fn keep(folder: &Path, unit: usize, packed: Packer) -> Result<(), FileError> {
    let bytes = packed.finish().into_iter().flat_map(f64::to_le_bytes);
    write_file(&place(folder, unit), &bytes.collect::<Vec<_>>())
}

/// The numbers that were kept of a unit.
pub(crate) fn kept(folder: &Path, unit: usize) -> Result<Vec<f64>> {
    let place = place(folder, unit);
    let bytes = fs::read(&place).map_err(|error| FileError::read(&place, error))?;
    let numbers = bytes.chunks_exact(8);
    if !numbers.remainder().is_empty() {
        return Err(damaged(folder, unit));
    }
    let number = |eight: &[u8]| f64::from_le_bytes(eight.try_into().expect("eight"));
    Ok(numbers.map(number).collect())
}

/// What to say of a unit whose numbers are not what was kept.
pub(crate) fn damaged(folder: &Path, unit: usize) -> Problem {
    Problem::file(
        format!(
            "{} is not a result of this work",
            place(folder, unit).display()
        ),
        "plan the study again: its files were changed",
    )
}

fn place(folder: &Path, unit: usize) -> PathBuf {
    folder.join(format!("{unit:06}.f64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_kept_to_the_last_bit_and_damaged_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let numbers = [0.1, -0.0, f64::MIN_POSITIVE / 3.0, f64::INFINITY];
        let part = folder.path().join("part");
        assert_eq!(left(&(2..4), &part).unwrap(), [2, 3]);
        let mut packer = Packer::new();
        numbers.iter().for_each(|&number| packer.number(number));
        keep(&part, 3, packer).unwrap();
        assert_eq!(left(&(2..4), &part).unwrap(), [2]);
        let found = kept(&part, 3).unwrap();
        let bits = |all: &[f64]| all.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(&numbers));
        fs::write(place(&part, 3), [0; 12]).unwrap();
        assert!(kept(&part, 3).unwrap_err().to_string().contains("000003"));
        assert!(kept(&part, 2).is_err());
    }
}
