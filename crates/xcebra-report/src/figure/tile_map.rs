//! Rectangles of a plane with two axes of numbers, such as time and frequency, as coloured tiles.

use ndarray::ArrayView2;
use serde_json::{Value, json};

use crate::figure::color::ColorMap;
use crate::figure::frame::{
    Area, BELOW, LINE, color_bar, color_bar_width, figure, heading, label_width, x_axis, x_ticks,
    y_ticks,
};
use crate::figure::numbers::packed;
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, Scene, TEXT, fit, text_width};
use crate::figure::svg::TILES;
use crate::figure::words::{on_axis, title};
use crate::figure::{Change, Figure};
use crate::page::Table;

/// A map of signed values over two axes of numbers: blue for negative, red for positive, white at zero.
///
/// ```
/// use ndarray::array;
/// use xcebra_report::TileMap;
///
/// let map = array![[0.1, 0.0, -0.1], [0.9, 0.2, 0.0]]; // 0 and 4 Hz at three times
/// let figure = TileMap::new("time (s)", "frequency (Hz)")
///     .grid(&[0.0, 0.5, 1.0], &[0.0, 4.0], map.view())
///     .value("attribution")
///     .draw();
/// assert!(figure.alt().contains("largest value 0.9"));
/// ```
#[derive(Debug, Clone)]
pub struct TileMap {
    title: String,
    x: String,
    y: String,
    value: String,
    tiles: Vec<Tile>,
    log_y: bool,
    numbered: bool,
    names: Option<Vec<String>>,
    size: (f64, f64),
    /// Rows and columns of tiles, if all are those of one grid.
    grid: Option<(usize, usize)>,
}

/// A rectangle with a value.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tile {
    x: (f64, f64),
    y: (f64, f64),
    value: f64,
}

/// More rows or columns than these would be thinner than two pixels.
const MOST: (usize, usize) = (320, 130);

impl TileMap {
    /// A map with the titles of its axes.
    pub fn new(x: &str, y: &str) -> Self {
        Self {
            title: String::new(),
            x: x.to_owned(),
            y: y.to_owned(),
            value: String::new(),
            tiles: Vec::new(),
            log_y: false,
            numbered: false,
            names: None,
            size: (720.0, 300.0),
            grid: None,
        }
    }

    /// Title above the map.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// What the colours are.
    pub fn value(mut self, title: &str) -> Self {
        title.clone_into(&mut self.value);
        self
    }

    /// Adds one tile.
    pub fn tile(mut self, x: (f64, f64), y: (f64, f64), value: f64) -> Self {
        self.tiles.push(Tile { x, y, value });
        self.grid = None;
        self
    }

    /// Adds values `(y, x)` at ascending positions; each reaches half way to its neighbours. Where there
    /// are more than the eye can tell apart, neighbours are joined and the largest in size is shown.
    pub fn grid(mut self, x: &[f64], y: &[f64], values: ArrayView2<'_, f64>) -> Self {
        if values.is_empty() || values.dim() != (y.len(), x.len()) {
            return self;
        }
        let (columns, rows) = (edges(x), edges(y));
        let first = self.tiles.is_empty();
        let (wide, high) = (
            x.len().div_ceil(MOST.0).max(1),
            y.len().div_ceil(MOST.1).max(1),
        );
        for i in (0..y.len()).step_by(high) {
            for j in (0..x.len()).step_by(wide) {
                let (bottom, right) = ((i + high).min(y.len()), (j + wide).min(x.len()));
                let cells = (i..bottom).flat_map(|i| (j..right).map(move |j| (i, j)));
                let largest = cells
                    .map(|at| values[at])
                    .max_by(|a, b| a.abs().total_cmp(&b.abs()));
                self.tiles.push(Tile {
                    x: (columns[j], columns[right]),
                    y: (rows[i], rows[bottom]),
                    value: largest.unwrap_or(f64::NAN),
                });
            }
        }
        self.grid = first.then_some((y.len().div_ceil(high), x.len().div_ceil(wide)));
        self
    }

    /// About this share of the tiles of a grid: neighbours in a row as one, and then rows that have no names.
    fn coarser(mut self, share: f64) -> Self {
        let Some((rows, columns)) = self.grid else {
            return self;
        };
        let joined = (1.0 / share.clamp(1e-3, 1.0)).ceil() as usize;
        let most_high = if self.names.is_some() { 1 } else { rows };
        let high = (joined as f64).sqrt().floor().max(1.0) as usize;
        let high = high.min(most_high).max(1);
        let wide = joined.div_ceil(high).min(columns);
        let mut tiles = Vec::new();
        for i in (0..rows).step_by(high) {
            for j in (0..columns).step_by(wide) {
                let (bottom, right) = ((i + high).min(rows), (j + wide).min(columns));
                let cells = (i..bottom).flat_map(|i| (j..right).map(move |j| i * columns + j));
                let largest = cells
                    .map(|at| self.tiles[at].value)
                    .filter(|value| value.is_finite())
                    .max_by(|a, b| a.abs().total_cmp(&b.abs()));
                let (first, last) = (
                    self.tiles[i * columns + j],
                    self.tiles[(bottom - 1) * columns + right - 1],
                );
                tiles.push(Tile {
                    x: (first.x.0, last.x.1),
                    y: (first.y.0, last.y.1),
                    value: largest.unwrap_or(f64::NAN),
                });
            }
        }
        self.tiles = tiles;
        self.grid = Some((rows.div_ceil(high), columns.div_ceil(wide)));
        self
    }

    /// A logarithmic vertical axis; tiles that begin at zero reach down to an octave below the others.
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Rows that are numbered from the top, such as channels: the vertical axis has whole numbers alone.
    pub fn numbered(mut self) -> Self {
        self.numbered = true;
        self
    }

    /// Rows at 0, 1, … from the top with these names, such as channels.
    pub fn row_names(mut self, names: &[String]) -> Self {
        self.names = Some(names.to_vec());
        self.size.1 = (names.len() as f64 * 16.0).clamp(140.0, 460.0) + BELOW + 3.0 * LINE;
        self.numbered()
    }

    /// Width and height in pixels.
    pub fn size(mut self, width: f64, height: f64) -> Self {
        self.size = (width.max(200.0), height.max(140.0));
        self
    }

    /// Draws the map.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |map, change| match change {
            Change::Width(width) => {
                let height = map.size.1;
                map.size(width, height)
            }
            Change::Share(share) => map.coarser(share),
        })
    }

    fn drawn(&self) -> Figure {
        let tiles: Vec<Tile> = self.placed().collect();
        let numbers = self.numbers(&tiles);
        figure(self.size, self.alt(), !tiles.is_empty(), |scene| {
            self.draw_in(scene, tiles)
        })
        .with_numbers(numbers)
    }

    /// The tiles of most absolute value, as a table.
    fn numbers(&self, tiles: &[Tile]) -> Table {
        const MOST: usize = 200;
        let mut order: Vec<&Tile> = tiles.iter().collect();
        order.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        let span = |(from, to): (f64, f64)| format!("{} to {}", number(from), number(to));
        let place = |y: (f64, f64)| match self.names {
            Some(_) => self.row_words(f64::midpoint(y.0, y.1)),
            None => span(y),
        };
        let row = |tile: &&Tile| vec![span(tile.x), place(tile.y), number(tile.value)];
        let header = [&self.x, &self.y, title(&self.value, "value")];
        let table = order
            .iter()
            .take(MOST)
            .fold(Table::new(&header), |table, tile| table.row(row(tile)));
        match order.len() > MOST {
            true => table.caption(&format!(
                "The {MOST} of {} tiles with the largest absolute value.",
                number(order.len() as f64)
            )),
            false => table,
        }
    }

    /// The tiles that have a place.
    fn placed(&self) -> impl Iterator<Item = Tile> + '_ {
        let finite = |t: &Tile| [t.x.0, t.x.1, t.y.0, t.y.1].iter().all(|v| v.is_finite());
        self.tiles.iter().copied().filter(finite)
    }

    fn draw_in(&self, scene: &mut Scene, mut tiles: Vec<Tile>) -> Value {
        let top = heading(scene, &self.title) + LINE + 2.0;
        let bottom = scene.height - BELOW;
        if self.log_y {
            let least = tiles.iter().filter(|t| t.y.0 > 0.0).map(|t| t.y.0);
            let least = least.fold(f64::INFINITY, f64::min);
            for tile in tiles.iter_mut().filter(|t| t.y.0 <= 0.0) {
                tile.y.0 = if least.is_finite() {
                    least / 2.0
                } else {
                    tile.y.1 / 2.0
                };
            }
            tiles.retain(|t| t.y.0 > 0.0 && t.y.1 > 0.0);
        }
        let (low, high) = range(tiles.iter().map(|t| t.value));
        let largest = match low.abs().max(high.abs()) {
            size if size.is_finite() && size > 0.0 => size,
            _ => 1.0,
        };
        let draft = Scale::linear((-largest, largest), (bottom, top));
        let y_range = range(tiles.iter().flat_map(|t| [t.y.0, t.y.1]));
        let y = match self.log_y {
            true => Scale::logarithmic(y_range, (bottom, top)),
            false if self.numbered => Scale::linear(y_range, (top, bottom)),
            false => Scale::linear(y_range, (bottom, top)),
        };
        let ticks = match self.numbered {
            true if self.names.is_some() => self.named_ticks(&y, bottom - top),
            true => y.whole_ticks(((bottom - top) / 18.0) as usize),
            false => y_ticks(&y, bottom - top),
        };
        let area = Area {
            left: label_width(ticks.iter().map(|tick| tick.1.as_str())),
            top,
            right: scene.width - color_bar_width(&draft, bottom - top) - 4.0,
            bottom,
        };
        let x = Scale::linear(
            range(tiles.iter().flat_map(|t| [t.x.0, t.x.1])),
            area.x_pixels(),
        );
        let mut boxes = Vec::new();
        scene.group(TILES, |scene| {
            for tile in &tiles {
                let (left, right) = (x.position(tile.x.0), x.position(tile.x.1));
                let (from, to) = (y.position(tile.y.0), y.position(tile.y.1));
                let (below, above) = (from.max(to), from.min(to));
                let ink = ColorMap::BlueRed.at(0.5 + 0.5 * tile.value / largest);
                // a little wider, or the paper would shine through between tiles
                let size = (
                    (right - left + 0.3).min(area.right - left),
                    below - above + 0.3,
                );
                let size = (size.0.max(0.0), size.1.min(area.bottom - above));
                boxes.push([left, above, size.0, size.1]);
                scene.rect((left, above), size, ink);
            }
        });
        for (at, label) in &ticks {
            scene.line((area.left - 4.0, *at), (area.left, *at), Ink::Text);
            scene.small((area.left - 7.0, at + 4.0), label, Anchor::End);
        }
        x_axis(scene, &area, &x_ticks(&x, area.width()), &self.x);
        scene.text((0.0, area.top - 8.0), &self.y, Anchor::Start);
        let scale = Scale::linear((-largest, largest), area.y_pixels());
        color_bar(scene, area.right + 14.0, &area, &scale, ColorMap::BlueRed);
        let free = scene.width - text_width(&self.y, TEXT) - 12.0;
        let value = fit(&self.value, TEXT, free);
        scene.text((scene.width, area.top - 8.0), &value, Anchor::End);
        let places = [0, 1, 2, 3].map(|k: usize| packed(boxes.iter().map(|at| at[k])));
        json!({
            "kind": "tiles",
            "area": area.corners(),
            "x": [x.ends().0, x.ends().1],
            "y": [y.ends().0, y.ends().1],
            "flipped": self.numbered,
            "names": self.names,
            "log": self.log_y,
            "row": self.y,
            "column": self.x,
            "value": title(&self.value, "value"),
            "boxes": places,
            "values": packed(tiles.iter().map(|tile| tile.value)),
        })
    }

    /// Where a row is, in words.
    fn row_words(&self, y: f64) -> String {
        let name = |names: &Vec<String>| names.get(y.round().max(0.0) as usize).cloned();
        self.names
            .as_ref()
            .and_then(name)
            .unwrap_or_else(|| on_axis(&self.y, y))
    }

    /// As many of the names as have room.
    fn named_ticks(&self, y: &Scale, height: f64) -> Vec<(f64, String)> {
        let names = self.names.as_deref().unwrap_or_default();
        let every = (15.0 * names.len() as f64 / height).ceil().max(1.0) as usize;
        let tick = |(i, name): (usize, &String)| (y.position(i as f64), fit(name, 12, 120.0));
        names.iter().enumerate().step_by(every).map(tick).collect()
    }

    fn alt(&self) -> String {
        let largest = self.placed().filter(|t| t.value.is_finite());
        let largest = largest.max_by(|a, b| a.value.abs().total_cmp(&b.value.abs()));
        let largest = match largest {
            None => "no values".to_owned(),
            Some(tile) if tile.value == 0.0 => "every value 0".to_owned(),
            Some(tile) => {
                let middle = |(a, b): (f64, f64)| f64::midpoint(a, b);
                format!(
                    "largest value {} around {} and {}",
                    number(tile.value),
                    on_axis(&self.x, middle(tile.x)),
                    self.row_words(middle(tile.y))
                )
            }
        };
        format!(
            "{}: {} over {} and {}, {largest}.",
            title(&self.title, "Map"),
            title(&self.value, "values"),
            self.x,
            self.y
        )
    }
}

/// Edges of cells around ascending positions, half way between neighbours.
fn edges(positions: &[f64]) -> Vec<f64> {
    let n = positions.len();
    let step = |i: usize| positions[i + 1] - positions[i];
    (0..=n)
        .map(|i| match i {
            0 if n > 1 => positions[0] - step(0) / 2.0,
            0 => positions[0] - 0.5,
            i if i == n && n > 1 => positions[n - 1] + step(n - 2) / 2.0,
            i if i == n => positions[0] + 0.5,
            i => f64::midpoint(positions[i - 1], positions[i]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::figure::scene::Shape;

    #[test]
    fn cells_meet_half_way() {
        assert_eq!(edges(&[0.0, 1.0, 3.0]), [-0.5, 0.5, 2.0, 4.0]);
        assert_eq!(edges(&[7.0]), [6.5, 7.5]);
    }

    #[test]
    fn numbered_rows_begin_at_the_top() {
        let values = ndarray::array![[1.0, 0.0], [0.0, -1.0]];
        let map = TileMap::new("t", "channel").grid(&[0.0, 1.0], &[0.0, 1.0], values.view());
        let first_row = |map: TileMap| {
            let mut scene = Scene::new(720.0, 300.0);
            map.draw_in(&mut scene, map.tiles.clone());
            scene.shapes.iter().find_map(|shape| match shape {
                Shape::Rect { corner, .. } => Some(corner.1),
                _ => None,
            })
        };
        assert!(first_row(map.clone().numbered()) < first_row(map));
    }

    #[test]
    fn a_coarser_grid_covers_the_same_and_keeps_its_largest_value() {
        let mut values = Array2::zeros((7, 50));
        values[[5, 33]] = -5.0;
        let at = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
        let map = TileMap::new("t", "f").grid(&at(50), &at(7), values.view());
        let area = |map: &TileMap| -> f64 {
            let size = |t: &Tile| (t.x.1 - t.x.0) * (t.y.1 - t.y.0);
            map.tiles.iter().map(size).sum()
        };
        for share in [0.5, 0.25, 0.01] {
            let coarser = map.clone().coarser(share);
            // 7 rows in twos are 4
            assert!(coarser.tiles.len() as f64 <= share * 350.0 * 8.0 / 7.0 + 7.0);
            assert!((area(&coarser) - 350.0).abs() < 1e-9);
            let found: Vec<&Tile> = coarser.tiles.iter().filter(|t| t.value != 0.0).collect();
            assert_eq!((found.len(), found[0].value), (1, -5.0));
            assert!(found[0].x.0 <= 33.0 && found[0].x.1 >= 33.0);
            let named = map.clone().row_names(&vec!["a".to_owned(); 7]);
            assert_eq!(named.coarser(share).grid.unwrap().0, 7);
        }
    }

    #[test]
    fn a_fine_grid_keeps_its_largest_value() {
        let mut values = Array2::zeros((300, 1000));
        values[[123, 456]] = -5.0;
        let at = |n: usize| (0..n).map(|i| i as f64).collect::<Vec<_>>();
        let map = TileMap::new("t", "f").grid(&at(1000), &at(300), values.view());
        assert!(map.tiles.len() <= MOST.0 * MOST.1);
        let strongest: Vec<&Tile> = map.tiles.iter().filter(|t| t.value != 0.0).collect();
        assert_eq!(strongest.len(), 1);
        assert!(strongest[0].x.0 <= 456.0 && strongest[0].x.1 >= 456.0);
    }
}
