//! Compares two attribution methods on a model whose answer is known, with and without that answer.
//!
//! Run with `cargo run -p xcebra-eval --example compare_methods`.

use ndarray::{Array1, Array2, ArrayView2};
use xcebra_eval::faithfulness::{deletion, insertion};
use xcebra_eval::{
    Alternative, Bootstrap, Control, adjust, auroc, paired_bootstrap, sign_flip,
    wilcoxon_signed_rank,
};

const FEATURES: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Σ_k w_k x_k², where only the first five features count
    let weights = Array1::from_shape_fn(FEATURES, |k| if k < 5 { 1.0 } else { 0.0 });
    let model = |batch: ArrayView2<'_, f64>| Ok(batch.mapv(|v| v * v).dot(&weights));
    let salient: Vec<bool> = weights.iter().map(|&w| w > 0.0).collect();
    let x = Array2::from_shape_fn((12, FEATURES), |(i, k)| {
        ((i * 7 + k * k * 3 + 1) as f64).sin()
    });
    let baseline = Array2::zeros(x.dim());

    let noise = Array2::from_shape_fn(x.dim(), |(i, k)| ((i * i + 11 * k) as f64).cos().abs());
    let good = &x * &x * &weights;
    let poor = &good + &(&noise * 0.4);

    let score = |scores: &Array2<f64>| {
        let rows = scores.rows().into_iter();
        let aurocs = rows.map(|row| auroc(&salient, &row.to_vec()));
        aurocs.collect::<xcebra_eval::Result<Vec<f64>>>()
    };
    let areas = |scores: &Array2<f64>| -> xcebra_eval::Result<[Vec<f64>; 2]> {
        let deleted = deletion(model, &x, &baseline, scores, FEATURES)?;
        let inserted = insertion(model, &x, &baseline, scores, FEATURES)?;
        Ok([deleted.areas().to_vec(), inserted.areas().to_vec()])
    };
    let [good_deletion, good_insertion] = areas(&good)?;
    let [poor_deletion, poor_insertion] = areas(&poor)?;
    println!(
        "{:<12}{:>8}{:>8}{:>20}{:>10}{:>10}{:>10}",
        "score", "good", "poor", "difference, 95 %", "bootstrap", "Wilcoxon", "flips"
    );
    let mut p_values = Vec::new();
    for (name, a, b) in [
        ("auROC", score(&good)?, score(&poor)?),
        ("deletion", good_deletion, poor_deletion),
        ("insertion", good_insertion, poor_insertion),
    ] {
        let bootstrap = Bootstrap::new().seed(1);
        let (interval, by_bootstrap) = paired_bootstrap(&a, &b, Alternative::TwoSided, &bootstrap)?;
        let by_ranks = wilcoxon_signed_rank(&a, &b, Alternative::TwoSided)?;
        let by_flips = sign_flip(&a, &b, Alternative::TwoSided, 10_000, 1)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let range = format!("{:.3} to {:.3}", interval.low, interval.high);
        println!(
            "{name:<12}{:>8.3}{:>8.3}{range:>20}{:>10.4}{:>10.4}{:>10.4}",
            mean(&a),
            mean(&b),
            by_bootstrap.p_value,
            by_ranks.p_value,
            by_flips.p_value
        );
        p_values.push(by_ranks.p_value);
    }
    let adjusted = adjust(&p_values, Control::BenjaminiHochberg)?;
    println!("Wilcoxon's, adjusted for three tests: {adjusted:.4?}");
    Ok(())
}
