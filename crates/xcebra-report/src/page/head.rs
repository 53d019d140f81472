//! What stands in the head of a page: its style, its script, and the policy that allows these two and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::figure::{color, svg};

/// The script of every page.
pub(super) const SCRIPT: &str = include_str!("script.js");

/// Policy, style and title.
pub(super) fn head(title: &str) -> Markup {
    let style = style();
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy(&style));
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="generator" content=(generator());
            title { (title) }
            style { (PreEscaped(style)) }
        }
    }
}

pub(super) fn generator() -> String {
    format!("xcebra {}", env!("CARGO_PKG_VERSION"))
}

/// The one style sheet and the one script, by their hashes; pictures that the script itself makes.
fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src blob:; base-uri 'none'; form-action 'none'",
        source(SCRIPT),
        source(style)
    )
}

/// The source expression that allows an inline element with this text.
pub(super) fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

pub(super) fn style() -> String {
    let (light, dark) = (svg::variables(color::light), svg::variables(color::dark));
    // paper is white whatever the screen is
    format!(
        ":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{}\n{}",
        include_str!("../page.css"),
        svg::page_style()
    )
}
