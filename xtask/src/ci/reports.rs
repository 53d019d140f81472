//! The reports in a real browser: every page of the program is opened, used and checked there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::end_to_end::tutorial_settings;
use crate::program::{self, Program};
use crate::shell::{self, Result, file_failure};
use crate::workspace::Workspace;

/// Names under which systems have Chromium.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A page of which not everything can be kept; `check.mjs` only opens it.
const LARGE: &str = "large.html";

/// Where the screenshots are, in the folder of the pages.
const SCREENSHOTS: &str = "screenshots";

/// Makes one page of each kind and uses it, if Chromium and Node are there.
pub fn check(workspace: &Workspace) -> Result<()> {
    screenshots(workspace).map(drop)
}

/// As [`check`]; the folder of the screenshots, if there are any.
pub fn screenshots(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let browser = BROWSERS
        .into_iter()
        .filter(|name| answers(name))
        .find_map(shell::place);
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
        return Ok(None);
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
        .arg(SCREENSHOTS)
        .args(&pages);
    shell::run(node.current_dir(&cli.folder))?;
    Ok(Some(cli.folder.join(SCREENSHOTS)))
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A recording of electrodes on the head, as an amplifier might name them, and settings of its training.
fn electrodes(folder: &Path) -> Result<()> {
    const NAMES: &str = "AF3 F7 F3 FC5 T3 T5 O1 O2 T6 T4 FC6 F4 F8 AF4";
    const SETTINGS: &str = "[data]\nstandardize = true\n[encoder]\nname = \"offset10-mse\"\noutputs = 3\n\
                            [[objective]]\npositives = { kind = \"time\", offset = 4 }\n[train]\nbatch = 128\n";
    let names: Vec<String> = NAMES
        .split(' ')
        .map(|name| format!("EEG {name}-REF"))
        .collect();
    let mut table = names.join(",") + "\n";
    for t in 0..1_500 {
        let value = |c: usize| {
            let (t, c) = (f64::from(t), c as f64);
            let slow = (0.7 * t + 0.4 * c).sin() * (1.0 + (0.01 * t).sin());
            let noise = ((12.9898 * t + 78.233 * c).sin() * 43_758.545).fract();
            format!("{:.4}", slow * (1.0 - (c / 7.0 - 1.0).abs()) + 0.5 * noise)
        };
        let row: Vec<String> = (0..names.len()).map(value).collect();
        table += &(row.join(",") + "\n");
    }
    for (name, text) in [("head.csv", table.as_str()), ("head.toml", SETTINGS)] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(file_failure(&path, "write"))?;
    }
    Ok(())
}

/// A page of each command, from data with a known answer.
fn make(workspace: &Workspace, cli: &Program) -> Result<Vec<PathBuf>> {
    tutorial_settings(workspace, &cli.folder)?;
    electrodes(&cli.folder)?;
    let short = "--set train.steps=60";
    let commands = [
        ("demo --out demo --steps 60", "demo/report.html"),
        ("synth --dims 4 --samples 2000 --seed 1 --out data.npz", ""),
        (
            &format!("fit --data data.npz --config fit.toml {short} --out run"),
            "run/report.html",
        ),
        (
            "embed --model run --data data.npz --out embedding.npz --report embedding.html --label z1 --label z2",
            "embedding.html",
        ),
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
            "chance --model run --set train.steps=50 --trainings 2 --out chance",
            "chance/report.html",
        ),
        (
            "compare --model search/0000 --model search/0001 --report compare.html",
            "compare.html",
        ),
        (
            &format!("fit --data head.csv --config head.toml {short} --out head"),
            "",
        ),
        (
            "attribute --model head --data head.csv --method ing --out head-map.npz --report head-map.html",
            "head-map.html",
        ),
        (
            "explain --model head --input head.csv --fs 32 --domain rfft --bands slow=2-6,fast=6-14 --signals 0..8 \
             --out head-explained.npz --report head-explained.html",
            "head-explained.html",
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
    gallery.args(["gallery.html", LARGE]);
    shell::run(gallery.current_dir(&cli.folder))?;
    let pages = commands
        .iter()
        .map(|(_, page)| *page)
        .chain(["gallery.html", LARGE]);
    let written = pages.filter(|page| !page.is_empty());
    Ok(written.map(|page| cli.folder.join(page)).collect())
}
