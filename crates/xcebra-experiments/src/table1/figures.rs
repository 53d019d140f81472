//! The pictures of the experiment.

use ndarray::{Array2, ArrayView2};
use xcebra::report::{BarChart, HeatMap, LineChart, Picture, attribution_map};
use xcebra::synth::Connectivity;

use super::summary::{CLAIM, Measured, ORACLE, Summary};

/// Methods that the bars show for every encoder.
const SHOWN: [&str; 2] = ["ing", "neuron-gradient"];

/// All pictures: scores of all pairs, bars with intervals, the ING over d, maps of one data set.
pub fn all(cells: &[Measured], summary: &Summary) -> Vec<Picture> {
    let mut pictures = vec![scores(summary), bars(summary)];
    pictures.extend(by_dims(summary));
    pictures.extend(maps(cells));
    pictures
}

fn scores(summary: &Summary) -> Picture {
    let methods: Vec<String> = summary
        .methods
        .iter()
        .filter(|m| *m != ORACLE)
        .cloned()
        .collect();
    let encoders: Vec<String> = summary.encoders.iter().map(|e| short(e.encoder)).collect();
    let shape = (methods.len(), encoders.len());
    let values = Array2::from_shape_fn(shape, |(method, encoder)| {
        let pair = summary.pair(summary.encoders[encoder].encoder, &methods[method]);
        pair.map_or(f64::NAN, |pair| pair.auroc.mean)
    });
    let figure = HeatMap::new(values.view())
        .title("Mean auROC of every map against the true one")
        .rows("method")
        .columns("encoder")
        .value("auROC")
        .row_names(&methods)
        .column_names(&encoders)
        .range(0.5, 1.0)
        .size(960.0, 460.0)
        .draw();
    let caption = "0.5 is chance; a map below chance has the colour of chance.";
    Picture::new("table1-scores", figure, caption)
}

/// A name for a narrow column.
fn short(encoder: &str) -> String {
    encoder.replace("time-contrastive", "time")
}

fn bars(summary: &Summary) -> Picture {
    let mut chart = BarChart::new("auROC, mean over data sets, 95 % interval")
        .title("Inverted and plain neuron gradient")
        .reference(0.5, "chance");
    for method in SHOWN {
        for e in &summary.encoders {
            if let Some(pair) = summary.pair(e.encoder, method) {
                let name = format!("{}, {method}", e.encoder);
                let a = pair.auroc;
                chart = chart.interval(&name, rounded(a.mean), a.low, a.high);
            }
        }
    }
    let caption = format!("Over {} data sets.", summary.data_sets);
    Picture::new("table1-bars", chart.draw(), caption)
}

/// Three digits, as in the table.
fn rounded(value: f64) -> f64 {
    (1000.0 * value).round() / 1000.0
}

/// The ING over the number of latents, if there are several.
fn by_dims(summary: &Summary) -> Option<Picture> {
    let several = summary.encoders.first()?.ing_by_dims.len() > 1;
    let mut chart = LineChart::new("number of latents d", "auROC")
        .title("Inverted neuron gradient, mean over seeds")
        .size(720.0, 340.0);
    for e in &summary.encoders {
        let points = e.ing_by_dims.iter().map(|&(d, score)| (d as f64, score));
        chart = chart.series(e.encoder, points);
    }
    let caption = "One curve an encoder.";
    several.then(|| Picture::new("table1-by-d", chart.draw(), caption))
}

/// The true map and, for the middle number of latents and the first seed, maps that were found.
fn maps(cells: &[Measured]) -> Vec<Picture> {
    let mut dims: Vec<usize> = cells.iter().map(|(s, _)| s.dims).collect();
    dims.sort_unstable();
    let Some(&d) = dims.get(dims.len() / 2) else {
        return Vec::new();
    };
    let mut pictures = Vec::new();
    if let Ok(truth) = Connectivity::paper_protocol(d) {
        let figure = HeatMap::of_mask(truth.map().view(), "depends", "does not")
            .title("Truth")
            .rows("input channel")
            .columns("latent")
            .row_groups(&GROUPS)
            .draw();
        let caption = "Which channel depends on which latent.";
        pictures.push(Picture::new("table1-map-truth", figure, caption));
    }
    for (encoder, method) in [
        (CLAIM.0.name(), "ing"),
        (CLAIM.0.name(), "neuron-gradient"),
        ("supervised + reg", "ing"),
    ] {
        let mut first = cells.iter();
        let first = first.find(|(s, _)| s.seed == 0 && s.dims == d && s.encoder.name() == encoder);
        let Some((_, outcome)) = first else { continue };
        let Some(rows) = outcome.maps.get(method) else {
            continue;
        };
        let flat: Vec<f64> = rows.iter().flatten().copied().collect();
        let Ok(map) = ArrayView2::from_shape((rows.len(), d), &flat) else {
            continue;
        };
        let channels: Vec<String> = (0..rows.len()).map(|c| c.to_string()).collect();
        let title = format!("{encoder}, {method}");
        let figure = attribution_map(&title, "mean |attribution|", map, &channels, &GROUPS);
        let score = outcome.auroc.get(method).copied().unwrap_or(f64::NAN);
        let name = format!("table1-map-{}-{method}", encoder.replace(" + ", "-"));
        let caption = format!("d = {d}, seed 0: auROC {score:.3}.");
        pictures.push(Picture::new(name, figure, caption));
    }
    pictures
}

/// Rows of the maps.
const GROUPS: [(&str, usize); 2] = [("x1", 25), ("x2", 25)];
