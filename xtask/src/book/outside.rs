//! Links that leave the book. On the web view of the repository they lead to the page of a crate or to a file of
//! data; a website of the book has neither, so it names the file instead.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use crate::pages::resolved;
use crate::shell::{Failure, Result};

const BOOK: &str = "docs";

/// Rewrites the book that mdBook passes on standard input. mdBook first asks which renderers are supported.
pub fn preprocess(arguments: &[String]) -> Result<()> {
    if arguments.first().is_some_and(|a| a == "supports") {
        return Ok(());
    }
    let mut text = String::new();
    let unreadable = |e: &dyn std::fmt::Display| Failure::new(format!("no book of mdBook: {e}"));
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| unreadable(&e))?;
    let mut input: Value = serde_json::from_str(&text).map_err(|e| unreadable(&e))?;
    let mut book = input[1].take();
    chapters(&mut book);
    println!("{book}");
    Ok(())
}

/// Rewrites every chapter, wherever it is in the tree.
fn chapters(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(chapters),
        Value::Object(fields) => {
            let path = fields.get("path").and_then(Value::as_str);
            if let (Some(path), Some(content)) =
                (path, fields.get("content").and_then(Value::as_str))
            {
                let content = rewritten(Path::new(path), content);
                fields.insert("content".to_owned(), content.into());
            }
            fields.values_mut().for_each(chapters);
        }
        _ => {}
    }
}

/// A page, with links that leave the book as their text and the path from the root of the repository.
fn rewritten(page: &Path, text: &str) -> String {
    let folder = Path::new(BOOK).join(page.parent().unwrap_or(Path::new("")));
    let mut fenced = false;
    let lines = text.lines().map(|line| {
        fenced ^= line.trim_start().starts_with("```");
        match fenced {
            true => line.to_owned(),
            false => rewritten_line(&folder, line),
        }
    });
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

fn rewritten_line(folder: &Path, line: &str) -> String {
    let mut parts = line.split("](");
    let mut done = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let link = part.split_once(')').and_then(|(target, rest)| {
            let file = target.split('#').next().filter(|file| !file.is_empty())?;
            let path = resolved(folder, file).filter(|path| !path.starts_with(BOOK))?;
            let start = done.rfind('[')?;
            (!target.contains("://")).then_some((start, path, rest))
        });
        match link {
            Some((start, path, rest)) => {
                done.remove(start);
                done += &format!(" (`{}`){rest}", path.display());
            }
            None => done += &format!("]({part}"),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_links_that_leave_the_book_change() {
        let page =
            "[a](../crates/a/README.md#b), [c](d.md), [e](https://f.g/h)\n```\n[i](../../j)\n```\n";
        let expected =
            "a (`crates/a/README.md`), [c](d.md), [e](https://f.g/h)\n```\n[i](../../j)\n```\n";
        assert_eq!(rewritten(Path::new("k.md"), page), expected);
        assert_eq!(
            rewritten(Path::new("l/m.md"), "![n](../o.svg) [p](../../q.rs)\n"),
            "![n](../o.svg) p (`q.rs`)\n"
        );
    }

    #[test]
    fn chapters_are_found_at_any_depth() {
        let inner = json!({"Chapter": {"path": "a/b.md", "content": "[c](../../d.md)"}});
        let mut book =
            json!({"items": [{"Chapter": {"path": "e.md", "content": "f", "sub_items": [inner]}}]});
        chapters(&mut book);
        let inner = &book["items"][0]["Chapter"]["sub_items"][0]["Chapter"];
        assert_eq!(inner["content"], "c (`d.md`)\n");
    }
}
