//! The links between pages: every file and heading that a link names exists, and the book lists every page.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::pages::{anchors, links, resolved};
use crate::shell::{Result, file_failure};
use crate::workspace::Workspace;

/// Pages outside of these folders.
const PAGES: [&str; 2] = ["README.md", "CONTRIBUTING.md"];

/// Folders whose pages are checked. Those of the book come first.
const FOLDERS: [&str; 3] = [BOOK, "crates", "examples-data"];

const BOOK: &str = "docs";

/// The list of the book's pages, from which mdBook makes its sidebar.
const SUMMARY: &str = "docs/SUMMARY.md";

pub fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let root = &workspace.root;
    let mut files: Vec<PathBuf> = PAGES.iter().map(|page| root.join(page)).collect();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files)?;
    }
    let mut pages = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(file_failure(&file, "read"))?;
        pages.insert(PathBuf::from(workspace.relative(&file)), text);
    }
    let mut problems = broken(&pages, |path| root.join(path).exists());
    problems.extend(unlisted(&pages));
    Ok(problems)
}

/// Adds the Markdown files of a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(file_failure(folder, "read"))? {
        let path = entry.map_err(file_failure(folder, "read"))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

/// Links to files or headings that do not exist. Paths are relative to the root of the workspace.
fn broken(pages: &BTreeMap<PathBuf, String>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    for (page, text) in pages {
        for (line, link) in links(text) {
            // another site, or a mail address
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let at = format!("{}:{line}", page.display());
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => Some(page.clone()),
                _ => resolved(page.parent().unwrap_or(Path::new("")), file),
            };
            let Some(target) = target.filter(|target| exists(target)) else {
                problems.push(format!("{at}: the link `{link}` leads to no file"));
                continue;
            };
            let known = pages.get(&target).map(|text| anchors(text));
            if !anchor.is_empty() && !known.is_some_and(|known| known.contains(anchor)) {
                problems.push(format!("{at}: the link `{link}` leads to no heading"));
            }
        }
    }
    problems
}

/// Pages of the book that its list leaves out, and entries of the list that are not pages of the book.
fn unlisted(pages: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let summary = Path::new(SUMMARY);
    let list = pages.get(summary).map_or("", String::as_str);
    let listed: BTreeSet<PathBuf> = links(list)
        .iter()
        .filter_map(|(_, link)| resolved(Path::new(BOOK), link))
        .collect();
    let book: BTreeSet<PathBuf> = pages
        .keys()
        .filter(|page| page.starts_with(BOOK) && *page != summary)
        .cloned()
        .collect();
    let missing = book
        .difference(&listed)
        .map(|page| format!("{SUMMARY}: {} is not listed", page.display()));
    let foreign = listed
        .difference(&book)
        .map(|page| format!("{SUMMARY}: {} is not a page of the book", page.display()));
    missing.chain(foreign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(texts: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
        let pages = texts.iter();
        pages
            .map(|(path, text)| (path.into(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn finds_links_that_lead_nowhere() {
        let pages = pages(&[
            ("README.md", "[a](docs/a.md#one) [b](docs/a.md#two)\n"),
            (
                "docs/a.md",
                "# One\n[c](../README.md) [d](b.md) [e](#one) [f](https://a.b/c)\n",
            ),
            ("docs/c.md", "[g](../../out.md)\n"),
        ]);
        let found = broken(&pages, |path| pages.contains_key(path));
        assert_eq!(
            found,
            [
                "README.md:1: the link `docs/a.md#two` leads to no heading",
                "docs/a.md:2: the link `b.md` leads to no file",
                "docs/c.md:1: the link `../../out.md` leads to no file",
            ]
        );
    }

    #[test]
    fn the_list_of_the_book_is_whole() {
        let pages = pages(&[
            (
                "docs/SUMMARY.md",
                "- [a](a.md)\n- [b](../README.md)\n- [c](c.md)\n",
            ),
            ("docs/a.md", ""),
            ("docs/b/d.md", ""),
            ("README.md", ""),
        ]);
        assert_eq!(
            unlisted(&pages),
            [
                "docs/SUMMARY.md: docs/b/d.md is not listed",
                "docs/SUMMARY.md: README.md is not a page of the book",
                "docs/SUMMARY.md: docs/c.md is not a page of the book",
            ]
        );
    }
}
