//! The pictures of reports in the book: `cargo xtask pictures`.

use std::fs;

use crate::ci;
use crate::shell::{Failure, Result, file_failure};
use crate::workspace::Workspace;

/// Where the book has them.
const FOLDER: &str = "docs/pictures/reports";

/// The reports that the book shows.
const SHOWN: [&str; 9] = [
    "demo-report",
    "run-report",
    "embedding",
    "attribute",
    "significance",
    "head-explained",
    "decode",
    "compare",
    "search-report",
];

/// Makes the reports, takes their pictures in Chromium and puts them into the book.
pub fn main(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!("`pictures` takes no `{unknown}`")));
    }
    let workspace = Workspace::load()?;
    let screenshots = ci::screenshots(&workspace)?.ok_or_else(|| {
        Failure::new("pictures of reports need Chromium, Node and npm; install them and try again")
    })?;
    let folder = workspace.root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(file_failure(&folder, "create"))?;
    for name in SHOWN {
        let name = format!("{name}.jpg");
        let from = screenshots.join("small").join(&name);
        fs::copy(&from, folder.join(&name)).map_err(file_failure(&from, "copy"))?;
        println!("wrote {FOLDER}/{name}");
    }
    Ok(())
}
