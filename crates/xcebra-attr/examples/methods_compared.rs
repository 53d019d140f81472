//! All methods on one model whose map is known.
//!
//! Two latents drive eight inputs, `x = A z`; the second one drives only the last four. An encoder of
//! one hidden layer, built by hand, finds the latents again up to a linear mixing. Each method's map is
//! scored by how well its large entries are the true connections, as area under the ROC curve: over
//! outputs as they are, and for inverses also with the mixing undone.
//!
//! `cargo run --release -p xcebra-attr --example methods_compared`

use std::time::Instant;

use ndarray::{Array2, ArrayView2, Ix2, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xcebra_attr::diagnostics::diagnose;
use xcebra_attr::inverse::pseudo_inverse;
use xcebra_attr::methods::{Aligned, InvertedNeuronGradient, align};
use xcebra_attr::significance::{Connection, Significance};
use xcebra_attr::{AttributionMap, Methods, Options, attribute};
use xcebra_model::{FnModel, Model};

/// `f(x) = M h(A⁺ x)` with `h(u) = u + tanh(u)/2`, and its pull-back.
fn encoder(unmixing: Array2<f64>, mixing: Array2<f64>) -> FnModel<f64> {
    let (u, m) = (unmixing.clone(), mixing.clone());
    FnModel::new(
        [unmixing.ncols()],
        mixing.nrows(),
        move |x| {
            let x = x.into_dimensionality::<Ix2>().expect("samples are vectors");
            let hidden = x.dot(&u.t()).mapv(|v: f64| v + 0.5 * v.tanh());
            Ok(hidden.dot(&m.t()))
        },
        move |x, cotangent| {
            let x = x.into_dimensionality::<Ix2>().expect("samples are vectors");
            let slopes = x
                .dot(&unmixing.t())
                .mapv(|v: f64| 1.5 - 0.5 * v.tanh().powi(2));
            Ok((cotangent.dot(&mixing) * slopes).dot(&unmixing).into_dyn())
        },
    )
}

/// Share of pairs of a connected and an unconnected entry that the map orders rightly.
fn auroc(map: &ArrayView2<'_, f64>, connected: &Array2<bool>) -> f64 {
    let pick = |kind: bool| {
        let entries = map.iter().zip(connected);
        entries.filter(move |(_, c)| **c == kind).map(|(v, _)| *v)
    };
    let (mut right, mut pairs) = (0.0, 0.0);
    for yes in pick(true) {
        for no in pick(false) {
            right += f64::from(u8::from(yes > no)) + 0.5 * f64::from(u8::from(yes == no));
            pairs += 1.0;
        }
    }
    right / pairs
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let generator = array![
        [1.0, 0.0],
        [0.8, 0.0],
        [-0.6, 0.0],
        [1.2, 0.0],
        [0.5, 1.0],
        [-0.9, 0.7],
        [0.2, -1.1],
        [0.7, 0.9]
    ];
    let connected = generator.mapv(|v: f64| v != 0.0);
    let unmixing = pseudo_inverse(&generator, Default::default())?.matrix;
    let model = encoder(unmixing, array![[1.0, 0.5], [0.6, 0.9]]);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let latents = Array2::from_shape_simple_fn((400, 2), || rng.gen_range(-1.0..1.0));
    let samples = latents.dot(&generator.t());
    let alignment = align(&model.forward(samples.view().into_dyn())?, &latents)?;

    let methods = Methods::<f64>::all().with(Aligned::new(InvertedNeuronGradient, &alignment));
    println!(
        "{:<30} {:>12} {:>8} {:>10}",
        "method", "evaluations", "auROC", "ms"
    );
    for name in methods.names() {
        // one at a time, to take the time of each
        let one: Methods<f64> = match name.strip_suffix("-aligned") {
            Some(_) => Methods::new().with(Aligned::new(InvertedNeuronGradient, &alignment)),
            None => name.parse()?,
        };
        let start = Instant::now();
        let map = attribute(&model, &samples, &one, &Options::new())?.remove(0);
        let milliseconds = 1e3 * start.elapsed().as_secs_f64();
        let evaluations = one[0].evaluations(2, 8);
        let score = auroc(&map.values().view(), &connected);
        println!("{name:<30} {evaluations:>12} {score:>8.3} {milliseconds:>10.1}");
    }
    println!("\n{}", diagnose(&model, &samples, &Options::new())?);
    verdicts(&model, &samples, &latents)
}

/// Which entries of the aligned map are real, against latents shifted in time.
fn verdicts(
    model: &FnModel<f64>,
    samples: &Array2<f64>,
    latents: &Array2<f64>,
) -> Result<(), Box<dyn std::error::Error>> {
    let embedding = model.forward(samples.view().into_dyn())?;
    let n = samples.nrows();
    let aligned = |shift: usize, options: &Options<'_>| -> Result<AttributionMap, _> {
        let shifted = Array2::from_shape_fn(latents.dim(), |(i, k)| latents[[(i + shift) % n, k]]);
        let alignment = align(&embedding, &shifted)?;
        let methods = Methods::new().with(Aligned::new(InvertedNeuronGradient, &alignment));
        Ok::<_, xcebra_attr::AttrError>(attribute(model, samples, &methods, options)?.remove(0))
    };
    let map = aligned(0, &Options::new())?;
    let null = |k: usize| Ok(aligned(1 + k, &Options::new())?.values().clone());
    let findings = Significance::new().test_with(map.values(), 399, null)?;
    // half of what is typical of a connection to the same latent would be of interest
    let typical = findings.typical_connections();
    let smallest: Vec<f64> = typical.iter().map(|v| 0.5 * v.unwrap_or(0.0)).collect();
    let verdicts = findings.verdicts(&smallest)?;
    println!("\n{verdicts}");
    for row in verdicts.map().rows() {
        let signs = row.iter().map(|connection| match connection {
            Connection::Connected => "yes",
            Connection::NotConnected => "no",
            Connection::Undecided => "?",
        });
        println!(
            "  {}",
            signs.map(|sign| format!("{sign:>4}")).collect::<String>()
        );
    }
    Ok(())
}
