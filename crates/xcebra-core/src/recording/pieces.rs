//! Stretches of a recording that nothing may cross.

use std::ops::Range;

use crate::error::{CoreError, Result};
use crate::window::Window;

/// Disjoint ranges of a recording's samples, in order, none of them empty: its sessions, parts of
/// them, or the samples at which an encoder's window may be placed ([`centers`](Self::centers)).
///
/// Ranges that touch stay apart. No window and no offset in time reaches from one into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    ranges: Vec<Range<usize>>,
    /// Number of samples up to the end of each range.
    ends: Vec<usize>,
}

impl Pieces {
    /// The given ranges; empty ones are left out.
    ///
    /// # Errors
    /// [`CoreError::Data`] if all are empty, or if they overlap or are not in order.
    pub fn new(ranges: impl IntoIterator<Item = Range<usize>>) -> Result<Self> {
        let ranges: Vec<_> = ranges.into_iter().filter(|r| !r.is_empty()).collect();
        if ranges.is_empty() {
            return Err(CoreError::data(
                "the pieces of the recording",
                "they hold no sample",
                "give at least one range that is not empty",
            ));
        }
        if let Some(pair) = ranges.windows(2).find(|pair| pair[0].end > pair[1].start) {
            return Err(CoreError::data(
                "the pieces of the recording",
                format!("{:?} comes before {:?}", pair[0], pair[1]),
                "give ranges in order that do not overlap",
            ));
        }
        let mut count = 0;
        let ends = ranges
            .iter()
            .map(|r| {
                count += r.len();
                count
            })
            .collect();
        Ok(Self { ranges, ends })
    }

    /// The ranges.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        *self.ends.last().expect("pieces are never empty")
    }

    /// Never true: pieces hold at least one sample.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The sample at a place, counted over all pieces from 0; takes O(log pieces).
    ///
    /// # Panics
    /// If `place ≥ len()`.
    pub fn sample(&self, place: usize) -> usize {
        let piece = self.ends.partition_point(|&end| end <= place);
        self.ranges[piece].end - (self.ends[piece] - place)
    }

    /// All samples in order.
    pub fn samples(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges.iter().cloned().flatten()
    }

    /// Cuts the pieces into a training part and a held-out part.
    ///
    /// About `blocks` blocks are held out, spread evenly: a piece that holds a share `s` of the
    /// samples is cut into `round(s · blocks)` stretches, at least one, of equal length (to a
    /// sample); the last `round(held_out · length)` samples of every stretch are held out, the
    /// others are for training. One block for one session is its end. Nothing is left to chance.
    ///
    /// Both parts have new edges, which windows and offsets do not cross either: the more blocks,
    /// the more samples are lost to edges, and the more evenly the recording is covered.
    ///
    /// # Errors
    /// [`CoreError::Setting`] if `held_out` is not between 0 and 1 or `blocks` is 0; [`CoreError::Data`] if
    /// a stretch is too short to give each part a sample.
    pub fn split(&self, held_out: f64, blocks: usize) -> Result<(Self, Self)> {
        let (training, held, short) = self.cut(held_out, blocks)?;
        match short {
            Some(stretch) => Err(too_short(&stretch, held_out)),
            None => Ok((Self::new(training)?, Self::new(held)?)),
        }
    }

    /// As [`split`](Self::split), but stretches too short to give each part a sample are left to the
    /// training: a recording with gaps may have any number of them.
    ///
    /// # Errors
    /// As [`split`](Self::split); [`CoreError::Data`] only if all stretches are too short.
    pub fn split_where_possible(&self, held_out: f64, blocks: usize) -> Result<(Self, Self)> {
        let (training, held, short) = self.cut(held_out, blocks)?;
        match short {
            Some(stretch) if held.is_empty() => Err(too_short(&stretch, held_out)),
            _ => Ok((Self::new(training)?, Self::new(held)?)),
        }
    }

    /// Ranges for training, ranges that are held out, and the first stretch of which nothing is.
    fn cut(&self, held_out: f64, blocks: usize) -> Result<Cut> {
        if !(held_out > 0.0 && held_out < 1.0) {
            return Err(CoreError::setting(
                "held_out",
                held_out,
                "between 0 and 1, both excluded",
            ));
        }
        if blocks == 0 {
            return Err(CoreError::setting("blocks", 0, "at least 1"));
        }
        let (mut training, mut held, mut short) = (Vec::new(), Vec::new(), None);
        for range in &self.ranges {
            let share = range.len() as f64 / self.len() as f64;
            let stretches = (share * blocks as f64).round().max(1.0) as usize;
            let edge = |i: usize| range.start + split_at(range.len(), i, stretches);
            // however many are asked for, there are no more stretches than samples
            if stretches > range.len() {
                training.push(range.clone());
                short.get_or_insert(edge(0)..edge(1));
                continue;
            }
            for i in 0..stretches {
                let stretch = edge(i)..edge(i + 1);
                let out = (held_out * stretch.len() as f64).round() as usize;
                if out == 0 || out == stretch.len() {
                    training.push(stretch.clone());
                    short.get_or_insert(stretch);
                    continue;
                }
                training.push(stretch.start..stretch.end - out);
                held.push(stretch.end - out..stretch.end);
            }
        }
        Ok((training, held, short))
    }

    /// The samples whose whole window lies inside their piece. Pieces shorter than the window are
    /// left out.
    ///
    /// # Errors
    /// [`CoreError::Data`] if no sample remains.
    pub fn centers(&self, window: Window) -> Result<Self> {
        self.shrunk(
            window.left,
            window.right.saturating_sub(1),
            &format!("a window of {} samples", window.len()),
            "choose an encoder with a smaller receptive field, longer sessions, or fewer held-out blocks",
        )
    }

    /// The samples that have another `lookahead` samples after them in their piece.
    ///
    /// # Errors
    /// [`CoreError::Data`] if no sample remains.
    pub fn with_lookahead(&self, lookahead: usize) -> Result<Self> {
        self.shrunk(
            0,
            lookahead,
            &format!("an offset of {lookahead}"),
            "choose a smaller offset or delta, longer sessions, or fewer held-out blocks",
        )
    }

    fn shrunk(&self, left: usize, right: usize, need: &str, advice: &str) -> Result<Self> {
        let shrunk = |r: &Range<usize>| {
            let start = r.start.saturating_add(left);
            start..r.end.saturating_sub(right).max(start)
        };
        let ranges: Vec<_> = self.ranges.iter().map(shrunk).collect();
        if ranges.iter().all(Range::is_empty) {
            let longest = self.ranges.iter().map(ExactSizeIterator::len).max();
            return Err(CoreError::data(
                "the recording",
                format!(
                    "its longest uninterrupted stretch has {} samples, too short for {need}",
                    longest.unwrap_or(0)
                ),
                advice,
            ));
        }
        Self::new(ranges)
    }
}

type Cut = (Vec<Range<usize>>, Vec<Range<usize>>, Option<Range<usize>>);

fn too_short(stretch: &Range<usize>, held_out: f64) -> CoreError {
    CoreError::data(
        "the recording",
        format!("samples {stretch:?} are too short to hold out {held_out} of them"),
        "hold out fewer blocks or another fraction, or leave out short sessions",
    )
}

/// `⌊len · part / parts⌋` without overflow.
fn split_at(len: usize, part: usize, parts: usize) -> usize {
    (len as u128 * part as u128 / parts as u128) as usize
}
