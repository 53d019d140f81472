//! Coefficients by bands of frequencies.

use std::ops::Range;

use super::Group;

/// A range of frequencies that is partly inside a band.
#[derive(Debug)]
pub(crate) struct Partly {
    /// The index of the band.
    pub(crate) band: usize,
    /// The range.
    pub(crate) range: Range<f64>,
}

/// The coefficients for `ranges` of frequencies, or for points `f..f`, by bands `[low, high)` that do not
/// overlap: a group for each band, and last `other` for what is in none, if there is any, so that the groups
/// add up to the whole.
///
/// # Errors
/// [`Partly`] for a range that has frequencies inside a band and outside of it. A point never has.
pub(crate) fn by_bands(
    bands: &[(String, Range<f64>)],
    ranges: impl Iterator<Item = Range<f64>>,
) -> Result<Vec<Group>, Partly> {
    let empty = |name: &str| Group {
        name: name.to_owned(),
        members: Vec::new(),
    };
    let mut groups: Vec<Group> = bands.iter().map(|(name, _)| empty(name)).collect();
    let mut other = empty("other");
    for (member, range) in ranges.enumerate() {
        let mut place = None;
        for (band, (_, limits)) in bands.iter().enumerate() {
            match holds(limits, &range) {
                Some(true) => place = Some(band),
                Some(false) => {}
                None => return Err(Partly { band, range }),
            }
        }
        match place {
            Some(band) => groups[band].members.push(member),
            None => other.members.push(member),
        }
    }
    if !other.members.is_empty() {
        groups.push(other);
    }
    Ok(groups)
}

/// Whether a band holds all frequencies of a range or none of them; `None` if some.
fn holds(band: &Range<f64>, range: &Range<f64>) -> Option<bool> {
    // frequencies are multiples of a step that decimal numbers do not hit
    let slack = 1e-9 * range.end.abs();
    if range.start == range.end {
        let f = range.start + slack;
        return Some(band.start <= f && f < band.end);
    }
    if range.start >= band.start - slack && range.end <= band.end + slack {
        Some(true)
    } else if range.end <= band.start + slack || range.start >= band.end - slack {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three tenths are 0.30000000000000004 by sums and 0.3 in words.
    #[test]
    fn the_noise_of_rounding_moves_no_frequency_across_a_limit() {
        let bands = [("low".to_owned(), 0.0..0.3), ("high".to_owned(), 0.3..1.0)];
        let below = 1.0 - 0.7 - 1e-16;
        assert!(below < 0.3);
        let points = [0.1, 0.1 + 0.2, below, 1.0].map(|f| f..f);
        let groups = by_bands(&bands, points.into_iter()).unwrap();
        let members: Vec<_> = groups.iter().map(|group| &group.members[..]).collect();
        assert_eq!(members, [&[0][..], &[1, 2], &[3]]);
    }

    /// Months over decades: frequencies and limits of 1e-9 Hz.
    #[test]
    fn slow_frequencies_are_told_apart() {
        let bands = [
            ("slow".to_owned(), 0.0..3e-9),
            ("fast".to_owned(), 3e-9..9e-9),
        ];
        let points = [0.0, 1e-9, 2e-9, 3e-9, 8e-9].map(|f| f..f);
        let groups = by_bands(&bands, points.into_iter()).unwrap();
        let members: Vec<_> = groups.iter().map(|group| &group.members[..]).collect();
        assert_eq!(members, [&[0, 1, 2][..], &[3, 4]]);
    }

    #[test]
    fn ranges_are_in_the_band_that_holds_them_or_named() {
        let bands = [("low".to_owned(), 0.0..4.0), ("high".to_owned(), 4.0..9.0)];
        let groups = by_bands(
            &bands,
            [0.0..2.0, 2.0..4.0, 4.0..8.0, 16.0..32.0].into_iter(),
        );
        let groups = groups.unwrap();
        assert_eq!(
            (&groups[0].members[..], &groups[1].members[..]),
            (&[0, 1][..], &[2][..])
        );
        assert_eq!(
            (groups[2].name.as_str(), &groups[2].members[..]),
            ("other", &[3][..])
        );
        let partly = by_bands(&bands, [0.0..2.0, 8.0..16.0].into_iter()).unwrap_err();
        assert_eq!((partly.band, partly.range), (1, 8.0..16.0));
    }
}
