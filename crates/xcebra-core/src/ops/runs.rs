//! The windows of a batch as runs of consecutive times.
//!
//! Windows that overlap share samples, and an encoder without padding computes the same numbers from them. In
//! a run, every layer computes these once.

use std::ops::Range;

use super::Element;
use super::network::Network;

/// The windows of a batch, those that overlap joined to runs.
#[derive(Clone, Debug)]
pub struct Runs<E> {
    channels: usize,
    window: usize,
    pub(super) groups: Vec<Group>,
    /// Samples of all groups, one after another, each (time, run, channel).
    pub(super) x: Vec<E>,
    /// For each window, its row among the outputs of all groups, which are (time, run) within a group.
    pub(super) places: Vec<usize>,
}

/// Runs of one length that go through the layers together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub runs: usize,
    /// Times of each.
    pub steps: usize,
    /// Where its samples stand.
    pub x: Range<usize>,
    /// Which outputs are its.
    pub out: Range<usize>,
}

/// The first time of a run, and how many follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: usize,
    more: usize,
}

/// Joins rising times no more than `reach` apart to runs of `most + 1` at most.
fn join(times: impl Iterator<Item = usize>, reach: usize, most: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for time in times {
        match runs.last_mut() {
            Some(run) if time - (run.first + run.more) <= reach && time - run.first <= most => {
                run.more = time - run.first;
            }
            _ => runs.push(Run {
                first: time,
                more: 0,
            }),
        }
    }
    runs
}

/// The next number from `n` on that has three binary digits and zeros after them, so that many runs have one
/// length.
fn rounded(n: usize) -> usize {
    let digits = usize::BITS - n.leading_zeros();
    n.next_multiple_of(1 << digits.saturating_sub(3))
}

impl<E: Element> Runs<E> {
    /// The windows of `network` whose first samples are at the times `starts`, in this order. `append` appends samples
    /// (time, channel) of a range of times; it is asked for times of windows alone, and of those between
    /// windows that overlap.
    pub(crate) fn new(
        network: &Network,
        starts: &[usize],
        mut append: impl FnMut(Range<usize>, &mut Vec<E>),
    ) -> Self {
        let (channels, window) = (network.channels(), network.window());
        let mut order: Vec<usize> = (0..starts.len()).collect();
        order.sort_by_key(|&i| starts[i]);
        let rising = order.iter().map(|&i| starts[i]);
        // samples between windows that do not overlap may be of two sessions
        let reach = network.reach().min(window - 1);
        let runs = join(rising, reach, network.longest::<E>() - window);
        let mut sorted: Vec<usize> = (0..runs.len()).collect();
        sorted.sort_by_key(|&r| rounded(runs[r].more));

        let (mut groups, mut x, mut piece) = (Vec::new(), Vec::new(), Vec::new());
        let mut first_row = vec![(0, 0); runs.len()];
        let mut outputs = 0;
        for same in sorted.chunk_by(|&a, &b| rounded(runs[a].more) == rounded(runs[b].more)) {
            let more = rounded(runs[same[0]].more);
            let steps = window + more;
            for chunk in same.chunks(network.runs::<E>(steps)) {
                let start = x.len();
                let count = chunk.len();
                x.resize(start + steps * count * channels, E::zero());
                for (row, &r) in chunk.iter().enumerate() {
                    let run = runs[r];
                    piece.clear();
                    append(run.first..run.first + window + run.more, &mut piece);
                    for (t, sample) in piece.chunks_exact(channels).enumerate() {
                        let at = start + (t * count + row) * channels;
                        x[at..at + channels].copy_from_slice(sample);
                    }
                    first_row[r] = (outputs + row, count);
                }
                groups.push(Group {
                    runs: count,
                    steps,
                    x: start..x.len(),
                    out: outputs..outputs + (more + 1) * count,
                });
                outputs += (more + 1) * count;
            }
        }

        let mut places = vec![0; starts.len()];
        let mut r = 0;
        for i in order {
            while starts[i] > runs[r].first + runs[r].more {
                r += 1;
            }
            let (row, count) = first_row[r];
            places[i] = row + (starts[i] - runs[r].first) * count;
        }
        Self {
            channels,
            window,
            groups,
            x,
            places,
        }
    }

    /// Rows of all groups' outputs.
    pub(super) fn outputs(&self) -> usize {
        self.groups.last().map_or(0, |group| group.out.end)
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no window.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Some of the windows, one after another: (window, time, channel).
    ///
    /// # Panics
    /// If there are not as many windows.
    pub fn windows(&self, range: Range<usize>) -> Vec<E> {
        let mut all = Vec::with_capacity(range.len() * self.window * self.channels);
        for &place in &self.places[range] {
            let g = self.groups.partition_point(|group| group.out.end <= place);
            let group = &self.groups[g];
            let first = place - group.out.start;
            let samples = self.x[group.x.clone()].chunks_exact(self.channels);
            let own = samples.skip(first).step_by(group.runs);
            all.extend(own.take(self.window).flatten().copied());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, join, rounded};

    #[test]
    fn times_that_are_near_are_joined() {
        let run = |first, more| Run { first, more };
        let found = join([3, 3, 5, 9, 14, 15, 16].into_iter(), 4, 9);
        assert_eq!(found, [run(3, 6), run(14, 2)]);
        // no run has more than `most` times after its first
        let found = join(0..25, 4, 9);
        assert_eq!(found, [run(0, 9), run(10, 9), run(20, 4)]);
    }

    #[test]
    fn lengths_have_three_binary_digits() {
        let found: Vec<usize> = [0, 1, 7, 8, 9, 11, 17, 33, 63, 65].map(rounded).into();
        assert_eq!(found, [0, 1, 7, 8, 10, 12, 20, 40, 64, 80]);
        for n in 0..2000 {
            assert!(rounded(n) >= n && 4 * rounded(n) <= 5 * n);
        }
    }
}
