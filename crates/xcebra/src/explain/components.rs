//! Pictures of components, parts and bands.

use cdig::axes::AxisLabels;
use ndarray::{Array1, Array2};

use crate::explain::reading::{bars, reduced};
use crate::explain::summary::{cancelled, counted};
use crate::explain::{Bands, View};
use crate::report::{Figure, Panels};

/// Most lanes that a reader can take in.
const MOST_COURSES: usize = 4;

impl View<'_> {
    /// One bar for each entry of the axis.
    pub(super) fn totals(&self, axis: &AxisLabels, sums: &Array1<f64>) -> Figure {
        let words = (0..sums.len()).map(|i| axis.describe(i).unwrap_or_default());
        bars(words.zip(sums.iter().copied()))
    }

    pub(super) fn courses(
        &self,
        axis: &AxisLabels,
        time: &AxisLabels,
        attribution: &Array2<f64>,
    ) -> Figure {
        let title = self.time_title();
        let mut order: Vec<usize> = (0..attribution.nrows()).collect();
        let size = |i: usize| attribution.row(i).iter().map(|a| a.abs()).sum::<f64>();
        order.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
        order.truncate(MOST_COURSES);
        let mut figure = Panels::new(title).title("Over time").size(720.0, 80.0);
        for i in order {
            let times = time.ticks.numbers().iter().copied();
            let points = times.zip(attribution.row(i).to_vec());
            figure = figure.bars(&axis.describe(i).unwrap_or_default(), points);
        }
        figure.draw()
    }

    /// One bar for each named band, and what it adds up.
    pub(super) fn named_bands(&self, bands: &Bands) -> (Figure, String) {
        let sums = bands.sums(&self.attribution, 0);
        let sums = reduced(&sums, &[bands.axis], |sum, a| sum + a);
        let axes = &self.built.axes;
        let mut over = vec!["each band".to_owned()];
        let others = (0..axes.len()).filter(|&i| i != bands.axis && axes[i].len() > 1);
        over.extend(others.map(|i| counted(&axes[i])));
        let share = cancelled(sums.iter().copied(), self.absolute.sum());
        let caption = format!("The named bands.{}", self.sums_over(&over, share));
        let names = bands.bands.iter().map(|band| band.name.clone());
        (bars(names.zip(sums.iter().copied())), caption)
    }
}
