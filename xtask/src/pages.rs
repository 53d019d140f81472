//! Markdown: the blocks, links and headings of a page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Fenced blocks of a page: language and text.
pub fn blocks(page: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = page.lines();
    std::iter::from_fn(move || {
        let language = lines.find_map(|line| line.strip_prefix("```"))?;
        let block = lines.by_ref().take_while(|line| *line != "```");
        Some((
            language,
            block.fold(String::new(), |text, line| text + line + "\n"),
        ))
    })
}

/// A relative path taken from a folder; nothing if it leaves the workspace.
pub fn resolved(folder: &Path, relative: &str) -> Option<PathBuf> {
    let mut path = folder.to_path_buf();
    for part in Path::new(relative).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::Normal(name) => path.push(name),
            _ => return None,
        }
    }
    Some(path)
}

/// The targets of a page's links and pictures, each with its line; code is skipped.
pub fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        for part in line.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// The lines of a page outside of fenced blocks, counted from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fence && !fenced).then_some((number + 1, line))
    })
}

/// A line without the insides of its code spans.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// What links to the headings of a page are called: letters, digits, `-` and `_` of the heading, spaces as `-`;
/// a repeated name gets a number.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let name: String = shown(title.trim())
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .flat_map(char::to_lowercase)
            .collect();
        let count = times.entry(name.clone()).or_default();
        anchors.insert(match *count {
            0 => name,
            more => format!("{name}-{more}"),
        });
        *count += 1;
    }
    anchors
}

/// A heading as it is read: links as their text.
fn shown(title: &str) -> String {
    let mut parts = title.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_blocks_and_their_language() {
        let page = "a\n```sh\nxcebra b \\\n  c\n```\n```toml\nd = 1\n```\n";
        let found: Vec<_> = blocks(page).collect();
        assert_eq!(found[0], ("sh", "xcebra b \\\n  c\n".to_owned()));
        assert_eq!(found[1], ("toml", "d = 1\n".to_owned()));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn headings_are_named_as_on_the_web() {
        let text = "# A `map`: what [it](a.md) says\n## Results\n```\n# no heading\n```\n## Results\n#tag\n";
        let expected = ["a-map-what-it-says", "results", "results-1"];
        assert_eq!(anchors(text), expected.map(str::to_owned).into());
    }

    #[test]
    fn links_in_code_are_skipped() {
        let text = "[a](b.md) `[c](d.md)` ![e](f.svg)\n```\n[g](h.md)\n```\n";
        let expected = [(1, "b.md".to_owned()), (1, "f.svg".to_owned())];
        assert_eq!(links(text), expected);
    }
}
