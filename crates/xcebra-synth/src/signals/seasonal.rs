//! Series that are a trend, a season and a remainder, each known.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2};
use rand::Rng;

use super::{labels, rng_of};
use crate::check::{at_least_one, finite, non_negative, parameter, positive};
use crate::error::Result;
use crate::random::normal;

/// A part of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// What changes slowly.
    Trend,
    /// What repeats every period.
    Season,
    /// The noise.
    Remainder,
}

/// What to generate: `x(t) = trend(t) + season(t) + remainder(t)` in two classes; in class 1 the
/// informative component is `contrast` times what it would be in class 0.
///
/// * `trend(t) = a (u − ½) + b (u − ½)²`, `u = t / (length − 1)`, with `a` from 0.5 to 1.5 times
///   `trend` and `b` from −1 to 1 times `trend`;
/// * `season(t) = Σ_h a_h cos(2π h t / period + φ_h)`, `a_h ∝ 1/h`, uniform phases: its sum over a
///   period is 0 and its root mean square `season`;
/// * `remainder(t)`: independent normal of standard deviation `noise`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeasonalConfig {
    /// Number of series. Default 200.
    pub signals: usize,
    /// Samples of a series, at least two periods. Default 240.
    pub length: usize,
    /// Samples of a period. Default 24.
    pub period: usize,
    /// Number of harmonics, below half the period. Default 3.
    pub harmonics: usize,
    /// Mean rise over the whole series. Default 3.
    pub trend: f64,
    /// Root mean square of the season. Default 1.
    pub season: f64,
    /// Standard deviation of the remainder. Default 0.3.
    pub noise: f64,
    /// The component that tells the classes apart. Default the trend.
    pub informative: Component,
    /// Its factor in class 1. Default −1: a falling trend.
    pub contrast: f64,
}

impl Default for SeasonalConfig {
    fn default() -> Self {
        Self {
            signals: 200,
            length: 240,
            period: 24,
            harmonics: 3,
            trend: 3.0,
            season: 1.0,
            noise: 0.3,
            informative: Component::Trend,
            contrast: -1.0,
        }
    }
}

/// Series, labels and components; all matrices (series, samples).
#[derive(Debug, Clone, PartialEq)]
pub struct Seasonal {
    /// The sum of the components.
    pub signals: Array2<f64>,
    /// The class of each series, 0 or 1.
    pub labels: Array1<usize>,
    /// The trends.
    pub trend: Array2<f64>,
    /// The seasons.
    pub season: Array2<f64>,
    /// The remainders.
    pub remainder: Array2<f64>,
    /// The component that tells the classes apart: the ground truth.
    pub informative: Component,
}

impl SeasonalConfig {
    /// Generates the series.
    ///
    /// # Errors
    /// [`SynthError::Parameter`](crate::SynthError::Parameter) unless there are series, the period is at
    /// least 3 and at most half the length, `1 ≤ harmonics < period / 2`, trend and contrast are
    /// finite, season and noise finite and not negative; the informative component must not vanish,
    /// nor the contrast be 1, or the classes would be the same. A symmetric season or remainder
    /// times −1 is distributed as before: these take a contrast other than −1, too.
    pub fn generate(&self, seed: u64) -> Result<Seasonal> {
        self.validate()?;
        let labels = labels(self.signals, 2);
        let shape = (self.signals, self.length);
        let mut trend = Array2::zeros(shape);
        let mut season = Array2::zeros(shape);
        let mut remainder = Array2::zeros(shape);
        for (signal, &label) in labels.iter().enumerate() {
            let rng = &mut rng_of(seed, signal);
            let factor = |component| {
                if label == 1 && component == self.informative {
                    self.contrast
                } else {
                    1.0
                }
            };
            let one = self.one_trend(rng) * factor(Component::Trend);
            trend.row_mut(signal).assign(&one);
            let one = self.one_season(rng) * factor(Component::Season);
            season.row_mut(signal).assign(&one);
            let noise = self.noise * factor(Component::Remainder);
            remainder
                .row_mut(signal)
                .mapv_inplace(|_: f64| noise * normal(rng));
        }
        Ok(Seasonal {
            signals: &trend + &season + &remainder,
            labels,
            trend,
            season,
            remainder,
            informative: self.informative,
        })
    }

    fn one_trend<R: Rng>(&self, rng: &mut R) -> Array1<f64> {
        let slope = self.trend * rng.gen_range(0.5..1.5);
        let curvature = self.trend * rng.gen_range(-1.0..1.0);
        let last = (self.length - 1) as f64;
        Array1::from_shape_fn(self.length, |t| {
            let from_middle = t as f64 / last - 0.5;
            slope * from_middle + curvature * from_middle.powi(2)
        })
    }

    fn one_season<R: Rng>(&self, rng: &mut R) -> Array1<f64> {
        let weights = (1..=self.harmonics).map(|h| 1.0 / h as f64);
        let mean_square = weights.map(|a| 0.5 * a * a).sum::<f64>();
        let scale = self.season / mean_square.sqrt();
        let phases: Vec<f64> = (0..self.harmonics)
            .map(|_| rng.gen_range(0.0..TAU))
            .collect();
        Array1::from_shape_fn(self.length, |t| {
            let harmonics = phases.iter().zip(1..).map(|(phase, h)| {
                let turns = (h * t % self.period) as f64 / self.period as f64;
                (TAU * turns + phase).cos() / h as f64
            });
            scale * harmonics.sum::<f64>()
        })
    }

    fn validate(&self) -> Result<()> {
        at_least_one("signals", self.signals)?;
        let (period, harmonics) = (self.period, self.harmonics);
        let fits = period >= 3 && period <= self.length / 2;
        let expected = "at least 3 samples and at most half the length";
        parameter("period", period as f64, fits, expected)?;
        let fits = harmonics >= 1 && harmonics < period.div_ceil(2);
        let expected = "at least 1 and below half the period";
        parameter("harmonics", harmonics as f64, fits, expected)?;
        finite("trend", self.trend)?;
        finite("contrast", self.contrast)?;
        non_negative("season", self.season)?;
        non_negative("noise", self.noise)?;
        let contrast = self.contrast;
        let expected = "a factor that changes the informative component's distribution";
        let differs = match self.informative {
            Component::Trend => contrast != 1.0,
            Component::Season | Component::Remainder => contrast.abs() != 1.0,
        };
        parameter("contrast", contrast, differs, expected)?;
        match self.informative {
            Component::Trend => positive("trend", self.trend.abs()),
            Component::Season => positive("season", self.season),
            Component::Remainder => positive("noise", self.noise),
        }
    }
}
