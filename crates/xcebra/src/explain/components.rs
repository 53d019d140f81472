//! Pictures of components, parts and bands.

use cdig::AxisLabels;
use ndarray::{Array2, Axis};

use crate::explain::View;
use crate::explain::reading::{bars, numbers};
use crate::report::{Figure, Panels};

/// Most lanes that a reader can take in.
const MOST_COURSES: usize = 4;

impl View<'_> {
    /// Attribution added up over time, one bar a component.
    pub(super) fn totals(&self, axis: &AxisLabels, attribution: &Array2<f64>) -> Figure {
        let sums = attribution.sum_axis(Axis(1));
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
            let points = numbers(time)
                .iter()
                .copied()
                .zip(attribution.row(i).to_vec());
            figure = figure.bars(&axis.describe(i).unwrap_or_default(), points);
        }
        figure.draw()
    }

    pub(super) fn groups(&self, axis: usize) -> Figure {
        let labels = &self.built.labels;
        let groups = &labels.axes[axis].groups;
        bars(groups.iter().map(|group| {
            let sum = |&member: &usize| self.attribution.index_axis(Axis(axis), member).sum();
            (group.name.clone(), group.members.iter().map(sum).sum())
        }))
    }
}
