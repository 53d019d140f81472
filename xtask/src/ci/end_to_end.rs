//! The command line from a recording to a scored map, as a user would call it.

use std::fs;
use std::path::Path;

use crate::book;
use crate::pages;
use crate::program::{self, Program};
use crate::shell::{Failure, Result, file_failure};
use crate::soak;
use crate::workspace::Workspace;

/// Shortens the training of the tutorial.
const SHORT: &str = "--set train.steps=400";

/// Chance is 0.5; a map this far above it has been through every part in the right order. How good
/// maps become is measured elsewhere, with longer trainings.
const LEAST_AUROC: f64 = 0.7;

/// Kills of a training that is resumed; `cargo xtask soak resume` does more.
const KILLS: usize = 3;

/// Writes the settings of the first tutorial's training to `fit.toml` in a folder.
pub fn tutorial_settings(workspace: &Workspace, folder: &Path) -> Result<()> {
    let tutorial = workspace.root.join(book::TUTORIAL);
    let text = fs::read_to_string(&tutorial).map_err(file_failure(&tutorial, "read"))?;
    let settings = pages::blocks(&text).find(|(language, _)| *language == "toml");
    let (_, settings) = settings.ok_or_else(|| {
        Failure::new(format!(
            "{} shows no settings of a training",
            book::TUTORIAL
        ))
    })?;
    let config = folder.join("fit.toml");
    fs::write(&config, settings).map_err(file_failure(&config, "write"))
}

pub fn run(workspace: &Workspace) -> Result<()> {
    program::build(workspace)?;
    let cli = Program::in_fresh_folder(workspace, "end-to-end")?;
    tutorial_settings(workspace, &cli.folder)?;

    cli.call("synth --dims 4 --samples 4000 --seed 1 --out data.npz")?;
    cli.arrays("data.npz", &["x", "z", "z1", "z2", "map"])?;
    cli.call(&format!(
        "fit --data data.npz --config fit.toml {SHORT} --out run --threads 1"
    ))?;
    cli.call("embed --model run --data data.npz --out embedding.npz")?;
    cli.arrays("embedding.npz", &["embedding"])?;
    cli.call("attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz")?;
    cli.arrays("map.npz", &["ing"])?;
    cli.call("attribute --model run --data data.npz --significance 10 --out tested.npz")?;
    cli.arrays(
        "tested.npz",
        &["ing_low", "ing_high", "ing_p", "ing_q", "ing_verdict"],
    )?;
    cli.call(
        "explain --model run --input data.npz --domain time --output 0 --signals 0..20 --out explained.npz",
    )?;
    cli.arrays("explained.npz", &["attribution", "time_samples"])?;
    cli.call("decode --data embedding.npz --label z2=data.npz:z2 --shuffles 19 --out decoded.npz --report decoded.html")?;
    cli.arrays("decoded.npz", &["sample", "true", "decoded"])?;
    cli.call("chance --model run --set train.steps=50 --trainings 2 --out chance")?;
    cli.call("decode --data embedding.npz --fit-data embedding.npz --label z2=data.npz:z2 --fit-label z2=data.npz:z2")?;
    cli.call("search --data data.npz --config fit.toml --set train.steps=50 --grid train.seed=[1,2] --out search")?;
    cli.call("plan search --data data.npz --config fit.toml --set train.steps=50 --grid train.seed=[1,2] --out study")?;
    cli.call("run study --piece 1")?;
    cli.call("run study")?;
    cli.call("status study")?;
    cli.call("gather study --out gathered")?;
    cli.same("search/0001", "gathered/0001", "safetensors")?;
    cli.call(
        "compare --model search/0000 --model search/0001 --out compared.npz --report compared.html",
    )?;
    cli.arrays("compared.npz", &["r2", "disparity"])?;
    for result in ["run", "tested.npz", "explained.npz", "embedding.npz"] {
        cli.call(&format!("view {result} --out view.html"))?;
    }
    let score = cli.json("eval --map map.npz:ing --truth data.npz:map --json")?;
    for field in ["auroc", "average_precision"] {
        let value = score[field].as_f64();
        if !value.is_some_and(|v| (0.0..=1.0).contains(&v)) {
            let what = format!("`eval --json` wrote {score}; {field} must be from 0 to 1");
            return Err(Failure::new(what));
        }
        println!("{field} {:.4}", value.unwrap_or_default());
    }
    if score["auroc"]
        .as_f64()
        .is_none_or(|auroc| auroc < LEAST_AUROC)
    {
        let what = format!("the map of a short training scores {score}, below {LEAST_AUROC}");
        return Err(Failure::new(what));
    }

    // any number of threads gives the same bits
    cli.call(&format!(
        "fit --data data.npz --config fit.toml {SHORT} --out run2 --threads 2"
    ))?;
    cli.same("run", "run2", "safetensors")?;

    for (arguments, out) in [
        ("fit --data none.npz --config fit.toml --out none", "none"),
        (
            "fit --data data.npz --config fit.toml --set train.batch=0 --out none",
            "none",
        ),
        (
            "attribute --model none --data data.npz --method ing --out none.npz",
            "none.npz",
        ),
        (
            "attribute --model run --data data.npz --method no --out none.npz",
            "none.npz",
        ),
    ] {
        cli.refuses(arguments, out)?;
    }

    // what the pages say about the command line
    book::check(workspace)?;

    // a training that is killed and resumed gives the same bytes
    soak::resume(workspace, KILLS, 0)
}
