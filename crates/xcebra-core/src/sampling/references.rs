//! References: uniform over the samples that have all their positives.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};

/// Samples of all sessions but the last few of each.
#[derive(Clone, Debug)]
pub struct References {
    ranges: Vec<Range<usize>>,
    total: usize,
}

impl References {
    /// Samples with at least `lookahead` samples after them in their session.
    ///
    /// # Errors
    /// [`Error::Data`] if there is none.
    pub fn new(sessions: &[Range<usize>], lookahead: usize) -> Result<Self> {
        let ranges: Vec<Range<usize>> = sessions
            .iter()
            .map(|s| s.start..s.end.saturating_sub(lookahead).max(s.start))
            .filter(|r| !r.is_empty())
            .collect();
        let total = ranges.iter().map(ExactSizeIterator::len).sum();
        if total == 0 {
            let longest = sessions
                .iter()
                .map(ExactSizeIterator::len)
                .max()
                .unwrap_or(0);
            return Err(Error::data(
                "the recording",
                format!(
                    "its longest session has {longest} samples, too short for an offset of {lookahead}"
                ),
                "choose a smaller offset or delta, or a longer recording",
            ));
        }
        Ok(Self { ranges, total })
    }

    /// Uniform draws, with replacement.
    pub fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        (0..count)
            .map(|_| {
                let mut at = rng.gen_range(0..self.total);
                for range in &self.ranges {
                    if at < range.len() {
                        return range.start + at;
                    }
                    at -= range.len();
                }
                unreachable!("the ranges hold {} samples", self.total)
            })
            .collect()
    }
}
