//! The pictures that reports of a training and of its maps share.

use ndarray::ArrayView2;
use xcebra_core::History;

use crate::report::{Figure, HeatMap, LineChart};

/// Width and height of a training curve: two fit beside each other.
const SIZE: (f64, f64) = (480.0, 300.0);

/// The training curves: the loss, its parts, and the regulariser if it was on.
pub fn training_curves(history: &History) -> Vec<(Figure, String)> {
    let steps = |values: &[f64]| -> Vec<(f64, f64)> {
        history
            .step
            .iter()
            .map(|&s| s as f64)
            .zip(values.iter().copied())
            .collect()
    };
    let mut figures = Vec::new();
    let mut loss = LineChart::new("step", "InfoNCE loss")
        .title("Loss")
        .size(SIZE.0, SIZE.1);
    loss = loss.series("sum of all objectives", steps(&history.loss));
    if history.align.len() > 1 {
        for (o, (align, uniform)) in history.align.iter().zip(&history.uniform).enumerate() {
            let total: Vec<f64> = align.iter().zip(uniform).map(|(a, u)| a + u).collect();
            loss = loss.series(&format!("objective {o}"), steps(&total));
        }
    }
    let caption = "What the training minimises: the embedding of a sample should lie nearer to its \
                   positives than to other samples.";
    figures.push((loss.draw(), caption.to_owned()));
    let jacobian = history.part("jacobian").map(|part| &part.value);
    if let Some(values) = jacobian.filter(|values| values.iter().any(Option::is_some)) {
        let penalty: Vec<f64> = values.iter().map(|p| p.unwrap_or(f64::NAN)).collect();
        let mut chart = LineChart::new("step", "½ E‖J‖²")
            .title("Jacobian")
            .from_zero()
            .size(SIZE.0, SIZE.1);
        chart = chart.series("squared norm of the encoder's Jacobian", steps(&penalty));
        let caption = "What the regulariser holds down, from the step at which it begins.";
        figures.push((chart.draw(), caption.to_owned()));
    }
    figures
}

/// A heat map of an attribution map (inputs × latents) of absolute values, with colours from 0, so
/// that small differences look small.
pub fn attribution_map(
    title: &str,
    value: &str,
    map: ArrayView2<'_, f64>,
    channels: &[String],
    groups: &[(&str, usize)],
) -> Figure {
    let largest = map
        .iter()
        .copied()
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    HeatMap::new(map)
        .range(0.0, if largest > 0.0 { largest } else { 1.0 })
        .title(title)
        .rows("input channel")
        .columns("latent")
        .value(value)
        .row_names(channels)
        .row_groups(groups)
        .draw()
}
