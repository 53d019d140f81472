//! Independent sources behind a known mixing.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2, Array3, Axis};
use rand::Rng;

use super::{labels, rng_of};
use crate::check::{at_least_one, finite, non_negative, parameter};
use crate::error::{Result, SynthError};
use crate::mixing::orthonormal_columns;
use crate::random::{normal, stream};

/// Singular values of the mixing are between these.
const SINGULAR_VALUES: (f64, f64) = (0.5, 1.5);

/// The form of a source. Each is far from normal, as independent component analysis needs it;
/// periodic ones go through 3 to 12 cycles, from a random phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waveform {
    /// A sine.
    Sine,
    /// A square wave.
    Square,
    /// A ramp that falls back.
    Sawtooth,
    /// Independent Laplace noise: heavy tails.
    Laplace,
    /// Independent uniform noise.
    Uniform,
}

/// What to generate: `x = A s + noise` in two classes; in class 1 the informative source is `contrast`
/// times as strong.
///
/// In each signal every source has mean 0 and variance 1 before that factor, exactly. The mixing
/// `A = Q_1 diag(σ) Q_2` (channels × sources) is the same for all signals: `Q_1` has random orthonormal
/// columns, `Q_2` is a random rotation, and `0.5 ≤ σ ≤ 1.5`, so that its condition number is at most
/// 3 and decorrelating alone does not undo it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcesConfig {
    /// Number of signals. Default 100.
    pub signals: usize,
    /// Samples of a signal, at least 2. Default 512.
    pub length: usize,
    /// Channels, at least as many as sources. Default 4.
    pub channels: usize,
    /// The sources. Default a sine, a square wave and Laplace noise.
    pub sources: Vec<Waveform>,
    /// The source that tells the classes apart. Default 0.
    pub informative: usize,
    /// Its factor in class 1, positive and not 1. Default 2.
    pub contrast: f64,
    /// Standard deviation of normal noise on every channel. Default 0.
    pub noise: f64,
}

impl Default for SourcesConfig {
    fn default() -> Self {
        Self {
            signals: 100,
            length: 512,
            channels: 4,
            sources: vec![Waveform::Sine, Waveform::Square, Waveform::Laplace],
            informative: 0,
            contrast: 2.0,
            noise: 0.0,
        }
    }
}

/// Signals, labels, sources and how they were mixed.
#[derive(Debug, Clone, PartialEq)]
pub struct Sources {
    /// Signals (signals, channels, samples).
    pub signals: Array3<f64>,
    /// The class of each signal, 0 or 1.
    pub labels: Array1<usize>,
    /// Sources (signals, sources, samples), the contrast included.
    pub sources: Array3<f64>,
    /// The mixing `A` (channels, sources).
    pub mixing: Array2<f64>,
    /// The source that tells the classes apart: the ground truth.
    pub informative: usize,
}

impl SourcesConfig {
    /// Generates the signals.
    ///
    /// # Errors
    /// [`SynthError::Nothing`] without sources, [`SynthError::OutOfRange`] if the informative source is
    /// none of them, [`SynthError::TooFewChannels`], and [`SynthError::Parameter`] unless there are
    /// signals, at least 24 samples (two for each of up to 12 cycles), the contrast is positive,
    /// finite and not 1, and the noise is finite and not negative.
    pub fn generate(&self, seed: u64) -> Result<Sources> {
        self.validate()?;
        let mixing = self.mixing(seed);
        let labels = labels(self.signals, 2);
        let count = self.sources.len();
        let mut sources = Array3::zeros((self.signals, count, self.length));
        let mut signals = Array3::zeros((self.signals, self.channels, self.length));
        for (signal, &label) in labels.iter().enumerate() {
            let rng = &mut rng_of(seed, signal);
            let mut unmixed = Array2::zeros((count, self.length));
            for (k, &waveform) in self.sources.iter().enumerate() {
                let informative = label == 1 && k == self.informative;
                let factor = if informative { self.contrast } else { 1.0 };
                let source = standardised(waveform.samples(self.length, rng));
                unmixed.row_mut(k).assign(&(source * factor));
            }
            let mut mixed = mixing.dot(&unmixed);
            if self.noise > 0.0 {
                mixed.mapv_inplace(|x| x + self.noise * normal(rng));
            }
            sources.index_axis_mut(Axis(0), signal).assign(&unmixed);
            signals.index_axis_mut(Axis(0), signal).assign(&mixed);
        }
        Ok(Sources {
            signals,
            labels,
            sources,
            mixing,
            informative: self.informative,
        })
    }

    fn mixing(&self, seed: u64) -> Array2<f64> {
        let rng = &mut stream(seed, 0);
        let count = self.sources.len();
        let (low, high) = SINGULAR_VALUES;
        let left = orthonormal_columns(self.channels, count, rng);
        let values = Array1::from_shape_simple_fn(count, || rng.gen_range(low..=high));
        (left * &values).dot(&orthonormal_columns(count, count, rng))
    }

    fn validate(&self) -> Result<()> {
        at_least_one("signals", self.signals)?;
        let length = self.length;
        let expected = "at least 24: two samples for each of 12 cycles";
        parameter("length", length as f64, length >= 24, expected)?;
        let count = self.sources.len();
        if count == 0 {
            return Err(SynthError::Nothing { missing: "sources" });
        }
        if self.informative >= count {
            return Err(SynthError::OutOfRange {
                what: "source",
                index: self.informative,
                count,
            });
        }
        if self.channels < count {
            return Err(SynthError::TooFewChannels {
                what: "the mixing of sources".to_owned(),
                channels: self.channels,
                latents: count,
            });
        }
        finite("contrast", self.contrast)?;
        let differs = self.contrast > 0.0 && self.contrast != 1.0;
        parameter("contrast", self.contrast, differs, "positive and not 1")?;
        non_negative("noise", self.noise)
    }
}

impl Waveform {
    fn samples<R: Rng>(self, length: usize, rng: &mut R) -> Array1<f64> {
        let cycles = rng.gen_range(3.0..12.0);
        let first = rng.gen_range(0.0..1.0);
        Array1::from_shape_fn(length, |t| {
            let phase = (first + cycles * t as f64 / length as f64).fract();
            match self {
                Self::Sine => (TAU * phase).sin(),
                Self::Square => f64::from(phase < 0.5) - 0.5,
                Self::Sawtooth => phase,
                Self::Uniform => rng.gen_range(-1.0..1.0),
                Self::Laplace => {
                    // the difference of two exponentials
                    let exponential = |u: f64| -(1.0 - u).ln();
                    let (a, b) = (rng.gen_range(0.0..1.0), rng.gen_range(0.0..1.0));
                    exponential(a) - exponential(b)
                }
            }
        })
    }
}

/// With mean 0 and variance 1.
fn standardised(values: Array1<f64>) -> Array1<f64> {
    let n = values.len() as f64;
    let centred = &values - values.sum() / n;
    let deviation: f64 = (centred.dot(&centred) / n).sqrt();
    centred / deviation
}
