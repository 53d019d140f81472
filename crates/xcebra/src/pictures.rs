//! The pictures that reports of a training and of its maps share.

use ndarray::{Array2, ArrayView2};
use xcebra_attr::significance::Connection;
use xcebra_core::History;
use xcebra_report::{Figure, HeatMap, LineChart, Picture};

/// Width and height of a training curve: two fit beside each other.
const SIZE: (f64, f64) = (480.0, 300.0);

/// The training curves: the loss and its parts, on held-out samples too if there are some, and the
/// regulariser if it was on.
pub fn training_curves(history: &History) -> Vec<Picture> {
    let steps = |values: &[f64]| -> Vec<(f64, f64)> {
        history
            .step
            .iter()
            .map(|&s| s as f64)
            .zip(values.iter().copied())
            .collect()
    };
    let mut figures = Vec::new();
    let contrastive = !history.align.is_empty();
    let supervised = history.parts.iter().any(|part| part.name != "jacobian");
    let name = match contrastive && !supervised {
        true => "InfoNCE loss",
        false => "loss",
    };
    let mut loss = LineChart::new("step", name)
        .title("Loss")
        .size(SIZE.0, SIZE.1);
    loss = loss.series("sum of all objectives", steps(&history.loss));
    if history.align.len() > 1 {
        for (o, (align, uniform)) in history.align.iter().zip(&history.uniform).enumerate() {
            let total: Vec<f64> = align.iter().zip(uniform).map(|(a, u)| a + u).collect();
            loss = loss.series(&format!("objective {o}"), steps(&total));
        }
    }
    let mut caption = match contrastive {
        true => {
            "What the training minimises: the embedding of a sample should lie nearer to its positives \
             than to other samples."
        }
        false => "What the training minimises: how far the outputs are from the labels.",
    }
    .to_owned();
    match history.validation.as_slice() {
        [] => {}
        // one point is not a curve
        [only] => {
            caption += &format!(
                " On held-out samples, which the training does not see, it is {:.3} after step {}.",
                only.loss,
                only.step + 1
            );
        }
        several => {
            let points = several.iter().map(|v| (v.step as f64, v.loss));
            loss = loss.series("held out", points);
            caption += " The training does not see held-out samples.";
        }
    }
    figures.push(Picture::new("loss", loss.draw(), caption));
    figures.extend(bits_over_chance(history));
    let jacobian = history.part("jacobian").map(|part| &part.value);
    if let Some(values) = jacobian.filter(|values| values.iter().any(Option::is_some)) {
        let penalty: Vec<f64> = values.iter().map(|p| p.unwrap_or(f64::NAN)).collect();
        let mut chart = LineChart::new("step", "½ E‖J‖²")
            .title("Jacobian")
            .from_zero()
            .size(SIZE.0, SIZE.1);
        chart = chart.series("squared norm of the encoder's Jacobian", steps(&penalty));
        let caption = "What the regulariser holds down, from the step at which it begins.";
        figures.push(Picture::new("jacobian", chart.draw(), caption));
    }
    figures
}

/// The goodness of fit of each objective on what is held out, if something is.
fn bits_over_chance(history: &History) -> Option<Picture> {
    let objectives = history.validation.first().map_or(0, |v| v.bits.len());
    // one point is not a curve; the report says the number
    if objectives == 0 || history.validation.len() < 2 {
        return None;
    }
    let mut chart = LineChart::new("step", "bits over chance")
        .title("Goodness of fit, held out")
        .from_zero()
        .size(SIZE.0, SIZE.1);
    for o in 0..objectives {
        let points = history
            .validation
            .iter()
            .map(|v| (v.step as f64, v.bits.get(o).copied().unwrap_or(f64::NAN)));
        chart = chart.series(&format!("objective {o}"), points);
    }
    let caption = "How much better than chance the embedding tells a positive from other samples, \
                   on samples that the training does not see.";
    Some(Picture::new("bits", chart.draw(), caption))
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
    map_of_sizes(title, value, map)
        .row_names(channels)
        .row_groups(groups)
        .draw()
}

/// As [`attribution_map`], not drawn yet and without names.
pub(crate) fn map_of_sizes(title: &str, value: &str, map: ArrayView2<'_, f64>) -> HeatMap {
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
}

/// A map of verdicts (inputs × latents).
pub fn verdict_map(title: &str, verdicts: &Array2<Connection>, channels: &[String]) -> Figure {
    let class = |verdict: &Connection| match verdict {
        Connection::NotConnected => 0,
        Connection::Undecided => 1,
        Connection::Connected => 2,
    };
    let names = ["not connected", "undecided", "connected"];
    HeatMap::of_classes(verdicts.map(class).view(), &names)
        .title(title)
        .rows("input channel")
        .columns("latent")
        .row_names(channels)
        .draw()
}
