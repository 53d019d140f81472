//! Tests between two methods that were scored on the same data sets.

use std::f64::consts::SQRT_2;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_numeric::{Bootstrap, Interval};

use crate::check::{finite_values, parameter, same_shape};
use crate::correlation::doubled_ranks;
use crate::error::{EvalError, Result};

/// Up to this many pairs that differ, the signed-rank distribution is computed exactly.
const EXACT_RANKS: usize = 200;
/// Up to this many pairs, all sign flips are gone through.
const EXACT_FLIPS: usize = 20;

/// What is held against the hypothesis that the methods do not differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// They differ, either way.
    #[default]
    TwoSided,
    /// The first scores higher.
    Greater,
    /// The first scores lower.
    Less,
}

/// The outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedTest {
    /// What was measured; see the test.
    pub statistic: f64,
    /// How likely at least as extreme a statistic is if the methods do not differ.
    pub p_value: f64,
    /// Number of pairs that were used.
    pub pairs: usize,
}

/// Wilcoxon's signed-rank test of paired scores. The statistic is `W⁺`, the sum of the ranks of
/// `|a_i − b_i|` over pairs with `a_i > b_i`; ties share the mean of their ranks, pairs that do not
/// differ are left out.
///
/// With up to 200 pairs the p-value is exact, ties included: all `2^n` signs are equally likely, and
/// their rank sums are counted. With more it is normal, with variance `Σ rank² / 4`.
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ, [`EvalError::Empty`], [`EvalError::NotFinite`],
/// [`EvalError::TooFewSamples`] if no pair differs.
///
/// ```
/// use xcebra_eval::{Alternative, wilcoxon_signed_rank};
///
/// let (a, b) = ([0.9, 0.8, 0.95, 0.7], [0.5, 0.6, 0.7, 0.69]);
/// let test = wilcoxon_signed_rank(&a, &b, Alternative::Greater)?;
/// assert_eq!(test.p_value, 1.0 / 16.0); // all four differ the same way
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
pub fn wilcoxon_signed_rank<S: Copy + Into<f64>>(
    a: &[S],
    b: &[S],
    alternative: Alternative,
) -> Result<PairedTest> {
    let mut differences = differences(a, b)?;
    differences.retain(|&d| d != 0.0);
    if differences.is_empty() {
        return Err(EvalError::TooFewSamples {
            what: "the signed-rank test of pairs that differ",
            needed: 1,
            found: 0,
        });
    }
    let sizes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    // doubled, ranks are whole numbers even where they tie
    let ranks = doubled_ranks(&sizes);
    let pairs = ranks.len();
    let all: usize = ranks.iter().sum();
    let signed = ranks.iter().zip(&differences);
    let plus: usize = signed.filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
    let upper = |sum: usize| {
        if pairs <= EXACT_RANKS {
            share_of_sums_from(&ranks, sum)
        } else {
            let squares: f64 = ranks.iter().map(|&r| (r as f64).powi(2)).sum();
            let z = (sum as f64 - 0.5 * all as f64) / (0.5 * squares.sqrt());
            0.5 * libm::erfc(z / SQRT_2)
        }
    };
    // flipping all signs mirrors the distribution
    let p_value = sided(alternative, upper(plus), upper(all - plus));
    Ok(PairedTest {
        statistic: 0.5 * plus as f64,
        p_value,
        pairs,
    })
}

/// Sign-flip permutation test of paired scores. The statistic is the mean of `a_i − b_i`; if the
/// methods do not differ, every difference is as likely with the other sign.
///
/// With up to 20 pairs all `2^n` flips are gone through; with more, `flips` random ones, and the
/// p-value is `(1 + extreme) / (1 + flips)`, never 0 (Phipson, Smyth 2010).
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ, [`EvalError::Empty`], [`EvalError::NotFinite`],
/// [`EvalError::Parameter`] without flips.
pub fn sign_flip<S: Copy + Into<f64>>(
    a: &[S],
    b: &[S],
    alternative: Alternative,
    flips: usize,
    seed: u64,
) -> Result<PairedTest> {
    let differences = differences(a, b)?;
    parameter("the number of flips", flips, flips > 0, "at least 1")?;
    let pairs = differences.len();
    let observed: f64 = differences.iter().sum();
    // sums that differ by rounding only count as equal
    let size: f64 = differences.iter().map(|d| d.abs()).sum();
    let slack = pairs as f64 * f64::EPSILON * size;
    let exact = pairs <= EXACT_FLIPS;
    let sums = if exact {
        all_flips(&differences)
    } else {
        random_flips(&differences, flips, seed)
    };
    let share = |extreme: &dyn Fn(f64) -> bool| {
        let count = sums.iter().filter(|&&sum| extreme(sum)).count() as f64;
        if exact {
            count / sums.len() as f64
        } else {
            (1.0 + count) / (1.0 + sums.len() as f64)
        }
    };
    let above = share(&|sum| sum >= observed - slack);
    let below = share(&|sum| sum <= observed + slack);
    Ok(PairedTest {
        statistic: observed / pairs as f64,
        p_value: sided(alternative, above, below),
        pairs,
    })
}

/// Bootstrap of the mean difference `a − b` of paired scores: its interval, and a test that inverts
/// it, `2 min(P(mean* ≤ 0), P(mean* ≥ 0))` for both sides with one added to count and number.
///
/// # Errors
/// [`EvalError::Shape`] if the lengths differ; otherwise as [`Bootstrap::mean`].
pub fn paired_bootstrap<S: Copy + Into<f64>>(
    a: &[S],
    b: &[S],
    alternative: Alternative,
    bootstrap: &Bootstrap,
) -> Result<(Interval, PairedTest)> {
    let differences = differences(a, b)?;
    let (interval, means) = bootstrap.means(&differences)?;
    let share = |extreme: fn(f64) -> bool| {
        let count = means.iter().filter(|&&mean| extreme(mean)).count() as f64;
        (1.0 + count) / (1.0 + means.len() as f64)
    };
    let not_above = share(|mean| mean <= 0.0);
    let not_below = share(|mean| mean >= 0.0);
    let test = PairedTest {
        statistic: interval.estimate,
        p_value: sided(alternative, not_above, not_below),
        pairs: differences.len(),
    };
    Ok((interval, test))
}

fn differences<S: Copy + Into<f64>>(a: &[S], b: &[S]) -> Result<Vec<f64>> {
    let (first, second) = ("the first method's scores", "the second method's scores");
    same_shape(second, &[b.len()], first, &[a.len()])?;
    let (a, b) = (finite_values(first, a)?, finite_values(second, b)?);
    Ok(a.iter().zip(&b).map(|(a, b)| a - b).collect())
}

fn sided(alternative: Alternative, greater: f64, less: f64) -> f64 {
    match alternative {
        Alternative::TwoSided => (2.0 * greater.min(less)).min(1.0),
        Alternative::Greater => greater,
        Alternative::Less => less,
    }
}

/// Probability that the ranks with random signs have a positive sum of at least `sum`.
fn share_of_sums_from(ranks: &[usize], sum: usize) -> f64 {
    let all: usize = ranks.iter().sum();
    let mut probability = vec![0.0; all + 1];
    probability[0] = 1.0;
    let mut reached = 0;
    for &rank in ranks {
        reached += rank;
        for s in (0..=reached).rev() {
            let with = if s >= rank {
                probability[s - rank]
            } else {
                0.0
            };
            probability[s] = 0.5 * (probability[s] + with);
        }
    }
    // the smaller tail first: what is added up stays small
    probability[sum..].iter().rev().sum::<f64>().min(1.0)
}

/// Sums under all choices of signs.
fn all_flips(differences: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for d in differences {
        let flipped: Vec<f64> = sums.iter().map(|sum| sum - d).collect();
        sums.iter_mut().for_each(|sum| *sum += d);
        sums.extend(flipped);
    }
    sums
}

fn random_flips(differences: &[f64], flips: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut one = || {
        let mut sum = 0.0;
        for word in differences.chunks(64) {
            let signs = rng.next_u64();
            for (bit, d) in word.iter().enumerate() {
                sum += if signs >> bit & 1 == 0 { *d } else { -d };
            }
        }
        sum
    };
    (0..flips).map(|_| one()).collect()
}
