//! A seizure-like rhythm in 19 channels: does the attribution find the source that carries it?
//!
//! Nineteen sources, one of them a spike-and-wave rhythm of three a second that comes and goes, are mixed
//! into nineteen channels. A convolutional network learns from one second whether the rhythm is there. Its
//! attribution to independent components is asked for the component, and to their spectra for the frequency.

use std::f64::consts::TAU;
use std::path::Path;

use ndarray::{Array1, Array2, ArrayD, Axis, Slice};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use xcebra::cdig::{Attribution, Basis, Compose, RealFourier, Time};
use xcebra::core::Encoder;
use xcebra::core::encoder::Layer;
use xcebra::eval::{auroc, pearson};
use xcebra::report::{BarChart, Panels, Picture};

use crate::case_study::{
    Areas, CaseScale, Faithfulness, Lesson, areas_table, explain, percent, predict, share, write,
};
use crate::error::Result;
use crate::statistics::Estimate;

const RATE: f64 = 128.0;
const CHANNELS: usize = 19;
const WINDOW: usize = 128;
/// The source that carries the rhythm.
const RHYTHM: usize = 0;
const CYCLES: f64 = 3.0;
/// How much larger than the background the rhythm is: discharges stand out.
const SIZE: f64 = 3.0;

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How well the network tells windows with the rhythm from others, area under the ROC curve.
    pub auroc: f64,
    /// Correlation of the rhythm with the independent component that is most like it.
    pub separation: f64,
    /// Windows with the rhythm that were explained.
    pub windows: usize,
    /// Those in which that component has most of the attribution.
    pub component_named: Option<f64>,
    /// Mean share of the absolute attribution of components that it has.
    pub component_share: Estimate,
    /// Those in which its strongest frequency is the rhythm's or a harmonic up to the third, to one bin.
    pub frequency_named: Option<f64>,
    /// Faithfulness of components over time, and of channels over time.
    pub faithfulness: Vec<Areas>,
}

/// Trains the network, explains it, and writes what came out into `folder`; returns it in Markdown.
///
/// # Errors
/// If a part fails or the folder cannot be written.
pub fn reproduce(scale: CaseScale, folder: &Path) -> Result<(Summary, String)> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mixing = mixing(&mut rng);
    let seconds = scale.pick(40, 1200);
    let training = Sources::draw(seconds, &mut rng);
    let test = Sources::draw(scale.pick(40, 200), &mut rng);
    let encoder = train(scale, &training.mixed(&mixing), &training.on)?;
    let x = test.mixed(&mixing);

    let windows: Vec<ArrayD<f64>> = (0..x.nrows() / WINDOW).map(|i| window(&x, i)).collect();
    let views: Vec<_> = windows.iter().map(|w| w.view()).collect();
    let stacked = ndarray::stack(Axis(0), &views).expect("windows of one shape");
    let ica = Basis::ica(stacked.view(), 0, CHANNELS, 0)?;
    let (component, separation) = most_alike(&ica, &x, &test)?;
    let spectra = Compose::new(ica.clone(), RealFourier::new(&[CHANNELS, WINDOW], RATE)?)?;
    let time = Time::new(&[CHANNELS, WINDOW])?;

    let present = |i: usize| {
        let on = &test.on[i * WINDOW..(i + 1) * WINDOW];
        on.iter().sum::<f64>() / WINDOW as f64
    };
    let mut scores = Vec::new();
    let mut truth = Vec::new();
    let mut shares = Vec::new();
    let (mut named, mut rhythmic) = (0, 0);
    // after the few steps of the smallest scale the network hardly tells any window from the baseline
    let mut faithfulness = Faithfulness::of_changes(scale.pick(0.0, 0.2));
    let mut pictures = Vec::new();
    for (i, signal) in windows.iter().enumerate() {
        // windows at the edge of an episode are neither
        if present(i) != 0.0 && present(i) != 1.0 {
            continue;
        }
        scores.push(predict(&encoder, signal)?[0]);
        truth.push(present(i) == 1.0);
        if present(i) == 0.0 || shares.len() >= scale.pick(4, 40) {
            continue;
        }
        let found = explain(&encoder, [&ica, &time], 0, signal)?;
        faithfulness.add(&encoder, [&ica, &time], &found, i as u64)?;
        let by_component = found[0]
            .attribution
            .index_axis(Axis(0), 0)
            .sum_axis(Axis(1));
        let total: f64 = by_component.iter().map(|a| a.abs()).sum();
        shares.push(by_component[component].abs() / total);
        named += usize::from(largest(by_component.iter()) == component);
        let spectrum = explain(&encoder, [&spectra, &time], 0, signal)?.remove(0);
        let own = of_component(&spectrum, component);
        let strongest = largest(own.iter()) as f64 * RATE / WINDOW as f64;
        rhythmic += usize::from((1..=3).any(|h| (strongest - f64::from(h) * CYCLES).abs() <= 1.0));
        if pictures.is_empty() {
            pictures = drawn(&by_component.into_iter().collect::<Vec<_>>(), &own);
        }
    }
    pictures.extend(faithfulness.pictures("components"));
    let windows = shares.len();
    let summary = Summary {
        auroc: auroc(&truth, &scores)?,
        separation,
        windows,
        component_named: share(named, windows),
        component_share: Estimate::of(&shares)?,
        frequency_named: share(rhythmic, windows),
        faithfulness: faithfulness.areas("components")?,
    };
    let markdown = markdown(&summary);
    write(folder, &summary, &markdown, &pictures)?;
    Ok((summary, markdown))
}

fn train(scale: CaseScale, x: &Array2<f64>, on: &[f64]) -> Result<Encoder<f64>> {
    let lesson = Lesson {
        layers: vec![
            Layer::dense(12),
            Layer::convolution(12, 33),
            Layer::convolution(16, 96),
            Layer::dense(16),
            Layer::dense(1),
        ],
        steps: scale.pick(20, 350),
        batch: scale.pick(16, 96),
        learning_rate: 2e-3,
        seed: 0,
    };
    let target = Array2::from_shape_fn((on.len(), 1), |(t, _)| on[t]);
    lesson.train(&x.mapv(|v| v as f32), &[x.nrows()], target)
}

/// Sources (time, 19) of variance about 1, and where the rhythm is on.
struct Sources {
    values: Array2<f64>,
    on: Vec<f64>,
}

impl Sources {
    fn draw(seconds: usize, rng: &mut ChaCha8Rng) -> Self {
        let time = seconds * RATE as usize;
        let on = episodes(time, rng);
        let mut values = Array2::zeros((time, CHANNELS));
        for (source, mut column) in values.columns_mut().into_iter().enumerate() {
            let course: Vec<f64> = match source {
                RHYTHM => on
                    .iter()
                    .zip(spike_and_wave(time, rng))
                    .map(|(on, s)| on * s)
                    .collect(),
                // rhythms of their own, in bursts
                1..=4 => bursts(time, [10.0, 6.0, 20.0, 2.0][source - 1], rng),
                _ => background(time, rng),
            };
            column.assign(&Array1::from(course));
        }
        Self { values, on }
    }

    fn mixed(&self, mixing: &Array2<f64>) -> Array2<f64> {
        self.values.dot(&mixing.t())
    }
}

/// On for two to five seconds, off for as long.
fn episodes(time: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut on = Vec::with_capacity(time);
    let mut state = 0.0;
    while on.len() < time {
        let length = rng.gen_range(2.0 * RATE..5.0 * RATE) as usize;
        on.extend(std::iter::repeat_n(state, length.min(time - on.len())));
        state = 1.0 - state;
    }
    on
}

/// A sharp spike and a slow wave, three a second, with a rate that wanders by a tenth.
fn spike_and_wave(time: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (mut phase, mut rate) = (0.0, CYCLES);
    (0..time)
        .map(|_| {
            rate = (rate + rng.gen_range(-0.02..0.02)).clamp(2.7, 3.3);
            phase = (phase + rate / RATE) % 1.0;
            let spike = (-((phase - 0.2_f64) / 0.05).powi(2)).exp();
            let wave = (TAU * (phase - 0.3)).sin();
            SIZE * (2.0 * spike - wave)
        })
        .collect()
}

fn bursts(time: usize, hz: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (mut phase, mut size) = (rng.gen_range(0.0..TAU), 0.0);
    (0..time)
        .map(|_| {
            size = 0.99_f64.mul_add(size, if rng.gen_bool(0.01) { 1.5 } else { 0.0 });
            phase += TAU * hz / RATE * rng.gen_range(0.8..1.2);
            size * phase.sin()
        })
        .collect()
}

/// Noise with more of the slow, whose size comes and goes.
fn background(time: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (mut slow, mut size) = (0.0, 1.0_f64);
    (0..time)
        .map(|_| {
            size = (0.98 * size + 0.02 + rng.gen_range(-0.25..0.25)).clamp(0.05, 3.0);
            slow = 0.8 * slow + rng.gen_range(-1.0..1.0) * size * size;
            slow
        })
        .collect()
}

/// Each source reaches channels near its own place on a ring most, others less.
fn mixing(rng: &mut ChaCha8Rng) -> Array2<f64> {
    let places: Vec<f64> = (0..CHANNELS).map(|_| rng.gen_range(0.0..TAU)).collect();
    Array2::from_shape_fn((CHANNELS, CHANNELS), |(channel, source)| {
        let angle = TAU * channel as f64 / CHANNELS as f64 - places[source];
        (angle.cos() - 1.0).exp() + rng.gen_range(-0.4..0.4)
    })
}

/// Second `i` as `(channels, time)`.
fn window(x: &Array2<f64>, i: usize) -> ArrayD<f64> {
    let part = x.slice_axis(Axis(0), Slice::from(i * WINDOW..(i + 1) * WINDOW));
    part.t().to_owned().into_dyn()
}

/// The component whose course is most like the rhythm, and their correlation.
fn most_alike(ica: &Basis, x: &Array2<f64>, test: &Sources) -> Result<(usize, f64)> {
    let sources = x.dot(&ica.unmixing().t());
    let rhythm = test.values.column(RHYTHM).to_vec();
    let mut best = (0, 0.0);
    for (component, course) in sources.columns().into_iter().enumerate() {
        let alike = pearson(&course.to_vec(), &rhythm)?.abs();
        if alike > best.1 {
            best = (component, alike);
        }
    }
    Ok(best)
}

/// Attribution of the frequencies of one component, 0 Hz as nothing.
fn of_component(found: &Attribution<f64>, component: usize) -> Vec<f64> {
    let row = found.attribution.index_axis(Axis(0), 0);
    let mut own: Vec<f64> = row.index_axis(Axis(0), component).iter().copied().collect();
    own[0] = 0.0;
    own
}

fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> usize {
    let all = values.enumerate();
    all.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
        .map_or(0, |(i, _)| i)
}

fn drawn(by_component: &[f64], spectrum: &[f64]) -> Vec<Picture> {
    let bars = by_component
        .iter()
        .enumerate()
        .fold(BarChart::new("attribution"), |chart, (i, a)| {
            chart.bar(&format!("component {i}"), *a)
        });
    let points = spectrum
        .iter()
        .enumerate()
        .map(|(k, a)| (k as f64 * RATE / WINDOW as f64, *a));
    let panels =
        Panels::new("frequency (Hz)").bars("attribution of the component's frequencies", points);
    vec![
        Picture::new("components", bars.draw(), ""),
        Picture::new(
            "component-spectrum",
            panels.range(0.0, 30.0).mark(CYCLES, "rhythm").draw(),
            "",
        ),
    ]
}

fn markdown(summary: &Summary) -> String {
    format!(
        "| auROC | component found by ICA, correlation | windows | component named | its share | frequency named |\n\
         | --- | --- | --- | --- | --- | --- |\n\
         | {:.3} | {:.3} | {} | {} | {} | {} |\n\n{}",
        summary.auroc,
        summary.separation,
        summary.windows,
        percent(summary.component_named),
        summary.component_share.text(),
        percent(summary.frequency_named),
        areas_table(&summary.faithfulness)
    )
}
