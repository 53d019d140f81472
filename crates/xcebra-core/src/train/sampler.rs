//! The batches of one part of a recording.

use rand_chacha::ChaCha8Rng;
use xcebra_model::Scalar;

use crate::config::Balance;
use crate::error::Result;
use crate::objective::Batch;
use crate::recording::{Pieces, Recording};
use crate::sampling::{Positives, References, Subjects};

/// Draws references, negatives, and the positives of each contrastive objective.
pub struct Sampler {
    centers: Pieces,
    subjects: Subjects,
    balance: Balance,
    /// Of each subject.
    references: Vec<References>,
    negatives: Vec<References>,
    positives: Vec<Box<dyn Positives>>,
}

impl Sampler {
    /// Over the given centers of a recording, without objectives.
    pub fn new<E: Scalar>(
        recording: &Recording<E>,
        centers: Pieces,
        balance: Balance,
    ) -> Result<Self> {
        let subjects = Subjects::of(recording, &centers)?;
        Self::over(centers, subjects, balance)
    }

    fn over(centers: Pieces, subjects: Subjects, balance: Balance) -> Result<Self> {
        Ok(Self {
            references: uniform(&subjects, 0)?,
            negatives: uniform(&subjects, 0)?,
            centers,
            subjects,
            balance,
            positives: Vec::new(),
        })
    }

    /// Takes all objectives away.
    pub fn clear(&mut self) -> Result<()> {
        let (centers, subjects) = (self.centers.clone(), self.subjects.clone());
        *self = Self::over(centers, subjects, self.balance)?;
        Ok(())
    }

    /// Where samples come from.
    pub fn centers(&self) -> &Pieces {
        &self.centers
    }

    /// Adds a contrastive objective with the positives that `make` gives for the centers.
    pub fn add(&mut self, make: impl Fn(&Pieces) -> Result<Box<dyn Positives>>) -> Result<()> {
        self.positives.push(make(&self.centers)?);
        let ahead = self.positives.iter().map(|p| p.lookahead()).max();
        self.references = uniform(&self.subjects, ahead.unwrap_or(0))?;
        Ok(())
    }

    /// A batch of `n` references, their positives, and `n` negatives. References and negatives stand subject
    /// by subject.
    pub fn draw(&self, n: usize, rng: &mut ChaCha8Rng) -> Batch {
        let counts = self.counts(n);
        let mut draw = |from: &[References], times: &mut Vec<usize>| {
            for (references, &count) in from.iter().zip(&counts) {
                times.extend(references.draw(count, rng));
            }
        };
        let mut times = Vec::new();
        draw(&self.references, &mut times);
        let references = times.clone();
        let mut positives = Vec::with_capacity(self.positives.len());
        if !self.positives.is_empty() {
            draw(&self.negatives, &mut times);
        }
        let negatives = n..times.len();
        for distribution in &self.positives {
            let start = times.len();
            times.extend(distribution.draw(&references, rng));
            positives.push(start..times.len());
        }
        Batch {
            times,
            references: 0..n,
            negatives,
            positives,
        }
    }

    /// How many of `n` references are of each subject.
    fn counts(&self, n: usize) -> Vec<usize> {
        let sizes: Vec<usize> = match self.balance {
            Balance::Subjects => vec![1; self.references.len()],
            Balance::Samples => self.subjects.centers().iter().map(Pieces::len).collect(),
        };
        shares(n, &sizes)
    }
}

/// Divides `n` in the ratio of `sizes`, with one for each at least if there are enough.
fn shares(n: usize, sizes: &[usize]) -> Vec<usize> {
    let total: u128 = sizes.iter().map(|&size| size as u128).sum();
    let each = usize::from(n >= sizes.len());
    let rest = n - each * sizes.len();
    let up_to = |size: u128| ((2 * rest as u128 * size + total) / (2 * total)) as usize;
    let mut before = 0_u128;
    let of = |&size: &usize| {
        let first = up_to(before);
        before += size as u128;
        each + up_to(before) - first
    };
    sizes.iter().map(of).collect()
}

fn uniform(subjects: &Subjects, lookahead: usize) -> Result<Vec<References>> {
    let centers = subjects.centers().iter();
    centers
        .map(|centers| References::new(centers, lookahead))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shares;

    #[test]
    fn equal_sizes_get_equal_shares() {
        assert_eq!(shares(512, &[1]), [512]);
        assert_eq!(shares(512, &[1, 1]), [256, 256]);
        assert_eq!(shares(11, &[1, 1, 1]), [4, 3, 4]);
        assert_eq!(shares(100, &[10, 90]), [11, 89]);
        assert_eq!(shares(4, &[1, 1_000_000, 1]), [1, 2, 1]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_follow_the_sizes(
            n in 0_usize..5000, sizes in proptest::collection::vec(1_usize..100_000, 1..9),
        ) {
            let found = shares(n, &sizes);
            prop_assert_eq!(found.iter().sum::<usize>(), n);
            let total: usize = sizes.iter().sum();
            for (share, size) in found.iter().zip(&sizes) {
                prop_assert!(n < sizes.len() || *share >= 1);
                let exact = n as f64 * *size as f64 / total as f64;
                // one for rounding, and one for each that has too little
                prop_assert!((*share as f64 - exact).abs() <= 1.0 + sizes.len() as f64);
            }
        }
    }
}
