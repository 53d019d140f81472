//! Which groups of latents feed which channels.

use std::ops::Range;

use ndarray::{Array2, Axis, Slice};

use crate::error::{Result, SynthError};

/// A block of channels and the groups of latents it is a function of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Number of channels.
    pub channels: usize,
    /// Indices of the groups that feed the block, in the order the mixing takes them.
    pub inputs: Vec<usize>,
}

/// Groups of latents, blocks of channels, and which group feeds which block.
///
/// Latents are counted group after group, channels block after block. Every block has at least as
/// many channels as latents feeding it and every group feeds a block, so that a mixing which is
/// injective in each block is injective as a whole.
///
/// ```
/// use ndarray::array;
/// use xcebra_synth::{Block, Connectivity};
///
/// let groups = vec![1, 2];
/// let blocks = vec![
///     Block { channels: 2, inputs: vec![0] },
///     Block { channels: 3, inputs: vec![1, 0] },
/// ];
/// let connectivity = Connectivity::new(groups, blocks)?;
/// assert_eq!(connectivity.map(), array![
///     [true, false, false],
///     [true, false, false],
///     [true, true, true],
///     [true, true, true],
///     [true, true, true],
/// ]);
/// # Ok::<(), xcebra_synth::SynthError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connectivity {
    groups: Vec<usize>,
    blocks: Vec<Block>,
}

impl Connectivity {
    /// `groups[k]` latents in group `k`, and the blocks they feed.
    ///
    /// # Errors
    /// [`SynthError::Nothing`] without groups or blocks, [`SynthError::EmptyGroup`],
    /// [`SynthError::NoInputs`], [`SynthError::UnknownGroup`], [`SynthError::DuplicateGroup`],
    /// [`SynthError::TooFewChannels`], [`SynthError::UnusedGroup`].
    pub fn new(groups: Vec<usize>, blocks: Vec<Block>) -> Result<Self> {
        if groups.is_empty() {
            return Err(SynthError::Nothing { missing: "groups" });
        }
        if blocks.is_empty() {
            return Err(SynthError::Nothing { missing: "blocks" });
        }
        if let Some(group) = groups.iter().position(|&latents| latents == 0) {
            return Err(SynthError::EmptyGroup { group });
        }
        for (index, block) in blocks.iter().enumerate() {
            check_block(&groups, index, block)?;
        }
        let used = |group| blocks.iter().any(|block| block.inputs.contains(&group));
        if let Some(group) = (0..groups.len()).find(|&group| !used(group)) {
            return Err(SynthError::UnusedGroup { group });
        }
        Ok(Self { groups, blocks })
    }

    /// The synthetic experiment of Schneider et al. 2025: `dims` latents in groups `z_1` (⌈d/2⌉) and
    /// `z_2` (the rest); 25 channels depend on `z_1`, 25 on both.
    ///
    /// # Errors
    /// As [`new`](Self::new): `dims` must be 2 to 25.
    pub fn paper_protocol(dims: usize) -> Result<Self> {
        let first = dims.div_ceil(2);
        let block = |inputs| Block {
            channels: 25,
            inputs,
        };
        Self::new(
            vec![first, dims - first],
            vec![block(vec![0]), block(vec![0, 1])],
        )
    }

    /// Number of latents in each group.
    #[must_use]
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }

    /// The blocks of channels.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Number of latents in all groups, `d`.
    #[must_use]
    pub fn latents(&self) -> usize {
        self.groups.iter().sum()
    }

    /// Number of channels in all blocks, `D`.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.blocks.iter().map(|block| block.channels).sum()
    }

    /// The latents of a group.
    ///
    /// # Errors
    /// [`SynthError::OutOfRange`] if there is no such group.
    pub fn group_latents(&self, group: usize) -> Result<Range<usize>> {
        let Some(&latents) = self.groups.get(group) else {
            return Err(SynthError::OutOfRange {
                what: "group",
                index: group,
                count: self.groups.len(),
            });
        };
        let start = self.groups[..group].iter().sum();
        Ok(start..start + latents)
    }

    /// The ground truth: whether a channel is a function of a latent, (channels, latents).
    #[must_use]
    pub fn map(&self) -> Array2<bool> {
        let mut map = Array2::from_elem((self.channels(), self.latents()), false);
        for (channels, latents) in self.wiring() {
            for latent in latents {
                let mut column = map.column_mut(latent);
                let rows = Slice::from(channels.clone());
                column.slice_axis_mut(Axis(0), rows).fill(true);
            }
        }
        map
    }

    /// For each block its channels and, in the order of its mixing's inputs, its latents.
    pub(crate) fn wiring(&self) -> Vec<(Range<usize>, Vec<usize>)> {
        let mut starts = vec![0];
        for latents in &self.groups {
            starts.push(starts[starts.len() - 1] + latents);
        }
        let mut first = 0;
        let blocks = self.blocks.iter().map(|block| {
            let channels = first..first + block.channels;
            first = channels.end;
            let latents = block.inputs.iter().flat_map(|&k| starts[k]..starts[k + 1]);
            (channels, latents.collect())
        });
        blocks.collect()
    }
}

fn check_block(groups: &[usize], index: usize, block: &Block) -> Result<()> {
    if block.inputs.is_empty() {
        return Err(SynthError::NoInputs { block: index });
    }
    for (position, &group) in block.inputs.iter().enumerate() {
        if group >= groups.len() {
            return Err(SynthError::UnknownGroup {
                block: index,
                group,
                groups: groups.len(),
            });
        }
        if block.inputs[..position].contains(&group) {
            return Err(SynthError::DuplicateGroup {
                block: index,
                group,
            });
        }
    }
    let sizes = block.inputs.iter().map(|&group| groups[group]);
    let latents = sizes.fold(0, usize::saturating_add);
    if block.channels < latents {
        return Err(SynthError::TooFewChannels {
            what: format!("block {index}"),
            channels: block.channels,
            latents,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use xcebra_model::Advice;

    fn block(channels: usize, inputs: &[usize]) -> Block {
        Block {
            channels,
            inputs: inputs.to_vec(),
        }
    }

    #[test]
    fn groups_of_the_paper() {
        for (dims, groups) in [(4, [2, 2]), (5, [3, 2]), (9, [5, 4])] {
            let connectivity = Connectivity::paper_protocol(dims).unwrap();
            assert_eq!(connectivity.groups(), groups);
            assert_eq!(connectivity.latents(), dims);
            assert_eq!(connectivity.channels(), 50);
            assert_eq!(connectivity.group_latents(1), Ok(groups[0]..dims));
            let map = connectivity.map();
            for ((channel, latent), &connected) in map.indexed_iter() {
                assert_eq!(connected, channel >= 25 || latent < groups[0]);
            }
        }
    }

    #[test]
    fn inputs_keep_the_order_given() {
        let blocks = vec![block(4, &[2, 0]), block(5, &[1])];
        let connectivity = Connectivity::new(vec![1, 3, 2], blocks).unwrap();
        assert_eq!(
            connectivity.wiring(),
            [(0..4, vec![4, 5, 0]), (4..9, vec![1, 2, 3])]
        );
        assert_eq!(
            connectivity.map().row(0).to_vec(),
            [true, false, false, false, true, true]
        );
    }

    #[test]
    fn what_cannot_be_wired_is_refused() {
        let new = |groups: &[usize], blocks: &[Block]| {
            Connectivity::new(groups.to_vec(), blocks.to_vec()).unwrap_err()
        };
        let full = [block(9, &[0])];
        assert_eq!(new(&[], &full), SynthError::Nothing { missing: "groups" });
        assert_eq!(new(&[2], &[]), SynthError::Nothing { missing: "blocks" });
        assert_eq!(new(&[2, 0], &full), SynthError::EmptyGroup { group: 1 });
        assert_eq!(
            new(&[2], &[block(9, &[])]),
            SynthError::NoInputs { block: 0 }
        );
        assert_eq!(
            new(&[2], &[block(9, &[0]), block(9, &[1])]),
            SynthError::UnknownGroup {
                block: 1,
                group: 1,
                groups: 1
            }
        );
        assert_eq!(
            new(&[2, 1], &[block(9, &[0, 1, 0])]),
            SynthError::DuplicateGroup { block: 0, group: 0 }
        );
        assert_eq!(new(&[2, 1], &full), SynthError::UnusedGroup { group: 1 });
        let error = new(&[2, 1], &[block(9, &[0]), block(2, &[0, 1])]);
        assert_eq!(
            error.to_string(),
            "block 1 has 2 channels for 3 latents and cannot be injective"
        );
        assert_eq!(
            error.advice().as_deref(),
            Some("give it at least 3 channels")
        );
        assert_eq!(
            Connectivity::paper_protocol(1),
            Err(SynthError::EmptyGroup { group: 1 })
        );
        assert!(Connectivity::paper_protocol(0).is_err());
        assert!(Connectivity::paper_protocol(25).is_ok());
        assert!(Connectivity::paper_protocol(26).is_err());
        let error = Connectivity::paper_protocol(4).unwrap().group_latents(2);
        assert!(matches!(error, Err(SynthError::OutOfRange { .. })));
    }
}
