//! Points in three or more dimensions, coloured by any of several quantities.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use serde_json::{Value, json};

use crate::figure::color::ColorMap;
use crate::figure::frame::{Area, LINE, class_legend, color_bar, color_bar_width, figure, heading};
use crate::figure::numbers::{listed_rows, packed};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, Scene, TEXT, fit, text_width};
use crate::figure::words::{counted, title};
use crate::figure::{Change, Figure};
use crate::page::Table;

/// A cloud of points, such as an embedding: on paper all pairs of its first three dimensions, and on a page with
/// its script a picture to turn, coloured by any of the quantities.
///
/// Of more than [`PointCloud::MOST_POINTS`] points, or of fewer with more than 16 dimensions and colours together, evenly
/// spaced ones are kept.
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
    /// In pixels, if one was asked for.
    width: Option<f64>,
    /// Of the points that a page carries.
    share: f64,
}

#[derive(Debug, Clone)]
enum Color {
    Values(Vec<f64>),
    Classes(Vec<usize>, Vec<String>),
}

/// Dimensions of which all pairs are drawn.
const DRAWN: usize = 3;
/// Width and height of one pair; narrower than the least, pairs stand below each other.
const PANE: f64 = 300.0;
const LEAST_PANE: f64 = 110.0;
/// Between two pairs, left of the first, and right of the last.
const GAP: f64 = 24.0;
/// Above a pair and below it, for the names of its dimensions.
const ABOVE: f64 = LINE + 4.0;
const UNDER: f64 = 30.0;
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
            width: None,
            share: 1.0,
        }
    }

    /// Width in pixels; without, that of pairs that are 300 pixels wide, beside each other.
    pub fn width(mut self, width: f64) -> Self {
        self.width = Some(width.max(200.0));
        self
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
        Figure::of(self, Self::drawn, |cloud, change| match change {
            Change::Width(width) => cloud.width(width),
            Change::Share(share) => Self { share, ..cloud },
        })
    }

    fn drawn(&self) -> Figure {
        let thinned = self.thinned();
        thinned.as_ref().unwrap_or(self).drawn_all()
    }

    /// The cloud of as many points as a page can carry, if these are fewer.
    fn thinned(&self) -> Option<Self> {
        let n = self.points.nrows();
        let numbers = n * (self.points.ncols() + self.colors.len());
        let most = (MOST_NUMBERS.min(numbers) as f64 * self.share).max(1.0);
        let each = (numbers as f64 / most).ceil() as usize;
        if each <= 1 {
            return None;
        }
        let points = self
            .points
            .slice_axis(Axis(0), Slice::new(0, None, each as isize));
        let colors = self.colors.iter().map(|(name, color)| {
            let color = match color {
                Color::Values(values) => {
                    Color::Values(values.iter().copied().step_by(each).collect())
                }
                Color::Classes(classes, names) => Color::Classes(
                    classes.iter().copied().step_by(each).collect(),
                    names.clone(),
                ),
            };
            (name.clone(), color)
        });
        Some(Self {
            points: points.to_owned(),
            colors: colors.collect(),
            every: self.every * each,
            title: self.title.clone(),
            ..*self
        })
    }

    fn drawn_all(&self) -> Figure {
        let pairs = self.pairs();
        let chosen = self.chosen();
        let usual = 40.0 + (PANE + GAP) * pairs.len().max(1) as f64 + 60.0;
        let size = (self.width.unwrap_or(usual), PANE + 100.0);
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
        // one scale for all pairs, or shapes could not be compared
        let (low, high) = range(chosen.iter().flat_map(|&i| self.points.row(i).to_vec()));
        let margin = 0.04 * (high - low).max(1e-300);
        let ends = (low - margin, high + margin);
        let (values, name) = match first {
            Some((name, Color::Values(values))) => {
                (range(chosen.iter().map(|&i| values[i])), name.as_str())
            }
            _ => ((0.0, 1.0), ""),
        };
        let bar_width = |pane: f64| match name {
            "" => 0.0,
            _ => 2.0 + color_bar_width(&Scale::linear(values, (pane, 0.0)), pane),
        };
        let (beside, pane) = match self.width {
            None => (pairs.len(), PANE),
            Some(width) => fitted(width - bar_width(PANE), pairs.len()),
        };
        let row = ABOVE + pane + UNDER;
        let mut last = Area {
            left: 0.0,
            top: 0.0,
            right: 0.0,
            bottom: 0.0,
        };
        for (n, &(i, j)) in pairs.iter().enumerate() {
            let left = GAP + (n % beside) as f64 * (pane + GAP);
            let top = top + ABOVE + (n / beside) as f64 * row;
            let area = Area {
                left,
                top,
                right: left + pane,
                bottom: top + pane,
            };
            frame_of(scene, &area);
            let (x, y) = (
                Scale::linear(ends, area.x_pixels()),
                Scale::linear(ends, area.y_pixels()),
            );
            let pixel = |p: usize| {
                (
                    x.position(self.points[[p, i]]),
                    y.position(self.points[[p, j]]),
                )
            };
            self.draw_points(scene, chosen, values, pixel);
            let middle = f64::midpoint(left, area.right);
            let below = (middle, area.bottom + 20.0);
            scene.text(below, &format!("dimension {i}"), Anchor::Middle);
            scene.text((left, top - 8.0), &format!("dimension {j}"), Anchor::Start);
            // the bar stands beside the first row
            if n < beside {
                last = area;
            }
        }
        let rows = pairs.len().div_ceil(beside.max(1)) as f64;
        scene.height = top + rows * row;
        let usual = last.right + 18.0 + bar_width(pane).max(-4.0);
        scene.width = self.width.unwrap_or(match name {
            "" => last.right + 14.0,
            _ => usual,
        });
        if !name.is_empty() {
            let scale = Scale::linear(values, last.y_pixels());
            color_bar(scene, last.right + 16.0, &last, &scale, ColorMap::Viridis);
            let free = scene.width - last.left - text_width("dimension 0", TEXT) - 14.0;
            let name = fit(name, TEXT, free);
            scene.text((scene.width, last.top - 8.0), &name, Anchor::End);
        }
        self.behind()
    }

    fn draw_points(
        &self,
        scene: &mut Scene,
        chosen: &[usize],
        (low, high): (f64, f64),
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

/// How many pairs stand beside each other in this many pixels, and how wide each is.
fn fitted(width: f64, pairs: usize) -> (usize, f64) {
    let pane = |beside: usize| (width - GAP * (beside as f64 + 1.0)) / beside as f64;
    let beside = (1..=pairs.max(1)).rev().find(|&n| pane(n) >= LEAST_PANE);
    let beside = beside.unwrap_or(1);
    (beside, pane(beside).max(60.0))
}

fn frame_of(scene: &mut Scene, area: &Area) {
    let (left, top, right, bottom) = (area.left, area.top, area.right, area.bottom);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    for (k, from) in corners.into_iter().enumerate() {
        scene.line(from, corners[(k + 1) % 4], Ink::Grid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(n: usize, dims: usize) -> PointCloud {
        let points =
            Array2::from_shape_fn((n, dims), |(t, k)| ((t * dims + k) as f64 * 0.37).sin());
        PointCloud::new(points.view())
    }

    /// A cloud in the width of a paper is drawn in that width, not scaled: letters keep their size.
    #[test]
    fn clouds_have_the_width_asked_for() {
        let values: Vec<f64> = (0..500).map(|t| f64::from(t) * 1e-3).collect();
        for dims in [1, 2, 3, 6] {
            for width in [200.0, 420.0, 900.0, 1_500.0] {
                let figure = cloud(500, dims).colored_by("time", &values).draw();
                let figure = figure.in_width(width);
                assert_eq!(figure.size().0, width, "{dims}");
                let plain = cloud(500, dims).width(width).draw();
                assert_eq!(plain.size().0, width, "{dims}");
            }
        }
        // three of 108 would be too narrow
        assert_eq!(fitted(420.0, 3), (2, 174.0));
        assert_eq!(fitted(900.0, 3), (3, 268.0));
    }

    #[test]
    fn points_and_colours_together_are_bounded() {
        let n = PointCloud::MOST_POINTS;
        let values: Vec<f64> = (0..n).map(|t| t as f64).collect();
        let mut many = cloud(n, 16);
        for k in 0..16 {
            many = many.colored_by(&format!("label {k}"), &values);
        }
        let kept = many.thinned().unwrap();
        assert_eq!((kept.points.nrows(), kept.every), (n / 2, 2));
        let Color::Values(colour) = &kept.colors[15].1 else {
            panic!("values");
        };
        // point 7 of those that are kept was the fourteenth
        assert_eq!((colour.len(), colour[7]), (n / 2, 14.0));
        assert_eq!(kept.points.row(7), many.points.row(14));
        assert!(cloud(n, 3).colored_by("time", &values).thinned().is_none());
        let quarter = cloud(1_000, 3).draw().coarser(0.25);
        assert!(quarter.data()["every"] == 4 && quarter.alt().contains("1000 points"));
    }
}
