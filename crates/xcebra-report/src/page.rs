//! One self-contained HTML page of words, tables and figures.

use std::fmt::Write;
use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure::{Figure, color, svg};
use xcebra_files::{FileError, write_file};

/// A report: a page that needs no network, reads well on paper, and follows the reader's choice of
/// light or dark.
///
/// ```
/// use xcebra_report::{LineChart, Report, Table};
///
/// let loss = LineChart::new("step", "loss").series("training", [(0.0, 3.0), (1.0, 2.0)]).draw();
/// let page = Report::new("A short run")
///     .lead("Two steps of training.")
///     .table(Table::new(&["part", "seconds"]).row(["fit", "0.2"]))
///     .heading("Training")
///     .figure(loss, "The loss falls from 3 to 2.")
///     .html();
/// assert!(page.contains("The loss falls"));
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    title: String,
    lead: String,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
enum Block {
    Heading(String),
    Paragraph(String),
    Code(String),
    Table(Table),
    Figures(Vec<(Figure, String)>),
}

impl Report {
    /// An empty report.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            lead: String::new(),
            blocks: Vec::new(),
        }
    }

    /// The sentence or two below the title: what was done and what came out.
    pub fn lead(mut self, text: &str) -> Self {
        text.clone_into(&mut self.lead);
        self
    }

    /// Begins a section.
    pub fn heading(self, text: &str) -> Self {
        self.block(Block::Heading(text.to_owned()))
    }

    /// Adds a paragraph of plain text.
    pub fn paragraph(self, text: &str) -> Self {
        self.block(Block::Paragraph(text.to_owned()))
    }

    /// Adds text as it is, such as a configuration or a command.
    pub fn code(self, text: &str) -> Self {
        self.block(Block::Code(text.to_owned()))
    }

    /// Adds a table.
    pub fn table(self, table: Table) -> Self {
        self.block(Block::Table(table))
    }

    /// Adds a figure with a caption that says what it shows.
    pub fn figure(self, figure: Figure, caption: &str) -> Self {
        self.block(Block::Figures(vec![(figure, caption.to_owned())]))
    }

    /// Adds figures side by side, each with its caption.
    pub fn figures<F: Into<(Figure, String)>>(self, figures: impl IntoIterator<Item = F>) -> Self {
        let figures = figures.into_iter().map(Into::into);
        self.block(Block::Figures(figures.collect()))
    }

    fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// The page.
    pub fn html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="generator" content=(generator());
                    title { (self.title) }
                    style { (PreEscaped(style())) }
                }
                body {
                    main {
                        h1 { (self.title) }
                        @if !self.lead.is_empty() { p.lead { (self.lead) } }
                        @for block in &self.blocks { (block.html()) }
                        footer { "Made with " (generator()) "." }
                    }
                }
            }
        };
        page.into_string()
    }

    /// Writes the page to a file, whole or not at all.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        write_file(path, self.html().as_bytes())
    }
}

impl Block {
    fn html(&self) -> Markup {
        match self {
            Self::Heading(text) => html! { h2 { (text) } },
            Self::Paragraph(text) => html! { p { (text) } },
            Self::Code(text) => html! { pre { code { (text) } } },
            Self::Table(table) => table.html(),
            Self::Figures(figures) => match figures.as_slice() {
                [(figure, caption)] => figure_html(figure, caption),
                figures => beside(figures),
            },
        }
    }
}

fn figure_html(figure: &Figure, caption: &str) -> Markup {
    html! {
        figure {
            (PreEscaped(figure.inline_svg()))
            @if !caption.is_empty() { figcaption { (caption) } }
        }
    }
}

/// Figures in one row, at most three, in proportion to their widths.
fn beside(figures: &[(Figure, String)]) -> Markup {
    let rows = figures.chunks(3);
    html! {
        @for row in rows {
            @let columns = columns(row);
            div.beside style=(columns) {
                @for (figure, caption) in row { (figure_html(figure, caption)) }
            }
        }
    }
}

fn columns(row: &[(Figure, String)]) -> String {
    let mut style = String::from("grid-template-columns:");
    for (figure, _) in row {
        let _ = write!(style, " minmax(0,{}fr)", figure.size().0.round());
    }
    style
}

fn generator() -> String {
    format!("xcebra {}", env!("CARGO_PKG_VERSION"))
}

fn style() -> String {
    let (light, dark) = (svg::variables(color::light), svg::variables(color::dark));
    // paper is white whatever the screen is
    format!(
        ":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{}\n{}",
        include_str!("page.css"),
        svg::page_style()
    )
}

/// A table of words and numbers; columns of numbers are set right.
///
/// Rows may be shorter than the header.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    caption: String,
}

impl Table {
    /// A table with the names of its columns.
    pub fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
            caption: String::new(),
        }
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// What the table shows.
    pub fn caption(mut self, text: &str) -> Self {
        text.clone_into(&mut self.caption);
        self
    }

    fn html(&self) -> Markup {
        let class = |column: usize| self.is_numeric(column).then_some("number");
        html! {
            div.wide {
                table {
                    @if !self.caption.is_empty() { caption { (self.caption) } }
                    thead { tr {
                        @for (j, name) in self.header.iter().enumerate() {
                            th scope="col" class=[class(j)] { (name) }
                        }
                    } }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (j, cell) in row.iter().enumerate() { td class=[class(j)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether every cell of a column begins like a number.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self
            .rows
            .iter()
            .filter_map(|row| row.get(column))
            .peekable();
        let begins = |cell: &String| {
            let digits = cell.trim_start_matches(['-', '−', '+', '<', '≤', '±', ' ']);
            cell.is_empty() || digits.starts_with(|c: char| c.is_ascii_digit())
        };
        cells.peek().is_some() && cells.all(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineChart;

    fn page() -> String {
        let figure = LineChart::new("step", "loss")
            .series("a<b", [(0.0, 1.0), (1.0, 0.5)])
            .draw();
        Report::new("Title <1>")
            .lead("Lead & more")
            .heading("Section")
            .paragraph("Words.")
            .code("x = \"</pre>\"")
            .table(
                Table::new(&["name", "value"])
                    .row(["a", "−0.5"])
                    .row(["b"])
                    .caption("Two."),
            )
            .figure(figure.clone(), "One curve.")
            .figures([
                (figure.clone(), "Left.".to_owned()),
                (figure, "Right.".to_owned()),
            ])
            .html()
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_runs() {
        let page = page();
        for forbidden in [
            "http://", "https://", "<script", "src=", "url(", "@import", "<link",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn text_is_escaped() {
        let page = page();
        assert!(page.contains("<h1>Title &lt;1&gt;</h1>") && page.contains("Lead &amp; more"));
        assert!(page.contains("x = &quot;&lt;/pre&gt;&quot;"));
        assert!(page.contains("a&lt;b"));
    }

    #[test]
    fn figures_have_captions_and_descriptions() {
        let page = page();
        assert_eq!(page.matches("<figure>").count(), 3);
        assert_eq!(page.matches("<figcaption>").count(), 3);
        assert_eq!(page.matches("role=\"img\" aria-label=").count(), 3);
        assert!(page.contains("minmax(0,720fr) minmax(0,720fr)"));
    }

    #[test]
    fn numbers_are_set_right() {
        let page = page();
        assert!(page.contains("<td class=\"number\">−0.5</td>"));
        assert!(page.contains("<td>a</td>"));
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("@media print"));
    }
}
