//! Our side of the comparison of explanations by `cargo xtask bench --peers`, and what transforms cost.
//!
//! `explain record FILE` writes weights and a signal. `explain run FILE` reads one JSON object a line,
//! `{"model": "heart-rate" | "filters", "points": n, "steps": k}`, explains the signal k times in the
//! Fourier domain and answers with the wall-clock milliseconds. `explain domains` prints, for each
//! domain, how long an explanation takes besides the model's own evaluations.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use cdig::domains::{
    AnalyticSignal, ComplexCepstrum, Dct, FilterBank as Bands, Fourier, SeasonalTrend, Stft,
    Wavelet, WaveletFamily, WaveletPackets, Window,
};
use cdig::{Domain, Explainer, Model, RealFourier, Rule, Time};
use ndarray::{Array1, Array2, ArrayD, IxDyn};
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::json;
use xcebra_benches::filter_bank::LENGTH;
use xcebra_benches::heart_rate::{Weights, random_weights};
use xcebra_benches::service::{number, serve, text, timed};
use xcebra_benches::{FilterBank, HeartRate, Timed};

const RATE: f64 = 32.0;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["record", path] => record(path),
        ["run", path] => run(path),
        ["domains"] => domains(),
        _ => Err("usage: explain record FILE|run FILE|domains".into()),
    }
}

/// A pulse with its first overtone, a breath, and a trend.
fn signal() -> Array1<f32> {
    let wave = |t: f64, hz: f64| (std::f64::consts::TAU * hz * t / RATE).sin();
    (0..LENGTH)
        .map(|t| t as f64)
        .map(|t| wave(t, 1.5) + 0.5 * wave(t, 3.0) + 0.4 * wave(t, 0.25) + t / 512.0)
        .map(|x| x as f32)
        .collect()
}

fn record(path: &str) -> Result<(), Box<dyn Error>> {
    let mut file = NpzWriter::new(File::create(path)?);
    file.add_array("signal", &signal())?;
    let taps = FilterBank::<f32>::new().taps();
    file.add_array(
        "filters",
        &Array2::from_shape_vec((2, taps.len() / 2), taps)?,
    )?;
    for (name, shape, values) in random_weights(1) {
        let values = values.into_iter().map(|v| v as f32).collect();
        file.add_array(name, &ArrayD::from_shape_vec(IxDyn(&shape), values)?)?;
    }
    file.finish()?;
    Ok(())
}

/// Weights and signal of a file that [`record`] has written.
fn read(path: &str) -> Result<(Weights, Array1<f32>), Box<dyn Error>> {
    let mut file = NpzReader::new(File::open(path)?)?;
    let signal: Array1<f32> = file.by_name("signal")?;
    let weights = random_weights(1).into_iter().map(|(name, shape, _)| {
        let values: ArrayD<f32> = file.by_name(&name)?;
        let values = values.iter().map(|v| f64::from(*v)).collect();
        Ok((name, shape, values))
    });
    let weights = weights.collect::<Result<Weights, ndarray_npy::ReadNpzError>>()?;
    Ok((weights, signal))
}

fn run(path: &str) -> Result<(), Box<dyn Error>> {
    let (weights, signal) = read(path)?;
    let heart_rate = HeartRate::<f32>::new(&weights);
    let filters = FilterBank::<f32>::new();
    let domain = Fourier::new(&[LENGTH], RATE)?;
    serve(|request| {
        let model: &dyn Model<f32> = match text(request, "model")? {
            "heart-rate" => &heart_rate,
            "filters" => &filters,
            other => return Err(format!("no model `{other}`; heart-rate and filters").into()),
        };
        let explainer = Explainer::new(model)
            .outputs([0])
            .rule(Rule::Right(number(request, "points")?));
        let explain = || Ok(explainer.explain(&domain, signal.view())?.total()[0]);
        explain()?;
        let (milliseconds, total) = timed(request, explain)?;
        Ok(json!({"milliseconds": milliseconds, "total": total}))
    })
}

/// Points of an explanation, as many as the default rule takes at most.
const POINTS: usize = 500;
const REPEATS: usize = 15;

fn domains() -> Result<(), Box<dyn Error>> {
    let model = Timed::new(HeartRate::<f32>::new(&random_weights(1)));
    let signal = signal();
    let shape = [LENGTH];
    let domains: Vec<Box<dyn Domain<f32>>> = vec![
        Box::new(Time::new(&shape)?),
        Box::new(Fourier::new(&shape, RATE)?),
        Box::new(RealFourier::new(&shape, RATE)?),
        Box::new(Dct::new(&shape, RATE)?),
        Box::new(Stft::new(&shape, RATE, &Window::Hann.samples(64), 16)?),
        Box::new(Wavelet::new(&shape, RATE, WaveletFamily::Daubechies(4), 4)?),
        Box::new(WaveletPackets::new(
            &shape,
            RATE,
            WaveletFamily::Daubechies(4),
            3,
        )?),
        Box::new(Bands::new(&shape, RATE, &[1.0, 2.0, 4.0, 8.0])?),
        Box::new(SeasonalTrend::new(&shape, RATE, 16)?),
        Box::new(AnalyticSignal::new(&shape, RATE)?),
        Box::new(ComplexCepstrum::new(&shape, RATE)?),
    ];
    // a baseline in which the spectrum has no zero, which the cepstrum refuses
    let baseline = signal.mapv(|x| 0.1 * x).into_dyn();
    let (tolerance, budget) = (0.0, POINTS);
    for rule in [Rule::Midpoint(POINTS), Rule::Adaptive { tolerance, budget }] {
        println!("{rule}: milliseconds in the model, besides, medians of {REPEATS}; share");
        for domain in &domains {
            let explainer = Explainer::new(&model)
                .baseline(cdig::Baseline::Signal(baseline.clone()))
                .rule(rule);
            let (mut within, mut besides) = (Vec::new(), Vec::new());
            for _ in 0..REPEATS {
                model.take();
                let start = Instant::now();
                explainer.explain(domain.as_ref(), signal.view())?;
                let all = start.elapsed();
                let inside = model.take();
                within.push(1000.0 * inside.as_secs_f64());
                besides.push(1000.0 * (all - inside).as_secs_f64());
            }
            let (within, besides) = (median(within), median(besides));
            let share = 100.0 * besides / within;
            println!(
                "{:<20} {within:8.1} {besides:8.2} {share:6.1} %",
                domain.name()
            );
        }
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
