//! Parts of the time on which a decoder is scored, and those it is fitted to.

use std::ops::Range;

use crate::check::parameter;
use crate::error::{EvalError, Result};

/// A part of the samples that is held out, and the samples that a decoder is fitted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The samples that are held out.
    pub held_out: Range<usize>,
    /// The samples before and after them, without the gap; either may be empty.
    pub known: [Range<usize>; 2],
}

impl Fold {
    /// The samples that a decoder is fitted to, in their order.
    pub fn known(&self) -> impl Iterator<Item = usize> + '_ {
        self.known.iter().cloned().flatten()
    }

    fn new(samples: usize, held_out: Range<usize>, gap: usize) -> Result<Self> {
        let after = held_out.end.saturating_add(gap).min(samples);
        let known = [0..held_out.start.saturating_sub(gap), after..samples];
        match known.iter().all(Range::is_empty) {
            true => Err(EvalError::Parameter {
                name: "the gap",
                found: gap.to_string(),
                expected: "short enough to leave samples beside those that are held out",
            }),
            false => Ok(Self { held_out, known }),
        }
    }
}

/// Blocks of consecutive samples, each of which is held out once. Neighbouring samples of a time series are alike, so
/// that single samples chosen at random are no test: the decoder knows their neighbours. For the same reason `gap`
/// samples on both sides of a block are left out.
///
/// The blocks are those of scikit-learn's `KFold`: the first ones are longer by a sample if the numbers do not divide.
///
/// # Errors
/// [`EvalError::Parameter`] unless there are from 2 to `samples` blocks, or if the gap leaves nothing.
///
/// ```
/// let folds = xcebra_eval::blocks(10, 3, 1)?;
/// assert_eq!(folds[1].held_out, 4..7);
/// assert_eq!(folds[1].known, [0..3, 8..10]);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn blocks(samples: usize, count: usize, gap: usize) -> Result<Vec<Fold>> {
    parameter(
        "the number of blocks",
        count,
        (2..=samples).contains(&count),
        "from 2 to the number of samples",
    )?;
    let (length, longer) = (samples / count, samples % count);
    let begin = |block: usize| block * length + block.min(longer);
    (0..count)
        .map(|block| Fold::new(samples, begin(block)..begin(block + 1), gap))
        .collect()
}

/// The last share of the time as the part that is held out, rounded to samples.
///
/// # Errors
/// [`EvalError::Parameter`] unless the share is between 0 and 1 and neither part is empty.
pub fn last_share(samples: usize, share: f64, gap: usize) -> Result<Fold> {
    let valid = share > 0.0 && share < 1.0;
    let count = if valid {
        (share * samples as f64).round() as usize
    } else {
        0
    };
    parameter(
        "the share that is held out",
        share,
        count > 0 && count < samples,
        "between 0 and 1, with samples on both sides",
    )?;
    Fold::new(samples, samples - count..samples, gap)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_sample_is_held_out_once_and_never_known_then(
            samples in 2usize..200, count in 2usize..9, gap in 0usize..5,
        ) {
            let Ok(folds) = blocks(samples, count, gap) else {
                prop_assert!(count > samples || gap > 0);
                return Ok(());
            };
            let all: Vec<usize> = folds.iter().flat_map(|fold| fold.held_out.clone()).collect();
            prop_assert_eq!(all, (0..samples).collect::<Vec<_>>());
            for fold in folds {
                let near = |s: &usize| fold.held_out.clone().any(|held| held.abs_diff(*s) <= gap);
                let known: Vec<usize> = fold.known().collect();
                prop_assert!(!known.iter().any(near));
                let expected: Vec<usize> = (0..samples).filter(|s| !near(s)).collect();
                prop_assert_eq!(known, expected);
            }
        }
    }

    #[test]
    fn the_last_share() {
        let fold = last_share(10, 0.25, 2).unwrap();
        assert_eq!((fold.held_out.clone(), fold.known().count()), (7..10, 5));
        for share in [0.0, 1.0, -0.5, f64::NAN, 0.01, 0.99] {
            assert!(last_share(10, share, 0).is_err(), "{share}");
        }
        assert!(last_share(10, 0.5, 5).is_err());
        assert!(blocks(10, 1, 0).is_err() && blocks(10, 11, 0).is_err());
    }
}
