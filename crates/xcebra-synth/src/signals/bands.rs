//! Classes that differ in the band of frequencies they hold.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2};
use rand::Rng;

use super::{labels, rng_of};
use crate::check::{at_least_one, non_negative, positive};
use crate::error::{Result, SynthError};
use crate::random::normal;

/// A band of frequencies, Hz, edges included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Lower edge, Hz.
    pub low: f64,
    /// Upper edge, Hz.
    pub high: f64,
}

impl Band {
    /// Whether a frequency (Hz) is in the band.
    #[must_use]
    pub fn contains(&self, frequency: f64) -> bool {
        self.low <= frequency && frequency <= self.high
    }
}

/// What to generate: class `c` has power in band `c`, every signal has power in the distractors'
/// bands, and all hold white noise:
/// `x(t) = Σ_b a_b cos(2π b t / T + φ_b) + noise ξ_t` over the DFT bins `b` of the bands.
///
/// Phases are uniform. All bins of one band have the same amplitude, and the band as a whole the root
/// mean square `amplitude`. Bins are whole, so a band's energy is in its bins and nowhere else.
#[derive(Debug, Clone, PartialEq)]
pub struct BandsConfig {
    /// Number of signals. Default 200.
    pub signals: usize,
    /// Samples of a signal, `T`. Default 256.
    pub length: usize,
    /// Samples per second. Default 64.
    pub rate: f64,
    /// One band a class. Default 4–6 Hz and 10–12 Hz.
    pub classes: Vec<Band>,
    /// Bands that all signals hold, whatever their class. Default 20–24 Hz.
    pub distractors: Vec<Band>,
    /// Root mean square of every band. Default 1.
    pub amplitude: f64,
    /// Standard deviation of the white noise. Default 0.5.
    pub noise: f64,
}

impl Default for BandsConfig {
    fn default() -> Self {
        let band = |low, high| Band { low, high };
        Self {
            signals: 200,
            length: 256,
            rate: 64.0,
            classes: vec![band(4.0, 6.0), band(10.0, 12.0)],
            distractors: vec![band(20.0, 24.0)],
            amplitude: 1.0,
            noise: 0.5,
        }
    }
}

/// Signals, labels, and which frequencies tell the classes apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    /// Signals (signals, samples).
    pub signals: Array2<f64>,
    /// The class of each signal.
    pub labels: Array1<usize>,
    /// The part of each signal that its class determines, (signals, samples).
    pub components: Array2<f64>,
    /// Frequencies of the one-sided DFT, Hz: `k · rate / T` for `k = 0 … ⌊T/2⌋`.
    pub frequencies: Array1<f64>,
    /// Whether a frequency belongs to a class, (classes, frequencies): the ground truth. A frequency
    /// that is in no row carries nothing about the label.
    pub truth: Array2<bool>,
    /// Whether a frequency belongs to a distractor, (frequencies).
    pub distractors: Array1<bool>,
}

impl BandsConfig {
    /// Generates the signals.
    ///
    /// # Errors
    /// [`SynthError::Parameter`] unless there are signals and samples, rate and amplitude are positive
    /// and the noise is not negative, all finite; [`SynthError::Nothing`] without classes;
    /// [`SynthError::Band`] if a band holds no DFT frequency strictly between 0 and `rate / 2`, reaches
    /// beyond, or shares one with another band.
    pub fn generate(&self, seed: u64) -> Result<Bands> {
        at_least_one("signals", self.signals)?;
        at_least_one("length", self.length)?;
        positive("rate", self.rate)?;
        positive("amplitude", self.amplitude)?;
        non_negative("noise", self.noise)?;
        let bins = self.bins()?;
        let frequencies = Array1::from_shape_fn(self.length / 2 + 1, |k| self.frequency(k));
        let classes = self.classes.len();

        let labels = labels(self.signals, classes);
        let mut signals = Array2::zeros((self.signals, self.length));
        let mut components = Array2::zeros((self.signals, self.length));
        for (signal, &label) in labels.iter().enumerate() {
            let rng = &mut rng_of(seed, signal);
            let component = self.band(&bins[label], rng);
            let mut x = Array1::from_shape_simple_fn(self.length, || self.noise * normal(rng));
            x += &component;
            for distractor in &bins[classes..] {
                x += &self.band(distractor, rng);
            }
            signals.row_mut(signal).assign(&x);
            components.row_mut(signal).assign(&component);
        }
        let shape = (classes, frequencies.len());
        let truth = Array2::from_shape_fn(shape, |(class, k)| bins[class].contains(&k));
        let distractors = (0..frequencies.len())
            .map(|k| bins[classes..].iter().any(|bins| bins.contains(&k)))
            .collect();
        Ok(Bands {
            signals,
            labels,
            components,
            frequencies,
            truth,
            distractors,
        })
    }

    fn frequency(&self, bin: usize) -> f64 {
        bin as f64 * self.rate / self.length as f64
    }

    /// DFT bins of every band, classes first.
    fn bins(&self) -> Result<Vec<Vec<usize>>> {
        if self.classes.is_empty() {
            return Err(SynthError::Nothing { missing: "classes" });
        }
        let mut all: Vec<Vec<usize>> = Vec::new();
        for (index, band) in self.classes.iter().chain(&self.distractors).enumerate() {
            let refuse = |expected| SynthError::Band {
                index,
                low: band.low,
                high: band.high,
                expected,
            };
            let inside = (1..self.length.div_ceil(2)).filter(|&k| band.contains(self.frequency(k)));
            let bins: Vec<usize> = inside.collect();
            if bins.is_empty() || band.low <= 0.0 || band.high >= 0.5 * self.rate {
                return Err(refuse(
                    "a band between 0 and half the rate that holds at least one multiple of rate / length",
                ));
            }
            if all.iter().flatten().any(|bin| bins.contains(bin)) {
                return Err(refuse("no frequency of an earlier band"));
            }
            all.push(bins);
        }
        Ok(all)
    }

    /// One realisation of a band.
    fn band<R: Rng>(&self, bins: &[usize], rng: &mut R) -> Array1<f64> {
        // m cosines of amplitude a have the mean square m a² / 2
        let amplitude = self.amplitude * (2.0 / bins.len() as f64).sqrt();
        let mut sum = Array1::zeros(self.length);
        for &bin in bins {
            let phase = rng.gen_range(0.0..TAU);
            for (t, x) in sum.iter_mut().enumerate() {
                // the remainder keeps the angle small and the cosine exactly periodic
                let turns = (bin * t % self.length) as f64 / self.length as f64;
                *x += amplitude * (TAU * turns + phase).cos();
            }
        }
        sum
    }
}
