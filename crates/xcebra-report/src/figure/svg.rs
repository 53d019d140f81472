//! A scene as SVG.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::figure::color;
use crate::figure::scene::{Anchor, Ink, MARGIN, Scene, Shape};

/// SVG for an HTML page whose style sheet has [`page_style`].
pub(crate) fn inline(scene: &Scene, alt: &str) -> String {
    let mut svg = open(scene, alt, 0.0, "");
    shapes(&mut svg, scene);
    svg.push_str("</svg>");
    svg
}

/// SVG for a file of its own: light, on white paper.
pub(crate) fn standalone(scene: &Scene, alt: &str) -> String {
    let xml = " xmlns=\"http://www.w3.org/2000/svg\"";
    let mut svg = open(scene, alt, MARGIN, xml);
    let style = style(|ink| color::hex(color::light(ink)));
    let (width, height) = (scene.width + 2.0 * MARGIN, scene.height + 2.0 * MARGIN);
    let _ = write!(
        svg,
        "<style>{style}</style>\
         <rect class=\"f-paper\" x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{width}\" height=\"{height}\"/>"
    );
    shapes(&mut svg, scene);
    svg.push_str("</svg>\n");
    svg
}

/// Style sheet that gives inline figures the colours of the custom properties of [`variables`].
pub(crate) fn page_style() -> String {
    style(|ink| format!("var(--{})", name(ink)))
}

/// Values of the custom properties for a theme.
pub(crate) fn variables(theme: fn(Ink) -> [u8; 3]) -> String {
    let property = |ink: Ink| format!("--{}:{};", name(ink), color::hex(theme(ink)));
    roles().map(property).collect()
}

fn roles() -> impl Iterator<Item = Ink> {
    [Ink::Text, Ink::Muted, Ink::Grid, Ink::Paper, Ink::Missing]
        .into_iter()
        .chain((0..color::SERIES).map(Ink::Series))
}

fn name(ink: Ink) -> String {
    match ink {
        Ink::Text => "text".to_owned(),
        Ink::Muted => "muted".to_owned(),
        Ink::Grid => "grid".to_owned(),
        Ink::Paper => "paper".to_owned(),
        Ink::Missing => "missing".to_owned(),
        Ink::Series(i) => format!("series-{}", i % color::SERIES),
        Ink::Rgb(rgb) => color::hex(rgb),
    }
}

fn style(value: impl Fn(Ink) -> String) -> String {
    let mut style = String::from("text{font-family:Helvetica,Arial,\"DejaVu Sans\",sans-serif}");
    for ink in roles() {
        let (name, value) = (name(ink), value(ink));
        let _ = write!(
            style,
            ".f-{name}{{fill:{value}}}.s-{name}{{stroke:{value}}}"
        );
    }
    style
}

fn open(scene: &Scene, alt: &str, margin: f64, attributes: &str) -> String {
    let (width, height) = (scene.width + 2.0 * margin, scene.height + 2.0 * margin);
    format!(
        "<svg{attributes} class=\"figure\" role=\"img\" aria-label=\"{}\" \
         viewBox=\"{min} {min} {width} {height}\" width=\"{width}\" height=\"{height}\">",
        escape(alt),
        min = 0.0 - margin,
    )
}

/// The group whose rectangles become one path a colour: very many of them would be slow to open.
pub(crate) const TILES: &str = "tiles";

fn shapes(svg: &mut String, scene: &Scene) {
    let mut crisp = false;
    let mut tiles: Option<BTreeMap<String, String>> = None;
    for shape in &scene.shapes {
        if let (
            Shape::Rect {
                corner, size, ink, ..
            },
            Some(tiles),
        ) = (shape, &mut tiles)
        {
            let path = tiles.entry(paint("f", "fill", *ink)).or_default();
            let [x, y, width, height] = [corner.0, corner.1, size.0, size.1].map(short);
            let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
            continue;
        }
        // writing to a string cannot fail
        let _ = match shape {
            Shape::Rect {
                corner,
                size,
                ink,
                opacity,
            } => {
                let opacity = match *opacity {
                    1.0 => String::new(),
                    opacity => format!(" fill-opacity=\"{opacity}\""),
                };
                let rendering = if crisp {
                    ""
                } else {
                    " shape-rendering=\"crispEdges\""
                };
                write!(
                    svg,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}{opacity}{rendering}/>",
                    short(corner.0),
                    short(corner.1),
                    short(size.0),
                    short(size.1),
                    paint("f", "fill", *ink)
                )
            }
            Shape::Line {
                points,
                ink,
                width,
                dashes,
            } => {
                let dashes = match dashes {
                    [] => String::new(),
                    dashes => format!(" stroke-dasharray=\"{}\"", join(dashes)),
                };
                write!(
                    svg,
                    "<path fill=\"none\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{}{dashes} d=\"{}\"/>",
                    paint("s", "stroke", *ink),
                    path(points)
                )
            }
            Shape::Points {
                points,
                ink,
                diameter,
            } => {
                // dots are lines without length: ten bytes a point
                let dots: String = points
                    .iter()
                    .map(|(x, y)| format!("M{} {}h0", short(*x), short(*y)))
                    .collect();
                write!(
                    svg,
                    "<path stroke-linecap=\"round\" stroke-width=\"{diameter}\"{} d=\"{dots}\"/>",
                    paint("s", "stroke", *ink)
                )
            }
            Shape::Text {
                at,
                content,
                size,
                anchor,
                ink,
                bold,
            } => {
                let anchor = match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                };
                let weight = if *bold { " font-weight=\"bold\"" } else { "" };
                write!(
                    svg,
                    "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"{anchor}{weight}{}>{}</text>",
                    short(at.0),
                    short(at.1),
                    paint("f", "fill", *ink),
                    escape(content)
                )
            }
            Shape::Begin(name) => {
                tiles = (*name == TILES).then(BTreeMap::new);
                crisp = *name == "cells" || *name == TILES;
                let rendering = if crisp {
                    " shape-rendering=\"crispEdges\""
                } else {
                    ""
                };
                write!(svg, "<g class=\"{name}\"{rendering}>")
            }
            Shape::End => {
                for (paint, path) in tiles.take().into_iter().flatten() {
                    let _ = write!(svg, "<path{paint} d=\"{path}\"/>");
                }
                crisp = false;
                write!(svg, "</g>")
            }
        };
    }
}

fn paint(class: &str, attribute: &str, ink: Ink) -> String {
    match ink {
        Ink::Rgb(rgb) => format!(" {attribute}=\"{}\"", color::hex(rgb)),
        ink => format!(" class=\"{class}-{}\"", name(ink)),
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::with_capacity(points.len() * 10);
    let mut last: Option<(String, String)> = None;
    for point in points {
        let (x, y) = (short(point.0), short(point.1));
        let _ = match &last {
            None => write!(path, "M{x} {y}"),
            Some(last) if last.0 == x => write!(path, "V{y}"),
            Some(last) if last.1 == y => write!(path, "H{x}"),
            Some(_) => write!(path, "L{x} {y}"),
        };
        last = Some((x, y));
    }
    path
}

fn join(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|&n| short(n)).collect();
    numbers.join(" ")
}

/// A coordinate to a tenth of a pixel.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Text for XML, in content and in attributes; control characters become spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_name_is_escaped() {
        let mut scene = Scene::new(10.0, 10.0);
        scene.text((0.0, 0.0), "<script>\"a\"&\u{1}</script>", Anchor::Start);
        let svg = inline(&scene, "an \"alt\" <text>");
        assert!(!svg.contains("<script") && !svg.contains('\u{1}'));
        assert!(svg.contains("&lt;script&gt;&quot;a&quot;&amp; &lt;/script&gt;"));
        assert!(svg.contains("aria-label=\"an &quot;alt&quot; &lt;text&gt;\""));
    }

    #[test]
    fn every_role_has_a_style() {
        let style = page_style();
        for name in ["text", "muted", "grid", "paper", "missing", "series-0"] {
            assert!(
                style.contains(&format!(".f-{name}{{fill:var(--{name})}}")),
                "{name}"
            );
        }
    }

    #[test]
    fn tiles_of_one_colour_are_one_path() {
        let mut scene = Scene::new(10.0, 10.0);
        scene.group(TILES, |scene| {
            for i in 0..3 {
                scene.rect(
                    (f64::from(i), 0.0),
                    (1.0, 2.0),
                    Ink::Rgb([i as u8 % 2, 0, 0]),
                );
            }
        });
        let svg = inline(&scene, "");
        assert!(
            svg.contains("<path fill=\"#000000\" d=\"M0 0h1v2h-1zM2 0h1v2h-1z\"/>"),
            "{svg}"
        );
        assert_eq!(svg.matches("<path").count(), 2);
        assert_eq!(svg.matches("</g>").count(), 1);
    }

    #[test]
    fn lines_along_an_axis_are_short() {
        let points = [(1.0, 2.0), (1.0, 3.0), (4.0, 3.0), (5.0, 6.0), (5.0, 6.0)];
        assert_eq!(path(&points), "M1 2V3H4L5 6V6");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([short(1.0), short(0.25), short(-3.96)], ["1", "0.2", "-4"]);
    }
}
