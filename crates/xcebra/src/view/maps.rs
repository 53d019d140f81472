//! Attribution maps of a file, one for each method, with the tests of their entries.

use ndarray::{Array2, ArrayD, Ix2};
use xcebra_attr::methods::title;

use super::Arrays;
use crate::report::{HeatMap, Report, attribution_map};

/// Adds the maps: arrays `NAME` with `NAME_signed` beside them, as `xcebra attribute` writes them.
pub(super) fn show(report: Report, arrays: &mut Arrays) -> Report {
    let stems = arrays.stems("_signed").into_iter();
    let methods: Vec<String> = stems
        .filter(|stem| arrays.by_name.contains_key(stem))
        .collect();
    let parts: Vec<Report> = methods
        .iter()
        .filter_map(|method| part(method, arrays))
        .collect();
    match parts.is_empty() {
        true => report,
        false => report.choice("method", parts),
    }
}

fn part(method: &str, arrays: &mut Arrays) -> Option<Report> {
    let map = matrix(arrays.by_name.get(method)?)?;
    arrays.take(method);
    let name = title(method);
    let channels: Vec<String> = (0..map.nrows()).map(|i| i.to_string()).collect();
    let figure = attribution_map(name, "mean |attribution|", map.view(), &channels, &[]);
    let mut report = Report::new(name).lead(&strongest(&map)).figure(
        figure,
        "Mean over samples of the absolute attribution, inputs × latents, both counted from 0.",
    );
    let mut take = |ending: &str| arrays.take(&format!("{method}_{ending}"));
    if let Some(comparable) = take("comparable").and_then(|array| matrix(&array)) {
        let figure = plain(&comparable, &format!("{name}, comparable"));
        report = report.figure(
            figure.value("effect / mean effect of the latent").draw(),
            "In units that are comparable between latents: 1 is what an average input has.",
        );
    }
    if let Some(effects) = take("effect").and_then(|array| matrix(&array)) {
        let figure = plain(&effects, &format!("{name}: effects")).value("effect");
        report = report.figure(
            figure.draw(),
            "The change of an input, in its standard deviations, when the latents move by one standard deviation.",
        );
    }
    if let Some(signed) = take("signed").and_then(|array| matrix(&array)) {
        let figure = plain(&signed, &format!("{name}, with its sign")).signed();
        report = report.figure(
            figure.value("mean attribution").draw(),
            "Mean over samples.",
        );
    }
    if let Some(largest) = take("max").and_then(|array| matrix(&array)) {
        let figure = plain(&largest, &format!("{name}, largest")).value("max |attribution|");
        report = report.figure(
            figure.draw(),
            "The largest absolute attribution of any sample.",
        );
    }
    if let Some(verdicts) = take("verdict").and_then(|array| matrix(&array)) {
        let names = ["not connected", "undecided", "connected"];
        // -1, 0 and 1 in the file; what is neither is drawn grey
        let class = |v: &f64| match *v {
            -1.0 => 0,
            0.0 => 1,
            1.0 => 2,
            _ => names.len(),
        };
        let figure = HeatMap::of_classes(verdicts.map(class).view(), &names)
            .title(&format!("{name}: which entries are real"))
            .rows("input channel")
            .columns("latent");
        report = report.figure(
            figure.draw(),
            "Decided by comparison with encoders that were trained again.",
        );
    }
    if let Some(q) = take("q").and_then(|array| matrix(&array)) {
        let figure = plain(&q, &format!("{name}: q-values"))
            .range(0.0, 1.0)
            .value("q");
        report = report.figure(
            figure.draw(),
            "The share of false discoveries among entries with a q-value as small.",
        );
    }
    Some(report)
}

fn plain(values: &Array2<f64>, title: &str) -> HeatMap {
    HeatMap::new(values.view())
        .title(title)
        .rows("input channel")
        .columns("latent")
}

pub(super) fn matrix(array: &ArrayD<f64>) -> Option<Array2<f64>> {
    array.clone().into_dimensionality::<Ix2>().ok()
}

/// The largest entry in a sentence.
fn strongest(map: &Array2<f64>) -> String {
    let finite = map.indexed_iter().filter(|entry| entry.1.is_finite());
    match finite.max_by(|a, b| a.1.total_cmp(b.1)) {
        Some(((i, j), value)) => format!(
            "The strongest entry is input {i} for latent {j}: {}.",
            crate::report::number(*value)
        ),
        None => "There are no values.".to_owned(),
    }
}
