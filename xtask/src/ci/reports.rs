//! The reports in a real browser: every page of the program is opened, used and checked there.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::end_to_end::tutorial_settings;
use crate::program::{self, Program};
use crate::shell::{self, Result, file_failure};
use crate::workspace::Workspace;

/// Names under which systems have Chromium.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Makes one page of each kind and uses it, if Chromium and Node are there.
pub fn check(workspace: &Workspace) -> Result<()> {
    let browser = BROWSERS
        .into_iter()
        .filter(|name| answers(name))
        .find_map(place);
    let missing: Vec<&str> = [
        ("Chromium", browser.is_none()),
        ("Node", !answers("node")),
        ("npm", !answers("npm")),
    ]
    .into_iter()
    .filter_map(|(name, missing)| missing.then_some(name))
    .collect();
    let (Some(browser), true) = (browser, missing.is_empty()) else {
        println!(
            "the reports are NOT opened in a browser, because {} is missing; on Debian, install the packages chromium, \
             nodejs and npm",
            missing.join(", ")
        );
        return Ok(());
    };
    program::build(workspace)?;
    let cli = Program::in_fresh_folder(workspace, "reports")?;
    let pages = make(workspace, &cli)?;
    for name in ["check.mjs", "package.json"] {
        let (from, to) = (
            workspace.root.join("xtask/reports").join(name),
            cli.folder.join(name),
        );
        std::fs::copy(&from, &to).map_err(file_failure(&from, "copy"))?;
    }
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--silent"]);
    shell::run(install.current_dir(&cli.folder))?;
    let mut node = Command::new("node");
    node.arg("check.mjs")
        .arg(browser)
        .arg("screenshots")
        .args(&pages);
    shell::run(node.current_dir(&cli.folder))
}

/// Where a program is: what starts the browser does not search for it.
fn place(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&folders).map(|folder| folder.join(program));
    places.into_iter().find(|place| place.is_file())
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A page of each command, from data with a known answer.
fn make(workspace: &Workspace, cli: &Program) -> Result<Vec<PathBuf>> {
    tutorial_settings(workspace, &cli.folder)?;
    let short = "--set train.steps=60";
    let commands = [
        ("demo --out demo --steps 60", "demo/report.html"),
        ("synth --dims 4 --samples 2000 --seed 1 --out data.npz", ""),
        (
            &format!("fit --data data.npz --config fit.toml {short} --out run"),
            "run/report.html",
        ),
        ("embed --model run --data data.npz --out embedding.npz", ""),
        (
            "attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz --report attribute.html",
            "attribute.html",
        ),
        (
            "attribute --model run --data data.npz --significance 10 --out tested.npz --report significance.html",
            "significance.html",
        ),
        (
            "explain --model run --input data.npz --domain time --signals 0..1 --out one.npz --report one.html",
            "one.html",
        ),
        (
            "explain --model run --input data.npz --domain time --signals 0..20 --out batch.npz --report batch.html",
            "batch.html",
        ),
        (
            "explain --model run --input data.npz --domain time --signals 0..20 --output 0,1 --group-by predicted \
             --out groups.npz --report groups.html",
            "groups.html",
        ),
        (
            "decode --data embedding.npz --label z2=data.npz:z2 --shuffles 19 --report decode.html",
            "decode.html",
        ),
        (
            &format!(
                "search --data data.npz --config fit.toml {short} --grid train.seed=[1,2] --out search"
            ),
            "search/report.html",
        ),
        (
            "compare --model search/0000 --model search/0001 --report compare.html",
            "compare.html",
        ),
        ("view run --out view-run.html", "view-run.html"),
        (
            "view embedding.npz --out view-embedding.html",
            "view-embedding.html",
        ),
        ("view tested.npz --out view-map.html", "view-map.html"),
        (
            "view batch.npz --out view-explained.html",
            "view-explained.html",
        ),
        ("view groups.npz --out view-groups.html", "view-groups.html"),
    ];
    for (arguments, _) in commands {
        cli.call(arguments)?;
    }
    let gallery = workspace
        .target
        .join(program::FOLDER)
        .join("examples/gallery");
    let mut gallery = Command::new(gallery);
    shell::run(gallery.arg("gallery.html").current_dir(&cli.folder))?;
    let pages = commands
        .iter()
        .map(|(_, page)| *page)
        .chain(["gallery.html"]);
    let written = pages.filter(|page| !page.is_empty());
    Ok(written.map(|page| cli.folder.join(page)).collect())
}
