//! From arrays of coefficients to what a picture shows of them.

use cdig::axes::{AxisLabels, Ticks, Tile};
use ndarray::{Array1, Array2, ArrayD, Axis, Ix1, Ix2};

use crate::report::{BarChart, Figure};

/// Most bars that a reader can take in.
pub(super) const MOST_BARS: usize = 20;

pub(super) fn bars(named: impl Iterator<Item = (String, f64)>) -> Figure {
    let mut all: Vec<(String, f64)> = named.collect();
    let largest = all.iter().map(|(_, a)| a.abs()).fold(0.0, f64::max);
    // rounding is nothing to read
    let rounding = |a: f64| a.abs() < 1e-6 * largest;
    all.iter_mut()
        .filter(|(_, a)| rounding(*a))
        .for_each(|(_, a)| *a = 0.0);
    if all.len() > MOST_BARS {
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        all.truncate(MOST_BARS);
    }
    let chart = BarChart::new("attribution").signed();
    all.iter()
        .fold(chart, |chart, (name, value)| chart.bar(name, *value))
        .draw()
}

pub(super) fn tiles(axis: &AxisLabels) -> &[Tile] {
    match &axis.ticks {
        Ticks::Tiles(tiles) => tiles,
        _ => &[],
    }
}

/// The array with the axes `kept` in that order, all others combined.
pub(super) fn reduced(
    array: &ArrayD<f64>,
    kept: &[usize],
    combine: fn(f64, f64) -> f64,
) -> ArrayD<f64> {
    let others: Vec<usize> = (0..array.ndim()).filter(|i| !kept.contains(i)).collect();
    let order: Vec<usize> = kept.iter().chain(&others).copied().collect();
    let mut array = array.view().permuted_axes(order).to_owned();
    while array.ndim() > kept.len() {
        let last = Axis(array.ndim() - 1);
        array = array.fold_axis(last, 0.0, |sum, value| combine(*sum, *value));
    }
    array
}

pub(super) fn vector(array: &ArrayD<f64>) -> Array1<f64> {
    array
        .clone()
        .into_dimensionality::<Ix1>()
        .expect("one axis is kept")
}

pub(super) fn matrix(array: &ArrayD<f64>) -> Array2<f64> {
    array
        .clone()
        .into_dimensionality::<Ix2>()
        .expect("two axes are kept")
}

/// A signal as `(channels, time)`.
pub(crate) fn by_channel(signal: &ArrayD<f64>, time_axis: usize) -> Array2<f64> {
    let mut order: Vec<usize> = (0..signal.ndim()).filter(|&i| i != time_axis).collect();
    order.push(time_axis);
    let time = signal.len_of(Axis(time_axis)).max(1);
    let values: Vec<f64> = signal.view().permuted_axes(order).iter().copied().collect();
    Array2::from_shape_vec((values.len() / time, time), values).expect("as many entries")
}

/// A number with as many digits as a sentence bears.
pub(super) fn short(value: f64) -> String {
    crate::report::number((value * 1e4).round() / 1e4)
}
