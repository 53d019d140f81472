//! Which inputs are driven by which latent? The inverted neuron gradient against the plain
//! gradient.
//!
//! Two latents drive six inputs, `x = A z`. A slightly curved encoder finds the latents again, but
//! only up to a linear mixing `L`, as contrastive learning does. Its gradient shows every input in
//! every output, whatever the mixing. Its inverted gradient differs from the truth by `L⁻¹` alone:
//! once the mixing is undone, the inputs that the second latent does not drive are nearly zero.
//!
//! `cargo run -p xcebra-attr --example ing_of_a_model`

use ndarray::{Array2, ArrayView2, Ix2, array};
use xcebra_attr::{AttributionMap, Methods, Options, attribute};
use xcebra_model::FnModel;

/// The encoder `f(x) = L A⁺ (x − 0.05 sin x)`.
fn encoder(weights: Array2<f64>) -> FnModel<f64> {
    let transposed = weights.t().to_owned();
    FnModel::new(
        [6],
        2,
        move |x| {
            let x = x.into_dimensionality::<Ix2>().expect("samples are vectors");
            Ok(x.mapv(|v: f64| v - 0.05 * v.sin()).dot(&transposed))
        },
        move |x, cotangent| {
            let x = x.into_dimensionality::<Ix2>().expect("samples are vectors");
            let slopes = x.mapv(|v: f64| 1.0 - 0.05 * v.cos());
            Ok((cotangent.dot(&weights) * slopes).into_dyn())
        },
    )
}

fn print(title: &str, map: &ArrayView2<'_, f64>) {
    println!("\n{title}");
    for (input, row) in map.outer_iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|v| format!("{:6.2}", v.abs())).collect();
        println!("  input {input}: {}", cells.join(" "));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // inputs 0 to 2 listen to the first latent only, inputs 3 to 5 to both
    let generator = array![
        [1.0, 0.0],
        [0.8, 0.0],
        [-0.6, 0.0],
        [0.5, 1.0],
        [-0.9, 0.7],
        [0.2, -1.1]
    ];
    let mixing = array![[1.0, 0.5], [0.6, 0.9]];
    // A⁺ = (AᵀA)⁻¹ Aᵀ
    let gram = generator.t().dot(&generator);
    let determinant = gram[[0, 0]] * gram[[1, 1]] - gram[[0, 1]] * gram[[1, 0]];
    let inverse =
        array![[gram[[1, 1]], -gram[[0, 1]]], [-gram[[1, 0]], gram[[0, 0]]]] / determinant;
    let model = encoder(mixing.dot(&inverse).dot(&generator.t()));

    let latents = Array2::from_shape_fn((5_000, 2), |(i, k)| (i as f64 * [0.013, 0.0171][k]).sin());
    let samples = latents.dot(&generator.t());

    let methods: Methods<f64> = "ing,neuron-gradient".parse()?;
    let maps = attribute(&model, &samples, &methods, &Options::new())?;
    let [ing, gradient] = &maps[..] else {
        return Err("one map a method".into());
    };

    print("true map |∂x/∂z|", &generator.view());
    print("neuron gradient |J|", &gradient.values().view());
    print("ING |J⁺|, up to the mixing", &ing.values().view());
    print(
        "ING, mixing undone |J⁺ L|",
        &ing.signed().dot(&mixing).view(),
    );
    report(ing);
    Ok(())
}

fn report(ing: &AttributionMap) {
    if let Some(inverses) = ing.inverses() {
        println!(
            "\n{} samples; samples of rank 0, 1, 2: {:?}",
            ing.samples(),
            inverses.rank_counts()
        );
        if let Some(condition) = inverses.condition() {
            let (min, mean, max) = (condition.min, condition.geometric_mean, condition.max);
            println!("condition numbers: {min:.2} to {max:.2}, geometric mean {mean:.2}");
        }
    }
}
