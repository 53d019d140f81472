//! The bins: where they begin and end, and which of them follow each other.

use crate::clock::Clock;
use crate::error::{FileError, Result};
use crate::timed::{Series, Times};

/// More bins are a mistake in their length.
const MOST: f64 = 2e8;

/// A stretch of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Span {
    /// All of time.
    pub(super) const ALL: Self = Self {
        from: f64::NEG_INFINITY,
        to: f64::INFINITY,
    };
}

/// What two lists of stretches have in common; both ascend.
pub(super) fn intersection(a: &[Span], b: &[Span]) -> Vec<Span> {
    let (mut i, mut j) = (0, 0);
    let mut common = Vec::new();
    while i < a.len() && j < b.len() {
        let (from, to) = (a[i].from.max(b[j].from), a[i].to.min(b[j].to));
        if from < to {
            common.push(Span { from, to });
        }
        match a[i].to < b[j].to {
            true => i += 1,
            false => j += 1,
        }
    }
    common
}

/// Stretches in order; those that overlap become one, those that only touch stay apart.
pub(super) fn apart(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from < last.to => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

/// From the first to the last time of a series.
pub(super) fn ends(series: &Series) -> Span {
    let rows = series.rows();
    Span {
        from: series.times.at(0),
        to: series.times.at(rows - 1),
    }
}

/// The usual step of times in seconds: the median.
pub(super) fn step(times: &Times) -> f64 {
    match times {
        Times::Steady { rate, .. } => 1.0 / rate,
        Times::Listed(times) => {
            let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            if steps.is_empty() {
                return f64::INFINITY;
            }
            let middle = steps.len() / 2;
            *steps.select_nth_unstable_by(middle, f64::total_cmp).1
        }
    }
}

/// Bins of one length in stretches of time.
#[derive(Debug, Clone)]
pub(super) struct Bins {
    pub(super) bin: f64,
    /// Begin, end and centre of each bin.
    edges: Vec<[f64; 3]>,
    /// The last time that counts for each bin.
    until: Vec<f64>,
    /// The first bin of each segment.
    pub(super) first: Vec<usize>,
}

/// Times to nanoseconds, as pynapple rounds them: edges do not drift away from whole steps.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e9).round_ties_even() / 1e9
}

impl Bins {
    /// The bins of stretches. `whole` leaves out a last bin that is cut short.
    pub(super) fn new(support: &[Span], bin: f64, whole: bool) -> Result<Self> {
        let total: f64 = support.iter().map(|span| (span.to - span.from) / bin).sum();
        if total > MOST {
            return Err(FileError::Clock {
                problem: format!("bin: {bin} s would make {total:.0} bins"),
                example: "a longer time, such as 25ms".to_owned(),
            });
        }
        let mut bins = Self {
            bin,
            edges: Vec::new(),
            until: Vec::new(),
            first: Vec::new(),
        };
        for span in support {
            let before = bins.edges.len();
            let mut from = span.from;
            // the slack is for lengths that are a whole number of bins but for rounding
            let fit = ((span.to - span.from) / bin + 1e-9).floor();
            loop {
                let (centre, to) = (from + bin / 2.0, rounded(from + bin));
                let full = (bins.edges.len() - before) as f64 >= fit;
                if centre > span.to || (whole && full) || to <= from {
                    break;
                }
                bins.edges.push([from, to, centre]);
                bins.until.push(span.to);
                from = to;
            }
            if bins.edges.len() > before {
                bins.first.push(before);
            }
        }
        Ok(bins)
    }

    pub(super) fn len(&self) -> usize {
        self.edges.len()
    }

    pub(super) fn centre(&self, bin: usize) -> f64 {
        self.edges[bin][2]
    }

    pub(super) fn centres(&self) -> Vec<f64> {
        self.edges.iter().map(|edges| edges[2]).collect()
    }

    /// Whether a time counts for a bin.
    pub(super) fn holds(&self, bin: usize, time: f64) -> bool {
        let [from, to, _] = self.edges[bin];
        from <= time && time < to && time <= self.until[bin]
    }

    /// The begin of a bin.
    pub(super) fn begin(&self, bin: usize) -> f64 {
        self.edges[bin][0]
    }

    /// The segments: ranges of bins that follow each other.
    pub(super) fn segments(&self) -> Vec<std::ops::Range<usize>> {
        let ends = self.first.iter().skip(1).copied().chain([self.len()]);
        self.first
            .iter()
            .copied()
            .zip(ends)
            .map(|(from, to)| from..to)
            .collect()
    }

    /// Bins before which the recording is interrupted.
    pub(super) fn breaks(&self) -> Vec<usize> {
        self.first.iter().skip(1).copied().collect()
    }

    /// When the bins were measured, at their centres.
    pub(super) fn clock(&self, start: Option<f64>) -> Clock {
        let pieces = self
            .first
            .iter()
            .map(|&bin| (bin, self.centre(bin)))
            .collect();
        Clock::interrupted(1.0 / self.bin, self.len(), pieces).starting(start)
    }

    /// Keeps some bins; those that do not follow each other any more are in different segments.
    pub(super) fn keep(&mut self, kept: &[bool]) {
        let mut first = Vec::new();
        let mut count = 0;
        let starts: std::collections::HashSet<usize> = self.first.iter().copied().collect();
        let mut follows = false;
        for (bin, &keep) in kept.iter().enumerate() {
            follows &= !starts.contains(&bin);
            if keep {
                if !follows {
                    first.push(count);
                }
                count += 1;
            }
            follows = keep;
        }
        let mut keeps = kept.iter();
        self.edges.retain(|_| *keeps.next().unwrap_or(&false));
        let mut keeps = kept.iter();
        self.until.retain(|_| *keeps.next().unwrap_or(&false));
        self.first = first;
    }

    /// The clock in a line.
    pub(super) fn in_words(&self, bin: f64, places: &[String]) -> String {
        let segments = match self.first.len() {
            1 => "1 segment".to_owned(),
            several => format!("{several} segments"),
        };
        let whose = match places {
            [one] => format!("the time of {one}"),
            several => format!("the time that {} have in common", several.join(", ")),
        };
        format!(
            "{} bins of {} ms in {segments}, from {} to {} s: {whose}",
            self.len(),
            rounded(bin * 1e3),
            rounded(self.edges.first().map_or(0.0, |edges| edges[0])),
            rounded(self.edges.last().map_or(0.0, |edges| edges[1])),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: f64, to: f64) -> Span {
        Span { from, to }
    }

    #[test]
    fn what_stretches_have_in_common() {
        let a = [span(0.0, 4.0), span(5.0, 9.0)];
        let b = [span(1.0, 2.0), span(3.0, 6.0), span(9.0, 10.0)];
        let common = [span(1.0, 2.0), span(3.0, 4.0), span(5.0, 6.0)];
        assert_eq!(intersection(&a, &b), common);
        assert_eq!(intersection(&b, &[Span::ALL]), b);
        assert_eq!(
            apart(vec![span(3.0, 4.0), span(0.0, 2.0), span(1.0, 3.0)]),
            [span(0.0, 3.0), span(3.0, 4.0)]
        );
    }

    #[test]
    fn a_bin_belongs_to_a_stretch_if_its_centre_does() {
        let count = |to: f64, whole| Bins::new(&[span(0.0, to)], 0.1, whole).unwrap().len();
        assert_eq!(
            [count(1.0, false), count(1.04, false), count(1.05, false)],
            [10, 10, 11]
        );
        assert_eq!(
            [count(1.0, true), count(1.05, true), count(0.05, true)],
            [10, 10, 0]
        );
        assert!(Bins::new(&[span(0.0, 1e9)], 1e-3, false).is_err());
        // a step that the floats at these times cannot make
        assert_eq!(
            Bins::new(&[span(1e12, 1e12 + 1e-4)], 1e-7, false)
                .unwrap()
                .len(),
            0
        );
    }

    #[test]
    fn the_clock_in_a_line() {
        let bins = Bins::new(&[span(0.0, 1.0)], 0.1, false).unwrap();
        let clock = "10 bins of 100 ms in 1 segment, from 0 to 1 s: the time";
        for (places, whose) in [
            (vec!["a"], " of a"),
            (vec!["a", "b"], " that a, b have in common"),
        ] {
            let places: Vec<String> = places.into_iter().map(str::to_owned).collect();
            assert_eq!(bins.in_words(0.1, &places), format!("{clock}{whose}"));
        }
    }

    #[test]
    fn bins_that_are_cut_out_make_segments() {
        let mut bins = Bins::new(&[span(0.0, 0.5), span(2.0, 2.3)], 0.1, false).unwrap();
        assert_eq!((bins.len(), bins.first.clone()), (8, vec![0, 5]));
        bins.keep(&[true, true, false, true, true, true, true, true]);
        assert_eq!((bins.len(), bins.breaks()), (7, vec![2, 4]));
        assert_eq!(bins.segments(), [0..2, 2..4, 4..7]);
    }
}
