//! Figures at the size they are printed in.

use std::fmt::Write;

use crate::figure::Figure;
use crate::figure::scene::{MARGIN, SMALL};

/// The width of a figure in a paper and the size of its smallest letters.
///
/// ```
/// use xcebra_report::{BarChart, Paper};
///
/// let column = Paper::new(88.0).font(7.0); // one column of a journal, 7 pt
/// let figure = BarChart::new("auROC").bar("inverted", 0.97).width(column.pixels()).draw();
/// assert!(column.svg(&figure).contains("width=\"88mm\""));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paper {
    width: f64,
    font: f64,
}

/// Points in a millimetre.
const POINTS: f64 = 72.0 / 25.4;
/// Widths in millimetres and sizes of letters in points that a figure can have.
const WIDTHS: (f64, f64) = (20.0, 2_000.0);
const FONTS: (f64, f64) = (3.0, 72.0);

impl Paper {
    /// A figure `width` millimetres wide, from 20 to 2000, with 7-point letters.
    pub fn new(width: f64) -> Self {
        let width = if width.is_nan() { WIDTHS.0 } else { width };
        Self {
            width: width.clamp(WIDTHS.0, WIDTHS.1),
            font: 7.0,
        }
    }

    /// Size of the smallest letters in points, from 3 to 72.
    pub fn font(mut self, points: f64) -> Self {
        let points = if points.is_nan() { 7.0 } else { points };
        self.font = points.clamp(FONTS.0, FONTS.1);
        self
    }

    /// The width in pixels that a chart must be drawn in (its method `size` or `width`), so that its letters have
    /// this size in the paper.
    pub fn pixels(&self) -> f64 {
        self.width * POINTS / self.font * f64::from(SMALL) - 2.0 * MARGIN
    }

    /// The figure drawn again so that its letters have this size in the paper, whatever width it was drawn in. What is
    /// narrower than a figure can be is only scaled.
    pub fn fitted(&self, figure: &Figure) -> Figure {
        figure.in_width(self.pixels())
    }

    /// The figure as a PDF file of this width, with the feature `pdf`. Words are outlines, so that no font is needed.
    ///
    /// # Errors
    /// As [`Figure::pdf`].
    #[cfg(feature = "pdf")]
    pub fn pdf(&self, figure: &Figure) -> Result<Vec<u8>, String> {
        figure.pdf_of(self.width * POINTS / outer(figure).0)
    }

    /// The figure as an SVG file of this width.
    pub fn svg(&self, figure: &Figure) -> String {
        let (width, height) = outer(figure);
        let own = format!("width=\"{width}\" height=\"{height}\"");
        let mut size = String::new();
        let _ = write!(
            size,
            "width=\"{}mm\" height=\"{:.2}mm\"",
            self.width,
            self.width * height / width
        );
        figure.svg().replacen(&own, &size, 1)
    }

    /// The figure as PNG with this many dots an inch; 300 is usual.
    ///
    /// # Errors
    /// A message if the picture would be too coarse or too fine to draw.
    #[cfg(feature = "png")]
    pub fn png(&self, figure: &Figure, dots: f64) -> Result<Vec<u8>, String> {
        let scale = self.width / 25.4 * dots / outer(figure).0;
        figure.png(scale as f32).map_err(|_| {
            format!(
                "{dots} dots an inch at {} mm cannot be drawn; 300 is usual",
                self.width
            )
        })
    }
}

fn outer(figure: &Figure) -> (f64, f64) {
    let (width, height) = figure.size();
    (width + 2.0 * MARGIN, height + 2.0 * MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BarChart, LineChart};

    #[test]
    fn letters_and_widths_are_those_asked_for() {
        for (width, font) in [(88.0, 7.0), (180.0, 8.0)] {
            let paper = Paper::new(width).font(font);
            let chart = LineChart::new("t", "v").series("a", [(0.0, 1.0), (1.0, 2.0)]);
            let figure = chart.size(paper.pixels(), 300.0).draw();
            let svg = paper.svg(&figure);
            assert!(svg.contains(&format!("width=\"{width}mm\"")), "{svg}");
            // a letter of 12 pixels of the drawing, in points
            let points = 12.0 * width * POINTS / outer(&figure).0;
            assert!((points - font).abs() < 1e-9, "{points}");
            let (w, h) = outer(&figure);
            assert!(svg.contains(&format!("height=\"{:.2}mm\"", width * h / w)));
        }
        let odd = Paper::new(f64::NAN).font(f64::INFINITY);
        assert!(odd.pixels().is_finite());
    }

    #[test]
    fn figures_are_fitted_to_the_paper() {
        let paper = Paper::new(88.0).font(8.0);
        let chart = || LineChart::new("t", "v").series("a", [(0.0, 1.0), (1.0, 2.0)]);
        let fitted = paper.fitted(&chart().size(900.0, 250.0).draw());
        let expected = chart().size(paper.pixels(), 250.0).draw();
        assert_eq!(paper.svg(&fitted), paper.svg(&expected));
    }

    /// The page has the size in points that is asked for: 60 mm are 170.08.
    #[cfg(feature = "pdf")]
    #[test]
    fn pages_have_the_width_asked_for() {
        let paper = Paper::new(60.0);
        let figure = paper.fitted(&BarChart::new("v").bar("a", 1.0).draw());
        let pdf = String::from_utf8_lossy(&paper.pdf(&figure).unwrap()).into_owned();
        let (_, page) = pdf.split_once("/MediaBox [0 0 ").expect("a page");
        let width: f64 = page.split(' ').next().unwrap().parse().unwrap();
        assert!((width - 170.0787).abs() < 1e-3, "{width}");
    }

    #[cfg(feature = "png")]
    #[test]
    fn pictures_have_as_many_dots_as_asked_for() {
        let paper = Paper::new(60.0);
        let figure = BarChart::new("v")
            .bar("a", 1.0)
            .width(paper.pixels())
            .draw();
        let png = paper.png(&figure, 150.0).unwrap();
        // the width stands in the header, bytes 16 to 19 (RFC 2083)
        let width = u32::from_be_bytes([png[16], png[17], png[18], png[19]]);
        let expected = 60.0 / 25.4 * 150.0;
        assert!(
            (f64::from(width) - expected).abs() <= 1.0,
            "{width} {expected}"
        );
        assert!(paper.png(&figure, 0.0).is_err());
    }
}
