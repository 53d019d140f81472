//! Attribution maps of a file, one for each method, with the tests of their entries.

use ndarray::{Array2, ArrayD, ArrayView2, Ix2};
use xcebra_attr::methods::title;

use super::arrays::Arrays;
use crate::Result;
use crate::attribute::heads::on_head;
use crate::pictures::map_of_sizes;
use crate::report::{HeatMap, Report};

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

/// What the axes of maps are.
struct Axes {
    /// Names of the inputs, if the file has them.
    channels: Option<Vec<String>>,
    /// What a column is.
    column: String,
    /// Names of the columns, if the file has them.
    columns: Vec<String>,
}

/// Adds the maps: arrays `NAME` with `NAME_signed` beside them, as `xcebra attribute` writes them.
pub(super) fn show(report: Report, arrays: &mut Arrays) -> Result<Report> {
    let stems = arrays.stems("_signed").into_iter();
    let methods: Vec<String> = stems.filter(|stem| arrays.shape(stem).is_some()).collect();
    if methods.is_empty() {
        return Ok(report);
    }
    let column = arrays
        .words("", "map_axes")?
        .and_then(|axes| axes.last().cloned());
    let column = column.unwrap_or_else(|| "latent".to_owned());
    let axes = Axes {
        channels: arrays.channels("")?,
        columns: arrays
            .words("", &format!("{column}_names"))?
            .unwrap_or_default(),
        column,
    };
    let mut parts = Vec::new();
    for method in &methods {
        parts.extend(part(method, arrays, &axes)?);
    }
    Ok(match parts.is_empty() {
        true => report,
        false => report.choice("method", parts),
    })
}

fn part(method: &str, arrays: &mut Arrays, axes: &Axes) -> Result<Option<Report>> {
    let Some(&[rows, _]) = arrays.shape(method) else {
        return Ok(None);
    };
    let Some(map) = take(arrays, method)? else {
        return Ok(None);
    };
    let name = title(method);
    let known = axes.channels.as_ref().filter(|names| names.len() == rows);
    let channels = match known {
        Some(names) => names.clone(),
        None => (0..rows).map(|i| i.to_string()).collect(),
    };
    let column = axes.column.as_str();
    let columns_known = Some(&axes.columns).filter(|names| names.len() == map.ncols());
    let figure = named(
        map_of_sizes(name, "mean |attribution|", map.view()).columns(column),
        (known, columns_known),
    );
    let counted = match (known, columns_known) {
        (None, None) => ", both counted from 0",
        (Some(_), None) => ", the latter counted from 0",
        (None, Some(_)) => ", the former counted from 0",
        (Some(_), Some(_)) => "",
    };
    let caption =
        format!("Mean over samples of the absolute attribution, inputs × {column}s{counted}.");
    let lead = strongest(&map, (known, columns_known), column);
    let mut report = Report::new(name)
        .lead(&lead)
        .figure(figure.draw(), &caption);
    if let Some((figure, caption)) = on_head(name, map.view(), column, &channels) {
        report = report.figure(figure, &caption);
    }
    let plain = |values: &Array2<f64>, title: &str| {
        // wide enough for the title
        let (rows, columns) = values.dim();
        let width = (columns as f64 * 26.0).clamp(160.0, 560.0) + 170.0;
        let height = (rows as f64 * 9.0).clamp(120.0, 460.0) + 104.0;
        let map = HeatMap::new(values.view()).title(title).size(width, height);
        named(
            map.rows("input channel").columns(column),
            (known, columns_known),
        )
    };
    let mut take = |ending: &str| take(arrays, &format!("{method}_{ending}"));
    for (ending, what, value, caption) in FURTHER {
        let Some(values) = take(ending)? else {
            continue;
        };
        let figure = plain(&values, &format!("{name}{what}")).value(value);
        let figure = if ending == "signed" {
            figure.signed()
        } else {
            figure
        };
        report = report.figure(figure.draw(), caption);
    }
    if let Some(verdicts) = take("verdict")? {
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
            .columns(column);
        report = report.figure(
            named(figure, (known, columns_known)).draw(),
            "Decided by comparison with encoders that were trained again.",
        );
    }
    if let Some(q) = take("q")? {
        let figure = plain(&q, &format!("{name}: q-values"))
            .range(0.0, 1.0)
            .value("q");
        report = report.figure(
            figure.draw(),
            "The expected share of false discoveries if this entry and all with smaller q-values are called connected.",
        );
    }
    Ok(Some(report))
}

/// The names of rows and of columns, where they are known.
type Known<'a> = (Option<&'a Vec<String>>, Option<&'a Vec<String>>);

fn named(map: HeatMap, (rows, columns): Known<'_>) -> HeatMap {
    let map = rows.iter().fold(map, |map, names| map.row_names(names));
    columns
        .iter()
        .fold(map, |map, names| map.column_names(names))
}

/// A matrix, which is taken out of the arrays.
fn take(arrays: &mut Arrays, name: &str) -> Result<Option<Array2<f64>>> {
    if arrays.shape(name).is_none_or(|shape| shape.len() != 2) {
        return Ok(None);
    }
    let found = arrays.take(name)?;
    Ok(found.and_then(|array| array.into_dimensionality::<Ix2>().ok()))
}

pub(super) fn matrix(array: &ArrayD<f64>) -> Option<ArrayView2<'_, f64>> {
    array.view().into_dimensionality::<Ix2>().ok()
}

/// The largest entry in a sentence.
fn strongest(map: &Array2<f64>, (channels, columns): Known<'_>, column: &str) -> String {
    let input = |i: usize| match channels {
        Some(names) => names[i].clone(),
        None => format!("input {i}"),
    };
    let output = |j: usize| columns.map_or_else(|| j.to_string(), |names| names[j].clone());
    let finite = map.indexed_iter().filter(|entry| entry.1.is_finite());
    match finite.max_by(|a, b| a.1.total_cmp(b.1)) {
        Some(((i, j), value)) => format!(
            "The strongest entry is {} for {column} {}: {}.",
            input(i),
            output(j),
            crate::report::number(*value)
        ),
        None => "There are no values.".to_owned(),
    }
}
