//! Whether a label is decoded better than one that has nothing to do with the array.

use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use xcebra_model::Watch;

use super::{Pass, Target};
use crate::answer::{number, numbers};
use crate::{Problem, Result};

/// Probability below which a label counts as decoded above chance.
const LEVEL: f64 = 0.05;

/// What is shuffled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shuffle {
    /// The blocks of the label: the array keeps its form, and the label its own course within a block.
    #[default]
    Labels,
    /// The blocks of each column of the array, each in another order: the columns have nothing to do with the label
    /// nor with each other.
    Columns,
}

/// A control by shuffling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shuffles {
    /// What is shuffled.
    pub what: Shuffle,
    /// How often; 0 for no control.
    pub count: usize,
    /// Number of blocks of time whose order is shuffled. A series that changes slowly resembles itself for a while, so
    /// that single samples in random order would be too easy to beat.
    pub blocks: usize,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Default for Shuffles {
    fn default() -> Self {
        Self {
            what: Shuffle::default(),
            count: 0,
            blocks: 20,
            seed: 0,
        }
    }
}

/// What came out of a control by shuffling.
#[derive(Clone, Debug, PartialEq)]
pub struct ShuffleControl {
    /// What was shuffled.
    pub what: Shuffle,
    /// The main score of each shuffle.
    pub scores: Vec<f64>,
    /// The share of shuffles that did as well, the true order counted among them: `(1 + better) / (1 + count)`.
    pub p: f64,
    /// The verdict.
    pub sentence: String,
}

impl ShuffleControl {
    /// Whether the label is decoded better than by chance.
    pub fn is_above_chance(&self) -> bool {
        self.p <= LEVEL
    }

    pub(super) fn json(&self) -> Result<Value> {
        Ok(json!({
            "what": match self.what {
                Shuffle::Labels => "labels",
                Shuffle::Columns => "columns",
            },
            "scores": numbers("scores", &self.scores)?,
            "p": number("p", self.p)?,
            "above_chance": self.is_above_chance(),
            "sentence": self.sentence,
        }))
    }
}

/// Decodes shuffled labels or columns as `pass` does it, and compares with what was found; none if nothing is to be
/// shuffled.
pub(super) fn control(
    (x, target): (&Array2<f64>, &Target),
    shuffles: Shuffles,
    found: &Pass,
    pass: impl Fn(&Array2<f64>, &Target) -> Result<Pass>,
    watch: &Watch<'_>,
) -> Result<Option<ShuffleControl>> {
    let Shuffles {
        what,
        count,
        blocks,
        seed,
    } = shuffles;
    if count == 0 {
        return Ok(None);
    }
    let samples = x.nrows();
    if blocks < 3 || blocks > samples {
        return Err(Problem::setting(
            format!("{blocks} blocks of {samples} samples cannot be shuffled"),
            "choose from 3 blocks to one for each sample",
        ));
    }
    let mut scores = Vec::new();
    for k in 0..count {
        let total = 1 + count as u64;
        watch.progress("decode", (1 + k as u64, total), "shuffles");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(k as u64);
        let shuffled = match what {
            Shuffle::Labels => {
                let order = order(samples, blocks, &mut random);
                pass(x, &target.rows(&order))
            }
            Shuffle::Columns => {
                let mut moved = x.clone();
                for (mut column, old) in moved.columns_mut().into_iter().zip(x.columns()) {
                    column.assign(&old.select(Axis(0), &order(samples, blocks, &mut random)));
                }
                pass(&moved, target)
            }
        };
        scores.push(shuffled?.scores.main());
    }
    let score = found.scores.main();
    let better = scores.iter().filter(|&&other| other >= score).count();
    let p = (1 + better) as f64 / (1 + count) as f64;
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let name = found.scores.main_name();
    let shuffled = match what {
        Shuffle::Labels => "shuffled labels",
        Shuffle::Columns => "shuffled columns",
    };
    let compared = format!(
        "{name} is {score:.3}, and the best of {count} {shuffled} reaches {best:.3} (p = {p:.3})"
    );
    let sentence = match (p <= LEVEL, 1.0 / (1 + count) as f64 <= LEVEL) {
        (true, _) => format!("The label is decoded above chance: {compared}."),
        (false, true) => format!("The label is not decoded above chance: {compared}."),
        (false, false) => format!(
            "{count} shuffles are too few to tell whether the label is decoded above chance: {compared}. At least \
             19 are needed."
        ),
    };
    Ok(Some(ShuffleControl {
        what,
        scores,
        p,
        sentence,
    }))
}

/// The samples in the order of shuffled blocks.
pub(crate) fn order(samples: usize, blocks: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let edge = |block: usize| block * samples / blocks;
    let mut all: Vec<usize> = (0..blocks).collect();
    all.shuffle(random);
    all.into_iter()
        .flat_map(|block| edge(block)..edge(block + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_every_sample_and_the_course_within_blocks() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let found = order(103, 10, &mut random);
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..103).collect::<Vec<_>>());
        let breaks = found
            .windows(2)
            .filter(|pair| pair[1] != pair[0] + 1)
            .count();
        assert!((1..10).contains(&breaks), "{breaks}");
    }
}
