//! Bootstrap intervals of any statistic.

use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::{NumericError, Result};
use crate::quantile::quantile;

/// Percentile intervals from resampled data (Efron 1979).
///
/// The same seed gives the same bits, and more resamples begin with the fewer ones of the same seed: each has
/// its own random stream, except that those of [`block_weights`](Self::block_weights) share one.
///
/// ```
/// use xcebra_numeric::Bootstrap;
///
/// let scores = [0.9, 0.95, 0.93, 0.97, 0.91, 0.96, 0.94, 0.92];
/// let interval = Bootstrap::new().seed(1).mean(&scores)?;
/// assert!(interval.low < interval.estimate && interval.estimate < interval.high);
/// # Ok::<(), xcebra_numeric::NumericError>(())
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

    /// Refuses settings that give no interval.
    ///
    /// # Errors
    /// [`NumericError::Parameter`] unless there are at least 2 resamples and the level is between 0 and 1.
    pub fn check(&self) -> Result<()> {
        if self.resamples < 2 {
            let (name, expected) = ("the number of resamples", "at least 2");
            return Err(NumericError::parameter(name, self.resamples, expected));
        }
        if self.level > 0.0 && self.level < 1.0 {
            return Ok(());
        }
        let expected = "above 0 and below 1";
        Err(NumericError::parameter("the level", self.level, expected))
    }

    /// The number of resamples.
    #[must_use]
    pub fn count(&self) -> usize {
        self.resamples
    }

    /// The mean of independent values.
    ///
    /// # Errors
    /// As [`interval`](Self::interval), and [`NumericError::NotFinite`] for infinite values and NaN.
    pub fn mean<S: Copy + Into<f64>>(&self, values: &[S]) -> Result<Interval> {
        let values: Vec<f64> = values.iter().map(|&v| v.into()).collect();
        Ok(self.means(&values)?.0)
    }

    /// The mean of independent values, and the means of all resamples in the order they were drawn.
    ///
    /// # Errors
    /// As [`mean`](Self::mean).
    pub fn means(&self, values: &[f64]) -> Result<(Interval, Vec<f64>)> {
        if values.is_empty() {
            return Err(NumericError::Empty { what: "the values" });
        }
        finite("the values", values)?;
        let mean = |indices: &[usize]| -> Result<f64> {
            let drawn = indices.iter().map(|&i| values[i]);
            Ok(drawn.sum::<f64>() / values.len() as f64)
        };
        let (estimate, means) = self.distribution(values.len(), independently, mean)?;
        Ok((self.percentiles(estimate, means.clone()), means))
    }

    /// Any statistic of independent samples: it is given the indices of a resample, with repetitions.
    ///
    /// # Errors
    /// [`NumericError::Parameter`] as [`check`](Self::check), [`NumericError::Empty`] without samples,
    /// [`NumericError::NotFinite`] if the statistic is not finite, and whatever the statistic returns.
    pub fn interval<E: From<NumericError>>(
        &self,
        samples: usize,
        statistic: impl FnMut(&[usize]) -> Result<f64, E>,
    ) -> Result<Interval, E> {
        self.summarise(samples, independently, statistic)
    }

    /// Any statistic of samples in strata (classes, subjects): each stratum is resampled within
    /// itself and keeps its size, so that every resample has all classes.
    ///
    /// # Errors
    /// As [`interval`](Self::interval).
    pub fn stratified<E: From<NumericError>>(
        &self,
        strata: &[usize],
        statistic: impl FnMut(&[usize]) -> Result<f64, E>,
    ) -> Result<Interval, E> {
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
    /// As [`interval`](Self::interval), and [`NumericError::Parameter`] unless
    /// `1 ≤ length ≤ samples`.
    pub fn blocks<E: From<NumericError>>(
        &self,
        samples: usize,
        length: usize,
        statistic: impl FnMut(&[usize]) -> Result<f64, E>,
    ) -> Result<Interval, E> {
        if samples > 0 && !(1..=samples).contains(&length) {
            let (name, expected) = ("the block length", "from 1 to the number of samples");
            return Err(NumericError::parameter(name, length, expected).into());
        }
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

    /// How much each block of `lengths` samples weighs in each resample (resamples, blocks): as many blocks are
    /// drawn with replacement as there are (Carlstein 1986), and the weights of a resample are how often each was
    /// drawn over the number of samples so drawn. Their product with the sums of each block gives the means of all
    /// resamples, of any number of quantities at once; [`ends`](Self::ends) makes intervals of them.
    ///
    /// One random stream serves all resamples: more of them begin with the fewer ones of the same seed.
    ///
    /// # Errors
    /// As [`check`](Self::check), and [`NumericError::Empty`] without blocks.
    pub fn block_weights(&self, lengths: &[f64]) -> Result<Array2<f64>> {
        self.check()?;
        let blocks = lengths.len();
        if blocks == 0 {
            return Err(NumericError::Empty { what: "the blocks" });
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut weights = Array2::<f64>::zeros((self.resamples, blocks));
        for mut weights in weights.outer_iter_mut() {
            (0..blocks).for_each(|_| weights[rng.gen_range(0..blocks)] += 1.0);
            let samples: f64 = weights.iter().zip(lengths).map(|(w, l)| w * l).sum();
            weights /= samples;
        }
        Ok(weights)
    }

    /// Lower and upper end of the interval of a statistic, from its values in all resamples, which are sorted.
    ///
    /// # Panics
    /// If there are no values.
    #[must_use]
    pub fn ends(&self, values: &mut [f64]) -> [f64; 2] {
        values.sort_unstable_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - self.level);
        [tail, 1.0 - tail].map(|q| quantile(values, q))
    }

    fn summarise<E: From<NumericError>>(
        &self,
        samples: usize,
        draw: impl Fn(&mut ChaCha8Rng, &mut [usize]),
        statistic: impl FnMut(&[usize]) -> Result<f64, E>,
    ) -> Result<Interval, E> {
        let (estimate, values) = self.distribution(samples, draw, statistic)?;
        Ok(self.percentiles(estimate, values))
    }

    /// The statistic of the data and of every resample.
    fn distribution<E: From<NumericError>>(
        &self,
        samples: usize,
        draw: impl Fn(&mut ChaCha8Rng, &mut [usize]),
        mut statistic: impl FnMut(&[usize]) -> Result<f64, E>,
    ) -> Result<(f64, Vec<f64>), E> {
        self.check()?;
        if samples == 0 {
            let what = "the data to resample";
            return Err(NumericError::Empty { what }.into());
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
        finite("the statistic of the data", &[estimate])?;
        finite("the statistics of resamples", &values)?;
        Ok((estimate, values))
    }

    fn percentiles(&self, estimate: f64, mut values: Vec<f64>) -> Interval {
        let [low, high] = self.ends(&mut values);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        Interval {
            estimate,
            low,
            high,
            standard_error: (squares / (n - 1.0)).sqrt(),
        }
    }
}

/// As many draws as there are samples, all of the same chance.
fn independently(rng: &mut ChaCha8Rng, indices: &mut [usize]) {
    let samples = indices.len();
    indices.fill_with(|| rng.gen_range(0..samples));
}

fn finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => Err(NumericError::NotFinite {
            what,
            value: values[index].to_string(),
            index,
        }),
    }
}
