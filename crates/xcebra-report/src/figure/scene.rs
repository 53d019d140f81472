//! What a drawing is made of, before it becomes SVG or PNG.

/// A colour by its role, so that a page can have a light and a dark theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Words and axes.
    Text,
    /// Secondary words.
    Muted,
    /// Grid lines.
    Grid,
    /// The background.
    Paper,
    /// A missing value.
    Missing,
    /// A series of data, counted from 0.
    Series(usize),
    /// A value of a colour map: the same in every theme.
    Rgb([u8; 3]),
}

/// Which point of a text its position gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Gaps of a line, in pixels; empty for a solid line.
pub(crate) type Dashes = &'static [f64];

#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Rect {
        corner: (f64, f64),
        size: (f64, f64),
        ink: Ink,
        opacity: f64,
    },
    Line {
        points: Vec<(f64, f64)>,
        ink: Ink,
        width: f64,
        dashes: Dashes,
    },
    Points {
        points: Vec<(f64, f64)>,
        ink: Ink,
        diameter: f64,
    },
    Text {
        at: (f64, f64),
        content: String,
        size: u32,
        anchor: Anchor,
        ink: Ink,
        bold: bool,
    },
    /// Begins a group of shapes with a name, by which the script of a page finds them.
    Begin(&'static str),
    /// Ends the group.
    End,
}

/// A drawing: shapes on a sheet, the later above the earlier.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) shapes: Vec<Shape>,
}

/// White around a picture that stands alone, in pixels.
pub(crate) const MARGIN: f64 = 10.0;
/// Size of ordinary text, in pixels.
pub(crate) const TEXT: u32 = 13;
/// Size of tick labels, in pixels.
pub(crate) const SMALL: u32 = 12;

impl Scene {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// Draws shapes that belong together, such as the cells of a map.
    pub(crate) fn group<T>(&mut self, name: &'static str, draw: impl FnOnce(&mut Self) -> T) -> T {
        self.shapes.push(Shape::Begin(name));
        let drawn = draw(self);
        self.shapes.push(Shape::End);
        drawn
    }

    pub(crate) fn rect(&mut self, corner: (f64, f64), size: (f64, f64), ink: Ink) {
        self.tint(corner, size, ink, 1.0);
    }

    pub(crate) fn tint(&mut self, corner: (f64, f64), size: (f64, f64), ink: Ink, opacity: f64) {
        self.shapes.push(Shape::Rect {
            corner,
            size,
            ink,
            opacity,
        });
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink) {
        self.polyline(vec![from, to], ink, 1.0, &[]);
    }

    pub(crate) fn polyline(
        &mut self,
        points: Vec<(f64, f64)>,
        ink: Ink,
        width: f64,
        dashes: Dashes,
    ) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line {
                points,
                ink,
                width,
                dashes,
            });
        }
    }

    pub(crate) fn points(&mut self, points: Vec<(f64, f64)>, ink: Ink, diameter: f64) {
        if !points.is_empty() {
            self.shapes.push(Shape::Points {
                points,
                ink,
                diameter,
            });
        }
    }

    pub(crate) fn text(&mut self, at: (f64, f64), content: &str, anchor: Anchor) {
        self.styled(at, content, TEXT, anchor, Ink::Text, false);
    }

    pub(crate) fn small(&mut self, at: (f64, f64), content: &str, anchor: Anchor) {
        self.styled(at, content, SMALL, anchor, Ink::Text, false);
    }

    pub(crate) fn styled(
        &mut self,
        at: (f64, f64),
        content: &str,
        size: u32,
        anchor: Anchor,
        ink: Ink,
        bold: bool,
    ) {
        self.shapes.push(Shape::Text {
            at,
            content: content.to_owned(),
            size,
            anchor,
            ink,
            bold,
        });
    }
}

/// Width of a text in pixels, on the generous side: the font of a reader is not known.
pub(crate) fn text_width(content: &str, size: u32) -> f64 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '/' | '-' | ' ' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.98,
        'A'..='Z' => 0.74,
        _ => 0.63,
    };
    content.chars().map(width).sum::<f64>() * f64::from(size)
}

/// `content`, shortened in the middle if it would be wider than `limit` pixels.
pub(crate) fn fit(content: &str, size: u32, limit: f64) -> String {
    if text_width(content, size) <= limit {
        return content.to_owned();
    }
    let chars: Vec<char> = content.chars().collect();
    (1..chars.len())
        .rev()
        .map(|kept| {
            let tail = kept / 2;
            let head: String = chars[..kept - tail].iter().collect();
            let tail: String = chars[chars.len() - tail..].iter().collect();
            format!("{head}…{tail}")
        })
        .find(|short| text_width(short, size) <= limit)
        .unwrap_or_else(|| "…".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_lose_their_middle() {
        assert_eq!(fit("short", 12, 100.0), "short");
        let fitted = fit("acceleration_left_ankle_x", 12, 90.0);
        assert!(text_width(&fitted, 12) <= 90.0);
        assert!(
            fitted.starts_with("acce") && fitted.ends_with("le_x"),
            "{fitted}"
        );
        assert_eq!(fit("wide", 12, 1.0), "…");
    }
}
