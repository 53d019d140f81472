//! The command `demo` as a user meets it.

use std::fs;

use crate::common::{Folder, assert_self_contained};
use serde_json::Value;
use xcebra::Run;
use xcebra::files::DataFile;

#[test]
fn demo_shows_the_whole_path() {
    let folder = Folder::new();
    let value = folder.json("demo --steps 20 --seed 18446744073709551615 --out demo");
    for score in [
        &value["auroc"]["ing"],
        &value["auroc"]["neuron_gradient"],
        &value["r2_latents"],
    ] {
        assert!((0.0..=1.0).contains(&score.as_f64().unwrap()), "{value}");
    }
    for part in ["synth", "fit", "attribute"] {
        assert!(value["seconds"][part].as_f64().unwrap() > 0.0, "{part}");
    }
    assert_eq!(value["out"], "demo");

    let mut files = [
        "channels.json",
        "config.toml",
        "curves.csv",
        "data.npz",
        "demo.json",
        "embedding.npz",
        "log.txt",
        "maps.npz",
        "model.safetensors",
        "report.html",
    ]
    .map(|name| format!("demo/{name}"))
    .to_vec();
    files.insert(0, "demo".to_owned());
    assert_eq!(folder.entries(), files);
    let kept: Value = serde_json::from_str(&folder.text("demo/demo.json")).unwrap();
    assert_eq!(kept, value);
    for (file, array, element, shape) in [
        ("data.npz", "x", "float32", [20_000, 50]),
        ("data.npz", "z2", "float32", [20_000, 3]),
        ("data.npz", "map", "bool", [50, 6]),
        ("embedding.npz", "embedding", "float32", [20_000, 6]),
        ("maps.npz", "ing", "float64", [50, 6]),
        ("maps.npz", "neuron-gradient", "float64", [50, 6]),
    ] {
        let read = folder.array(&format!("demo/{file}"), array);
        assert_eq!(
            (read.values.element_type(), read.shape()),
            (element, &shape[..]),
            "{array}"
        );
    }
    for (file, array, names) in [
        ("data.npz", "channel_names", ["x1.0", "x2.24"]),
        ("data.npz", "latent_names", ["z1.0", "z2.2"]),
        ("maps.npz", "channel_names", ["x1.0", "x2.24"]),
        ("maps.npz", "latent_names", ["0 (z1)", "5 (z2)"]),
    ] {
        let file = DataFile::open(&folder.path(&format!("demo/{file}"))).unwrap();
        let texts = file.read_text(array, None).unwrap().unwrap().texts;
        let ends = [texts.first(), texts.last()].map(|text| text.unwrap().to_string());
        assert_eq!(ends, names, "{array}");
    }
    assert_eq!(
        Run::load(&folder.path("demo"))
            .unwrap()
            .settings
            .train
            .steps,
        20
    );

    let page = folder.text("demo/report.html");
    assert_self_contained(&page);
    for title in [
        "Truth",
        "Inverted neuron gradient",
        "Neuron gradient",
        "Loss",
        "Jacobian",
    ] {
        assert!(page.contains(&format!(">{title}<")), "{title}");
    }

    // its files are those of the other commands
    for (map, score) in [("ing", "ing"), ("neuron-gradient", "neuron_gradient")] {
        let arguments = format!("eval --map demo/maps.npz:{map} --truth demo/data.npz:map");
        assert_eq!(folder.json(&arguments)["auroc"], value["auroc"][score]);
    }
    let settings = "--config demo/config.toml --set train.steps=1 --force";
    folder.fails_with(
        &format!("fit --data demo/data.npz {settings} --out demo"),
        &["--set cannot change these settings", "train.seed"],
    );
    folder.fails_with(
        "fit --data demo/data.npz --config demo/config.toml --force --out demo",
        &["demo/data.npz is in demo"],
    );
}

#[test]
fn the_same_seed_gives_the_same_demo_and_replaces_only_a_demo() {
    let folder = Folder::new();
    let output = folder.run("demo --quiet --threads 1 --steps 3");
    assert!(output.status.success() && output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "auROC, inverted neuron gradient",
        "R² of the latents",
        "seconds: training",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let files = [
        "data.npz",
        "model.safetensors",
        "maps.npz",
        "embedding.npz",
        "config.toml",
    ];
    let first = files.map(|name| folder.bytes(&format!("xcebra-demo/{name}")));
    folder.write("xcebra-demo/stale", "");
    folder.succeeds("demo --quiet --threads 3 --steps 3");
    let again = files.map(|name| folder.bytes(&format!("xcebra-demo/{name}")));
    for ((name, a), b) in files.iter().zip(&first).zip(&again) {
        assert!(a == b, "{name}");
    }
    assert!(!folder.path("xcebra-demo/stale").exists());

    folder.write("file", "");
    fs::create_dir(folder.path("run")).unwrap();
    folder.write("run/model.safetensors", "the work of hours");
    for (arguments, part) in [
        ("--out run", "has no demo.json"),
        ("--out file", "a file of that name exists"),
        ("--out file/demo", "file is not a folder"),
        ("--steps 0", "0 is not in"),
        ("--seed -1", "-1"),
        ("--out", "--out"),
    ] {
        folder.fails_with(&format!("demo {arguments}"), &[part]);
    }
}
