//! Named frequency bands, as groups of spectral coefficients.

use std::ops::Range;

use crate::axes::{Group, by_bands};
use crate::error::{CdigError, Result};

/// Frequency bands `[low, high)` in Hz of `|f|`, ordered as given.
#[derive(Debug, Clone, Default)]
pub(super) struct Bands(Vec<(String, Range<f64>)>);

impl Bands {
    pub(super) fn new<S: Into<String>>(
        bands: impl IntoIterator<Item = (S, Range<f64>)>,
    ) -> Result<Self> {
        let bands: Vec<(String, Range<f64>)> = bands
            .into_iter()
            .map(|(name, range)| (name.into(), range))
            .collect();
        for (i, (name, range)) in bands.iter().enumerate() {
            let ordered = range.start >= 0.0 && range.start < range.end;
            let overlap = bands[..i]
                .iter()
                .find(|(_, other)| range.start < other.end && other.start < range.end);
            if !ordered || overlap.is_some() {
                return Err(CdigError::parameter(
                    "a frequency band",
                    format!("'{name}' {range:?}"),
                    match overlap {
                        Some((other, _)) => format!("a band that does not overlap '{other}'"),
                        None => "0 ≤ low < high in Hz".to_owned(),
                    },
                ));
            }
        }
        Ok(Self(bands))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bands as groups over `frequencies`, and `other` for what no band holds, so that the
    /// groups add up to the whole. No groups if there are no bands.
    pub(super) fn groups(&self, frequencies: &[f64]) -> Vec<Group> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let points = frequencies.iter().map(|f| f.abs()..f.abs());
        by_bands(&self.0, points).expect("a point is inside a band or outside")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frequency_is_in_one_group() {
        let bands = Bands::new([("slow", 0.0..2.0), ("fast", 2.0..3.0)]).unwrap();
        let groups = bands.groups(&[0.0, 1.0, 2.0, 3.0, -2.0, -1.0]);
        let members: Vec<&[usize]> = groups.iter().map(|g| g.members.as_slice()).collect();
        assert_eq!(members, [&[0, 1, 5][..], &[2, 4], &[3]]);
        assert_eq!(groups[2].name, "other");
        assert!(Bands::default().groups(&[0.0]).is_empty());
    }

    #[test]
    fn refuses_empty_and_overlapping_bands() {
        assert!(Bands::new([("a", 2.0..1.0)]).is_err());
        assert!(Bands::new([("a", -1.0..1.0)]).is_err());
        assert!(Bands::new([("a", f64::NAN..1.0)]).is_err());
        assert!(Bands::new([("a", 0.0..2.0), ("b", 1.0..3.0)]).is_err());
        assert!(Bands::new([("a", 0.0..2.0), ("b", 2.0..f64::INFINITY)]).is_ok());
    }
}
