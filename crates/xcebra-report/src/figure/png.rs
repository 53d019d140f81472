//! A scene as PNG, through the rasteriser of `kuva`, which brings its fonts along.
//!
//! The only module that knows `kuva`.

use kuva::PngBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene as Sheet, TextAnchor, TextSpan};

use crate::figure::color;
use crate::figure::scene::{Anchor, Ink, MARGIN, Scene, Shape};

/// PNG bytes on white paper, `scale` pixels for each of the scene.
pub(crate) fn render(scene: &Scene, scale: f32) -> Result<Vec<u8>, String> {
    let mut sheet = Sheet::new(scene.width + 2.0 * MARGIN, scene.height + 2.0 * MARGIN);
    sheet.add(Primitive::GroupStart {
        transform: Some(format!("translate({MARGIN},{MARGIN})")),
        title: None,
        extra_attrs: None,
    });
    for primitive in scene
        .shapes
        .iter()
        .filter_map(|shape| primitive(shape, scale))
    {
        sheet.add(primitive);
    }
    sheet.add(Primitive::GroupEnd);
    PngBackend::new().with_scale(scale).render_scene(&sheet)
}

fn paint(ink: Ink) -> Color {
    let [r, g, b] = color::light(ink);
    Color::Rgb(r, g, b)
}

fn primitive(shape: &Shape, scale: f32) -> Option<Primitive> {
    Some(match shape {
        Shape::Begin(_) | Shape::End => return None,
        Shape::Rect {
            corner,
            size,
            ink,
            opacity,
        } => Primitive::Rect {
            x: corner.0,
            y: corner.1,
            width: size.0,
            height: size.1,
            fill: paint(*ink),
            stroke: None,
            stroke_width: None,
            opacity: Some(*opacity),
        },
        Shape::Line {
            points,
            ink,
            width,
            dashes,
        } => Primitive::PolyLine {
            points: points.clone(),
            stroke: paint(*ink),
            stroke_width: *width,
            // dashes are in pixels of the picture, all else in those of the scene
            stroke_dasharray: (!dashes.is_empty()).then(|| {
                let lengths: Vec<String> = dashes
                    .iter()
                    .map(|length| (length * f64::from(scale)).to_string())
                    .collect();
                lengths.join(",")
            }),
        },
        Shape::Points {
            points,
            ink,
            diameter,
        } => Primitive::CircleBatch {
            cx: points.iter().map(|p| p.0).collect(),
            cy: points.iter().map(|p| p.1).collect(),
            r: diameter / 2.0,
            fill: paint(*ink),
            fill_opacity: None,
            stroke: None,
            stroke_width: None,
        },
        Shape::Text {
            at,
            content,
            size,
            anchor,
            ink,
            bold,
        } => Primitive::RichText {
            x: at.0,
            y: at.1,
            // a span, because a plain text takes dollar signs for formulas
            spans: vec![TextSpan {
                bold: *bold,
                ..TextSpan::plain(content.clone())
            }],
            size: *size,
            anchor: match anchor {
                Anchor::Start => TextAnchor::Start,
                Anchor::Middle => TextAnchor::Middle,
                Anchor::End => TextAnchor::End,
            },
            color: Some(paint(*ink)),
        },
    })
}
