//! Samples grouped by equal labels.

use std::cmp::Ordering;

use rayon::prelude::*;

/// Members of each group, one group after another.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Start of each group in `members`, and the end of the last.
    starts: Vec<usize>,
    members: Vec<usize>,
}

impl Groups {
    /// Groups the samples that `compare` finds equal; groups stand in its order, the samples of
    /// one as they were given.
    pub fn new(mut samples: Vec<usize>, compare: impl Fn(usize, usize) -> Ordering + Sync) -> Self {
        // a stable sort
        samples.par_sort_by(|&a, &b| compare(a, b));
        let mut starts: Vec<usize> = (0..samples.len())
            .filter(|&i| i == 0 || compare(samples[i - 1], samples[i]).is_ne())
            .collect();
        starts.push(samples.len());
        Self {
            starts,
            members: samples,
        }
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The samples of a group.
    pub fn members(&self, group: usize) -> &[usize] {
        &self.members[self.starts[group]..self.starts[group + 1]]
    }

    /// Member of a group that a number uniform in [0, 1) picks.
    pub fn pick(&self, group: usize, uniform: f64) -> usize {
        let members = self.members(group);
        members[((uniform * members.len() as f64) as usize).min(members.len() - 1)]
    }
}
