//! Points in the plane, such as two dimensions of an embedding.

use serde_json::json;

use crate::figure::color::ColorMap;
use crate::figure::frame::{
    Area, BELOW, LINE, class_legend, color_bar, color_bar_width, figure, heading, label_width,
    x_axis, x_ticks, y_axis, y_ticks,
};
use crate::figure::numbers::listed_rows;
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, Scene, TEXT, fit};
use crate::figure::words::{counted, listed, spread, title};
use crate::figure::{Change, Figure};
use crate::page::Table;

/// A scatter plot with equal scales on both axes.
///
/// Of more than [`Scatter::MOST_POINTS`] points, evenly spaced ones are drawn.
///
/// ```
/// use xcebra_report::Scatter;
///
/// let angles: Vec<f64> = (0..60).map(|i| i as f64 * 0.1).collect();
/// let points: Vec<(f64, f64)> = angles.iter().map(|a| (a.cos(), a.sin())).collect();
/// let figure = Scatter::new(&points).colored_by("angle", &angles).connected().draw();
/// assert!(figure.alt().contains("60 points"));
/// ```
#[derive(Debug, Clone)]
pub struct Scatter {
    points: Vec<(f64, f64)>,
    title: String,
    axes: (String, String),
    color: Color,
    connected: bool,
    size: (f64, f64),
}

#[derive(Debug, Clone)]
enum Color {
    Plain,
    Values(String, Vec<f64>),
    Classes(Vec<usize>, Vec<String>),
}

impl Scatter {
    /// Most points drawn.
    pub const MOST_POINTS: usize = 5_000;

    /// A plot of `points`; those that are not finite are left out.
    pub fn new(points: &[(f64, f64)]) -> Self {
        Self {
            points: points.to_vec(),
            title: String::new(),
            axes: ("dimension 0".to_owned(), "dimension 1".to_owned()),
            color: Color::Plain,
            connected: false,
            size: (460.0, 420.0),
        }
    }

    /// Title above the plot.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Titles of the horizontal and the vertical axis.
    pub fn axes(mut self, x: &str, y: &str) -> Self {
        self.axes = (x.to_owned(), y.to_owned());
        self
    }

    /// Colours each point by a value called `name`; a list of another length is ignored.
    pub fn colored_by(mut self, name: &str, values: &[f64]) -> Self {
        if values.len() == self.points.len() {
            self.color = Color::Values(name.to_owned(), values.to_vec());
        }
        self
    }

    /// Colours each point by its class, an index into `names`; a list of another length is ignored.
    pub fn classes(mut self, classes: &[usize], names: &[String]) -> Self {
        if classes.len() == self.points.len() && classes.iter().all(|&class| class < names.len()) {
            self.color = Color::Classes(classes.to_vec(), names.to_vec());
        }
        self
    }

    /// Joins the points, in their order, by a thin line: a trajectory.
    pub fn connected(mut self) -> Self {
        self.connected = true;
        self
    }

    /// Width and height in pixels.
    pub fn size(mut self, width: f64, height: f64) -> Self {
        self.size = (width.max(200.0), height.max(180.0));
        self
    }

    /// Draws the plot.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |plot, change| match change {
            Change::Width(width) => {
                let height = plot.size.1;
                plot.size(width, height)
            }
            Change::Share(_) => plot,
        })
    }

    fn drawn(&self) -> Figure {
        let chosen = self.chosen();
        let alt = self.alt(chosen.len());
        figure(self.size, alt, !chosen.is_empty(), |scene| {
            self.draw_in(scene, &chosen);
            json!({ "kind": "scatter" })
        })
        .with_numbers(self.numbers(&chosen))
    }

    fn numbers(&self, chosen: &[usize]) -> Table {
        let color = match &self.color {
            Color::Plain => None,
            Color::Values(name, _) => Some(name.as_str()),
            Color::Classes(..) => Some("class"),
        };
        let mut header = vec![self.axes.0.as_str(), &self.axes.1];
        header.extend(color);
        let row = |&i: &usize| {
            let (x, y) = self.points[i];
            let color = match &self.color {
                Color::Plain => None,
                Color::Values(_, values) => Some(number(values[i])),
                Color::Classes(classes, names) => Some(names[classes[i]].clone()),
            };
            [number(x), number(y)].into_iter().chain(color).collect()
        };
        listed_rows(&header, chosen.iter().map(row), chosen.len())
    }

    /// Indices of the points that are drawn.
    fn chosen(&self) -> Vec<usize> {
        let finite = |&i: &usize| self.points[i].0.is_finite() && self.points[i].1.is_finite();
        let usable: Vec<usize> = (0..self.points.len()).filter(finite).collect();
        let every = usable.len().div_ceil(Self::MOST_POINTS).max(1);
        usable.into_iter().step_by(every).collect()
    }

    fn draw_in(&self, scene: &mut Scene, chosen: &[usize]) {
        let mut top = heading(scene, &self.title);
        if let Color::Classes(_, names) = &self.color {
            top += class_legend(scene, top, names);
        }
        let (top, bottom) = (top + LINE + 4.0, scene.height - BELOW);
        let values = match &self.color {
            Color::Values(_, values) => range(chosen.iter().map(|&i| values[i])),
            _ => (0.0, 1.0),
        };
        let color_scale = Scale::linear(values, (bottom, top));
        let bar = match &self.color {
            Color::Values(..) => color_bar_width(&color_scale, bottom - top) + 2.0,
            _ => 12.0,
        };
        let y_range = range(chosen.iter().map(|&i| self.points[i].1));
        let x_range = range(chosen.iter().map(|&i| self.points[i].0));
        let draft = y_ticks(&Scale::linear(y_range, (bottom, top)), bottom - top);
        let area = Area {
            left: label_width(draft.iter().map(|tick| tick.1.as_str())).max(38.0),
            top,
            right: scene.width - bar,
            bottom,
        };
        let (x, y) = equal_scales(x_range, y_range, &area);
        y_axis(scene, &area, &y_ticks(&y, area.height()));
        x_axis(scene, &area, &x_ticks(&x, area.width()), &self.axes.0);
        scene.text((0.0, area.top - 12.0), &self.axes.1, Anchor::Start);
        let pixel = |&i: &usize| (x.position(self.points[i].0), y.position(self.points[i].1));
        if self.connected {
            let path = chosen.iter().map(pixel).collect();
            scene.polyline(path, Ink::Muted, 0.6, &[]);
        }
        let diameter = if chosen.len() > 1_000 { 3.0 } else { 5.0 };
        match &self.color {
            Color::Plain => {
                scene.points(chosen.iter().map(pixel).collect(), Ink::Series(0), diameter);
            }
            Color::Values(name, values) => {
                self.draw_values(scene, chosen, values, &color_scale, pixel, diameter);
                color_bar(
                    scene,
                    area.right + 14.0,
                    &area,
                    &color_scale,
                    ColorMap::Viridis,
                );
                let name = fit(name, TEXT, area.width() * 0.6);
                scene.text((scene.width, area.top - 12.0), &name, Anchor::End);
            }
            Color::Classes(classes, names) => {
                for class in 0..names.len() {
                    let members = chosen.iter().filter(|&&i| classes[i] == class);
                    let points = members.map(pixel).collect();
                    scene.points(points, Ink::Series(class), diameter);
                }
            }
        }
    }

    /// Points of nearly equal value are drawn together.
    fn draw_values(
        &self,
        scene: &mut Scene,
        chosen: &[usize],
        values: &[f64],
        scale: &Scale,
        pixel: impl Fn(&usize) -> (f64, f64),
        diameter: f64,
    ) {
        const LEVELS: usize = 48;
        let (bottom, top) = scale.pixels();
        let mut levels: Vec<Vec<(f64, f64)>> = vec![Vec::new(); LEVELS];
        let mut missing = Vec::new();
        for i in chosen {
            let position = (bottom - scale.position(values[*i])) / (bottom - top);
            if position.is_nan() {
                missing.push(pixel(i));
            } else {
                let level = (position.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as usize;
                levels[level].push(pixel(i));
            }
        }
        scene.points(missing, Ink::Missing, diameter);
        for (level, points) in levels.into_iter().enumerate() {
            let ink = ColorMap::Viridis.at(level as f64 / (LEVELS - 1) as f64);
            scene.points(points, ink, diameter);
        }
    }

    fn alt(&self, drawn: usize) -> String {
        let color = match &self.color {
            Color::Plain => String::new(),
            Color::Values(name, values) => {
                format!(
                    ", coloured by {name} with {}",
                    spread(values.iter().copied())
                )
            }
            Color::Classes(_, names) if names.is_empty() => String::new(),
            Color::Classes(_, names) => format!(", coloured by class: {}", listed(names)),
        };
        let (x, y) = &self.axes;
        format!(
            "{}: {}, {y} against {x}{color}.",
            title(&self.title, "Scatter plot"),
            counted(drawn, "point")
        )
    }
}

/// Scales with as many pixels a unit on both axes, and a margin.
fn equal_scales(x: (f64, f64), y: (f64, f64), area: &Area) -> (Scale, Scale) {
    let span = |range: (f64, f64)| (range.1 - range.0).max(range.0.abs().max(range.1.abs()) * 1e-9);
    let unit = (span(x) / area.width()).max(span(y) / area.height()) * 1.06;
    let around = |range: (f64, f64), pixels: f64| {
        let (center, half) = (f64::midpoint(range.0, range.1), unit * pixels / 2.0);
        (center - half, center + half)
    };
    (
        Scale::linear(around(x, area.width()), area.x_pixels()),
        Scale::linear(around(y, area.height()), area.y_pixels()),
    )
}
