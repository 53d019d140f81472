//! Samples grouped by equal labels.

use std::collections::BTreeMap;

/// Members of each group, one group after another.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Start of each group in `members`, and the end of the last.
    starts: Vec<usize>,
    members: Vec<usize>,
    /// Group of each sample.
    group: Vec<usize>,
}

impl Groups {
    /// Groups samples by their keys; groups are numbered in the order of the keys.
    pub fn new<K: Ord>(keys: impl Iterator<Item = K>) -> (Self, Vec<K>) {
        let mut by_key: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        let mut count = 0;
        for (sample, key) in keys.enumerate() {
            by_key.entry(key).or_default().push(sample);
            count += 1;
        }
        let mut groups = Self {
            starts: vec![0],
            members: Vec::with_capacity(count),
            group: vec![0; count],
        };
        let mut distinct = Vec::with_capacity(by_key.len());
        for (g, (key, members)) in by_key.into_iter().enumerate() {
            for &m in &members {
                groups.group[m] = g;
            }
            groups.members.extend(members);
            groups.starts.push(groups.members.len());
            distinct.push(key);
        }
        (groups, distinct)
    }

    /// The group of a sample.
    pub fn of(&self, sample: usize) -> usize {
        self.group[sample]
    }

    /// Member of a group that a number uniform in [0, 1) picks.
    pub fn pick(&self, group: usize, uniform: f64) -> usize {
        let members = &self.members[self.starts[group]..self.starts[group + 1]];
        members[((uniform * members.len() as f64) as usize).min(members.len() - 1)]
    }
}
