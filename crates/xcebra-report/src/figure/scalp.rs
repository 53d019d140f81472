//! Values at electrodes as maps of the head, seen from above.

mod electrodes;
mod field;

use serde_json::{Value, json};

use crate::figure::color::ColorMap;
use crate::figure::frame::{Area, LINE, color_bar, color_bar_width, figure, heading};
use crate::figure::numbers::{listed_rows, packed};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, SMALL, Scene, TEXT, fit, text_width};
use crate::figure::svg::TILES;
use crate::figure::words::{counted, spread, title};
use crate::figure::{Change, Figure};
use crate::page::Table;
use electrodes::{Electrode, electrodes};
use field::Field;

/// Maps of the head for channels that carry the names of electrodes of the 10–20 or 10–10 system, one or several in the
/// same colours. The nose is at the top.
///
/// Between electrodes, values are interpolated as `plot_topomap` of MNE does: by cubic polynomials on triangles
/// (Clough–Tocher), carried on to the border of the head.
///
/// ```
/// use xcebra_report::ScalpMap;
///
/// let channels = ["EEG Fp1-REF", "EEG Fp2-REF", "EEG Cz-REF", "EEG O1-REF", "EEG O2-REF"].map(str::to_owned);
/// let map = ScalpMap::of(&channels).expect("electrodes");
/// let figure = map.head("alpha", &[0.1, 0.1, 0.4, 0.9, 0.8]).value("attribution").draw();
/// assert!(figure.alt().contains("largest at O1"));
/// assert!(ScalpMap::of(&["left".to_owned(), "right".to_owned()]).is_none());
/// ```
#[derive(Debug, Clone)]
pub struct ScalpMap {
    electrodes: Vec<Electrode>,
    left_out: Vec<String>,
    title: String,
    value: String,
    heads: Vec<(String, Vec<f64>)>,
    signed: bool,
    width: f64,
}

/// Most heads beside each other.
const MOST_BESIDE: usize = 4;
/// Height of a row of a picture, and how finely it is sampled, in pixels.
const ROW: f64 = 3.0;
const STEP: f64 = 1.5;
/// Steps of colour from the lowest to the highest value.
const LEVELS: f64 = 24.0;
/// How far ears and nose reach beyond the head, of its radius.
const BEYOND: f64 = 1.17;

/// The outlines of ear and nose as MNE draws them, in radii of the head.
const EAR: [[f64; 2]; 10] = [
    [0.994, 0.111],
    [1.02, 0.155],
    [1.036, 0.1566],
    [1.0598, 0.1492],
    [1.0838, 0.111],
    [1.08, -0.011],
    [1.094, -0.1864],
    [1.064, -0.2626],
    [1.02, -0.2768],
    [0.978, -0.2398],
];
const NOSE: [[f64; 2]; 3] = [[-0.2094, 0.9778], [0.0, 1.15], [0.2094, 0.9778]];

impl ScalpMap {
    /// Maps of these channels. None unless at least half of them, and four, carry names of electrodes at different
    /// places: `Fp1`, `FP1`, `EEG Fp1-REF`, `Fp1-A1`; `T3` to `T6` are `T7`, `T8`, `P7` and `P8`. A channel between two
    /// electrodes, such as `Fp1-F7`, has no place.
    pub fn of(channels: &[String]) -> Option<Self> {
        let electrodes = electrodes(channels)?;
        let is_placed = |c: &usize| electrodes.iter().any(|e| e.channel == *c);
        let left_out = (0..channels.len()).filter(|c| !is_placed(c));
        let left_out = left_out.map(|c| channels[c].clone()).collect();
        let map = Self {
            electrodes,
            left_out,
            title: String::new(),
            value: String::new(),
            heads: Vec::new(),
            signed: false,
            width: 0.0,
        };
        // all on a line
        map.field(&vec![0.0; map.electrodes.len()])
            .is_some()
            .then_some(map)
    }

    /// The channels that are not drawn, because they have no place.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Adds a head with one value for each channel; channels beyond the end of the list have none.
    pub fn head(mut self, title: &str, values: &[f64]) -> Self {
        let value = |e: &Electrode| values.get(e.channel).copied().unwrap_or(f64::NAN);
        let values = self.electrodes.iter().map(value).collect();
        self.heads.push((title.to_owned(), values));
        self
    }

    /// Title above all heads.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// What the colours are.
    pub fn value(mut self, title: &str) -> Self {
        title.clone_into(&mut self.value);
        self
    }

    /// Blue for negative, red for positive values, white at zero. Otherwise colours begin at zero.
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Width in pixels; without, that of one head or of up to four beside each other.
    pub fn width(mut self, width: f64) -> Self {
        self.width = width.max(200.0);
        self
    }

    /// Draws the maps.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |map, change| match change {
            Change::Width(width) => map.width(width),
            Change::Share(_) => map,
        })
    }

    fn drawn(&self) -> Figure {
        let beside = self.beside();
        let usual = match beside {
            1 => 400.0,
            n => 80.0 + 165.0 * n as f64,
        };
        let width = if self.width > 0.0 { self.width } else { usual };
        let radius = self.radius(width);
        let rows = self.heads.len().div_ceil(beside) as f64;
        let above = if self.title.is_empty() {
            0.0
        } else {
            LINE + 4.0
        };
        let height = above + LINE + rows * (2.0 * BEYOND * radius + self.name_height()) + 6.0;
        let finite = self
            .heads
            .iter()
            .flat_map(|head| &head.1)
            .any(|v| v.is_finite());
        let size = (width, height.max(140.0));
        figure(size, self.alt(), finite, |scene| self.draw_in(scene)).with_numbers(self.numbers())
    }

    fn beside(&self) -> usize {
        self.heads.len().clamp(1, MOST_BESIDE)
    }

    fn radius(&self, width: f64) -> f64 {
        let cell =
            (width - color_bar_width(&self.scale((0.0, 1.0)), 150.0) - 8.0) / self.beside() as f64;
        ((cell - 8.0) / (2.0 * BEYOND)).max(12.0)
    }

    fn name_height(&self) -> f64 {
        match self.heads.iter().all(|head| head.0.is_empty()) {
            true => 4.0,
            false => LINE,
        }
    }

    fn scale(&self, pixels: (f64, f64)) -> Scale {
        let values = self.heads.iter().flat_map(|head| head.1.iter().copied());
        let (low, high) = range(values);
        let largest = match low.abs().max(high.abs()) {
            size if size.is_finite() && size > 0.0 => size,
            _ => 1.0,
        };
        let low = if self.signed || low < 0.0 {
            -largest
        } else {
            0.0
        };
        Scale::linear((low, largest), pixels)
    }

    fn colors(&self) -> ColorMap {
        match self.scale((0.0, 1.0)).ends().0 < 0.0 {
            true => ColorMap::BlueRed,
            false => ColorMap::Viridis,
        }
    }

    /// The surface of values that are all known, and the radius it reaches to.
    fn field(&self, values: &[f64]) -> Option<(Field, f64)> {
        let known = || (0..values.len()).filter(|&i| values[i].is_finite());
        let points: Vec<_> = known().map(|i| self.electrodes[i].at).collect();
        let values: Vec<f64> = known().map(|i| values[i]).collect();
        let far = points
            .iter()
            .map(|p| p[0].hypot(p[1]))
            .fold(0.0_f64, f64::max);
        // electrodes lie inside
        let border = (1.01 * far).max(1.0);
        Some((Field::new(&points, &values, border)?, border))
    }

    fn draw_in(&self, scene: &mut Scene) -> Value {
        let top = heading(scene, &self.title);
        let radius = self.radius(scene.width);
        let cell = 2.0 * BEYOND * radius + 8.0;
        let mut data = Vec::new();
        for (k, (name, values)) in self.heads.iter().enumerate() {
            let (row, column) = (k / self.beside(), k % self.beside());
            let left = column as f64 * cell;
            let y = top + LINE + row as f64 * (2.0 * BEYOND * radius + self.name_height());
            let center = (left + cell / 2.0, y + self.name_height() + BEYOND * radius);
            let words = fit(name, SMALL, cell - 4.0);
            scene.small((center.0, y + 13.0), &words, Anchor::Middle);
            let places = self.draw_head(scene, center, radius, values);
            data.push(json!({
                "name": name,
                "x": packed(places.iter().map(|p| p.0)),
                "y": packed(places.iter().map(|p| p.1)),
                "values": packed(values.iter().copied()),
            }));
        }
        let area = Area {
            left: 0.0,
            top: top + LINE + self.name_height(),
            right: self.beside() as f64 * cell - 8.0,
            bottom: top + LINE + self.name_height() + 2.0 * BEYOND * radius - 6.0,
        };
        let scale = self.scale(area.y_pixels());
        color_bar(scene, area.right + 14.0, &area, &scale, self.colors());
        let value = fit(&self.value, TEXT, scene.width);
        scene.text((scene.width, top + 13.0), &value, Anchor::End);
        json!({
            "kind": "scalp",
            "area": area.corners(),
            "names": self.electrodes.iter().map(|e| e.name).collect::<Vec<_>>(),
            "value": title(&self.value, "value"),
            "heads": data,
        })
    }

    /// One head, and where its electrodes are.
    fn draw_head(
        &self,
        scene: &mut Scene,
        center: (f64, f64),
        radius: f64,
        values: &[f64],
    ) -> Vec<(f64, f64)> {
        let on_paper = |[x, y]: [f64; 2]| (center.0 + radius * x, center.1 - radius * y);
        let scale = self.scale((0.0, 1.0));
        let ink = |value: f64| {
            let level = (scale.position(value) * LEVELS)
                .floor()
                .clamp(0.0, LEVELS - 1.0);
            self.colors().at((level + 0.5) / LEVELS)
        };
        if let Some((field, border)) = self.field(values) {
            let reach = border * radius;
            scene.group(TILES, |scene| {
                let rows = (2.0 * reach / ROW).ceil() as usize;
                for row in 0..rows {
                    let y = -reach + ROW * row as f64;
                    let nearest = if y < 0.0 { (y + ROW).min(0.0) } else { y };
                    let half = (reach * reach - nearest * nearest).max(0.0).sqrt();
                    let middle = y + ROW / 2.0;
                    let ink_at = |x: f64| {
                        // a little inside, where the row is wider than its middle
                        let (px, py) = (x / radius, -middle / radius);
                        let inside = (0.999 * border / px.hypot(py).max(1e-9)).min(1.0);
                        field
                            .at([px * inside, py * inside])
                            .map_or(Ink::Missing, ink)
                    };
                    runs(half, ink_at, |(from, to), ink| {
                        // whole pixels: few digits, and no gaps between neighbours
                        let (left, right) = ((center.0 + from).round(), (center.0 + to).round());
                        let corner = (left, (center.1 + y).round());
                        scene.rect(corner, (right - left, ROW + 0.2), ink);
                    });
                }
            });
            // over the steps of the border
            let outside = reach + 2.0;
            let ring = circle(1.0).map(|[x, y]| (center.0 + outside * x, center.1 + outside * y));
            scene.polyline(ring.collect(), Ink::Paper, 4.0, &[]);
        }
        let outline = |points: &mut dyn Iterator<Item = [f64; 2]>| points.map(on_paper).collect();
        scene.polyline(outline(&mut circle(1.0)), Ink::Text, 1.5, &[]);
        scene.polyline(outline(&mut NOSE.into_iter()), Ink::Text, 1.5, &[]);
        for side in [-1.0, 1.0] {
            let mut ear = EAR.into_iter().map(|[x, y]| [side * x, y]);
            scene.polyline(outline(&mut ear), Ink::Text, 1.5, &[]);
        }
        let places: Vec<(f64, f64)> = self.electrodes.iter().map(|e| on_paper(e.at)).collect();
        let named = self.heads.len() == 1 && self.has_room(radius);
        for ((electrode, place), value) in self.electrodes.iter().zip(&places).zip(values) {
            let ink = on(ink(*value), value.is_finite());
            scene.points(vec![*place], ink, if named { 3.0 } else { 2.5 });
            if named {
                let at = (place.0, place.1 - 5.0);
                scene.styled(at, electrode.name, SMALL, Anchor::Middle, ink, false);
            }
        }
        places
    }

    /// Whether names of electrodes would not lie on each other.
    fn has_room(&self, radius: f64) -> bool {
        let apart = |a: &Electrode, b: &Electrode| {
            let wide = (text_width(a.name, SMALL) + text_width(b.name, SMALL)) / 2.0;
            (radius * (a.at[0] - b.at[0])).abs() > wide
                || (radius * (a.at[1] - b.at[1])).abs() > 13.0
        };
        let all = self.electrodes.iter().enumerate();
        all.into_iter()
            .all(|(i, a)| self.electrodes[..i].iter().all(|b| apart(a, b)))
    }

    fn numbers(&self) -> Table {
        let mut header = vec!["electrode".to_owned()];
        let head = |(name, _): &(String, Vec<f64>)| match name.is_empty() {
            true => title(&self.value, "value").to_owned(),
            false => name.clone(),
        };
        header.extend(self.heads.iter().map(head));
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let rows = self.electrodes.iter().enumerate().map(|(i, electrode)| {
            let values = self.heads.iter().map(|(_, values)| number(values[i]));
            std::iter::once(electrode.name.to_owned())
                .chain(values)
                .collect()
        });
        listed_rows(&header, rows, self.electrodes.len())
    }

    fn alt(&self) -> String {
        let all = || {
            let of = |head: &'_ (String, Vec<f64>)| head.1.clone();
            self.heads.iter().flat_map(of)
        };
        let mut words = format!(
            "{}: {} at {}, {}",
            title(&self.title, "Scalp map"),
            title(&self.value, "values"),
            counted(self.electrodes.len(), "electrode"),
            spread(all())
        );
        if self.heads.len() > 1 {
            words += &format!(", in {}", counted(self.heads.len(), "map"));
        }
        let entries = self.heads.iter().flat_map(|(name, values)| {
            let at = values.iter().zip(&self.electrodes);
            at.map(move |(value, electrode)| (name, electrode.name, *value))
        });
        let largest = entries.filter(|entry| entry.2.is_finite());
        let largest = largest.max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()));
        match largest {
            Some((name, electrode, _)) if self.heads.len() > 1 && !name.is_empty() => {
                format!("{words}; largest at {electrode} in {name}.")
            }
            Some((_, electrode, _)) => format!("{words}; largest at {electrode}."),
            None => format!("{words}."),
        }
    }
}

/// Ink that is seen on another.
fn on(ink: Ink, known: bool) -> Ink {
    match ink {
        Ink::Rgb([r, g, b]) if known => {
            let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
            Ink::Rgb(if light > 130.0 { [0; 3] } else { [255; 3] })
        }
        _ => Ink::Text,
    }
}

/// A closed circle of this radius.
fn circle(radius: f64) -> impl Iterator<Item = [f64; 2]> {
    let angle = |i: u32| std::f64::consts::TAU * f64::from(i) / 100.0;
    (0..=100).map(move |i| [radius * angle(i).cos(), radius * angle(i).sin()])
}

/// Stretches of one colour from `-half` to `half`.
fn runs(half: f64, ink: impl Fn(f64) -> Ink, mut draw: impl FnMut((f64, f64), Ink)) {
    let steps = ((2.0 * half / STEP).ceil() as usize).max(1);
    let edge = |i: usize| -half + 2.0 * half * i as f64 / steps as f64;
    let middle = |i: usize| f64::midpoint(edge(i), edge(i + 1));
    let (mut from, mut current) = (0, ink(middle(0)));
    for i in 1..=steps {
        let next = (i < steps).then(|| ink(middle(i)));
        if next != Some(current) {
            draw((edge(from), edge(i)), current);
            (from, current) = (i, next.unwrap_or(current));
        }
    }
}

#[cfg(test)]
mod tests;
