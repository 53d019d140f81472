//! Attributions of coefficients, as `xcebra explain` writes them: by signal, over frequency, time and channels.

use ndarray::{Array2, ArrayD, ArrayViewD, Axis, Ix2};

use super::Arrays;
use crate::explain::channel_maps::{ChannelMap, cancelled_in_sum};
use crate::report::{BarChart, Figure, Panels, Report, TileMap};

/// Signals, outputs and groups with separate pictures.
const MOST_PARTS: usize = 6;
/// Coefficients that are listed.
const MOST_BARS: usize = 20;
/// Arrays along an axis of coefficients, with the title of that axis.
const AXES: [(&str, &str); 5] = [
    ("frequency_hz", "frequency (Hz)"),
    ("quefrency_s", "quefrency (s)"),
    ("time_s", "time (s)"),
    ("time_samples", "time (samples)"),
    ("low_hz", "lower edge of the band (Hz)"),
];

/// An axis of coefficients with numbers along it.
struct Along {
    axis: usize,
    title: &'static str,
    at: Vec<f64>,
}

/// The axes before those of the coefficients, as the array `value` (signals,) or (signals, outputs) tells them.
struct Leading {
    signals: usize,
    /// The numbers of the outputs, if there is an axis of them.
    outputs: Option<Vec<usize>>,
}

impl Leading {
    fn of(arrays: &Arrays) -> Self {
        let shape = arrays.by_name.get("value").map_or(&[][..], ArrayD::shape);
        let outputs = shape.get(1).map(|&count| {
            let listed = arrays.by_name.get("output");
            let listed = listed.filter(|listed| listed.len() == count);
            match listed {
                Some(listed) => listed.iter().map(|&k| k as usize).collect(),
                None => (0..count).collect(),
            }
        });
        Self {
            signals: shape.first().copied().unwrap_or(1),
            outputs,
        }
    }

    /// Whether an attribution has an axis of signals first.
    fn is_batch(&self, shape: &[usize]) -> bool {
        let behind = match &self.outputs {
            // that of outputs comes behind it
            Some(outputs) => shape.get(1) == Some(&outputs.len()),
            None => shape.len() > 1 && self.signals > 1,
        };
        behind && shape[0] == self.signals
    }
}

/// Adds the attributions, one part for each domain.
pub(super) fn show(report: Report, arrays: &mut Arrays) -> Report {
    let leading = Leading::of(arrays);
    let prefixes = arrays.stems("attribution").into_iter();
    // sums over bands are drawn with the other arrays, means of groups with their domain
    let of_domain = |p: &str| {
        let other = ["band_", "group_", "group_absolute_"];
        (p.is_empty() || p.ends_with('_')) && !other.iter().any(|ending| p.ends_with(ending))
    };
    let prefixes: Vec<String> = prefixes.filter(|p| of_domain(p)).collect();
    let parts: Vec<Report> = prefixes
        .iter()
        .filter_map(|prefix| part(prefix, &leading, arrays))
        .collect();
    match parts.len() {
        0 => report,
        _ => report.choice("domain", parts),
    }
}

fn part(prefix: &str, leading: &Leading, arrays: &mut Arrays) -> Option<Report> {
    let attribution = arrays.take(&format!("{prefix}attribution"))?;
    let groups = arrays.take(&format!("{prefix}group_attribution"));
    let batch = leading.is_batch(attribution.shape());
    let before = usize::from(batch) + usize::from(leading.outputs.is_some());
    let found = axes(prefix, attribution.shape().get(before..)?, arrays);
    let shown = |title: &str, array: ArrayViewD<'_, f64>, value: &str| {
        let report = Report::new(title);
        match &leading.outputs {
            None => add(report, &array.to_owned(), &found, value),
            Some(outputs) => {
                let each = outputs.iter().take(MOST_PARTS).zip(array.outer_iter());
                let parts = each.map(|(k, one)| {
                    let report = Report::new(&format!("output {k}"));
                    add(report, &one.to_owned(), &found, value)
                });
                report.choice("output", parts.collect::<Vec<_>>())
            }
        }
    };
    let name = match prefix.trim_end_matches('_') {
        "" => "Attribution",
        name => name,
    };
    if !batch {
        return Some(shown(name, attribution.view(), "attribution"));
    }
    let mut report = Report::new(name);
    if let Some(groups) = groups {
        let each = groups.outer_iter().enumerate().take(MOST_PARTS);
        let parts = each.map(|(i, mean)| shown(&format!("group {i}"), mean, "mean attribution"));
        report = report.choice("group", parts.collect::<Vec<_>>());
    }
    let sizes = attribution.mapv(f64::abs).mean_axis(Axis(0))?;
    let all = format!("mean of absolute values over {} signals", leading.signals);
    let mut parts = vec![shown(&all, sizes.view(), "mean |attribution|")];
    let each = attribution.outer_iter().enumerate().take(MOST_PARTS);
    parts.extend(each.map(|(i, one)| shown(&format!("signal {i}"), one, "attribution")));
    Some(report.choice("signal", parts))
}

/// The axes of coefficients that have numbers in the file, the last of the same length first.
fn axes(prefix: &str, shape: &[usize], arrays: &Arrays) -> Vec<Along> {
    let mut found: Vec<Along> = Vec::new();
    for (name, title) in AXES {
        let Some(at) = arrays.by_name.get(&format!("{prefix}{name}")) else {
            continue;
        };
        let free = |axis: &usize| shape[*axis] == at.len() && found.iter().all(|f| f.axis != *axis);
        // frequency stands before time, channels before both
        let candidates: Vec<usize> = (0..shape.len()).filter(free).collect();
        let frequency = name != "time_s" && name != "time_samples";
        let both = frequency
            && ["time_s", "time_samples"].iter().any(|time| {
                arrays
                    .by_name
                    .get(&format!("{prefix}{time}"))
                    .is_some_and(|t| t.len() == at.len())
            });
        let axis = match candidates.len() {
            0 => continue,
            n if both && n > 1 => candidates[n - 2],
            n => candidates[n - 1],
        };
        found.push(Along {
            axis,
            title,
            at: at.iter().copied().collect(),
        });
    }
    found
}

fn add(report: Report, attribution: &ArrayD<f64>, along: &[Along], value: &str) -> Report {
    let total: f64 = attribution.iter().sum();
    let lead = format!("The values add up to {}.", crate::report::number(total));
    let report = report.lead(&lead);
    match along {
        [] => report.figure(
            strongest(attribution, value),
            "The coefficients with the largest absolute attributions.",
        ),
        [one] => {
            let (figure, caption) = over_one(attribution, one, value);
            report.figure(figure, &caption)
        }
        [first, second, ..] => {
            let plane = summed(attribution, &[first.axis, second.axis]);
            let lost = cancelled(&plane, attribution);
            let (figure, caption) = over_one(attribution, first, value);
            report
                .figure(
                    map(first, second, &plane, value),
                    &format!("Summed over all other axes; {lost} of the absolute attribution cancels in the sum."),
                )
                .figure(figure, &caption)
        }
    }
}

/// A map of channels over the axis; bars if there are no channels.
fn over_one(attribution: &ArrayD<f64>, along: &Along, value: &str) -> (Figure, String) {
    let others = (0..attribution.ndim()).filter(|axis| *axis != along.axis);
    // the first axis besides is that of channels; what comes after is summed
    let channels = others
        .into_iter()
        .find(|axis| attribution.shape()[*axis] > 1);
    match channels {
        None => {
            let sums = summed(attribution, &[along.axis]);
            let order = sorted(&along.at).into_iter();
            let points = order.map(|i| (along.at[i], sums[[i]]));
            let figure = Panels::new(along.title).bars(value, points);
            (
                figure.title("Attribution").draw(),
                "What each coefficient contributes.".to_owned(),
            )
        }
        Some(axis) => {
            let plane = summed(attribution, &[axis, along.axis]);
            let values = plane.view().into_dimensionality::<Ix2>();
            let map = ChannelMap {
                names: None,
                title: "Channels",
                axis: along.title,
                value,
            };
            let (figure, shown) = map.over_numbers(&along.at, values.expect("two axes are kept"));
            let caption = format!(
                "What each channel contributes. In the sums over other axes, {} of the absolute attribution cancels; {} \
                 of what is shown here cancels where channels are added up.",
                cancelled(&plane, attribution),
                crate::explain::percent(cancelled_in_sum(shown.view()))
            );
            (figure, caption)
        }
    }
}

fn map(rows: &Along, columns: &Along, plane: &ArrayD<f64>, value: &str) -> Figure {
    let (up, across) = (sorted(&rows.at), sorted(&columns.at));
    let pick = |order: &[usize], at: &[f64]| -> Vec<f64> { order.iter().map(|&i| at[i]).collect() };
    let values =
        Array2::from_shape_fn((up.len(), across.len()), |(i, j)| plane[[up[i], across[j]]]);
    TileMap::new(columns.title, rows.title)
        .title("Time and frequency")
        .value(value)
        .grid(
            &pick(&across, &columns.at),
            &pick(&up, &rows.at),
            values.view(),
        )
        .draw()
}

fn strongest(attribution: &ArrayD<f64>, value: &str) -> Figure {
    let mut entries: Vec<(String, f64)> = attribution
        .indexed_iter()
        .map(|(index, v)| (format!("{:?}", ndarray::Dimension::slice(&index)), *v))
        .filter(|entry| entry.1.is_finite())
        .collect();
    entries.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let bars = BarChart::new(value)
        .title("Strongest coefficients")
        .signed();
    let bars = entries
        .iter()
        .take(MOST_BARS)
        .fold(bars, |bars, (name, v)| bars.bar(name, *v));
    bars.draw()
}

/// The order of positions: frequencies of both signs may begin at zero.
fn sorted(at: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by(|&a, &b| at[a].total_cmp(&at[b]));
    order
}

/// The sum over all axes but `kept`, in this order.
fn summed(array: &ArrayD<f64>, kept: &[usize]) -> ArrayD<f64> {
    let mut order = kept.to_vec();
    order.extend((0..array.ndim()).filter(|axis| !kept.contains(axis)));
    let mut array = array.view().permuted_axes(order).to_owned();
    while array.ndim() > kept.len() {
        array = array.sum_axis(Axis(array.ndim() - 1));
    }
    array
}

/// The share of the absolute attribution that a sum loses, in percent.
fn cancelled(sums: &ArrayD<f64>, of: &ArrayD<f64>) -> String {
    let all: f64 = of.iter().map(|v| v.abs()).sum();
    crate::explain::percent(crate::explain::cancelled(sums.iter().copied(), all))
}
