//! Scores three attribution maps of the same system, and an embedding.
//!
//! Run with `cargo run -p xcebra-eval --example score_a_map`.

use ndarray::{Array2, array, s};
use xcebra_eval::{LinearRegression, auroc_map, average_precision_map, linear_r2, r2_per_output};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // which of 4 inputs is driven by which of 2 latents
    let truth = array![[true, false], [true, false], [true, true], [false, true]];
    let maps = [
        (
            "right order",
            array![[0.9, 0.1], [0.7, 0.2], [0.5, 0.6], [0.0, 0.8]],
        ),
        (
            "one confusion",
            array![[0.9, 0.1], [0.7, 0.55], [0.5, 0.6], [0.0, 0.8]],
        ),
        ("says nothing", Array2::from_elem((4, 2), 0.5)),
    ];
    println!("{:<16}{:>8}{:>20}", "map", "auROC", "average precision");
    for (name, map) in &maps {
        let auroc = auroc_map(&truth, map)?;
        let precision = average_precision_map(&truth, map)?;
        println!("{name:<16}{auroc:>8.3}{precision:>20.3}");
    }

    // an embedding that holds the first latent linearly and the second only squared
    let latents =
        Array2::from_shape_fn((200, 2), |(t, k)| (0.07 * (k + 1) as f64 * t as f64).sin());
    let mut embedding = latents.clone();
    embedding.column_mut(1).mapv_inplace(|z| z * z);
    println!(
        "\nlinear R² of the embedding: {:.3}",
        linear_r2(&embedding, &latents)?
    );

    // the same, on samples the regression has not seen
    let model = LinearRegression::fit(
        &embedding.slice(s![..100, ..]),
        &latents.slice(s![..100, ..]),
    )?;
    let prediction = model.predict(&embedding.slice(s![100.., ..]))?;
    let held_out = r2_per_output(&latents.slice(s![100.., ..]), &prediction)?;
    println!("held out, per latent: {held_out:.3}");
    Ok(())
}
