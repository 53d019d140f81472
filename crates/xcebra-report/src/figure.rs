//! Pictures for print and screen: SVG, PNG and PDF.

mod bar_chart;
pub(crate) mod color;
mod frame;
mod heat_map;
mod line_chart;
mod numbers;
mod panels;
mod paper;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(feature = "png")]
mod png;
mod point_cloud;
pub(crate) mod scale;
mod scalp;
mod scatter;
pub(crate) mod scene;
pub(crate) mod svg;
mod tile_map;
mod time_series;
mod words;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use bar_chart::BarChart;
pub use heat_map::HeatMap;
pub use line_chart::LineChart;
pub use panels::Panels;
pub use paper::Paper;
pub use point_cloud::PointCloud;
pub use scale::number;
pub use scalp::ScalpMap;
pub use scatter::Scatter;
pub use tile_map::TileMap;
pub use time_series::TimeSeries;

use scene::Scene;
use serde_json::Value;
use xcebra_files::{FileError, write_file};

use crate::page::Table;

/// A drawn picture with a sentence for those who cannot see it.
///
/// Pictures need no fonts: SVG names a sans-serif family, PNG brings one along.
#[derive(Debug, Clone)]
pub struct Figure {
    scene: Scene,
    alt: String,
    numbers: Option<Table>,
    data: Value,
    again: Option<Again>,
    is_coarser: bool,
}

/// How a figure is drawn again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// In this width in pixels.
    Width(f64),
    /// With about this share of the numbers, between 0 and 1.
    Share(f64),
}

/// Draws a figure again with a change.
#[derive(Clone)]
struct Again(Arc<dyn Fn(Change) -> Figure + Send + Sync>);

impl fmt::Debug for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Again")
    }
}

impl Figure {
    pub(crate) fn new(scene: Scene, alt: String) -> Self {
        Self {
            scene,
            alt,
            numbers: None,
            data: Value::Null,
            again: None,
            is_coarser: false,
        }
    }

    /// A figure that can be drawn again: what is drawn, how, and how it is changed.
    pub(crate) fn of<C: Clone + Send + Sync + 'static>(
        chart: C,
        draw: fn(&C) -> Self,
        changed: fn(C, Change) -> C,
    ) -> Self {
        let figure = draw(&chart);
        let again = move |change| draw(&changed(chart.clone(), change));
        Self {
            again: Some(Again(Arc::new(again))),
            ..figure
        }
    }

    /// The same in a width in pixels, with letters of the same size.
    pub(crate) fn in_width(&self, width: f64) -> Self {
        self.changed(Change::Width(width))
    }

    /// The same of about this share of its numbers, where it shows so many that some can be left out.
    pub(crate) fn coarser(&self, share: f64) -> Self {
        Self {
            is_coarser: true,
            ..self.changed(Change::Share(share))
        }
    }

    /// Whether it shows fewer numbers than there are.
    pub(crate) fn is_coarser(&self) -> bool {
        self.is_coarser
    }

    fn changed(&self, change: Change) -> Self {
        match &self.again {
            Some(Again(again)) => Self {
                again: self.again.clone(),
                ..again(change).with_alt(&self.alt)
            },
            None => self.clone(),
        }
    }

    /// The same with at most this many rows in the table of its numbers.
    pub(crate) fn with_fewer_numbers(mut self, rows: usize) -> Self {
        self.numbers = self.numbers.map(|numbers| numbers.thinned(rows));
        self
    }

    /// Adds what is drawn as a table, which a page shows on request.
    pub(crate) fn with_numbers(mut self, numbers: Table) -> Self {
        self.numbers = Some(numbers);
        self
    }

    /// Adds what the script of a page must know of the picture.
    pub(crate) fn with_data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    pub(crate) fn numbers(&self) -> Option<&Table> {
        self.numbers.as_ref()
    }

    pub(crate) fn data(&self) -> &Value {
        &self.data
    }

    /// The words before the colon of the sentence that describes the picture.
    pub(crate) fn short_name(&self) -> &str {
        self.alt
            .split_once(": ")
            .map_or(&self.alt, |(name, _)| name)
    }

    /// Replaces the sentence that describes the picture.
    pub fn with_alt(mut self, alt: &str) -> Self {
        alt.clone_into(&mut self.alt);
        self
    }

    /// The sentence that describes the picture.
    pub fn alt(&self) -> &str {
        &self.alt
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.scene.width, self.scene.height)
    }

    /// The picture as an SVG file of its own, on white paper.
    pub fn svg(&self) -> String {
        svg::standalone(&self.scene, &self.alt)
    }

    /// The picture as SVG for a page with the style sheet of [`Report`](crate::Report).
    pub(crate) fn inline_svg(&self) -> String {
        svg::inline(&self.scene, &self.alt)
    }

    /// The picture as PNG on white paper, with the feature `png`; `scale` 2 is good for screens, 4 for print.
    ///
    /// # Errors
    /// A message of the rasteriser, for a scale that is not positive.
    #[cfg(feature = "png")]
    pub fn png(&self, scale: f32) -> Result<Vec<u8>, String> {
        if !(scale > 0.0 && scale <= 16.0) {
            return Err(format!("scale {scale} is not between 0 and 16; 2 is usual"));
        }
        png::render(&self.scene, scale)
    }

    /// The picture as PDF on white paper, with the feature `pdf`: a pixel is ¾ of a point, as on the web. Words are
    /// outlines, so that no font is needed.
    ///
    /// # Errors
    /// A message, if the fonts of the program cannot be read.
    #[cfg(feature = "pdf")]
    pub fn pdf(&self) -> Result<Vec<u8>, String> {
        self.pdf_of(0.75)
    }

    /// The same, with this many points per pixel.
    #[cfg(feature = "pdf")]
    pub(crate) fn pdf_of(&self, points: f64) -> Result<Vec<u8>, String> {
        pdf::render(&self.scene, &self.alt, points)
    }

    #[cfg(not(feature = "pdf"))]
    fn pdf(&self) -> Result<Vec<u8>, String> {
        Err("PDF needs the feature `pdf` of xcebra-report; name the file .svg".to_owned())
    }

    #[cfg(feature = "png")]
    fn raster(&self) -> Result<Vec<u8>, String> {
        self.png(2.0)
    }

    #[cfg(not(feature = "png"))]
    fn raster(&self) -> Result<Vec<u8>, String> {
        Err("PNG needs the feature `png` of xcebra-report; name the file .svg".to_owned())
    }

    /// Writes the picture to a file, as PNG or PDF if its name ends so and as SVG otherwise.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let ends = |with: &str| {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case(with))
        };
        let bytes = match (ends("png"), ends("pdf")) {
            (true, _) => self.raster(),
            (_, true) => self.pdf(),
            _ => Ok(self.svg().into_bytes()),
        };
        write(path, bytes)
    }
}

/// Writes a picture to a file, if it could be drawn.
pub(crate) fn write(path: &Path, bytes: Result<Vec<u8>, String>) -> Result<(), FileError> {
    let bytes = bytes.map_err(|error| FileError::write(path, std::io::Error::other(error)))?;
    write_file(path, &bytes)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::scene::{Anchor, Shape, text_width};
    use super::*;

    const VALUES: [&[f64]; 8] = [
        &[],
        &[0.0],
        &[f64::NAN, f64::INFINITY],
        &[3.0, 3.0, 3.0],
        &[-1e-300, 1e300],
        &[1e-12, 2e-12, f64::NEG_INFINITY, 5e-12],
        &[-123_456.7, 123_456.7, 0.0],
        &[0.5, f64::NAN, 0.7, 0.2, 0.1],
    ];

    fn matrix_of(values: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((values.len(), values.len()), |(i, j)| values[i] * values[j])
    }

    /// Every kind of figure of the same awkward numbers.
    fn figures(values: &[f64], name: &str) -> Vec<Figure> {
        let points: Vec<(f64, f64)> = values.iter().map(|&v| (v, -v)).collect();
        let names: Vec<String> = values.iter().map(|_| name.to_owned()).collect();
        let classes: Vec<usize> = (0..values.len()).map(|i| i % 2).collect();
        let pair = [name.to_owned(), "b".to_owned()];
        let matrix =
            Array2::from_shape_fn((values.len(), 2), |(i, j)| values[(i + j) % values.len()]);
        let map = HeatMap::new(matrix.view())
            .title(name)
            .rows(name)
            .columns(name)
            .value(name);
        let line = LineChart::new(name, name)
            .title(name)
            .series(name, points.clone());
        let line = line.series("b", points.clone()).mark(0.5, name);
        let scatter = Scatter::new(&points).axes(name, name);
        let series = TimeSeries::new(name, 0.1).channel(name, values);
        let mut bars = BarChart::new(name).reference(0.5, "chance");
        for &value in values {
            bars = bars
                .bar(name, value)
                .interval(name, value, value - 0.1, value + 0.1);
        }
        vec![
            map.clone().draw(),
            map.clone()
                .signed()
                .row_names(&names)
                .row_groups(&[(name, 2), ("b", 9)])
                .draw(),
            map.column_names(&pair).size(0.0, 0.0).draw(),
            HeatMap::of_mask(matrix.mapv(|v| v > 0.0).view(), name, "no").draw(),
            line.clone().draw(),
            line.clone().from_zero().size(0.0, 0.0).draw(),
            line.log_x().log_y().draw(),
            scatter.clone().draw(),
            scatter.clone().colored_by(name, values).connected().draw(),
            scatter.classes(&classes, &pair).size(0.0, 0.0).draw(),
            series.clone().draw(),
            PointCloud::new(matrix.view())
                .colored_by(name, values)
                .classes(name, &classes, &pair)
                .draw(),
            series.spans_of(&classes, &["", name]).size(0.0, 0.0).draw(),
            bars.draw(),
            Panels::new(name)
                .line(name, points.clone())
                .bars(name, points.clone())
                .mark(0.5, name)
                .draw(),
            scalp(values).title(name).value(name).draw(),
            scalp(values).head(name, values).signed().width(0.0).draw(),
            TileMap::new(name, name)
                .grid(values, values, matrix_of(values).view())
                .value(name)
                .draw(),
            TileMap::new(name, name)
                .tile((0.0, 1.0), (0.0, values.len() as f64), -1.0)
                .log_y()
                .size(0.0, 0.0)
                .draw(),
        ]
    }

    fn scalp(values: &[f64]) -> ScalpMap {
        let names = ["Fz", "C3", "C4", "Pz", "Oz"].map(str::to_owned);
        let map = ScalpMap::of(&names).unwrap();
        map.head("", values)
    }

    #[test]
    fn awkward_numbers_are_drawn_within_the_picture() {
        for values in VALUES {
            for figure in figures(values, "a name") {
                for shape in &figure.scene.shapes {
                    assert_inside(shape, figure.size(), figure.alt(), values);
                }
            }
        }
    }

    fn assert_inside(shape: &Shape, (width, height): (f64, f64), alt: &str, values: &[f64]) {
        let points = match shape {
            Shape::Begin(_) | Shape::End => return,
            Shape::Rect { corner, size, .. } => {
                vec![*corner, (corner.0 + size.0, corner.1 + size.1)]
            }
            Shape::Line { points, .. } | Shape::Points { points, .. } => points.clone(),
            Shape::Text {
                at,
                content,
                size,
                anchor,
                ..
            } => {
                let wide = text_width(content, *size);
                let start = match anchor {
                    Anchor::Start => at.0,
                    Anchor::Middle => at.0 - wide / 2.0,
                    Anchor::End => at.0 - wide,
                };
                vec![(start, at.1), (start + wide, at.1)]
            }
        };
        for (x, y) in points {
            let inside = (-12.0..=width + 12.0).contains(&x) && (-1.0..=height + 1.0).contains(&y);
            assert!(
                inside,
                "{alt} {values:?}: {shape:?} is outside {width} x {height}"
            );
        }
    }

    #[test]
    fn long_names_and_png_are_survived() {
        let long = "a_very_long_channel_name_<&>_".repeat(8);
        for figure in figures(&[0.5, f64::NAN, 0.7], &long) {
            assert!(figure.svg().ends_with("</svg>\n"));
            #[cfg(feature = "png")]
            assert!(figure.png(1.0).unwrap().starts_with(b"\x89PNG"));
            #[cfg(feature = "pdf")]
            assert!(figure.pdf().unwrap().starts_with(b"%PDF-"));
        }
        let figure = BarChart::new("v").bar("a", 1.0).draw();
        for scale in [0.0, -1.0, f32::NAN, 1e9] {
            assert!(figure.png(scale).is_err());
        }
    }

    #[test]
    fn descriptions_say_what_is_shown() {
        let figures = figures(&[0.25, 0.75], "name");
        assert!(
            figures[0]
                .alt()
                .contains("2 names by 2 names, values from 0.25 to 0.75")
        );
        assert!(
            figures[4]
                .alt()
                .contains("name against name: name from −0.25 to −0.75")
        );
        let figure = figures[0].clone().with_alt("A map.");
        assert!(figure.svg().contains("aria-label=\"A map.\""));
    }

    /// Whatever there is to describe, a sentence with numbers and right plurals.
    #[test]
    fn descriptions_are_sentences() {
        let few = [&[1.5][..], &[f64::NAN, 2.0], &[f64::NAN, 2.0, 3.0]];
        for values in VALUES.into_iter().chain(few) {
            for name in ["value", "frequency (Hz)"] {
                for figure in figures(values, name) {
                    let alt = figure.alt();
                    let words: Vec<&str> = alt.split([' ', ',', ';', ':', '.']).collect();
                    for wrong in ["NaN", "inf", "e+", "e-"] {
                        assert!(!words.contains(&wrong), "{alt}");
                    }
                    for wrong in ["  ", " ,", ": :", ": .", ", .", "0000"] {
                        assert!(!alt.contains(wrong), "{alt}");
                    }
                    for (number, word) in words.iter().zip(&words[1..]) {
                        let thing =
                            ["values", "points", "samples", "spans", "frequencies"].contains(word);
                        assert!(!(thing && *number == "1"), "{alt}");
                    }
                    let first = alt.chars().next().unwrap();
                    assert!(alt.ends_with('.') && !first.is_whitespace(), "{alt}");
                }
            }
        }
    }

    /// What is drawn in another width is what would have been drawn in it at once.
    #[test]
    fn figures_are_drawn_again_in_another_width() {
        let chart = || BarChart::new("v").bar("a", 1.0).bar("b", 2.0);
        let wide = chart().width(640.0).draw().in_width(300.0);
        assert_eq!(wide.svg(), chart().width(300.0).draw().svg());
        for figure in figures(&[0.5, f64::NAN, 0.7], "a name") {
            let narrow = figure.in_width(300.0);
            assert_eq!(narrow.alt(), figure.alt());
            let (size, before) = (narrow.size(), figure.size());
            assert!(size.0 == 300.0, "{size:?} {before:?}");
        }
    }

    #[test]
    fn files_by_extension() {
        let folder = tempfile::tempdir().unwrap();
        let figure = BarChart::new("v").bar("a", 1.0).draw();
        let (png, svg) = (folder.path().join("a.png"), folder.path().join("a.svg"));
        figure.write(&png).unwrap();
        figure.write(&svg).unwrap();
        assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
        assert!(std::fs::read(svg).unwrap().starts_with(b"<svg"));
        #[cfg(feature = "pdf")]
        {
            let pdf = folder.path().join("a.PDF");
            figure.write(&pdf).unwrap();
            assert!(std::fs::read(pdf).unwrap().starts_with(b"%PDF-"));
        }
    }
}
