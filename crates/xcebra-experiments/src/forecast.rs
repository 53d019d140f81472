//! A forecast of monthly series: what do trend and season contribute, near and far?
//!
//! A dense network learns to go on for twelve months after four years of generated series with a straight
//! trend, a season and noise. Its attribution to trend, season and remainder is compared with what was
//! put in. Baseline is the mean of the four years.

use std::f64::consts::TAU;
use std::path::Path;

use ndarray::{Array2, ArrayD, ArrayViewD, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use xcebra::cdig::domains::SeasonalTrend;
use xcebra::cdig::{Attribution, Time};
use xcebra::core::Encoder;
use xcebra::core::encoder::Layer;
use xcebra::eval::pearson;
use xcebra::files::{Source, read};
use xcebra::report::{LineChart, Picture};

use crate::case_study::{
    Areas, CaseScale, Faithfulness, Lesson, areas_table, example, explain, predict, write,
};
use crate::error::Result;
use crate::statistics::Estimate;

/// Months that the network sees, months ahead, months of a season.
const SEEN: usize = 48;
const AHEAD: usize = 12;
const YEAR: usize = 12;

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Generated series.
    pub generated: Group,
    /// Carbon dioxide at Mauna Loa.
    pub real: Group,
    /// Correlation of the trend's attribution with the trend that was put in, over all horizons.
    pub trend_correlation: f64,
    /// The same of the season.
    pub season_correlation: f64,
    /// Correlation of the whole forecast with trend and season that were put in: as good as the two can be.
    pub forecast_correlation: f64,
    /// Faithfulness for the farthest month of generated series.
    pub faithfulness: Vec<Areas>,
}

/// Series of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// How many.
    pub series: usize,
    /// Root mean squared error of the forecast over the series' standard deviation.
    pub error: Estimate,
    /// Share of trend in the absolute attribution of trend, season and remainder, one month ahead.
    pub near: Estimate,
    /// The same twelve months ahead.
    pub far: Estimate,
    /// `far − near`, pair by pair.
    pub growth: Estimate,
    /// Mean share for each horizon: trend, season, remainder.
    pub shares: Vec<[f64; 3]>,
}

/// Four years brought to mean 0 and standard deviation 1, and the year after them on that scale.
struct Series {
    x: Vec<f64>,
    next: Vec<f64>,
    /// What trend and season contribute to the year after, where it is known.
    parts: Option<[Vec<f64>; 2]>,
}

/// Trains the network, explains it, and writes what came out into `folder`; returns it in Markdown.
///
/// # Errors
/// If a part fails or the folder cannot be written.
pub fn reproduce(scale: CaseScale, folder: &Path) -> Result<(Summary, String)> {
    let encoder = train(scale)?;
    let mut rng = ChaCha8Rng::seed_from_u64(1000);
    let generated: Vec<Series> = (0..scale.pick(6, 200))
        .map(|_| Series::draw(&mut rng))
        .collect();
    let mut real = recorded()?;
    real.truncate(scale.pick(4, usize::MAX));
    let domain = SeasonalTrend::new(&[SEEN], YEAR as f64, YEAR)?;
    let time = Time::new(&[SEEN])?;
    let mut faithfulness = Faithfulness::of_changes(0.5);
    let (mut trends, mut seasons, mut wholes) =
        (Pairs::default(), Pairs::default(), Pairs::default());
    let mut explained = |series: &[Series]| -> Result<Vec<(f64, Vec<[f64; 3]>)>> {
        let one = |(i, series): (usize, &Series)| {
            let x = ArrayD::from_shape_vec(vec![SEEN], series.x.clone()).expect("four years");
            let forecast = predict(&encoder, &x)?;
            let parts = by_part(&explain(&encoder, &[&domain], 0..AHEAD, &x)?[0])?;
            if let Some([trend, season]) = &series.parts {
                for (horizon, part) in parts.iter().enumerate() {
                    trends.add(part[0], trend[horizon]);
                    seasons.add(part[1], season[horizon]);
                    wholes.add(forecast[horizon], trend[horizon] + season[horizon]);
                }
                // orders are of one output
                let farthest = explain(&encoder, &[&domain, &time], [AHEAD - 1], &x)?;
                faithfulness.add(&encoder, [&domain, &time], &farthest, i as u64)?;
            }
            let errors = forecast
                .iter()
                .zip(&series.next)
                .map(|(f, y)| (f - y).powi(2));
            Ok(((errors.sum::<f64>() / AHEAD as f64).sqrt(), parts))
        };
        series.iter().enumerate().map(one).collect()
    };
    let of_generated = explained(&generated)?;
    let of_real = explained(&real)?;
    let summary = Summary {
        generated: Group::of(&of_generated)?,
        real: Group::of(&of_real)?,
        trend_correlation: trends.correlation()?,
        season_correlation: seasons.correlation()?,
        forecast_correlation: wholes.correlation()?,
        faithfulness: faithfulness.areas("trend, season, remainder", "time")?,
    };
    let markdown = markdown(&summary);
    let mut pictures = faithfulness.pictures("", "trend and season");
    pictures.push(shares("generated", &summary.generated));
    pictures.push(shares("real", &summary.real));
    write(folder, &summary, &markdown, &pictures)?;
    Ok((summary, markdown))
}

fn train(scale: CaseScale) -> Result<Encoder<f64>> {
    let count = scale.pick(500, 40_000);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let (mut x, mut target) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let series = Series::draw(&mut rng);
        x.extend(series.x.iter().map(|&v| v as f32));
        target.extend(series.next);
    }
    let lesson = Lesson {
        layers: [64, 64, AHEAD].map(Layer::dense).to_vec(),
        steps: scale.pick(50, 6000),
        batch: 256,
        learning_rate: 2e-3,
        seed: 0,
    };
    let x = Array2::from_shape_vec((count, SEEN), x).expect("four years a row");
    let target = Array2::from_shape_vec((count, AHEAD), target).expect("one year a row");
    lesson.train(&x, &[count], target)
}

impl Series {
    /// A straight trend, a season of two harmonics, and noise.
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let slope = rng.gen_range(-0.06..0.06);
        let harmonics =
            [1.0, 2.0].map(|h| (h, rng.gen_range(0.1..1.0) / h, rng.gen_range(0.0..TAU)));
        let trend = |t: usize| slope * t as f64;
        let season = |t: usize| -> f64 {
            let angle = TAU * t as f64 / YEAR as f64;
            harmonics
                .iter()
                .map(|(h, size, phase)| size * (h * angle + phase).cos())
                .sum()
        };
        let y: Vec<f64> = (0..SEEN + AHEAD)
            .map(|t| {
                // the sum of three has nearly a normal distribution
                let noise: f64 = (0..3).map(|_| rng.gen_range(-0.1..0.1)).sum();
                trend(t) + season(t) + noise
            })
            .collect();
        let mut series = Self::scaled(&y);
        let middle = trend(SEEN - 1) / 2.0;
        let size = size(&y[..SEEN]);
        let after = |part: &dyn Fn(usize) -> f64| (SEEN..SEEN + AHEAD).map(part).collect();
        series.parts = Some([
            after(&|t| (trend(t) - middle) / size),
            after(&|t| season(t) / size),
        ]);
        series
    }

    fn scaled(y: &[f64]) -> Self {
        let mean = y[..SEEN].iter().sum::<f64>() / SEEN as f64;
        let size = size(&y[..SEEN]);
        let scaled: Vec<f64> = y.iter().map(|v| (v - mean) / size).collect();
        Self {
            x: scaled[..SEEN].to_vec(),
            next: scaled[SEEN..].to_vec(),
            parts: None,
        }
    }
}

fn size(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// Five-year pieces of `examples-data/co2`, each beginning thirteen months after the one before: at every month of
/// the year, so that a horizon is no season.
fn recorded() -> Result<Vec<Series>> {
    let y = read(&Source::new(example("co2/co2.csv"), "co2_ppm"))?
        .vector::<f64>()?
        .to_vec();
    Ok(y.windows(SEEN + AHEAD)
        .step_by(YEAR + 1)
        .map(Series::scaled)
        .collect())
}

/// Attribution of trend, season and remainder as wholes, to each output.
fn by_part(found: &Attribution<f64>) -> Result<Vec<[f64; 3]>> {
    let sums = found.by_group(0)?.sums;
    let of_output =
        |sums: ArrayViewD<'_, f64>| [0, 1, 2].map(|i| sums.index_axis(Axis(0), i).sum());
    Ok(sums.outer_iter().map(of_output).collect())
}

#[derive(Default)]
struct Pairs(Vec<f64>, Vec<f64>);

impl Pairs {
    fn add(&mut self, a: f64, b: f64) {
        self.0.push(a);
        self.1.push(b);
    }

    fn correlation(&self) -> Result<f64> {
        Ok(pearson(&self.0, &self.1)?)
    }
}

impl Group {
    fn of(explained: &[(f64, Vec<[f64; 3]>)]) -> Result<Self> {
        let share = |parts: &[f64; 3], i: usize| {
            parts[i].abs() / parts.iter().map(|p| p.abs()).sum::<f64>()
        };
        let trend = |horizon: usize| -> Vec<f64> {
            explained
                .iter()
                .map(|(_, parts)| share(&parts[horizon], 0))
                .collect()
        };
        let (near, far) = (trend(0), trend(AHEAD - 1));
        let growth: Vec<f64> = far.iter().zip(&near).map(|(f, n)| f - n).collect();
        let errors: Vec<f64> = explained.iter().map(|(error, _)| *error).collect();
        let mean = |horizon: usize, i: usize| {
            explained
                .iter()
                .map(|(_, parts)| share(&parts[horizon], i))
                .sum::<f64>()
                / explained.len() as f64
        };
        Ok(Self {
            series: explained.len(),
            error: Estimate::of(&errors)?,
            near: Estimate::of(&near)?,
            far: Estimate::of(&far)?,
            growth: Estimate::of(&growth)?,
            shares: (0..AHEAD).map(|h| [0, 1, 2].map(|i| mean(h, i))).collect(),
        })
    }
}

fn shares(name: &str, group: &Group) -> Picture {
    let mut chart = LineChart::new("months ahead", "share of absolute attribution")
        .title(&format!("Trend, season and remainder: {name}"))
        .from_zero();
    for (i, part) in ["trend", "season", "remainder"].into_iter().enumerate() {
        let points = group
            .shares
            .iter()
            .enumerate()
            .map(|(h, s)| ((h + 1) as f64, s[i]));
        chart = chart.series(part, points);
    }
    Picture::new(format!("shares-{name}"), chart.draw(), "")
}

fn markdown(summary: &Summary) -> String {
    let mut text = "| series | error (standard deviations) | trend, 1 month ahead | trend, 12 months ahead | growth |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for (name, group) in [("generated", &summary.generated), ("real", &summary.real)] {
        text += &format!(
            "| {} {name} | {} | {} | {} | {} |\n",
            group.series,
            group.error.text(),
            group.near.text(),
            group.far.text(),
            group.growth.text()
        );
    }
    format!(
        "{text}\nCorrelation with what was put in: trend {:.3}, season {:.3}; of the forecast itself {:.3}.\n\n{}",
        summary.trend_correlation,
        summary.season_correlation,
        summary.forecast_correlation,
        areas_table(&summary.faithfulness)
    )
}

#[cfg(test)]
mod tests {
    use xcebra::cdig::{Explainer, Rule};

    use super::*;

    #[test]
    fn a_generated_series_goes_on_as_its_parts_say() {
        let mut left = Vec::new();
        for seed in 0..100 {
            let series = Series::draw(&mut ChaCha8Rng::seed_from_u64(seed));
            assert_eq!((series.x.len(), series.next.len()), (SEEN, AHEAD));
            let mean = series.x.iter().sum::<f64>() / SEEN as f64;
            assert!(mean.abs() < 1e-9 && (size(&series.x) - 1.0).abs() < 1e-9);
            let [trend, season] = series.parts.unwrap();
            // the trend is straight, the season has mean 0 over the year
            let steps: Vec<f64> = trend.windows(2).map(|w| w[1] - w[0]).collect();
            assert!(steps.iter().all(|s| (s - steps[0]).abs() < 1e-9));
            assert!(season.iter().sum::<f64>().abs() < 1e-9);
            left.extend((0..AHEAD).map(|t| series.next[t] - trend[t] - season[t]));
        }
        // noise of standard deviation 0.1, over series of about 0.3 to 1.2
        let noise = size(&left);
        assert!((0.08..0.33).contains(&noise), "{noise}");
    }

    #[test]
    fn pieces_of_the_recording_begin_thirteen_months_apart() {
        let pieces = recorded().unwrap();
        assert_eq!(pieces.len(), 36);
        for two in pieces.windows(2) {
            // the same months, on other scales: their order is the same
            let larger = two[0].x[YEAR + 1..].windows(2).map(|w| w[1] > w[0]);
            let later = two[1].x.windows(2).map(|w| w[1] > w[0]);
            assert!(larger.zip(later).all(|(a, b)| a == b));
        }
        assert!(pieces.iter().all(|p| p.parts.is_none()));
    }

    #[test]
    fn parts_add_up_to_the_change_of_each_output() {
        let lesson = Lesson {
            layers: [8, AHEAD].map(Layer::dense).to_vec(),
            steps: 2,
            batch: 16,
            learning_rate: 1e-3,
            seed: 0,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let x = Array2::from_shape_simple_fn((40, SEEN), || rng.gen_range(-1.0_f32..1.0));
        let target = Array2::from_shape_simple_fn((40, AHEAD), || rng.gen_range(-1.0..1.0));
        let encoder = lesson.train(&x, &[40], target).unwrap();
        let domain = SeasonalTrend::new(&[SEEN], YEAR as f64, YEAR).unwrap();
        let signal = x.row(3).mapv(f64::from).into_dyn();
        let found = Explainer::new(&encoder)
            .rule(Rule::Midpoint(400))
            .explain(&domain, signal.view())
            .unwrap();
        let parts = by_part(&found).unwrap();
        assert_eq!(parts.len(), AHEAD);
        for (k, part) in parts.iter().enumerate() {
            let change = found.value[k] - found.baseline_value[k];
            // what the quadrature leaves
            assert!((part.iter().sum::<f64>() - change).abs() < 1e-3, "{k}");
        }
    }

    #[test]
    fn shares_are_of_absolute_attribution_and_growth_is_pair_by_pair() {
        let series = |near: [f64; 3], far: [f64; 3]| {
            let mut parts = vec![near; AHEAD];
            parts[AHEAD - 1] = far;
            (0.5, parts)
        };
        let group = Group::of(&[
            series([1.0, -2.0, 1.0], [3.0, 1.0, 0.0]),
            series([0.5, 0.5, 0.0], [-1.0, 0.0, 0.0]),
        ])
        .unwrap();
        assert_eq!(group.near.mean, 0.375);
        assert_eq!(group.far.mean, 0.875);
        assert_eq!(group.growth.mean, 0.5);
        assert_eq!(group.shares[0], [0.375, 0.5, 0.125]);
    }
}
