//! Quantities side by side.

use serde_json::{Value, json};

use crate::figure::frame::{Area, BELOW, figure, heading, label_width, x_axis, x_ticks};
use crate::figure::panels::{NEGATIVE, POSITIVE};
use crate::figure::scale::{Scale, number, range};
use crate::figure::scene::{Anchor, Ink, SMALL, Scene, fit, text_width};
use crate::figure::words::{listed, title};
use crate::figure::{Change, Figure};
use crate::page::Table;

/// Horizontal bars with their names, values and, where known, intervals.
///
/// ```
/// use xcebra_report::BarChart;
///
/// let figure = BarChart::new("auROC")
///     .interval("ING", 0.96, 0.95, 0.97)
///     .bar("neuron gradient", 0.9)
///     .reference(0.5, "chance")
///     .draw();
/// assert!(figure.alt().contains("ING 0.96"));
/// ```
#[derive(Debug, Clone)]
pub struct BarChart {
    title: String,
    value: String,
    bars: Vec<Bar>,
    references: Vec<(f64, String)>,
    signed: bool,
    width: f64,
}

#[derive(Debug, Clone)]
struct Bar {
    name: String,
    value: f64,
    interval: Option<(f64, f64)>,
}

impl BarChart {
    /// A chart with the title of its value axis.
    pub fn new(value: &str) -> Self {
        Self {
            title: String::new(),
            value: value.to_owned(),
            bars: Vec::new(),
            references: Vec::new(),
            signed: false,
            width: 720.0,
        }
    }

    /// Title above the chart.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Adds a bar from zero to `value`.
    pub fn bar(mut self, name: &str, value: f64) -> Self {
        self.bars.push(Bar {
            name: name.to_owned(),
            value,
            interval: None,
        });
        self
    }

    /// Adds a bar with an interval, such as one of confidence.
    pub fn interval(mut self, name: &str, value: f64, low: f64, high: f64) -> Self {
        self.bars.push(Bar {
            name: name.to_owned(),
            value,
            interval: Some((low, high)),
        });
        self
    }

    /// Marks a value with a dashed line and a word.
    pub fn reference(mut self, value: f64, word: &str) -> Self {
        self.references.push((value, word.to_owned()));
        self
    }

    /// Bars in the colours of [`Panels`](crate::Panels): orange for positive, blue for negative values.
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Width in pixels; the height follows from the number of bars.
    pub fn width(mut self, width: f64) -> Self {
        self.width = width.max(200.0);
        self
    }

    /// Draws the chart.
    pub fn draw(self) -> Figure {
        Figure::of(self, Self::drawn, |chart, change| match change {
            Change::Width(width) => chart.width(width),
            Change::Share(_) => chart,
        })
    }

    fn drawn(&self) -> Figure {
        const BAR: f64 = 28.0;
        let height = self.bars.len().max(1) as f64 * BAR;
        let size = (self.width, 48.0 + height + BELOW);
        let data = self.bars.iter().any(|bar| bar.value.is_finite());
        figure(size, self.alt(), data, |scene| self.draw_in(scene, BAR))
            .with_numbers(self.numbers())
    }

    fn numbers(&self) -> Table {
        let intervals = self.bars.iter().any(|bar| bar.interval.is_some());
        let header = ["", &self.value, "from", "to"];
        let header = if intervals { &header[..] } else { &header[..2] };
        self.bars.iter().fold(Table::new(header), |table, bar| {
            let ends = bar.interval.map(|(low, high)| [low, high]);
            let ends = ends.into_iter().flatten().map(number);
            let cells = [bar.name.clone(), number(bar.value)];
            table.row(cells.into_iter().chain(ends))
        })
    }

    fn draw_in(&self, scene: &mut Scene, step: f64) -> Value {
        let mut top = heading(scene, &self.title);
        if !self.references.is_empty() {
            top += 16.0;
        }
        let bottom = top + step * self.bars.len() as f64;
        scene.height = bottom + BELOW;
        let names = self.bars.iter().map(|bar| bar.name.as_str());
        let texts = self.texts();
        let widest = |negative: bool| {
            let side = self.bars.iter().zip(&texts);
            let side = side.filter(|(bar, _)| (bar.value < 0.0) == negative);
            side.map(|(_, text)| text_width(text, SMALL))
                .fold(0.0, f64::max)
        };
        let names_width = label_width(names).min(scene.width * 0.4);
        let area = Area {
            left: match widest(true) {
                0.0 => names_width,
                width => names_width + width + 8.0,
            },
            top,
            right: scene.width - widest(false).max(24.0) - 8.0,
            bottom,
        };
        let intervals = self.bars.iter().filter_map(|bar| bar.interval);
        let ends = intervals.flat_map(|(low, high)| [low, high]);
        let marks = self.references.iter().map(|reference| reference.0);
        let values = self.bars.iter().map(|bar| bar.value);
        let (low, high) = range(values.chain(ends).chain(marks).chain([0.0]));
        let x = Scale::linear((low, high), area.x_pixels()).rounded((area.width() / 90.0) as usize);
        let ticks = x_ticks(&x, area.width());
        for (at, _) in &ticks {
            scene.line((*at, area.top), (*at, area.bottom), Ink::Grid);
        }
        let zero = x.position(0.0);
        for (i, bar) in self.bars.iter().enumerate() {
            let middle = area.top + (i as f64 + 0.5) * step;
            let name = fit(&bar.name, SMALL, names_width - 8.0);
            scene.small((names_width - 7.0, middle + 4.0), &name, Anchor::End);
            if !bar.value.is_finite() {
                scene.styled(
                    (zero + 6.0, middle + 4.0),
                    "no value",
                    SMALL,
                    Anchor::Start,
                    Ink::Muted,
                    false,
                );
                continue;
            }
            let end = x.position(bar.value);
            let corner = (zero.min(end), middle - 8.0);
            let ink = match self.signed && bar.value > 0.0 {
                true => POSITIVE,
                false => NEGATIVE,
            };
            scene.rect(corner, ((end - zero).abs(), 16.0), ink);
            let mut outer = end;
            if let Some((low, high)) = bar.interval.filter(|(a, b)| a.is_finite() && b.is_finite())
            {
                let (from, to) = (x.position(low), x.position(high));
                let ends = [from, to].map(|at| vec![(at, middle - 4.0), (at, middle + 4.0)]);
                scene.polyline(vec![(from, middle), (to, middle)], Ink::Text, 1.4, &[]);
                for end in ends {
                    scene.polyline(end, Ink::Text, 1.4, &[]);
                }
                outer = match bar.value < 0.0 {
                    true => outer.min(from),
                    false => outer.max(to),
                };
            }
            // beyond the end of the bar, on its side of the axis
            let (at, anchor) = match bar.value < 0.0 {
                true => (outer - 6.0, Anchor::End),
                false => (outer + 6.0, Anchor::Start),
            };
            scene.small((at, middle + 4.0), &texts[i], anchor);
        }
        scene.line((zero, area.top), (zero, area.bottom), Ink::Text);
        for (value, word) in self
            .references
            .iter()
            .filter(|reference| reference.0.is_finite())
        {
            let at = x.position(*value);
            scene.polyline(
                vec![(at, area.top - 3.0), (at, area.bottom)],
                Ink::Text,
                1.2,
                &[4.0, 3.0],
            );
            scene.styled(
                (at, area.top - 6.0),
                word,
                SMALL,
                Anchor::Middle,
                Ink::Muted,
                false,
            );
        }
        x_axis(scene, &area, &ticks, &self.value);
        json!({ "kind": "bars" })
    }

    /// The values, with as many digits behind the point as the longest of them needs, but not more than four
    /// that count.
    fn texts(&self) -> Vec<String> {
        let texts: Vec<String> = self.bars.iter().map(|bar| number(bar.value)).collect();
        let decimals = |text: &String| text.split_once('.').map_or(0, |(_, digits)| digits.len());
        let most = texts.iter().map(decimals).max().unwrap_or(0);
        let pad = |(text, bar): (String, &Bar)| {
            let whole = bar.value.abs().max(1.0).log10() as usize;
            let most = most.min(3_usize.saturating_sub(whole).max(decimals(&text)));
            match decimals(&text) {
                have if have == most || text.contains(['·', 'N', 'i']) => text,
                0 => format!("{text}.{}", "0".repeat(most)),
                have => format!("{text}{}", "0".repeat(most - have)),
            }
        };
        texts.into_iter().zip(&self.bars).map(pad).collect()
    }

    fn alt(&self) -> String {
        let bar = |bar: &Bar| match (bar.value.is_finite(), bar.interval) {
            (false, _) => format!("{} without a value", bar.name),
            (true, Some((low, high))) if low.is_finite() && high.is_finite() => format!(
                "{} {} ({} to {})",
                bar.name,
                number(bar.value),
                number(low),
                number(high)
            ),
            (true, _) => format!("{} {}", bar.name, number(bar.value)),
        };
        let bars: Vec<String> = self.bars.iter().map(bar).collect();
        let bars = match bars.is_empty() {
            true => "no bars".to_owned(),
            false => listed(&bars),
        };
        format!(
            "{}, {}: {bars}.",
            title(&self.title, "Bar chart"),
            self.value
        )
    }
}

#[cfg(test)]
mod tests;
