//! Attribution maps of a file, one for each method, with the tests of their entries.

use ndarray::{Array2, ArrayD, ArrayView2, Ix2};
use xcebra_attr::methods::title;

use super::Arrays;
use crate::report::{HeatMap, Report, attribution_map};

/// Maps beside that of a method: the ending of the array's name, the title, what its values are, the caption.
const FURTHER: [(&str, &str, &str, &str); 4] = [
    (
        "comparable",
        ", comparable",
        "effect / mean effect of the latent",
        "In units that can be compared between latents: an average input has 1.",
    ),
    (
        "effect",
        ": effects",
        "effect",
        "The change of an input, in its standard deviations, when the latents move by one standard deviation.",
    ),
    (
        "signed",
        ", with its sign",
        "mean attribution",
        "Mean over samples.",
    ),
    (
        "max",
        ", largest",
        "max |attribution|",
        "The largest absolute attribution of any sample.",
    ),
];

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
    if arrays.by_name.get(method)?.ndim() != 2 {
        return None;
    }
    let map = arrays.take(method)?.into_dimensionality::<Ix2>().ok()?;
    let name = title(method);
    let channels: Vec<String> = (0..map.nrows()).map(|i| i.to_string()).collect();
    let figure = attribution_map(name, "mean |attribution|", map.view(), &channels, &[]);
    let mut report = Report::new(name).lead(&strongest(&map)).figure(
        figure,
        "Mean over samples of the absolute attribution, inputs × latents, both counted from 0.",
    );
    let mut take = |ending: &str| {
        let array = arrays.take(&format!("{method}_{ending}"))?;
        array.into_dimensionality::<Ix2>().ok()
    };
    for (ending, what, value, caption) in FURTHER {
        let Some(values) = take(ending) else { continue };
        let figure = plain(&values, &format!("{name}{what}")).value(value);
        let figure = if ending == "signed" {
            figure.signed()
        } else {
            figure
        };
        report = report.figure(figure.draw(), caption);
    }
    if let Some(verdicts) = take("verdict") {
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
    if let Some(q) = take("q") {
        let figure = plain(&q, &format!("{name}: q-values"))
            .range(0.0, 1.0)
            .value("q");
        report = report.figure(
            figure.draw(),
            "The expected share of false discoveries if this entry and all with smaller q-values are called connected.",
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

pub(super) fn matrix(array: &ArrayD<f64>) -> Option<ArrayView2<'_, f64>> {
    array.view().into_dimensionality::<Ix2>().ok()
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
