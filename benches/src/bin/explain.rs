//! Our side of the comparison of explanations by `cargo xtask bench --peers`, and what transforms cost.
//!
//! `explain run FOLDER` reads one JSON object a line, `{"model": name, "points": n, "steps": k}`, reads
//! FOLDER/NAME.onnx and explains a signal in the Fourier domain, both k times, and answers with the
//! wall-clock milliseconds. `benches/peers/networks.py` writes the folder. `explain precision FOLDER`
//! prints how far attributions in single precision are from those in double precision. `explain domains`
//! prints, for each domain, how long an explanation takes besides the model's own evaluations.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use cdig::domains::{
    AnalyticSignal, ComplexCepstrum, Dct, FilterBank as Bands, Fourier, SeasonalTrend, Stft,
    Wavelet, WaveletFamily, WaveletPackets, Window,
};
use cdig::{Domain, Explainer, Model, RealFourier, Rule, Scalar, Time};
use ndarray::{Array1, ArrayD, IxDyn};
use serde_json::json;
use xcebra_benches::filter_bank::LENGTH;
use xcebra_benches::heart_rate::random_weights;
use xcebra_benches::service::{number, serve, text, timed};
use xcebra_benches::{HeartRate, Timed};
use xcebra_onnx::OnnxModel;

const RATE: f64 = 32.0;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", folder] => run(folder),
        ["precision", folder] => precision(folder),
        ["domains"] => domains(),
        _ => Err("usage: explain run FOLDER|precision FOLDER|domains".into()),
    }
}

/// A pulse with its first overtone, a breath, and a trend.
fn pulse() -> Array1<f32> {
    let wave = |t: f64, hz: f64| (std::f64::consts::TAU * hz * t / RATE).sin();
    (0..LENGTH)
        .map(|t| t as f64)
        .map(|t| wave(t, 1.5) + 0.5 * wave(t, 3.0) + 0.4 * wave(t, 0.25) + t / 512.0)
        .map(|x| x as f32)
        .collect()
}

/// The same as in `benches/peers/explain.py`.
fn signal<A: Scalar>(shape: &[usize]) -> Result<ArrayD<A>, Box<dyn Error>> {
    let value = |i: f64| (0.37 * i).sin() + 0.5 * (1.7 * i).cos();
    let count = shape.iter().product::<usize>();
    let values = (0..count).map(|i| A::of(value(i as f64))).collect();
    Ok(ArrayD::from_shape_vec(IxDyn(shape), values)?)
}

/// Reads the file and explains its first output in the Fourier domain.
fn explain<A: Scalar>(path: &Path, points: usize) -> Result<ArrayD<f64>, Box<dyn Error>> {
    let model = OnnxModel::<A>::load(path)?;
    let domain = Fourier::new(model.input_shape(), RATE)?;
    let signal = signal::<A>(model.input_shape())?;
    let explainer = Explainer::new(&model)
        .outputs([0])
        .rule(Rule::Right(points));
    Ok(explainer.explain(&domain, signal.view())?.attribution)
}

fn run(folder: &str) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(folder);
    serve(|request| {
        let path = folder.join(format!("{}.onnx", text(request, "model")?));
        let points = number(request, "points")?;
        let (milliseconds, attribution) = timed(request, || explain::<f32>(&path, points))?;
        let size: f64 = attribution.iter().map(|a| a.abs()).sum();
        Ok(json!({"milliseconds": milliseconds, "size": size}))
    })
}

/// What single precision does to attributions, for every network of a folder.
fn precision(folder: &str) -> Result<(), Box<dyn Error>> {
    let paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    println!(
        "network: largest error of an attribution in single precision, relative to the largest"
    );
    for path in paths {
        let (single, double) = (explain::<f32>(&path, 20)?, explain::<f64>(&path, 20)?);
        let largest = |values: &ArrayD<f64>| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let error = largest(&(&single - &double)) / largest(&double);
        println!("{}: {error:.1e}", path.display());
    }
    Ok(())
}

/// Points of an explanation, as many as the default rule takes at most.
const POINTS: usize = 500;
const REPEATS: usize = 15;

fn domains() -> Result<(), Box<dyn Error>> {
    let model = Timed::new(HeartRate::<f32>::new(&random_weights(1)));
    let signal = pulse();
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
