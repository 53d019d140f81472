//! In which domain is a prediction simplest, and what acts together in it?
//!
//! The model is the product of the loudness of two tones; the signal holds both, and one that does not
//! matter. Few frequencies carry the output, all samples do; and what the two bands do, they do together.
//!
//! Run with `cargo run -p cdig --example choose_domain`.

use std::f64::consts::TAU;

use cdig::interactions::Switched;
use cdig::interactions::interactions;
use cdig::{CdigError, Domain, Explainer, Gradient, Model, RealFourier, Time};
use ndarray::{Array1, Array2, Axis};
use xcebra_model::FnModel;

const STEPS: usize = 128;

fn loudness(x: &[f64], hz: f64) -> f64 {
    let wave = |t: usize| TAU * hz * t as f64 / STEPS as f64;
    let part = |f: fn(f64) -> f64| -> f64 {
        let terms = x.iter().enumerate();
        terms.map(|(t, x)| x * f(wave(t))).sum::<f64>() * 2.0 / STEPS as f64
    };
    part(f64::cos).hypot(part(f64::sin))
}

fn main() -> Result<(), CdigError> {
    // only values are known
    let model = FnModel::black_box([STEPS], 1, |x| {
        let values: Array1<f64> = x
            .axis_iter(Axis(0))
            .map(|x| {
                let x: Vec<f64> = x.iter().copied().collect();
                loudness(&x, 4.0) * loudness(&x, 9.0)
            })
            .collect();
        Ok(values.insert_axis(Axis(1)))
    });
    let tone = |t: usize, hz: f64| (TAU * hz * t as f64 / STEPS as f64 + hz).sin();
    let signal = Array1::from_shape_fn(STEPS, |t| {
        tone(t, 4.0) + 2.0 * tone(t, 9.0) + 3.0 * tone(t, 30.0)
    });

    let spectrum = RealFourier::new(&[STEPS], STEPS as f64)?.bands([
        ("around 4 Hz", 3.0..6.0),
        ("around 9 Hz", 7.0..12.0),
        ("around 30 Hz", 25.0..35.0),
    ])?;
    let samples = Time::new(&[STEPS])?;
    let domains: [&dyn Domain<f64>; 2] = [&samples, &spectrum];
    let explainer = || Explainer::new(&model).gradient(Gradient::FiniteDifferences { step: 1e-5 });
    for score in explainer().choose(&domains, signal.view())? {
        println!(
            "{:>5}: Gini {:.2}, {:>3} of {:>3} coefficients carry 90 %, deletion area {:.3}, {} model values",
            score.attribution.domain,
            score.concentration[0].gini,
            score.concentration[0].carriers,
            score.concentration[0].curve.len(),
            score.deletion[0]
                .as_ref()
                .map_or(0.0, |deletion| deletion.area),
            score.attribution.evaluations.values,
        );
    }

    let switched = Switched::by_axis(&model, &spectrum, signal.view(), 0)?;
    let groups = Time::new(switched.input_shape())?;
    let found = Explainer::new(&switched)
        .gradient(Gradient::FiniteDifferences { step: 1e-5 })
        .explain(&groups, switched.on().view())?;
    println!(
        "\nby bands alone, with {} model values:",
        found.evaluations.values
    );
    for (name, value) in switched.names().iter().zip(&found.attribution) {
        println!("{name:>14} {value:>8.3}");
    }
    println!("\nwhat a pair of bands adds to its parts (diagonal: what a band does alone):");
    let pairs: Array2<f64> = interactions(&switched)?
        .values
        .index_axis(Axis(0), 0)
        .to_owned();
    for (name, row) in switched.names().iter().zip(pairs.outer_iter()) {
        let row: Vec<String> = row.iter().map(|v| format!("{:>8.3}", v + 0.0)).collect();
        println!("{name:>14} {}", row.join(""));
    }
    Ok(())
}
