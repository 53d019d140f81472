//! Channels over time, each in its own lane, with spans of labels behind them.

use serde_json::{Value, json};

use crate::figure::frame::{
    Area, BELOW, LINE, Mark, figure, heading, label_width, legend, x_axis, x_ticks,
};
use crate::figure::line_chart::thin;
use crate::figure::numbers::{lane, listed_rows};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, SMALL, Scene, fit};
use crate::figure::words::{counted, listed, title};
use crate::figure::{Change, Figure};
use crate::page::Table;

/// Channels of a recording in lanes above each other, each on its own scale.
///
/// ```
/// use xcebra_report::TimeSeries;
///
/// let wave: Vec<f64> = (0..200).map(|t| (t as f64 * 0.1).sin()).collect();
/// let figure = TimeSeries::new("time (s)", 0.01)
///     .channel("ankle", &wave)
///     .spans_of(&wave.iter().map(|v| usize::from(*v > 0.9)).collect::<Vec<_>>(), &["", "freeze"])
///     .draw();
/// assert!(figure.alt().contains("freeze"));
/// ```
#[derive(Debug, Clone)]
pub struct TimeSeries {
    title: String,
    time: String,
    step: f64,
    start: f64,
    channels: Vec<(String, Vec<f64>)>,
    spans: Vec<(usize, usize, usize)>,
    labels: Vec<String>,
    width: f64,
    lane: f64,
    /// Of the numbers that a page carries.
    share: f64,
}

impl TimeSeries {
    /// A chart with the title of its time axis and the time between samples.
    pub fn new(time: &str, step: f64) -> Self {
        Self {
            title: String::new(),
            time: time.to_owned(),
            step,
            start: 0.0,
            channels: Vec::new(),
            spans: Vec::new(),
            labels: Vec::new(),
            width: 720.0,
            lane: 54.0,
            share: 1.0,
        }
    }

    /// Title above the chart.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Time of the first sample, 0 without.
    pub fn start(mut self, start: f64) -> Self {
        self.start = start;
        self
    }

    /// Adds a channel; values that are not finite leave a gap.
    pub fn channel(mut self, name: &str, values: &[f64]) -> Self {
        self.channels.push((name.to_owned(), values.to_vec()));
        self
    }

    /// Shades the samples `first..last` and explains them as `label`.
    pub fn span(mut self, first: usize, last: usize, label: &str) -> Self {
        let known = self.labels.iter().position(|known| known == label);
        let index = known.unwrap_or_else(|| {
            self.labels.push(label.to_owned());
            self.labels.len() - 1
        });
        if first < last {
            self.spans.push((first, last, index));
        }
        self
    }

    /// Shades runs of equal class, explained by the classes' names; a class without a name, or with
    /// an empty one, stays unshaded.
    pub fn spans_of(mut self, classes: &[usize], names: &[&str]) -> Self {
        let mut first = 0;
        for run in classes.chunk_by(|a, b| a == b) {
            let name = names.get(run[0]).copied().unwrap_or_default();
            if !name.is_empty() {
                self = self.span(first, first + run.len(), name);
            }
            first += run.len();
        }
        self
    }

    /// Width of the chart and height of a lane in pixels.
    pub fn size(mut self, width: f64, lane: f64) -> Self {
        (self.width, self.lane) = (width.max(200.0), lane.max(24.0));
        self
    }

    /// Draws the chart.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |series, change| match change {
            Change::Width(width) => {
                let lane = series.lane;
                series.size(width, lane)
            }
            Change::Share(share) => Self { share, ..series },
        })
    }

    fn drawn(&self) -> Figure {
        let lanes = self.lane * self.channels.len().max(1) as f64;
        let size = (self.width, lanes + BELOW + 2.0 * LINE + 24.0);
        let samples = self.channels.iter().map(|c| c.1.len()).max().unwrap_or(0);
        figure(size, self.alt(samples), samples > 0, |scene| {
            self.draw_in(scene, samples, lanes)
        })
        .with_numbers(self.numbers(samples))
    }

    fn numbers(&self, samples: usize) -> Table {
        let mut header = vec![self.time.as_str()];
        header.extend(self.channels.iter().map(|channel| channel.0.as_str()));
        let row = |t: usize| {
            let time = number(self.start + t as f64 * self.step);
            let values = self
                .channels
                .iter()
                .map(|channel| channel.1.get(t).map_or(String::new(), |v| number(*v)));
            std::iter::once(time).chain(values).collect()
        };
        listed_rows(&header, (0..samples).map(row), samples)
    }

    fn draw_in(&self, scene: &mut Scene, samples: usize, lanes: f64) -> Value {
        const TINT: f64 = 0.3;
        let mut top = heading(scene, &self.title);
        let entry = |(i, name): (usize, &String)| (name.clone(), span_ink(i), Mark::Square(TINT));
        let entries: Vec<_> = self.labels.iter().enumerate().map(entry).collect();
        let entries: Vec<_> = entries
            .iter()
            .map(|(n, i, m)| (n.as_str(), *i, *m))
            .collect();
        top += legend(scene, top, -10.0, &entries) + 4.0;
        scene.height = top + lanes + BELOW;
        let names = self.channels.iter().map(|channel| channel.0.as_str());
        let area = Area {
            left: label_width(names).min(150.0),
            top,
            right: scene.width - 12.0,
            bottom: top + lanes,
        };
        let time = |sample: f64| self.start + sample * self.step;
        let end = time((samples - 1).max(1) as f64);
        let x = Scale::linear((self.start, end), area.x_pixels());
        for &(first, last, label) in &self.spans {
            let from = x.position(time(first as f64)).max(area.left);
            // at least a pixel, or short events would vanish
            let to = x
                .position(time(last as f64))
                .min(area.right)
                .max(from + 1.0);
            if from < area.right {
                scene.tint(
                    (from, area.top),
                    (to - from, area.height()),
                    span_ink(label),
                    TINT,
                );
            }
        }
        let mut behind = Vec::new();
        // of many lanes each is drawn more coarsely, or the page would take long to open; columns that are much wider
        // would look like waves
        let columns = MOST_COLUMNS * self.share.max(0.5);
        let column = (self.channels.len() as f64 * area.width() / columns).max(1.0);
        for (i, (channel, values)) in self.channels.iter().enumerate() {
            let lane_top = area.top + i as f64 * self.lane;
            let lane_bottom = lane_top + self.lane;
            let y = Scale::linear(
                range(values.iter().copied()),
                (lane_bottom - 5.0, lane_top + 5.0),
            );
            scene.line(
                (area.left, lane_bottom),
                (area.right, lane_bottom),
                Ink::Grid,
            );
            let middle = f64::midpoint(lane_top, lane_bottom);
            let name = fit(channel, SMALL, area.left - 8.0);
            scene.small((area.left - 6.0, middle + 4.0), &name, Anchor::End);
            let points: Vec<(f64, f64)> = values
                .iter()
                .enumerate()
                .map(|(t, value)| (x.position(time(t as f64)), *value))
                .collect();
            scene.group("series", |scene| {
                for run in points.split(|point| !point.1.is_finite()) {
                    let pixels = run.iter().map(|point| (point.0, y.position(point.1)));
                    scene.polyline(sparse(pixels, column), Ink::Series(0), 1.1, &[]);
                }
            });
            behind.push(lane(
                channel,
                &y,
                (self.start, self.step),
                values,
                self.channels.len() as f64 / self.share,
            ));
        }
        x_axis(scene, &area, &x_ticks(&x, area.width()), &self.time);
        json!({
            "kind": "lines",
            "area": area.corners(),
            "x": [x.ends().0, x.ends().1],
            "log": false,
            "column": self.time,
            "series": behind,
            // a line for each channel: the values at a position are read in its own list
            "lanes": true,
        })
    }

    fn alt(&self, samples: usize) -> String {
        let names: Vec<String> = self.channels.iter().map(|c| c.0.clone()).collect();
        let names = match names.is_empty() {
            true => "no channels".to_owned(),
            false => listed(&names),
        };
        let spans = match self.labels.as_slice() {
            [] => String::new(),
            labels => format!(
                ", {} of {}",
                counted(self.spans.len(), "shaded span"),
                listed(labels)
            ),
        };
        format!(
            "{}: {names} over {}{spans}.",
            title(&self.title, "Time series"),
            counted(samples, "sample")
        )
    }
}

/// Points of all lanes together, where each has more of them than pixels.
const MOST_COLUMNS: f64 = 12_000.0;

/// Points in columns of this many pixels; of one pixel as in a chart.
fn sparse(points: impl Iterator<Item = (f64, f64)>, column: f64) -> Vec<(f64, f64)> {
    if column <= 1.0 {
        return thin(points);
    }
    let points: Vec<(f64, f64)> = points.collect();
    let mut kept = Vec::new();
    let columns = points.chunk_by(|a, b| (a.0 / column).floor() == (b.0 / column).floor());
    for (k, group) in columns.enumerate() {
        let (low, high) = range(group.iter().map(|point| point.1));
        // up and down in turns, so that no line crosses from the highest of one to the lowest of the next
        let (first, last) = if k % 2 == 0 { (low, high) } else { (high, low) };
        match group {
            [only] => kept.push(*only),
            group => kept.extend([(group[0].0, first), (group[0].0, last)]),
        }
    }
    kept
}

/// Series 0 is the colour of the curves.
fn span_ink(label: usize) -> Ink {
    Ink::Series(label + 1)
}
