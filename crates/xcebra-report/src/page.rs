//! One self-contained HTML page of words, tables and figures.

mod blocks;
mod budget;
mod head;
mod table;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use table::Table;

use crate::figure::Figure;
use blocks::{Block, body};
use xcebra_files::{FileError, write_file};

/// A report: a page that needs no network, reads well on paper, and follows the reader's choice of
/// light or dark.
///
/// A small script in the page lets readers point, zoom, sort, turn and save. Without it the page reads the same. A
/// content-security policy allows this script and the page's style by their hashes, and nothing else.
///
/// A page stays below 2 MB: if it would be larger, pictures show fewer of their numbers, long tables are shortened, and
/// the last pictures are left out. The page says so, and [where](Self::elsewhere) everything is.
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
    elsewhere: String,
    blocks: Vec<Block>,
}

impl Report {
    /// An empty report.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            lead: String::new(),
            elsewhere: String::new(),
            blocks: Vec::new(),
        }
    }

    /// The sentence or two below the title: what was done and what came out.
    pub fn lead(mut self, text: &str) -> Self {
        text.clone_into(&mut self.lead);
        self
    }

    /// A sentence that says where all numbers and pictures are, for a page that would be too large with them.
    pub fn elsewhere(mut self, text: &str) -> Self {
        text.clone_into(&mut self.elsewhere);
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

    /// Adds parts of which a reader may choose one, such as a method or a signal: each is a report whose title names
    /// it. On paper and without a script all of them are shown.
    ///
    /// ```
    /// use xcebra_report::Report;
    ///
    /// let part = |name: &str| Report::new(name).paragraph("What this method says.");
    /// let page = Report::new("Maps").choice("method", [part("gradient"), part("inverted gradient")]);
    /// assert!(page.html().contains("inverted gradient"));
    /// ```
    pub fn choice(self, what: &str, parts: impl IntoIterator<Item = Self>) -> Self {
        let parts = parts.into_iter().map(Self::named_blocks);
        self.block(Block::Choice(what.to_owned(), parts.collect()))
    }

    /// Adds the contents of `part`, collapsed under its title.
    pub fn details(self, part: Self) -> Self {
        let (name, blocks) = part.named_blocks();
        self.block(Block::Details(name, blocks))
    }

    /// Appends the contents of another report without its title.
    pub fn and(mut self, other: Self) -> Self {
        self.blocks.extend(other.named_blocks().1);
        self
    }

    /// Whether nothing stands below the title and the lead.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Title and parts, with the lead as the first of them.
    fn named_blocks(self) -> (String, Vec<Block>) {
        let lead = (!self.lead.is_empty()).then_some(Block::Paragraph(self.lead));
        (self.title, lead.into_iter().chain(self.blocks).collect())
    }

    fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// The page.
    pub fn html(&self) -> String {
        let parts = body(&self.blocks);
        if parts.0.len() <= budget::MOST {
            return self.around(&parts, "");
        }
        let (blocks, kept) = budget::fitted(self.blocks.clone(), budget::MOST);
        let words = format!("{} {}", kept.words(), self.elsewhere);
        self.around(&body(&blocks), words.trim())
    }

    /// A page with these parts; `words` say what is not on it.
    fn around(&self, parts: &Markup, words: &str) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                (head::head(&self.title))
                body {
                    main {
                        h1 { (self.title) }
                        @if !self.lead.is_empty() { p.lead { (self.lead) } }
                        @if !words.is_empty() { p { (words) } }
                        (parts)
                        footer { "Made with " (head::generator()) "." }
                    }
                    script { (PreEscaped(head::SCRIPT)) }
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
    fn nothing_comes_from_elsewhere_and_only_the_own_script_runs() {
        let page = page();
        // the name of a vocabulary, which nothing is fetched from
        let fetched = page.replace("http://www.w3.org/2000/svg", "");
        for forbidden in [
            "http://", "https://", " src=", "@import", "<link", "style=", "onclick=", "fetch(",
            "import(",
        ] {
            assert!(!fetched.contains(forbidden), "{forbidden}");
        }
        let scripts: Vec<&str> = page.split("<script>").skip(1).collect();
        assert_eq!(scripts.len(), 1);
        let script = scripts[0].split_once("</script>").unwrap().0;
        // every other block is data
        let blocks = page.matches("<script").count();
        assert_eq!(
            blocks,
            1 + page.matches("<script type=\"application/json\">").count()
        );
        let policy = format!("script-src {};", head::source(script));
        assert!(page.contains(&policy), "{policy}");
        let style = page
            .split_once("<style>")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        assert!(page.contains(&format!("style-src {};", head::source(style))));
    }

    /// The digest of the empty text, as FIPS 180-4 has it.
    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(
            head::source(""),
            "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
        );
    }

    #[test]
    fn choices_and_details_show_everything_without_a_script() {
        let part = |name: &str| Report::new(name).lead("Said first.").paragraph(name);
        let page = Report::new("t")
            .heading("a")
            .choice("method", [part("one"), part("two <b>")])
            .heading("b")
            .details(part("more"))
            .heading("c")
            .code(&"line\n".repeat(40))
            .html();
        assert_eq!(page.matches("class=\"option\"").count(), 2);
        assert!(
            !page.contains("<section"),
            "landmarks need names that differ"
        );
        assert!(page.contains("<h3>two &lt;b&gt;</h3><p>Said first.</p>"));
        assert!(page.contains("<summary>more</summary>"));
        assert!(page.contains("<summary>Settings (40 lines)</summary>"));
        assert!(
            page.contains("<a href=\"#part-2\">c</a>") && page.contains("<h2 id=\"part-2\">c</h2>")
        );
    }

    #[test]
    fn what_files_name_cannot_end_the_block_of_data() {
        let figure = LineChart::new("t", "v").series("</script><script>", [(0.0, 1.0), (1.0, 2.0)]);
        let page = Report::new("t").figure(figure.draw(), "").html();
        assert_eq!(page.matches("</script>").count(), 2);
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
        assert_eq!(page.matches("<details class=\"numbers\">").count(), 3);
    }

    #[test]
    fn numbers_are_set_right() {
        let page = page();
        assert!(page.contains("<td class=\"number\">−0.5</td>"));
        assert!(page.contains("<td>a</td>"));
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("@media print"));
    }
}
