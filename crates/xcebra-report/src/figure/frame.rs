//! What charts share: the area of the data, axes, legend, colour bar.

use serde_json::Value;

use crate::figure::Figure;
use crate::figure::color::ColorMap;
use crate::figure::scale::{Scale, Tick};
use crate::figure::scene::{Anchor, Dashes, Ink, SMALL, Scene, TEXT, fit, text_width};

/// The rectangle that data are drawn in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Left, top, right and bottom.
    pub(crate) fn corners(&self) -> [f64; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    pub(crate) fn x_pixels(&self) -> (f64, f64) {
        (self.left, self.right)
    }

    /// From the bottom up.
    pub(crate) fn y_pixels(&self) -> (f64, f64) {
        (self.bottom, self.top)
    }
}

/// Height of a line of words.
pub(crate) const LINE: f64 = 20.0;
/// Space for tick labels and a title below a chart.
pub(crate) const BELOW: f64 = 44.0;
const TICK: f64 = 5.0;

/// Width that the widest of the labels takes, with its tick.
pub(crate) fn label_width<'a>(labels: impl IntoIterator<Item = &'a str>) -> f64 {
    let widths = labels.into_iter().map(|label| text_width(label, SMALL));
    widths.fold(0.0, f64::max) + TICK + 5.0
}

/// Writes the title of a chart and returns the height it takes.
pub(crate) fn heading(scene: &mut Scene, title: &str) -> f64 {
    if title.is_empty() {
        return 0.0;
    }
    // bold letters are a tenth wider
    let title = fit(title, TEXT + 1, scene.width / 1.1);
    scene.styled(
        (0.0, 15.0),
        &title,
        TEXT + 1,
        Anchor::Start,
        Ink::Text,
        true,
    );
    LINE + 4.0
}

/// Draws the horizontal axis below the area.
pub(crate) fn x_axis(scene: &mut Scene, area: &Area, ticks: &[Tick], title: &str) {
    scene.line(
        (area.left, area.bottom),
        (area.right, area.bottom),
        Ink::Text,
    );
    scene.group("x-ticks", |scene| {
        for (x, label) in ticks {
            scene.line((*x, area.bottom), (*x, area.bottom + TICK), Ink::Text);
            // the last label may be wider than the space beside the axis
            let half = text_width(label, SMALL) / 2.0;
            let x = x.min(scene.width - half).max(half);
            scene.small((x, area.bottom + TICK + 13.0), label, Anchor::Middle);
        }
    });
    let center = f64::midpoint(area.left, area.right);
    scene.text((center, area.bottom + BELOW - 6.0), title, Anchor::Middle);
}

/// Draws the vertical axis left of the area with grid lines across it.
pub(crate) fn y_axis(scene: &mut Scene, area: &Area, ticks: &[Tick]) {
    for (y, label) in ticks {
        scene.line((area.left, *y), (area.right, *y), Ink::Grid);
        scene.small((area.left - TICK - 2.0, y + 4.0), label, Anchor::End);
    }
}

/// Ticks for a vertical axis of this height.
pub(crate) fn y_ticks(scale: &Scale, height: f64) -> Vec<Tick> {
    scale.ticks(((height / 45.0) as usize).clamp(2, 8))
}

/// Ticks for a horizontal axis of this width.
pub(crate) fn x_ticks(scale: &Scale, width: f64) -> Vec<Tick> {
    scale.ticks(((width / 90.0) as usize).clamp(2, 10))
}

/// What a legend shows beside a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    Line(Dashes),
    Dot,
    Square(f64),
}

/// Dashes that tell series apart where colours cannot.
pub(crate) fn dashes(series: usize) -> Dashes {
    const DASHES: [Dashes; 4] = [&[], &[7.0, 3.0], &[2.0, 3.0], &[8.0, 3.0, 2.0, 3.0]];
    DASHES[series % DASHES.len()]
}

/// A legend of classes, each with a dot of its series; see [`legend`].
pub(crate) fn class_legend(scene: &mut Scene, top: f64, names: &[String]) -> f64 {
    let entry = |(i, name)| (String::as_str(name), Ink::Series(i), Mark::Dot);
    let entries: Vec<_> = names.iter().enumerate().map(entry).collect();
    legend(scene, top, 0.0, &entries)
}

/// Writes a legend in rows from `(left, top)` on and returns the height it takes.
pub(crate) fn legend(scene: &mut Scene, top: f64, left: f64, entries: &[(&str, Ink, Mark)]) -> f64 {
    if entries.is_empty() {
        return 0.0;
    }
    let (mut x, mut y) = (left, top + 13.0);
    for (name, ink, mark) in entries {
        let name = fit(name, SMALL, scene.width - left - 32.0);
        let width = 26.0 + text_width(&name, SMALL) + 14.0;
        if x > left && x + width - 14.0 > scene.width {
            (x, y) = (left, y + LINE - 2.0);
        }
        match mark {
            Mark::Line(dashes) => {
                scene.polyline(vec![(x, y - 4.0), (x + 22.0, y - 4.0)], *ink, 2.0, dashes);
            }
            Mark::Dot => scene.points(vec![(x + 15.0, y - 4.0)], *ink, 8.0),
            Mark::Square(opacity) => scene.tint((x + 10.0, y - 10.0), (12.0, 12.0), *ink, *opacity),
        }
        scene.small((x + 27.0, y), &name, Anchor::Start);
        x += width;
    }
    y - top + 7.0
}

/// Space that a colour bar with labels up to `scale`'s needs right of a chart.
pub(crate) fn color_bar_width(scale: &Scale, height: f64) -> f64 {
    let ticks = y_ticks(scale, height);
    26.0 + label_width(ticks.iter().map(|tick| tick.1.as_str()))
}

/// Draws a colour bar from `corner` down; `scale` runs from its bottom to its top.
pub(crate) fn color_bar(scene: &mut Scene, left: f64, area: &Area, scale: &Scale, map: ColorMap) {
    const WIDTH: f64 = 12.0;
    let steps = 64;
    let step = area.height() / f64::from(steps);
    for i in 0..steps {
        let position = (f64::from(i) + 0.5) / f64::from(steps);
        let top = area.bottom - f64::from(i + 1) * step;
        scene.rect((left, top), (WIDTH, step + 0.4), map.at(position));
    }
    for (y, label) in y_ticks(scale, area.height()) {
        scene.line((left + WIDTH, y), (left + WIDTH + 4.0, y), Ink::Text);
        scene.small((left + WIDTH + 7.0, y + 4.0), &label, Anchor::Start);
    }
}

/// A figure of this many pixels, drawn by `draw`, which returns what a page's script is told; without `data`,
/// it says that there are none.
pub(crate) fn figure(
    (width, height): (f64, f64),
    alt: String,
    data: bool,
    draw: impl FnOnce(&mut Scene) -> Value,
) -> Figure {
    let mut scene = Scene::new(width, height);
    let behind = match data {
        true => draw(&mut scene),
        false => {
            let center = (scene.width / 2.0, scene.height / 2.0);
            scene.styled(center, "no data", TEXT, Anchor::Middle, Ink::Muted, false);
            Value::Null
        }
    };
    Figure::new(scene, alt).with_data(behind)
}
