//! Means and standard deviations of channels.

use super::session::Session;

/// Means and standard deviations of channels, from samples that come one after another.
///
/// They have the bits of ndarray's `mean_axis` and `std_axis` (with 0 degrees of freedom taken off)
/// over the rows of a row-major array in double precision, without such an array: the means are sums
/// in the order of the samples, the variances follow Welford (Technometrics 4, 1962).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    count: f64,
    sum: Vec<f64>,
    /// Running mean, and sum of squared deviations from it.
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    /// Of no samples.
    pub fn new(channels: usize) -> Self {
        Self {
            count: 0.0,
            sum: vec![0.0; channels],
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
        }
    }

    /// Of the samples of some sessions, scaled as they are.
    ///
    /// # Panics
    /// If the sessions differ in channels.
    pub fn of<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Self {
        let (mut moments, mut wide) = (Self::default(), Vec::new());
        for session in sessions {
            if moments.sum.is_empty() {
                moments = Self::new(session.channels());
            }
            assert_eq!(moments.sum.len(), session.channels(), "other channels");
            for block in session.blocks() {
                session.widen(block, &mut wide);
                moments.add(&wide);
            }
        }
        moments
    }

    /// Adds samples, one after another.
    ///
    /// # Panics
    /// If they are not whole samples.
    pub fn add(&mut self, samples: &[f64]) {
        let channels = self.sum.len();
        assert!(samples.len().is_multiple_of(channels), "whole samples");
        // fused multiplications are calls without the instruction, which most processors have
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.add_samples(samples, channels),
        );
    }

    #[inline(always)]
    fn add_samples(&mut self, samples: &[f64], channels: usize) {
        let Self {
            count,
            sum,
            mean,
            squares,
        } = self;
        for sample in samples.chunks_exact(channels) {
            *count += 1.0;
            let running = sum.iter_mut().zip(&mut *mean).zip(&mut *squares);
            for (&value, ((sum, mean), squares)) in sample.iter().zip(running) {
                *sum += value;
                let delta = value - *mean;
                *mean += delta / *count;
                *squares = (value - *mean).mul_add(delta, *squares);
            }
        }
    }

    /// The mean of each channel.
    pub fn means(&self) -> Vec<f64> {
        self.sum.iter().map(|sum| sum / self.count).collect()
    }

    /// The standard deviation of each channel, of the samples as a whole population.
    pub fn deviations(&self) -> Vec<f64> {
        let variances = self.squares.iter().map(|squares| squares / self.count);
        variances.map(f64::sqrt).collect()
    }
}
