//! A matrix as coloured cells.

mod joined;

use ndarray::{Array2, ArrayView2};
use serde_json::{Value, json};

use crate::figure::color::ColorMap;
use crate::figure::frame::{
    Area, BELOW, LINE, Mark, color_bar, color_bar_width, figure, heading, label_width, legend,
};
use crate::figure::numbers::{listed_rows, packed};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, SMALL, Scene, TEXT, fit, text_width};
use crate::figure::words::{counted, spread, title};
use crate::figure::{Change, Figure};
use crate::page::Table;

/// A heat map `(rows, columns)`, such as an attribution map of inputs × latents.
///
/// Of very many cells, neighbours are drawn as one, with the value that is largest in size.
///
/// ```
/// use ndarray::array;
/// use xcebra_report::HeatMap;
///
/// let map = array![[0.9, 0.1], [0.2, 0.8]];
/// let figure = HeatMap::new(map.view()).rows("input").columns("latent").value("|ING|").draw();
/// assert!(figure.svg().starts_with("<svg"));
/// ```
#[derive(Debug, Clone)]
pub struct HeatMap {
    values: Array2<f64>,
    title: String,
    rows: String,
    columns: String,
    value: String,
    row_names: Option<Vec<String>>,
    column_names: Option<Vec<String>>,
    groups: Vec<(String, usize)>,
    range: Option<(f64, f64)>,
    map: ColorMap,
    /// Names of the values 0, 1, …, if there are only these.
    classes: Option<Vec<String>>,
    size: (f64, f64),
    /// Of more cells, neighbours are drawn as one.
    most_cells: usize,
    /// How many rows and columns are drawn as one.
    joined: (usize, usize),
}

/// Cells that a page can hold beside other pictures, and a reader tell apart.
const MOST_CELLS: usize = 6_000;

impl HeatMap {
    /// A heat map of `values`; NaN is drawn grey.
    pub fn new(values: ArrayView2<'_, f64>) -> Self {
        let height = (values.nrows() as f64 * 9.0).clamp(120.0, 460.0) + BELOW + 3.0 * LINE;
        let width = (values.ncols() as f64 * 26.0).clamp(160.0, 560.0) + 130.0;
        Self {
            values: values.to_owned(),
            title: String::new(),
            rows: String::new(),
            columns: String::new(),
            value: String::new(),
            row_names: None,
            column_names: None,
            groups: Vec::new(),
            range: None,
            map: ColorMap::Viridis,
            classes: None,
            size: (width, height),
            most_cells: MOST_CELLS,
            joined: (1, 1),
        }
    }

    /// A heat map of truth values with a legend that calls them `yes` and `no`.
    pub fn of_mask(mask: ArrayView2<'_, bool>, yes: &str, no: &str) -> Self {
        Self::of_classes(mask.mapv(usize::from).view(), &[no, yes])
    }

    /// A heat map of classes 0, 1, … with a legend that names them; a class without a name is drawn grey.
    pub fn of_classes(classes: ArrayView2<'_, usize>, names: &[&str]) -> Self {
        let value = |&class: &usize| match class < names.len() {
            true => class as f64,
            false => f64::NAN,
        };
        Self {
            range: Some((0.0, names.len().saturating_sub(1).max(1) as f64)),
            classes: Some(names.iter().map(|&name| name.to_owned()).collect()),
            ..Self::new(classes.map(value).view())
        }
    }

    /// Title above the map.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// What the rows are.
    pub fn rows(mut self, title: &str) -> Self {
        title.clone_into(&mut self.rows);
        self
    }

    /// What the columns are.
    pub fn columns(mut self, title: &str) -> Self {
        title.clone_into(&mut self.columns);
        self
    }

    /// What the colours are.
    pub fn value(mut self, title: &str) -> Self {
        title.clone_into(&mut self.value);
        self
    }

    /// One name a row; without, rows are numbered from 0. A list of another length is ignored.
    pub fn row_names(mut self, names: &[String]) -> Self {
        self.row_names = (names.len() == self.values.nrows()).then(|| names.to_vec());
        self
    }

    /// One name a column; without, columns are numbered from 0. A list of another length is ignored.
    pub fn column_names(mut self, names: &[String]) -> Self {
        self.column_names = (names.len() == self.values.ncols()).then(|| names.to_vec());
        self
    }

    /// Blocks of rows from the top, each with its name and number of rows.
    pub fn row_groups(mut self, groups: &[(&str, usize)]) -> Self {
        self.groups = groups
            .iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect();
        self
    }

    /// Values of the first and the last colour; without, those of the data.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Blue for negative, red for positive values, white at zero.
    pub fn signed(mut self) -> Self {
        let (low, high) = range(self.values.iter().copied());
        let largest = low.abs().max(high.abs());
        self.range = Some((-largest, largest));
        self.map = ColorMap::BlueRed;
        self
    }

    /// Width and height in pixels.
    pub fn size(mut self, width: f64, height: f64) -> Self {
        self.size = (width.max(160.0), height.max(140.0));
        self
    }

    /// Draws the map.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |map, change| match change {
            Change::Width(width) => {
                let height = map.size.1;
                map.size(width, height)
            }
            Change::Share(share) => {
                let most = (map.most_cells as f64 * share) as usize;
                Self {
                    most_cells: most.min((map.values.len() as f64 * share) as usize).max(1),
                    ..map
                }
            }
        })
    }

    fn drawn(&self) -> Figure {
        let data = !self.values.is_empty();
        let drawn = self.joined();
        figure(self.size, self.alt(), data, |scene| drawn.draw_in(scene))
            .with_numbers(self.numbers())
    }

    fn draw_in(&self, scene: &mut Scene) -> Value {
        let (rows, columns) = self.values.dim();
        let mut top = heading(scene, &self.title);
        let after_title = match text_width(&self.rows, TEXT) {
            0.0 => -10.0,
            width => width + 4.0,
        };
        if let Some(names) = &self.classes {
            let last = names.len().saturating_sub(1).max(1) as f64;
            let entry = |(i, name)| {
                (
                    String::as_str(name),
                    self.map.at(i as f64 / last),
                    Mark::Square(1.0),
                )
            };
            let entries: Vec<_> = names.iter().enumerate().rev().map(entry).collect();
            // on the line of the title, so that maps side by side begin at one height
            top += legend(scene, top, after_title, &entries) - LINE;
        }
        let data = self
            .range
            .unwrap_or_else(|| range(self.values.iter().copied()));
        let bottom = scene.height - BELOW;
        let height = bottom - top - LINE;
        // only to know how wide its labels are
        let draft = Scale::linear(data, (bottom, top + LINE));
        let bar = match self.classes {
            Some(_) => 8.0,
            None => color_bar_width(&draft, height),
        };
        let names: Vec<String> = (0..rows)
            .map(|i| name(self.row_names.as_deref(), i))
            .collect();
        let group_width = self.groups.iter().map(|g| text_width(&g.0, SMALL) + 16.0);
        let group_width = group_width.fold(0.0, f64::max);
        let names_limit = (scene.width * 0.4).max(40.0);
        let names_width = label_width(names.iter().map(String::as_str)).min(names_limit);
        let area = Area {
            left: group_width + names_width,
            top: top + LINE,
            right: scene.width - bar,
            bottom,
        };
        let scale = Scale::linear(data, area.y_pixels());
        let cell = (area.width() / columns as f64, area.height() / rows as f64);
        scene.group("cells", |scene| {
            for ((i, j), value) in self.values.indexed_iter() {
                let corner = (area.left + j as f64 * cell.0, area.top + i as f64 * cell.1);
                let position = (area.bottom - scale.position(*value)) / area.height();
                // a little larger, or paper shines through between cells in print; neighbours cover it
                let size = (
                    (cell.0 + 0.3).min(area.right - corner.0),
                    (cell.1 + 0.3).min(area.bottom - corner.1),
                );
                scene.rect(corner, size, self.map.at(position));
            }
        });
        let every = [
            self.label_rows(scene, &area, &names, names_width),
            self.label_columns(scene, &area),
        ];
        scene.text((0.0, area.top - 7.0), &self.rows, Anchor::Start);
        if self.classes.is_none() {
            color_bar(scene, area.right + 14.0, &area, &scale, self.map);
            let free = scene.width - text_width(&self.rows, TEXT) - 12.0;
            let value = fit(&self.value_words(), TEXT, free);
            scene.text((scene.width, area.top - 7.0), &value, Anchor::End);
        }
        json!({
            "kind": "heat",
            "area": area.corners(),
            "every": every,
            "rows": names,
            "columns": (0..columns).map(|j| name(self.column_names.as_deref(), j)).collect::<Vec<_>>(),
            "row": self.rows,
            "column": self.columns,
            "value": title(&self.value_words(), "value"),
            "classes": self.classes,
            "values": packed(self.values.iter().copied()),
        })
    }

    /// The cells as a table: as many columns as the map.
    fn numbers(&self) -> Table {
        let mut header = vec![title(&self.rows, "row").to_owned()];
        let columns = (0..self.values.ncols()).map(|j| match &self.column_names {
            Some(names) => names[j].clone(),
            None => format!("{} {j}", title(&self.columns, "column")),
        });
        header.extend(columns);
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let cell = |value: &f64| match &self.classes {
            Some(names) if value.is_finite() => names[*value as usize].clone(),
            Some(_) => String::new(),
            None => number(*value),
        };
        let rows = self.values.rows().into_iter().enumerate().map(|(i, row)| {
            let first = name(self.row_names.as_deref(), i);
            std::iter::once(first).chain(row.iter().map(cell)).collect()
        });
        listed_rows(&header, rows, self.values.nrows())
    }

    /// Labels every n-th row, and returns n.
    fn label_rows(&self, scene: &mut Scene, area: &Area, names: &[String], width: f64) -> usize {
        let cell = area.height() / names.len() as f64;
        let apart = if self.row_names.is_some() { 15.0 } else { 22.0 };
        let every = thin((apart / cell).ceil() as usize);
        scene.group("row-names", |scene| {
            for (i, name) in names.iter().enumerate().step_by(every) {
                let y = area.top + (i as f64 + 0.5) * cell;
                let name = fit(name, SMALL, width - 8.0);
                scene.line((area.left - 4.0, y), (area.left, y), Ink::Text);
                scene.small((area.left - 7.0, y + 4.0), &name, Anchor::End);
            }
        });
        scene.group("row-groups", |scene| {
            self.bracket_rows(scene, area, names.len(), width);
        });
        every
    }

    fn bracket_rows(&self, scene: &mut Scene, area: &Area, rows: usize, width: f64) {
        let cell = area.height() / rows as f64;
        let mut first = 0;
        for (name, count) in &self.groups {
            let last = (first + count).min(rows);
            if first >= last {
                break;
            }
            let (from, to) = (
                area.top + first as f64 * cell,
                area.top + last as f64 * cell,
            );
            let x = area.left - width - 2.0;
            let bracket = vec![
                (x + 4.0, from + 2.0),
                (x, from + 2.0),
                (x, to - 2.0),
                (x + 4.0, to - 2.0),
            ];
            scene.polyline(bracket, Ink::Text, 1.0, &[]);
            scene.small((x - 5.0, f64::midpoint(from, to) + 4.0), name, Anchor::End);
            if first > 0 {
                scene.polyline(
                    vec![(area.left, from), (area.right, from)],
                    Ink::Paper,
                    2.0,
                    &[],
                );
            }
            first = last;
        }
    }

    /// Labels every n-th column, and returns n.
    fn label_columns(&self, scene: &mut Scene, area: &Area) -> usize {
        let columns = self.values.ncols();
        let cell = area.width() / columns as f64;
        let names: Vec<String> = (0..columns)
            .map(|j| name(self.column_names.as_deref(), j))
            .collect();
        let widest = names
            .iter()
            .map(|name| text_width(name, SMALL))
            .fold(0.0, f64::max);
        // names are shortened as long as something is left of them, numbers are thinned out
        let needed = if self.column_names.is_some() {
            widest.min(34.0)
        } else {
            widest
        };
        let every = thin(((needed + 4.0) / cell).ceil() as usize);
        scene.group("column-names", |scene| {
            for (j, name) in names.iter().enumerate().step_by(every) {
                let x = area.left + (j as f64 + 0.5) * cell;
                let name = fit(name, SMALL, cell * every as f64 - 2.0);
                scene.line((x, area.bottom), (x, area.bottom + 4.0), Ink::Text);
                scene.small((x, area.bottom + 17.0), &name, Anchor::Middle);
            }
        });
        let center = f64::midpoint(area.left, area.right);
        scene.text(
            (center, area.bottom + BELOW - 6.0),
            &self.columns,
            Anchor::Middle,
        );
        every
    }

    fn alt(&self) -> String {
        let (rows, columns) = self.values.dim();
        let cells = self.values.len();
        let what = match &self.classes {
            Some(names) => {
                let count = |(i, name)| {
                    let found = self.values.iter().filter(|v| **v == i as f64).count();
                    format!(
                        "“{name}” in {} of {}",
                        number(found as f64),
                        counted(cells, "cell")
                    )
                };
                let counts = names.iter().enumerate().skip(1).rev().map(count);
                counts.collect::<Vec<_>>().join(", ")
            }
            None => match self.values.iter().filter(|v| !v.is_finite()).count() {
                0 => spread(self.values.iter().copied()),
                n if n == cells => "no values".to_owned(),
                n => format!(
                    "{}, {} without a value",
                    spread(self.values.iter().copied()),
                    counted(n, "cell")
                ),
            },
        };
        format!(
            "{}: heat map of {} by {}, {what}.",
            title(&self.title, "Matrix"),
            counted(rows, title(&self.rows, "row")),
            counted(columns, title(&self.columns, "column"))
        )
    }
}

fn name(names: Option<&[String]>, index: usize) -> String {
    names.map_or_else(|| index.to_string(), |names| names[index].clone())
}

/// The next of 1, 2, 5, 10, 20, 50, … that is not below `least`.
fn thin(least: usize) -> usize {
    let mut decade = 1;
    loop {
        if let Some(m) = [1, 2, 5].into_iter().find(|m| m * decade >= least) {
            return m * decade;
        }
        decade *= 10;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::figure::scene::Shape;

    /// Positions are rounded when they are written, on paper once more.
    #[test]
    fn no_paper_shines_through_between_cells() {
        let values = Array2::from_shape_fn((50, 6), |(i, j)| (i + j) as f64);
        let map = HeatMap::new(values.view());
        let mut scene = Scene::new(300.0, 500.0);
        map.draw_in(&mut scene);
        let rects = scene.shapes.iter().filter_map(|shape| match shape {
            Shape::Rect { corner, size, .. } => Some((*corner, *size)),
            _ => None,
        });
        let cells: Vec<_> = rects.take(300).collect();
        for (i, (corner, size)) in cells.iter().enumerate() {
            if let Some((below, _)) = cells.get(i + 6) {
                assert!(corner.1 + size.1 > below.1 + 0.2);
            }
            if i % 6 < 5 {
                assert!(corner.0 + size.0 > cells[i + 1].0.0 + 0.2);
            }
        }
    }
}
