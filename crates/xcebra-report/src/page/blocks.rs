//! The parts of a page and their HTML.

use maud::{Markup, PreEscaped, html};

use crate::figure::Figure;

use super::table::Table;

#[derive(Debug, Clone)]
pub(super) enum Block {
    Heading(String),
    Paragraph(String),
    Code(String),
    Table(Table),
    Figures(Vec<(Figure, String)>),
    /// Parts of which a reader may choose one: what they differ in, and each with its name.
    Choice(String, Vec<(String, Vec<Block>)>),
    /// Parts behind a disclosure with this name.
    Details(String, Vec<Block>),
    /// Parts one after the other.
    Several(Vec<Block>),
    /// The names of parts that a small page has no room for.
    LeftOut(Vec<String>),
}

/// Lines from which code stands behind a disclosure.
const LONG: usize = 14;

/// All parts, and the headings among them by which a reader finds them.
pub(super) fn body(blocks: &[Block]) -> Markup {
    let headings = blocks.iter().filter_map(|block| match block {
        Block::Heading(text) => Some(text),
        _ => None,
    });
    let headings: Vec<&String> = headings.collect();
    let mut number = 0;
    html! {
        @if headings.len() > 2 {
            nav aria-label="Contents" {
                ul { @for (i, text) in headings.iter().enumerate() { li { a href=(format!("#part-{i}")) { (text) } } } }
            }
        }
        @for block in blocks {
            @match block {
                Block::Heading(text) => {
                    h2 id=(format!("part-{number}")) { (text) }
                    ({ number += 1; "" })
                }
                // no level is left out
                block => (block.html(if number == 0 { 2 } else { 3 })),
            }
        }
    }
}

impl Block {
    /// The HTML of a part; headings inside it have this level.
    fn html(&self, level: u8) -> Markup {
        match self {
            Self::Heading(text) => heading(text, level),
            Self::Paragraph(text) => html! { p { (text) } },
            Self::Code(text) => code(text),
            Self::Table(table) => table.block(),
            Self::Figures(figures) => match figures.as_slice() {
                [(figure, caption)] => figure_html(figure, caption),
                figures => html! {
                    div.beside { @for (figure, caption) in figures { (figure_html(figure, caption)) } }
                },
            },
            Self::Choice(what, parts) => html! {
                // a group and not a section: those are landmarks, whose names must differ, and choices may be nested
                div.choice data-choice=(what) role="group" aria-label=(format!("By {what}")) {
                    @for (name, blocks) in parts {
                        div.option data-name=(name) {
                            (heading(name, level))
                            @for block in blocks { (block.html(level + 1)) }
                        }
                    }
                }
            },
            Self::Several(blocks) => html! { @for block in blocks { (block.html(level)) } },
            Self::LeftOut(names) => html! { p { (left_out(names)) } },
            Self::Details(name, blocks) => html! {
                details {
                    summary { (name) }
                    @for block in blocks { (block.html(level)) }
                }
            },
        }
    }
}

fn heading(text: &str, level: u8) -> Markup {
    match level {
        ..=2 => html! { h2 { (text) } },
        3 => html! { h3 { (text) } },
        _ => html! { h4 { (text) } },
    }
}

/// What is left out, in a sentence; of many only the first are named.
fn left_out(names: &[String]) -> String {
    const NAMED: usize = 8;
    let mut named: Vec<&str> = names.iter().map(String::as_str).collect();
    named.dedup();
    match named.len().saturating_sub(NAMED) {
        0 => format!("Left out: {}.", named.join("; ")),
        more => format!("Left out: {}; and {more} more.", named[..NAMED].join("; ")),
    }
}

fn code(text: &str) -> Markup {
    let pre = html! { pre tabindex="0" { code { (text) } } };
    match text.lines().count() {
        lines if lines > LONG => html! {
            details { summary { "Settings (" (lines) " lines)" } (pre) }
        },
        _ => pre,
    }
}

/// A picture, its caption, its numbers behind a disclosure, and what the script must know of it.
fn figure_html(figure: &Figure, caption: &str) -> Markup {
    let name = figure.short_name();
    html! {
        figure {
            div.stage tabindex="0" role="group" aria-label=(format!("Picture: {name}")) {
                (PreEscaped(figure.inline_svg()))
            }
            @if !caption.is_empty() { figcaption { (caption) } }
            @if let Some(numbers) = figure.numbers() {
                details.numbers {
                    summary { "Numbers: " (name) }
                    (numbers.html())
                }
            }
            @if !figure.data().is_null() {
                // a block of data, which no browser runs; `<` could end it
                script type="application/json" {
                    (PreEscaped(figure.data().to_string().replace('<', "\\u003c")))
                }
            }
        }
    }
}
