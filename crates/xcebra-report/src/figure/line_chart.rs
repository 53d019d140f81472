//! Curves over a common axis.

use serde_json::{Value, json};

use crate::figure::frame::{
    Area, BELOW, LINE, Mark, dashes, figure, heading, label_width, legend, x_axis, x_ticks, y_axis,
    y_ticks,
};
use crate::figure::numbers::{curve, curve_numbers};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Dashes, Ink, Scene};
use crate::figure::words::{title, with_unit};
use crate::figure::{Change, Figure};

/// A chart of one or several curves, such as a loss over training steps.
///
/// Curves of many points keep their smallest and largest value in each column of pixels.
///
/// ```
/// use xcebra_report::LineChart;
///
/// let loss = (0..100).map(|step| (step as f64, (-0.05 * step as f64).exp()));
/// let figure = LineChart::new("step", "loss").series("training", loss).log_y().draw();
/// assert!(figure.alt().contains("training"));
/// ```
#[derive(Debug, Clone)]
pub struct LineChart {
    title: String,
    x: String,
    y: String,
    series: Vec<(String, Vec<(f64, f64)>)>,
    marks: Vec<(f64, String)>,
    log_x: bool,
    log_y: bool,
    zero: bool,
    size: (f64, f64),
    /// Of the numbers that a page carries.
    share: f64,
}

impl LineChart {
    /// A chart with the titles of its axes.
    pub fn new(x: &str, y: &str) -> Self {
        Self {
            title: String::new(),
            x: x.to_owned(),
            y: y.to_owned(),
            series: Vec::new(),
            marks: Vec::new(),
            log_x: false,
            log_y: false,
            zero: false,
            size: (720.0, 300.0),
            share: 1.0,
        }
    }

    /// Title above the chart.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Adds a curve; points that are not finite leave a gap.
    pub fn series(mut self, name: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.series
            .push((name.to_owned(), points.into_iter().collect()));
        self
    }

    /// Marks a position on the horizontal axis with a dashed line and a word.
    pub fn mark(mut self, x: f64, word: &str) -> Self {
        self.marks.push((x, word.to_owned()));
        self
    }

    /// A logarithmic horizontal axis; points at zero or below are left out.
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// A logarithmic vertical axis; points at zero or below are left out.
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// A vertical axis that begins or ends at zero.
    pub fn from_zero(mut self) -> Self {
        self.zero = true;
        self
    }

    /// Width and height in pixels.
    pub fn size(mut self, width: f64, height: f64) -> Self {
        self.size = (width.max(200.0), height.max(140.0));
        self
    }

    /// Draws the chart.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |chart, change| match change {
            Change::Width(width) => {
                let height = chart.size.1;
                chart.size(width, height)
            }
            Change::Share(share) => Self { share, ..chart },
        })
    }

    fn drawn(&self) -> Figure {
        let data = self.points().next().is_some();
        let curves: Vec<(&str, &[(f64, f64)])> = self
            .series
            .iter()
            .map(|(name, points)| (name.as_str(), points.as_slice()))
            .collect();
        let numbers = curve_numbers(&self.x, &curves);
        figure(self.size, self.alt(), data, |scene| self.draw_in(scene)).with_numbers(numbers)
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let all = self
            .series
            .iter()
            .flat_map(|(_, points)| points.iter().copied());
        all.filter(|&(x, y)| self.drawable(x, self.log_x) && self.drawable(y, self.log_y))
    }

    fn drawable(&self, value: f64, logarithmic: bool) -> bool {
        value.is_finite() && (!logarithmic || value > 0.0)
    }

    fn draw_in(&self, scene: &mut Scene) -> Value {
        let mut top = heading(scene, &self.title);
        if self.series.len() > 1 {
            let entry = |(i, (name, _)): (usize, &(String, _))| {
                (name.clone(), Ink::Series(i), Mark::Line(self.dashes(i)))
            };
            let entries: Vec<_> = self.series.iter().enumerate().map(entry).collect();
            let entries: Vec<_> = entries
                .iter()
                .map(|(n, i, m)| (n.as_str(), *i, *m))
                .collect();
            top += legend(scene, top, 0.0, &entries);
        }
        let mut y_range = range(self.points().map(|point| point.1));
        if self.zero && !self.log_y {
            y_range = (y_range.0.min(0.0), y_range.1.max(0.0));
        }
        let y_scale = |pixels| match self.log_y {
            true => Scale::logarithmic(y_range, pixels),
            false => Scale::linear(y_range, pixels),
        };
        let (top, bottom) = (top + LINE + 4.0, scene.height - BELOW);
        let y = y_scale((bottom, top));
        // a logarithmic axis of less than a decade is clearer without its ends rounded
        let y = match self.log_y && y_range.1 / y_range.0 < 30.0 {
            true => y,
            false => y.rounded(((bottom - top) / 45.0) as usize),
        };
        let ticks = y_ticks(&y, bottom - top);
        let area = Area {
            left: label_width(ticks.iter().map(|tick| tick.1.as_str())),
            top,
            right: scene.width - 12.0,
            bottom,
        };
        let x_range = range(self.points().map(|point| point.0));
        let x = match self.log_x {
            true => Scale::logarithmic(x_range, area.x_pixels()),
            false => {
                Scale::linear(x_range, area.x_pixels()).snapped((area.width() / 90.0) as usize)
            }
        };
        y_axis(scene, &area, &ticks);
        x_axis(scene, &area, &x_ticks(&x, area.width()), &self.x);
        scene.text((0.0, area.top - 12.0), &self.y, Anchor::Start);
        for (position, word) in self.marks.iter().filter(|mark| x.holds(mark.0)) {
            let at = x.position(*position);
            if at < area.left || at > area.right {
                continue;
            }
            scene.polyline(
                vec![(at, area.top), (at, area.bottom)],
                Ink::Muted,
                1.0,
                &[4.0, 3.0],
            );
            let anchor = if at > area.right - 90.0 {
                Anchor::End
            } else {
                Anchor::Start
            };
            let shift = if anchor == Anchor::End { -4.0 } else { 4.0 };
            scene.styled(
                (at + shift, area.top + 11.0),
                word,
                12,
                anchor,
                Ink::Muted,
                false,
            );
        }
        let mut behind = Vec::new();
        for (i, (name, points)) in self.series.iter().enumerate() {
            scene.group("series", |scene| {
                for run in points.split(|point| !x.holds(point.0) || !y.holds(point.1)) {
                    let pixels = run
                        .iter()
                        .map(|point| (x.position(point.0), y.position(point.1)));
                    scene.polyline(thin(pixels), Ink::Series(i), 1.8, self.dashes(i));
                }
            });
            behind.push(curve(name, &y, (self.log_y, false), points, self.share));
        }
        json!({
            "kind": "lines",
            "area": area.corners(),
            "x": [x.ends().0, x.ends().1],
            "log": self.log_x,
            "column": self.x,
            "series": behind,
        })
    }

    /// Dashes tell series apart without colour; on curves with several points a pixel they would
    /// only look like noise.
    fn dashes(&self, series: usize) -> Dashes {
        let dense = self.series[series].1.len() as f64 > 2.0 * self.size.0;
        if dense { &[] } else { dashes(series) }
    }

    fn alt(&self) -> String {
        let (low, high) = range(self.points().map(|point| point.1));
        // rounding is nothing to read
        let tidy = |y: f64| match y.abs() < 1e-9 * low.abs().max(high.abs()) && !self.log_y {
            true => number(0.0),
            false => number(y),
        };
        let curve = |(name, points): &(String, Vec<(f64, f64)>)| {
            let drawn =
                |p: &&(f64, f64)| self.drawable(p.0, self.log_x) && self.drawable(p.1, self.log_y);
            let drawn: Vec<&(f64, f64)> = points.iter().filter(drawn).collect();
            match drawn[..] {
                [] => format!("{name} without points"),
                [only] => format!("{name} {} at {}", tidy(only.1), with_unit(&self.x, only.0)),
                [first, .., last] => {
                    format!("{name} from {} to {}", tidy(first.1), tidy(last.1))
                }
            }
        };
        let curves: Vec<String> = self.series.iter().map(curve).collect();
        let curves = match curves.is_empty() {
            true => "no curves".to_owned(),
            false => curves.join(", "),
        };
        format!(
            "{}: {} against {}: {curves}.",
            title(&self.title, "Line chart"),
            self.y,
            self.x
        )
    }
}

/// Points that fall into one column of pixels become its first, lowest, highest and last.
pub(crate) fn thin(points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = points.into_iter().collect();
    let column = |point: &(f64, f64)| point.0.floor();
    let mut kept = Vec::new();
    for group in points.chunk_by(|a, b| column(a) == column(b)) {
        if group.len() <= 4 {
            kept.extend_from_slice(group);
            continue;
        }
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = [
            group.first(),
            group.iter().min_by(by_height),
            group.iter().max_by(by_height),
            group.last(),
        ];
        kept.extend(ends.into_iter().flatten());
    }
    kept
}
