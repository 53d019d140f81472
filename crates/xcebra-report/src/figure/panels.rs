//! Curves and bars above each other over one horizontal axis.

use serde_json::{Value, json};

use crate::figure::frame::{
    Area, BELOW, LINE, Mark, figure, heading, label_width, legend, x_axis, x_ticks, y_axis,
};
use crate::figure::line_chart::thin;
use crate::figure::numbers::{curve, curve_numbers};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, Scene};
use crate::figure::words::{title, with_unit};
use crate::figure::{Change, Figure};

/// Curves and signed bars in panels above each other that share a horizontal axis, such as a signal and
/// what each of its samples contributes.
///
/// Bars point up and are orange for positive, down and blue for negative values. Of several bars in one
/// column of pixels the largest is drawn in either direction.
///
/// ```
/// use xcebra_report::Panels;
///
/// let wave: Vec<(f64, f64)> = (0..64).map(|t| (t as f64 / 32.0, (t as f64 * 0.7).sin())).collect();
/// let figure = Panels::new("time (s)")
///     .line("pulse", wave.clone())
///     .bars("attribution (bpm)", wave.iter().map(|(t, x)| (*t, x * x)))
///     .draw();
/// assert!(figure.alt().contains("attribution (bpm)"));
/// ```
#[derive(Debug, Clone)]
pub struct Panels {
    title: String,
    x: String,
    panels: Vec<Panel>,
    marks: Vec<(f64, String)>,
    range: Option<(f64, f64)>,
    size: (f64, f64),
    /// Of the numbers that a page carries.
    share: f64,
}

#[derive(Debug, Clone)]
struct Panel {
    y: String,
    bars: bool,
    points: Vec<(f64, f64)>,
}

/// Space between two panels, for the title of the lower one.
const BETWEEN: f64 = LINE + 20.0;
pub(crate) const POSITIVE: Ink = Ink::Series(1);
pub(crate) const NEGATIVE: Ink = Ink::Series(0);

impl Panels {
    /// A figure with the title of its horizontal axis.
    pub fn new(x: &str) -> Self {
        Self {
            title: String::new(),
            x: x.to_owned(),
            panels: Vec::new(),
            marks: Vec::new(),
            range: None,
            size: (720.0, 120.0),
            share: 1.0,
        }
    }

    /// Title above the figure.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Adds a panel with a curve; points that are not finite leave a gap.
    pub fn line(self, y: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.panel(y, false, points)
    }

    /// Adds a panel with bars from zero.
    pub fn bars(self, y: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.panel(y, true, points)
    }

    fn panel(mut self, y: &str, bars: bool, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.panels.push(Panel {
            y: y.to_owned(),
            bars,
            points: points.into_iter().collect(),
        });
        self
    }

    /// Marks a position on the horizontal axis with a dashed line and a word.
    pub fn mark(mut self, x: f64, word: &str) -> Self {
        self.marks.push((x, word.to_owned()));
        self
    }

    /// Shows this part of the horizontal axis only.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Width of the figure and height of a panel in pixels.
    pub fn size(mut self, width: f64, panel: f64) -> Self {
        self.size = (width.max(200.0), panel.max(60.0));
        self
    }

    /// Draws the figure.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |panels, change| match change {
            Change::Width(width) => {
                let height = panels.size.1;
                panels.size(width, height)
            }
            Change::Share(share) => Self { share, ..panels },
        })
    }

    fn drawn(&self) -> Figure {
        let count = self.panels.len().max(1) as f64;
        let height = count * (self.size.1 + BETWEEN) + BELOW + 2.0 * LINE;
        let data = self.points().next().is_some();
        let curves: Vec<(&str, &[(f64, f64)])> = self
            .panels
            .iter()
            .map(|panel| (panel.y.as_str(), panel.points.as_slice()))
            .collect();
        let numbers = curve_numbers(&self.x, &curves);
        figure((self.size.0, height), self.alt(), data, |scene| {
            self.draw_in(scene)
        })
        .with_numbers(numbers)
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let all = self
            .panels
            .iter()
            .flat_map(|panel| panel.points.iter().copied());
        all.filter(|&(x, y)| x.is_finite() && y.is_finite() && self.shows(x))
    }

    fn shows(&self, x: f64) -> bool {
        self.range.is_none_or(|(low, high)| x >= low && x <= high)
    }

    fn draw_in(&self, scene: &mut Scene) -> Value {
        let mut top = heading(scene, &self.title);
        let inside = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
            points.iter().copied().filter(|p| self.shows(p.0)).collect()
        };
        let shown: Vec<Vec<(f64, f64)>> = self.panels.iter().map(|p| inside(&p.points)).collect();
        let mut signs = [false; 2];
        for (_, points) in self.panels.iter().zip(&shown).filter(|(p, _)| p.bars) {
            let (low, high) = range(points.iter().map(|p| p.1));
            // what nobody can see needs no legend
            let least = 1e-3 * low.abs().max(high.abs());
            signs[0] |= high > least;
            signs[1] |= low < -least;
        }
        if signs == [true; 2] {
            let entries = [
                ("raises the output", POSITIVE, Mark::Square(1.0)),
                ("lowers it", NEGATIVE, Mark::Square(1.0)),
            ];
            top += legend(scene, top, -10.0, &entries);
        }
        if !self.marks.is_empty() {
            top += LINE;
        }
        let scales: Vec<Scale> = self
            .panels
            .iter()
            .zip(&shown)
            .enumerate()
            .map(|(i, (panel, points))| {
                let (low, high) = range(points.iter().map(|p| p.1));
                let values = if panel.bars {
                    (low.min(0.0), high.max(0.0))
                } else {
                    (low, high)
                };
                let first = top + i as f64 * (self.size.1 + BETWEEN) + LINE + 6.0;
                Scale::linear(values, (first + self.size.1, first)).rounded(3)
            })
            .collect();
        let ticks: Vec<_> = scales.iter().map(|y| y.ticks(3)).collect();
        let labels = ticks.iter().flatten().map(|tick| tick.1.as_str());
        let left = label_width(labels);
        let x_range = range(self.points().map(|p| p.0));
        let right = scene.width - 12.0;
        let x = Scale::linear(x_range, (left, right)).snapped(((right - left) / 90.0) as usize);
        let mut behind = Vec::new();
        for (i, (panel, y)) in self.panels.iter().zip(&scales).enumerate() {
            let (bottom, panel_top) = y.pixels();
            let area = Area {
                left,
                top: panel_top,
                right,
                bottom,
            };
            y_axis(scene, &area, &ticks[i]);
            scene.text((0.0, area.top - 14.0), &panel.y, Anchor::Start);
            self.draw_marks(scene, &area, &x, i == 0);
            scene.group("series", |scene| match panel.bars {
                true => draw_bars(scene, &shown[i], &x, y),
                false => draw_line(scene, &shown[i], &x, y),
            });
            if panel.bars {
                scene.line((left, y.position(0.0)), (right, y.position(0.0)), Ink::Text);
            }
            behind.push(curve(
                &panel.y,
                y,
                (false, panel.bars),
                &shown[i],
                self.share,
            ));
            if i + 1 == self.panels.len() {
                x_axis(scene, &area, &x_ticks(&x, area.width()), &self.x);
                scene.height = area.bottom + BELOW;
            }
        }
        let top = scales.first().map_or(0.0, |y| y.pixels().1);
        let bottom = scales.last().map_or(0.0, |y| y.pixels().0);
        json!({
            "kind": "lines",
            "area": [left, top, right, bottom],
            "x": [x.ends().0, x.ends().1],
            "log": false,
            "column": self.x,
            "series": behind,
        })
    }

    fn draw_marks(&self, scene: &mut Scene, area: &Area, x: &Scale, named: bool) {
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
            if named {
                let anchor = match at {
                    at if at > area.right - 60.0 => Anchor::End,
                    at if at < area.left + 30.0 => Anchor::Start,
                    _ => Anchor::Middle,
                };
                // above the title of the panel
                scene.styled((at, area.top - 30.0), word, 12, anchor, Ink::Muted, false);
            }
        }
    }

    fn alt(&self) -> String {
        let panel = |panel: &Panel| {
            let finite = |p: &&(f64, f64)| self.shows(p.0) && p.0.is_finite() && p.1.is_finite();
            let shown = panel.points.iter().filter(finite);
            match shown.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) {
                Some((_, 0.0)) => format!("{} is 0 everywhere", panel.y),
                Some((x, y)) => format!(
                    "{} with its largest value {} at {}",
                    panel.y,
                    number(*y),
                    with_unit(&self.x, *x)
                ),
                None => format!("{} without points", panel.y),
            }
        };
        let panels: Vec<String> = self.panels.iter().map(panel).collect();
        let panels = match panels.is_empty() {
            true => "no panels".to_owned(),
            false => panels.join("; "),
        };
        format!(
            "{}: {panels}; the horizontal axis is {}.",
            title(&self.title, "Panels"),
            title(&self.x, "not named")
        )
    }
}

fn draw_line(scene: &mut Scene, points: &[(f64, f64)], x: &Scale, y: &Scale) {
    for run in points.split(|p| !x.holds(p.0) || !y.holds(p.1)) {
        let pixels = run.iter().map(|p| (x.position(p.0), y.position(p.1)));
        scene.polyline(thin(pixels), Ink::Text, 1.3, &[]);
    }
}

fn draw_bars(scene: &mut Scene, points: &[(f64, f64)], x: &Scale, y: &Scale) {
    let mut pixels: Vec<(f64, f64)> = points
        .iter()
        .filter(|p| x.holds(p.0) && y.holds(p.1))
        .map(|p| (x.position(p.0), p.1))
        .collect();
    pixels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = pixels.windows(2).map(|pair| pair[1].0 - pair[0].0);
    let gap = gap.filter(|gap| *gap > 0.0).fold(f64::INFINITY, f64::min);
    let width = (gap * 0.8).clamp(1.0, 14.0);
    let zero = y.position(0.0);
    for column in pixels
        .chunk_by(|a, b| (a.0 - b.0).abs() < 1e-9 || (gap < 1.0 && a.0.floor() == b.0.floor()))
    {
        let (low, high) = range(column.iter().map(|p| p.1));
        for (value, ink) in [(high.max(0.0), POSITIVE), (low.min(0.0), NEGATIVE)] {
            let end = y.position(value);
            if end != zero {
                scene.rect(
                    (column[0].0 - width / 2.0, zero.min(end)),
                    (width, (end - zero).abs()),
                    ink,
                );
            }
        }
    }
}
