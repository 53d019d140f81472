//! Points in three or more dimensions, coloured by any of several quantities.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::figure::color::ColorMap;
use crate::figure::frame::{Area, LINE, class_legend, color_bar, color_bar_width, figure, heading};
use crate::figure::numbers::{listed_rows, packed};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, Scene, fit};
use crate::figure::words::{counted, title};
use crate::page::Table;

/// A cloud of points, such as an embedding: on paper all pairs of its first three dimensions, and on a page with
/// its script a picture to turn, coloured by any of the quantities.
///
/// Of more than [`PointCloud::MOST_POINTS`] points, or of fewer in more than 16 dimensions, evenly spaced ones are kept.
///
/// ```
/// use ndarray::Array2;
/// use xcebra_report::PointCloud;
///
/// let points = Array2::from_shape_fn((200, 3), |(t, k)| (t as f64 * 0.1 + k as f64).sin());
/// let time: Vec<f64> = (0..200).map(f64::from).collect();
/// let figure = PointCloud::new(points.view()).colored_by("sample", &time).draw();
/// assert!(figure.alt().contains("200 points in 3 dimensions"));
/// ```
#[derive(Debug, Clone)]
pub struct PointCloud {
    points: Array2<f64>,
    title: String,
    colors: Vec<(String, Color)>,
    every: usize,
}

#[derive(Debug, Clone)]
enum Color {
    Values(Vec<f64>),
    Classes(Vec<usize>, Vec<String>),
}

/// Dimensions of which all pairs are drawn.
const DRAWN: usize = 3;
/// Width and height of one pair.
const PANE: f64 = 300.0;
/// Points drawn on paper; more are only specks.
const MOST_DRAWN: usize = 2_500;
/// Numbers of points that a page carries.
const MOST_NUMBERS: usize = 320_000;

impl PointCloud {
    /// Most points kept.
    pub const MOST_POINTS: usize = 20_000;

    /// A cloud of `points` (points × dimensions) in their order in time.
    pub fn new(points: ArrayView2<'_, f64>) -> Self {
        let dims = points.ncols().max(1);
        let most = Self::MOST_POINTS.min(MOST_NUMBERS / dims).max(1);
        let every = points.nrows().div_ceil(most).max(1);
        let kept = points.slice_axis(Axis(0), Slice::new(0, None, every as isize));
        Self {
            points: kept.to_owned(),
            title: String::new(),
            colors: Vec::new(),
            every,
        }
    }

    /// Title above the picture.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Adds a quantity for the colour, one value for each point that was given to [`new`](Self::new); a list of
    /// another length is ignored.
    pub fn colored_by(mut self, name: &str, values: &[f64]) -> Self {
        let kept: Vec<f64> = values.iter().copied().step_by(self.every).collect();
        if values.len().div_ceil(self.every) == self.points.nrows() {
            self.colors.push((name.to_owned(), Color::Values(kept)));
        }
        self
    }

    /// Adds classes for the colour, an index into `names` for each point; a list of another length or with an
    /// index too large is ignored.
    pub fn classes(mut self, name: &str, classes: &[usize], names: &[String]) -> Self {
        let kept: Vec<usize> = classes.iter().copied().step_by(self.every).collect();
        if kept.len() == self.points.nrows() && kept.iter().all(|&class| class < names.len()) {
            let color = Color::Classes(kept, names.to_vec());
            self.colors.push((name.to_owned(), color));
        }
        self
    }

    /// Draws the cloud.
    pub fn draw(self) -> Figure {
        let pairs = self.pairs();
        let chosen = self.chosen();
        let size = (
            40.0 + (PANE + 24.0) * pairs.len().max(1) as f64 + 60.0,
            PANE + 100.0,
        );
        let data = !chosen.is_empty() && !pairs.is_empty();
        let (alt, numbers) = (self.alt(), self.numbers());
        figure(size, alt, data, |scene| {
            self.draw_in(scene, &pairs, &chosen)
        })
        .with_numbers(numbers)
    }

    fn pairs(&self) -> Vec<(usize, usize)> {
        let dims = self.points.ncols();
        match dims {
            0 => Vec::new(),
            1 => vec![(0, 0)],
            dims => {
                let dims = dims.min(DRAWN);
                let pairs = (0..dims).flat_map(|i| (i + 1..dims).map(move |j| (i, j)));
                pairs.collect()
            }
        }
    }

    /// Indices of the points on paper.
    fn chosen(&self) -> Vec<usize> {
        let rows = self.points.rows().into_iter().enumerate();
        let finite = rows.filter(|(_, row)| row.iter().all(|v| v.is_finite()));
        let finite: Vec<usize> = finite.map(|(i, _)| i).collect();
        let every = finite.len().div_ceil(MOST_DRAWN).max(1);
        finite.into_iter().step_by(every).collect()
    }

    fn draw_in(&self, scene: &mut Scene, pairs: &[(usize, usize)], chosen: &[usize]) -> Value {
        let mut top = heading(scene, &self.title);
        let first = self.colors.first();
        if let Some((_, Color::Classes(_, names))) = first {
            top += class_legend(scene, top, names);
        }
        let (top, bottom) = (top + LINE + 4.0, top + LINE + 4.0 + PANE);
        scene.height = bottom + 30.0;
        // one scale for all pairs, or shapes could not be compared
        let (low, high) = range(chosen.iter().flat_map(|&i| self.points.row(i).to_vec()));
        let margin = 0.04 * (high - low).max(1e-300);
        let ends = (low - margin, high + margin);
        let values = match first {
            Some((_, Color::Values(values))) => range(chosen.iter().map(|&i| values[i])),
            _ => (0.0, 1.0),
        };
        let bar = Scale::linear(values, (bottom, top));
        let mut right = 0.0;
        for (n, &(i, j)) in pairs.iter().enumerate() {
            let left = 24.0 + n as f64 * (PANE + 24.0);
            let area = Area {
                left,
                top,
                right: left + PANE,
                bottom,
            };
            right = area.right;
            let (x, y) = (
                Scale::linear(ends, area.x_pixels()),
                Scale::linear(ends, area.y_pixels()),
            );
            for (from, to) in [
                ((left, top), (right, top)),
                ((left, bottom), (right, bottom)),
                ((left, top), (left, bottom)),
                ((right, top), (right, bottom)),
            ] {
                scene.line(from, to, Ink::Grid);
            }
            let pixel = |p: usize| {
                (
                    x.position(self.points[[p, i]]),
                    y.position(self.points[[p, j]]),
                )
            };
            self.draw_points(scene, chosen, &bar, pixel);
            scene.text(
                (f64::midpoint(left, right), bottom + 20.0),
                &format!("dimension {i}"),
                Anchor::Middle,
            );
            scene.text((left, top - 8.0), &format!("dimension {j}"), Anchor::Start);
        }
        if let Some((name, Color::Values(_))) = first {
            let area = Area {
                left: 0.0,
                top,
                right,
                bottom,
            };
            color_bar(scene, right + 16.0, &area, &bar, ColorMap::Viridis);
            scene.width = right + 20.0 + color_bar_width(&bar, PANE);
            let name = fit(name, 13, PANE * 0.6);
            scene.text((scene.width, top - 8.0), &name, Anchor::End);
        } else {
            scene.width = right + 14.0;
        }
        self.behind()
    }

    fn draw_points(
        &self,
        scene: &mut Scene,
        chosen: &[usize],
        bar: &Scale,
        pixel: impl Fn(usize) -> (f64, f64),
    ) {
        const LEVELS: usize = 32;
        let diameter = if chosen.len() > 1_000 { 2.4 } else { 4.0 };
        let mut layers: Vec<(Ink, Vec<(f64, f64)>)> = match self.colors.first() {
            None => vec![(Ink::Series(0), Vec::new())],
            Some((_, Color::Values(_))) => {
                let level = |l: usize| ColorMap::Viridis.at(l as f64 / (LEVELS - 1) as f64);
                (0..LEVELS)
                    .map(|l| (level(l), Vec::new()))
                    .chain([(Ink::Missing, Vec::new())])
                    .collect()
            }
            Some((_, Color::Classes(_, names))) => (0..names.len())
                .map(|class| (Ink::Series(class), Vec::new()))
                .collect(),
        };
        let (low, high) = bar.ends();
        for &i in chosen {
            let layer = match self.colors.first() {
                None => 0,
                Some((_, Color::Classes(classes, _))) => classes[i],
                Some((_, Color::Values(values))) => match (values[i] - low) / (high - low) {
                    share if share.is_nan() => LEVELS,
                    share => (share.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as usize,
                },
            };
            layers[layer].1.push(pixel(i));
        }
        for (ink, points) in layers {
            scene.points(points, ink, diameter);
        }
    }

    fn behind(&self) -> Value {
        let colors = self.colors.iter().map(|(name, color)| match color {
            Color::Values(values) => json!({ "name": name, "values": packed(values.iter().copied()) }),
            Color::Classes(classes, names) => {
                json!({ "name": name, "values": packed(classes.iter().map(|&c| c as f64)), "classes": names })
            }
        });
        json!({
            "kind": "cloud",
            "dims": self.points.ncols(),
            "every": self.every,
            "points": packed(self.points.iter().copied()),
            "colors": colors.collect::<Vec<_>>(),
        })
    }

    fn numbers(&self) -> Table {
        let mut header = vec!["point".to_owned()];
        header.extend((0..self.points.ncols()).map(|k| format!("dimension {k}")));
        header.extend(self.colors.iter().map(|color| color.0.clone()));
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let rows = self.points.rows().into_iter().enumerate().map(|(i, row)| {
            let colors = self.colors.iter().map(|(_, color)| match color {
                Color::Values(values) => number(values[i]),
                Color::Classes(classes, names) => names[classes[i]].clone(),
            });
            let cells = row.iter().map(|v| number(*v)).chain(colors);
            std::iter::once((i * self.every).to_string())
                .chain(cells)
                .collect()
        });
        listed_rows(&header, rows, self.points.nrows())
    }

    fn alt(&self) -> String {
        let color = match self.colors.first() {
            None => String::new(),
            Some((name, _)) => format!(", coloured by {name}"),
        };
        format!(
            "{}: {} in {}{color}.",
            title(&self.title, "Point cloud"),
            counted(self.points.nrows(), "point"),
            counted(self.points.ncols(), "dimension")
        )
    }
}
