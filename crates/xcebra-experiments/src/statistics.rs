//! Means over data sets with their intervals, and the test of one way against all others.

use serde::Serialize;
use xcebra::eval::{
    Alternative, Bootstrap, Control, EvalError, adjust, paired_bootstrap, wilcoxon_signed_rank,
};

use crate::error::Result;

/// The mean of values; not a number if there are none.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// An estimate with the ends of its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean of the values.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// The mean of independent values, the interval from 1,000 resamples.
    ///
    /// # Errors
    /// Without values, or if one is not finite.
    pub fn of(values: &[f64]) -> Result<Self> {
        Ok(bootstrap().mean(values)?.into())
    }

    /// `0.987 [0.981, 0.993]`.
    pub fn text(&self) -> String {
        format!("{:.3} [{:.3}, {:.3}]", self.mean, self.low, self.high)
    }
}

impl From<xcebra::eval::Interval> for Estimate {
    fn from(interval: xcebra::eval::Interval) -> Self {
        Self {
            mean: interval.estimate,
            low: interval.low,
            high: interval.high,
        }
    }
}

fn bootstrap() -> Bootstrap {
    Bootstrap::new().resamples(1000)
}

/// How much better one way scored than another on the same data sets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Mean of the first's score less the second's.
    pub difference: Estimate,
    /// Data sets on which the first scored higher.
    pub wins: usize,
    /// Data sets on which both scored the same.
    pub ties: usize,
    /// Wilcoxon's signed-rank test against "the first scores no higher"; 1 if no pair differs.
    pub p_value: f64,
    /// The same, adjusted by Benjamini and Hochberg for all comparisons made.
    pub adjusted: f64,
}

/// Compares `first` with each of `others`, all on the same data sets.
///
/// # Errors
/// If lengths differ or a score is not finite.
pub fn compare(first: &[f64], others: &[&[f64]]) -> Result<Vec<Comparison>> {
    let mut comparisons = others
        .iter()
        .map(|other| compare_one(first, other))
        .collect::<Result<Vec<_>>>()?;
    let p_values: Vec<f64> = comparisons.iter().map(|c| c.p_value).collect();
    let adjusted = adjust(&p_values, Control::BenjaminiHochberg)?;
    for (comparison, adjusted) in comparisons.iter_mut().zip(adjusted) {
        comparison.adjusted = adjusted;
    }
    Ok(comparisons)
}

fn compare_one(first: &[f64], other: &[f64]) -> Result<Comparison> {
    let (difference, _) = paired_bootstrap(first, other, Alternative::Greater, &bootstrap())?;
    let p_value = match wilcoxon_signed_rank(first, other, Alternative::Greater) {
        Ok(test) => test.p_value,
        Err(EvalError::TooFewSamples { .. }) => 1.0,
        Err(error) => return Err(error.into()),
    };
    let count = |holds: fn(f64) -> bool| {
        let differences = first.iter().zip(other).map(|(a, b)| a - b);
        differences.filter(|d| holds(*d)).count()
    };
    Ok(Comparison {
        difference: difference.into(),
        wins: count(|d| d > 0.0),
        ties: count(|d| d == 0.0),
        p_value,
        adjusted: p_value,
    })
}
