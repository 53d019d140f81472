//! `xcebra view`: a report made from result files, without computing anything again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;
use xcebra::files::ensure_writable;
use xcebra::{Answer, Problem, Result, view};

use super::Session;

/// Look at a result file or the folder of a training
///
/// Writes a page with pictures of the arrays: maps by method, embeddings in three dimensions, attributions by
/// signal, training curves. Nothing is computed again, so neither the model nor the data is needed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct View {
    /// A file such as map.npz, embedding.npz or explained.npz, or a folder written by `xcebra fit` or `xcebra demo`
    #[arg(value_name = "FILE or FOLDER")]
    path: PathBuf,

    /// The page to write, .html [default: NAME-view.html in the current folder]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Also open the page in the browser
    #[arg(long)]
    open: bool,
}

const EXAMPLES: &str = "\
Examples:
  xcebra view map.npz
  xcebra view run --out run.html
  xcebra view explained.npz --open";

impl View {
    pub fn run(&self, _: &Session) -> Result<Answer> {
        let out = match &self.out {
            Some(out) => out.clone(),
            None => page_of(&self.path),
        };
        super::require_distinct(("--out", &out), &[("the result", &self.path)])?;
        ensure_writable(&out)?;
        let page = view(&self.path)?;
        page.write(&out)?;
        if self.open {
            open(&out)?;
        }
        Ok(Answer {
            text: format!("{}: a page to open in a browser", out.display()),
            json: json!({ "out": out.display().to_string() }),
        })
    }
}

/// `map-view.html` for `map.npz`, in the current folder.
fn page_of(path: &Path) -> PathBuf {
    // a path such as `.` or `..` has no name of its own
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let stem = whole.file_stem().unwrap_or("result".as_ref());
    PathBuf::from(format!("{}-view.html", stem.to_string_lossy()))
}

/// Hands a page to the system, which knows the reader's browser.
fn open(page: &Path) -> Result<()> {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    let started = command
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    started.map(drop).map_err(|error| {
        Problem::setting(
            format!("cannot start a browser: {error}"),
            format!("open {} in a browser by hand", page.display()),
        )
    })
}
