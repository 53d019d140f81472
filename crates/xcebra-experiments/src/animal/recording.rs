//! The recording of one animal, as encoders take it.

use ndarray::{Array1, Array2, ArrayRef2, Axis, concatenate};
use xcebra::core::{Labels, Recording};
use xcebra::synth::{Cell, Motion, Population, PopulationConfig, Tuning};

use super::protocol::{ALL, HEADING, Observation, POSITION, SPEED, Settings};
use crate::error::Result;
use crate::recordings::standardized;

/// What is observed of an animal, what it did, and which channel carries what.
pub(crate) struct Observed {
    /// Channels with mean 0 and variance 1, (bins, channels).
    pub x: Array2<f32>,
    /// (bins, 2), metres.
    pub position: Array2<f64>,
    /// (bins, 1), radians.
    pub heading: Array2<f64>,
    /// (bins, 1), metres per second.
    pub speed: Array2<f64>,
    /// x, y, cosine and sine of the heading, speed, each with mean 0 and variance 1: (bins, 5).
    pub targets: Array2<f64>,
    /// Whether a channel carries position, heading, speed.
    pub truth: Vec<[bool; 3]>,
    /// What each channel is tuned to.
    pub kinds: Vec<String>,
    /// True effect of position, heading, speed on a channel: see [`effects`].
    pub effects: Vec<[f64; 3]>,
}

impl Observed {
    /// The channels with their labels.
    ///
    /// # Errors
    /// Those of a recording.
    pub(crate) fn recording(&self) -> Result<Recording<f32>> {
        let continuous = |values: &Array2<f64>| Labels::Continuous(values.clone());
        Ok(Recording::new(self.x.view())?
            .with_label(POSITION, continuous(&self.position))?
            .with_label(HEADING, continuous(&self.heading))?
            .with_label(SPEED, continuous(&self.speed))?
            .with_label(ALL, continuous(&self.targets))?)
    }
}

/// Lets an animal run and records its cells. Channels that never change are left out.
pub(crate) fn observe(settings: &Settings) -> Result<Observed> {
    let n = settings.cells_of_a_kind;
    let config = PopulationConfig {
        place: n,
        grid: n,
        head_direction: n,
        speed: n,
        conjunctive: n,
        untuned: settings.untuned,
        ..PopulationConfig::default()
    };
    let motion = Motion::default();
    // path, cells and spikes have streams of their own: no two animals share one
    let [path, cells, spikes] = [0, 1, 2].map(|part| 3 * settings.seed + part);
    let behaviour = motion.simulate(settings.bins, settings.bin, path)?;
    let population = Population::random(&config, &motion, cells)?;
    let recording = population.record(behaviour, spikes)?;
    let values = match settings.encoder.observation {
        Observation::Rates => recording.rates,
        Observation::Spikes => smoothed(&recording.counts, settings.smoothing / settings.bin),
    };
    let varies = |channel: &usize| {
        let column = values.column(*channel);
        column.iter().any(|v| *v != column[0])
    };
    let kept: Vec<usize> = (0..values.ncols()).filter(varies).collect();
    let values = values.select(Axis(1), &kept);
    let x = standardized(&values).mapv(|v| v as f32);

    let b = recording.behaviour;
    let column = |values: &Array1<f64>| values.clone().insert_axis(Axis(1));
    let (heading, speed) = (column(&b.heading), column(&b.speed));
    let (cosine, sine) = (heading.mapv(f64::cos), heading.mapv(f64::sin));
    let parts = [b.position.view(), cosine.view(), sine.view(), speed.view()];
    let targets = concatenate(Axis(1), &parts).expect("all parts have a row a bin");
    // counts are of spikes in a bin, rates of spikes in a second
    let unit = match settings.encoder.observation {
        Observation::Rates => 1.0,
        Observation::Spikes => settings.bin,
    };
    let cells = kept.iter().map(|&channel| &population.cells()[channel]);
    let effects = cells.zip(values.columns()).map(|(cell, values)| {
        effects(cell, &targets, &b.position, &b.heading, &b.speed)
            .map(|v| v * unit / values.std(0.0))
    });
    let effects = effects.collect();
    Ok(Observed {
        x,
        truth: kept
            .iter()
            .map(|&channel| [0, 1, 2].map(|v| recording.grouped_map[[channel, v]]))
            .collect(),
        kinds: kept.iter().map(|&i| kind(&population.cells()[i])).collect(),
        targets: standardized(&targets),
        effects,
        position: b.position,
        heading,
        speed,
    })
}

/// Effects of position, heading and speed on the rate of a cell, in spikes a second: the mean over moments of the change
/// for a move by one standard deviation, `√(r Σ rᵀ)` with the derivatives `r` of the rate and the covariance `Σ` of
/// the variable, on the tangent of the circle for a heading. Derivatives are central differences.
fn effects(
    cell: &Cell,
    targets: &Array2<f64>,
    position: &Array2<f64>,
    heading: &Array1<f64>,
    speed: &Array1<f64>,
) -> [f64; 3] {
    let rows: Vec<usize> = (0..heading.len())
        .step_by(heading.len().div_ceil(MOMENTS))
        .collect();
    let centred = |columns: [usize; 2]| {
        let part = targets.select(Axis(1), &columns);
        let mean = part.mean_axis(Axis(0)).expect("there are bins");
        part - &mean
    };
    let covariance = |columns| {
        let part = centred(columns);
        part.t().dot(&part) / part.nrows() as f64
    };
    let (places, circle) = (covariance([0, 1]), covariance([2, 3]));
    let form = |r: [f64; 2], m: &Array2<f64>| {
        let square =
            r[0] * r[0] * m[[0, 0]] + 2.0 * r[0] * r[1] * m[[0, 1]] + r[1] * r[1] * m[[1, 1]];
        square.max(0.0).sqrt()
    };
    let spread = speed.std(0.0);
    let mut sums = [0.0; 3];
    for &t in &rows {
        let (p, h, s) = ([position[[t, 0]], position[[t, 1]]], heading[t], speed[t]);
        let slope = |at: &dyn Fn(f64) -> f64, step: f64| (at(step) - at(-step)) / (2.0 * step);
        let by_x = slope(&|d| cell.rate([p[0] + d, p[1]], h, s), STEP);
        let by_y = slope(&|d| cell.rate([p[0], p[1] + d], h, s), STEP);
        let by_heading = slope(&|d| cell.rate(p, h + d, s), STEP);
        let by_speed = slope(&|d| cell.rate(p, h, s + d), STEP * spread);
        sums[0] += form([by_x, by_y], &places);
        sums[1] += by_heading.abs() * form([-h.sin(), h.cos()], &circle);
        sums[2] += by_speed.abs() * spread;
    }
    sums.map(|sum| sum / rows.len() as f64)
}

/// Moments that effects are means over, at most.
const MOMENTS: usize = 1000;
/// Step of the differences: small against fields of decimetres and tunings of a radian.
const STEP: f64 = 1e-4;

/// Each column smoothed by a Gaussian of this many bins, cut off at four of them; at the ends the
/// weights that are left are made to add up to 1.
fn smoothed(counts: &ArrayRef2<f64>, deviation: f64) -> Array2<f64> {
    let reach = (4.0 * deviation).ceil() as usize;
    let weight = |lag: usize| (-0.5 * (lag as f64 / deviation).powi(2)).exp();
    let weights: Vec<f64> = (0..=reach).map(weight).collect();
    let mut out = Array2::zeros(counts.dim());
    for (t, mut row) in out.outer_iter_mut().enumerate() {
        let (first, last) = (t.saturating_sub(reach), (t + reach).min(counts.nrows() - 1));
        let mut sum = 0.0;
        for other in first..=last {
            let weight = weights[t.abs_diff(other)];
            sum += weight;
            row.scaled_add(weight, &counts.row(other));
        }
        row /= sum;
    }
    out
}

/// What a cell is tuned to: `place`, `grid × heading`, `untuned`.
fn kind(cell: &Cell) -> String {
    let names: Vec<&str> = cell
        .tunings()
        .iter()
        .map(|tuning| match tuning {
            Tuning::Place { .. } => "place",
            Tuning::Grid { .. } => "grid",
            Tuning::HeadDirection { .. } => "heading",
            Tuning::Speed { .. } => "speed",
            _ => "other",
        })
        .collect();
    match names.is_empty() {
        true => "untuned".to_owned(),
        false => names.join(" × "),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::smoothed;

    #[test]
    fn smoothing_keeps_constants_and_spreads_a_spike_evenly() {
        let constant = Array2::from_elem((30, 2), 3.0);
        // sums of a few dozen numbers
        assert!(
            (smoothed(&constant, 2.0) - 3.0)
                .iter()
                .all(|v: &f64| v.abs() < 1e-12)
        );
        let mut spike = Array2::zeros((41, 1));
        spike[[20, 0]] = 1.0;
        let out = smoothed(&spike, 2.0);
        assert!((out.sum() - 1.0).abs() < 1e-12);
        assert!((out[[18, 0]] / out[[20, 0]] - (-0.5_f64).exp()).abs() < 1e-12);
        assert_eq!(out[[17, 0]], out[[23, 0]]);
        assert_eq!(out[[11, 0]], 0.0);
    }
}
