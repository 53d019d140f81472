//! A scene as PDF: its shapes as they are, its words as outlines, so that the file needs no font.

use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, TextStr};
use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use ttf_parser::{Face, OutlineBuilder};

use crate::figure::color;
use crate::figure::scene::{Anchor, Ink, MARGIN, Scene, Shape};

/// A page on white paper, with this many points (1/72 inch) per pixel of the scene; `alt` is its title.
pub(crate) fn render(scene: &Scene, alt: &str, points: f64) -> Result<Vec<u8>, String> {
    let fonts = Fonts::new()?;
    let (width, height) = (scene.width + 2.0 * MARGIN, scene.height + 2.0 * MARGIN);
    let mut page = Page {
        content: Content::new(),
        opacities: BTreeMap::new(),
        fonts: &fonts,
    };
    let (scale, top) = (points as f32, (points * height) as f32);
    // from pixels, down from the top, to points, up from the bottom
    let origin = (points * MARGIN) as f32;
    page.content
        .transform([scale, 0.0, 0.0, -scale, origin, top - origin]);
    page.content
        .set_line_join(pdf_writer::types::LineJoinStyle::RoundJoin);
    scene.shapes.iter().for_each(|shape| page.draw(shape));
    let size = ((points * width) as f32, top);
    document(size, alt, page)
}

fn document(size: (f32, f32), alt: &str, page: Page<'_>) -> Result<Vec<u8>, String> {
    let [catalog, pages, sheet, content, info] = [1, 2, 3, 4, 5].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([sheet]).count(1);
    let mut written = pdf.page(sheet);
    written.parent(pages).contents(content);
    written.media_box(Rect::new(0.0, 0.0, size.0, size.1));
    let mut resources = written.resources();
    let mut states = resources.ext_g_states();
    for i in 0..page.opacities.len() {
        states.pair(Name(format!("o{i}").as_bytes()), Ref::new(6 + i as i32));
    }
    states.finish();
    resources.finish();
    written.finish();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = packed
        .write_all(&page.content.finish())
        .and_then(|()| packed.finish());
    let bytes = written.map_err(|error| error.to_string())?;
    pdf.stream(content, &bytes).filter(Filter::FlateDecode);
    pdf.document_info(info)
        .title(TextStr(alt))
        .creator(TextStr(concat!("xcebra ", env!("CARGO_PKG_VERSION"))));
    for (thousandths, i) in page.opacities {
        let mut state = pdf.ext_graphics(Ref::new(6 + i as i32));
        state.non_stroking_alpha(thousandths as f32 / 1000.0);
    }
    Ok(pdf.finish())
}

struct Page<'a> {
    content: Content,
    /// Opacities in thousandths, by the number of their graphics state.
    opacities: BTreeMap<u32, usize>,
    fonts: &'a Fonts,
}

impl Page<'_> {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Begin(_) | Shape::End => {}
            Shape::Rect {
                corner,
                size,
                ink,
                opacity,
            } => {
                let seen = *opacity < 1.0;
                if seen {
                    let next = self.opacities.len();
                    let i = *self
                        .opacities
                        .entry((1000.0 * opacity) as u32)
                        .or_insert(next);
                    self.content.save_state();
                    self.content
                        .set_parameters(Name(format!("o{i}").as_bytes()));
                }
                self.fill(*ink);
                self.content.rect(
                    corner.0 as f32,
                    corner.1 as f32,
                    size.0 as f32,
                    size.1 as f32,
                );
                self.content.fill_nonzero();
                if seen {
                    self.content.restore_state();
                }
            }
            Shape::Line {
                points,
                ink,
                width,
                dashes,
            } => {
                self.stroke(*ink, *width);
                self.content
                    .set_dash_pattern(dashes.iter().map(|d| *d as f32), 0.0);
                self.content
                    .set_line_cap(pdf_writer::types::LineCapStyle::ButtCap);
                for (i, (x, y)) in points.iter().enumerate() {
                    match i {
                        0 => self.content.move_to(*x as f32, *y as f32),
                        _ => self.content.line_to(*x as f32, *y as f32),
                    };
                }
                self.content.stroke();
            }
            Shape::Points {
                points,
                ink,
                diameter,
            } => {
                // dots are lines without length
                self.stroke(*ink, *diameter);
                self.content.set_dash_pattern([], 0.0);
                self.content
                    .set_line_cap(pdf_writer::types::LineCapStyle::RoundCap);
                for (x, y) in points {
                    self.content.move_to(*x as f32, *y as f32);
                    self.content.line_to(*x as f32, *y as f32);
                }
                self.content.stroke();
            }
            Shape::Text {
                at,
                content,
                size,
                anchor,
                ink,
                bold,
            } => self.text(*at, content, f64::from(*size), *anchor, *ink, *bold),
        }
    }

    fn fill(&mut self, ink: Ink) {
        let [r, g, b] = rgb(ink);
        self.content.set_fill_rgb(r, g, b);
    }

    fn stroke(&mut self, ink: Ink, width: f64) {
        let [r, g, b] = rgb(ink);
        self.content.set_stroke_rgb(r, g, b);
        self.content.set_line_width(width as f32);
    }

    fn text(
        &mut self,
        at: (f64, f64),
        words: &str,
        size: f64,
        anchor: Anchor,
        ink: Ink,
        bold: bool,
    ) {
        let face = if bold {
            &self.fonts.bold
        } else {
            &self.fonts.plain
        };
        let unit = size / f64::from(face.units_per_em());
        let glyphs: Vec<_> = words
            .chars()
            .map(|c| face.glyph_index(c).unwrap_or_default())
            .collect();
        let advance = |glyph| f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * unit;
        let width: f64 = glyphs.iter().map(|glyph| advance(*glyph)).sum();
        let mut x = match anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::End => at.0 - width,
        };
        self.fill(ink);
        for glyph in glyphs {
            let mut outline = Outline {
                content: &mut self.content,
                origin: (x, at.1),
                unit,
                last: (0.0, 0.0),
            };
            if face.outline_glyph(glyph, &mut outline).is_some() {
                self.content.fill_nonzero();
            }
            x += advance(glyph);
        }
    }
}

fn rgb(ink: Ink) -> [f32; 3] {
    color::light(ink).map(|c| f32::from(c) / 255.0)
}

/// The letters that PNG has, too.
struct Fonts {
    plain: Face<'static>,
    bold: Face<'static>,
}

impl Fonts {
    fn new() -> Result<Self, String> {
        let face = |bytes| Face::parse(bytes, 0).map_err(|error| error.to_string());
        Ok(Self {
            plain: face(dejavu::sans::regular())?,
            bold: face(dejavu::sans::bold())?,
        })
    }
}

/// A glyph, up from its line, as a path down from the top.
struct Outline<'a> {
    content: &'a mut Content,
    origin: (f64, f64),
    unit: f64,
    last: (f32, f32),
}

impl Outline<'_> {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (f64::from(x) * self.unit, f64::from(y) * self.unit);
        ((self.origin.0 + x) as f32, (self.origin.1 - y) as f32)
    }
}

impl OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.last = (x, y);
        let (x, y) = self.place(x, y);
        self.content.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.last = (x, y);
        let (x, y) = self.place(x, y);
        self.content.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        // the same curve as a cubic one
        let toward = |from: f32, control: f32| from + 2.0 / 3.0 * (control - from);
        let (a, b) = (self.last, (x, y));
        let one = (toward(a.0, x1), toward(a.1, y1));
        let two = (toward(b.0, x1), toward(b.1, y1));
        self.curve_to(one.0, one.1, two.0, two.1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.last = (x, y);
        let [one, two, end] = [(x1, y1), (x2, y2), (x, y)].map(|(x, y)| self.place(x, y));
        self.content
            .cubic_to(one.0, one.1, two.0, two.1, end.0, end.1);
    }

    fn close(&mut self) {
        self.content.close_path();
    }
}
