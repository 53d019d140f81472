//! Bootstrap intervals of any statistic.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::check::{finite_values, parameter};
use crate::error::{EvalError, Result};

/// Percentile intervals from resampled data (Efron 1979).
///
/// Each resample has a separate random stream: more resamples begin with the fewer ones of the same
/// seed, and the same seed gives the same bits.
///
/// ```
/// use xcebra_eval::Bootstrap;
///
/// let scores = [0.9, 0.95, 0.93, 0.97, 0.91, 0.96, 0.94, 0.92];
/// let interval = Bootstrap::new().seed(1).mean(&scores)?;
/// assert!(interval.low < interval.estimate && interval.estimate < interval.high);
/// # Ok::<(), xcebra_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    resamples: usize,
    level: f64,
    seed: u64,
}

/// A statistic with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The statistic of the data.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation of the statistic over resamples.
    pub standard_error: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self::new()
    }
}

impl Bootstrap {
    /// 1,000 resamples, intervals of 95 %, seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            resamples: 1000,
            level: 0.95,
            seed: 0,
        }
    }

    /// Number of resamples, at least 2.
    #[must_use]
    pub fn resamples(mut self, resamples: usize) -> Self {
        self.resamples = resamples;
        self
    }

    /// Share of resamples within the interval, between 0 and 1.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Seed of the resampling.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The mean of independent values.
    ///
    /// # Errors
    /// [`EvalError::Empty`], [`EvalError::NotFinite`], [`EvalError::Parameter`] unless there are at
    /// least 2 resamples and the level is between 0 and 1.
    pub fn mean<S: Copy + Into<f64>>(&self, values: &[S]) -> Result<Interval> {
        let values = finite_values("the values", values)?;
        Ok(self.means(&values)?.0)
    }

    /// Any statistic of independent samples: it is given the indices of a resample, with repetitions.
    ///
    /// # Errors
    /// [`EvalError::Empty`] without samples, [`EvalError::NotFinite`] if the statistic is; otherwise as
    /// [`mean`](Self::mean), and whatever the statistic returns.
    pub fn interval(
        &self,
        samples: usize,
        statistic: impl FnMut(&[usize]) -> Result<f64>,
    ) -> Result<Interval> {
        self.summarise(samples, independently, statistic)
    }

    /// Any statistic of samples in strata (classes, subjects): each stratum is resampled within
    /// itself and keeps its size, so that every resample has all classes.
    ///
    /// # Errors
    /// As [`interval`](Self::interval).
    pub fn stratified(
        &self,
        strata: &[usize],
        statistic: impl FnMut(&[usize]) -> Result<f64>,
    ) -> Result<Interval> {
        let mut members: Vec<usize> = (0..strata.len()).collect();
        members.sort_by_key(|&sample| strata[sample]);
        let groups: Vec<&[usize]> = members.chunk_by(|&a, &b| strata[a] == strata[b]).collect();
        let draw = |rng: &mut ChaCha8Rng, indices: &mut [usize]| {
            for group in &groups {
                for &place in *group {
                    indices[place] = group[rng.gen_range(0..group.len())];
                }
            }
        };
        self.summarise(strata.len(), draw, statistic)
    }

    /// Any statistic of a time series: blocks of `length` successive samples are drawn, so that their
    /// dependence is kept. Blocks may begin anywhere and wrap around the end (Politis, Romano 1992),
    /// which gives every sample the same chance. A length of 1 is [`interval`](Self::interval).
    ///
    /// # Errors
    /// As [`interval`](Self::interval), and [`EvalError::Parameter`] unless
    /// `1 ≤ length ≤ samples`.
    pub fn blocks(
        &self,
        samples: usize,
        length: usize,
        statistic: impl FnMut(&[usize]) -> Result<f64>,
    ) -> Result<Interval> {
        let valid = samples == 0 || (1..=samples).contains(&length);
        let expected = "from 1 to the number of samples";
        parameter("the block length", length, valid, expected)?;
        let draw = |rng: &mut ChaCha8Rng, indices: &mut [usize]| {
            for block in indices.chunks_mut(length) {
                let start = rng.gen_range(0..samples);
                for (offset, index) in block.iter_mut().enumerate() {
                    *index = (start + offset) % samples;
                }
            }
        };
        self.summarise(samples, draw, statistic)
    }

    fn summarise(
        &self,
        samples: usize,
        draw: impl Fn(&mut ChaCha8Rng, &mut [usize]),
        statistic: impl FnMut(&[usize]) -> Result<f64>,
    ) -> Result<Interval> {
        let (estimate, values) = self.distribution(samples, draw, statistic)?;
        Ok(self.percentiles(estimate, values))
    }

    /// The statistic of the data and of every resample.
    fn distribution(
        &self,
        samples: usize,
        draw: impl Fn(&mut ChaCha8Rng, &mut [usize]),
        mut statistic: impl FnMut(&[usize]) -> Result<f64>,
    ) -> Result<(f64, Vec<f64>)> {
        let expected = "at least 2";
        parameter(
            "the number of resamples",
            self.resamples,
            self.resamples >= 2,
            expected,
        )?;
        let valid = self.level > 0.0 && self.level < 1.0;
        parameter("the level", self.level, valid, "above 0 and below 1")?;
        if samples == 0 {
            return Err(EvalError::Empty {
                what: "the data to resample",
                shape: vec![0],
            });
        }
        let mut indices: Vec<usize> = (0..samples).collect();
        let estimate = statistic(&indices)?;
        let mut values = Vec::with_capacity(self.resamples);
        for resample in 0..self.resamples {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(resample as u64);
            draw(&mut rng, &mut indices);
            values.push(statistic(&indices)?);
        }
        finite_values("the statistic of the data", &[estimate])?;
        finite_values("the statistics of resamples", &values)?;
        Ok((estimate, values))
    }

    fn percentiles(&self, estimate: f64, mut values: Vec<f64>) -> Interval {
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let tail = 0.5 * (1.0 - self.level);
        Interval {
            estimate,
            low: quantile(&values, tail),
            high: quantile(&values, 1.0 - tail),
            standard_error: (squares / (n - 1.0)).sqrt(),
        }
    }

    /// The mean of independent values, and the means of all resamples.
    pub(crate) fn means(&self, values: &[f64]) -> Result<(Interval, Vec<f64>)> {
        let mean = |indices: &[usize]| {
            let drawn = indices.iter().map(|&i| values[i]);
            Ok(drawn.sum::<f64>() / values.len() as f64)
        };
        let (estimate, means) = self.distribution(values.len(), independently, mean)?;
        Ok((self.percentiles(estimate, means.clone()), means))
    }
}

/// As many draws as there are samples, all of the same chance.
fn independently(rng: &mut ChaCha8Rng, indices: &mut [usize]) {
    let samples = indices.len();
    indices.fill_with(|| rng.gen_range(0..samples));
}

/// The quantile `q` of sorted values, interpolated linearly between the two nearest ranks.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    let fraction = position - below as f64;
    sorted[below] + fraction * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_ranks() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [
            (0.0, 1.0),
            (0.25, 2.0),
            (0.3, 2.4),
            (0.9, 12.8),
            (1.0, 16.0),
        ] {
            assert!((quantile(&sorted, q) - expected).abs() < 1e-14);
        }
        assert_eq!(quantile(&[3.0], 0.7), 3.0);
    }
}
