//! Recordings of other programs as a user brings them: annotations as labels, rates that a header rounds.

use std::fs;
use std::path::Path;

use crate::common::Folder;
use crate::common::signal_files::{EdfSignal, edf};

/// A folder with some of the recordings on which the readers are tested.
fn folder(names: &[&str]) -> Folder {
    let folder = Folder::new();
    for name in names {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../xcebra-files/tests/data/signals")
            .join(name);
        fs::copy(from, folder.path(name)).unwrap();
    }
    folder
}

fn settings(label: &str) -> String {
    format!(
        "[[objective]]\npositives = {{ kind = 'discrete', label = 'stage' }}\n\
         [data.labels]\nstage = '{label}'\n\
         [train]\nsteps = 5\nbatch = 16\n[encoder]\noutputs = 2\n"
    )
}

#[test]
fn annotations_are_classes_of_a_training() {
    let folder = folder(&["pyedflib.edf", "pyedflib.bdf", "hypnogram.edf"]);
    folder.write("own.toml", settings("annotations:Sleep stage*"));
    folder.write("other.toml", settings("hypnogram.edf:annotations"));
    let own = serde_json::json!({ "stage": ["Sleep stage 2", "Sleep stage W", "none"] });
    let classes = |run: &str| -> serde_json::Value {
        serde_json::from_str(&folder.text(&format!("{run}/classes.json"))).unwrap()
    };
    for format in ["edf", "bdf"] {
        folder.succeeds(&format!(
            "fit --config own.toml --data pyedflib.{format}:E* --out {format}"
        ));
        assert_eq!(classes(format), own);
    }
    // two nights, each with its own annotations
    folder
        .succeeds("fit --config own.toml --data pyedflib.edf:E* --data pyedflib.bdf:E* --out both");
    assert_eq!(classes("both"), own);
    folder.succeeds("fit --config other.toml --data pyedflib.edf:E* --out other");
    let all = ["Sleep stage 2", "Sleep stage R", "Sleep stage W", "none"];
    assert_eq!(classes("other"), serde_json::json!({ "stage": all }));
    assert!(folder.text("other/log.txt").contains("moved by 2 s"));

    folder.fails_with(
        "fit --config other.toml --data pyedflib.edf:E* --data pyedflib.bdf:E* --out none",
        &["belong to one recording", "several"],
    );
    folder.fails_with(
        "fit --config own.toml --data hypnogram.edf --out none",
        &["annotations only", "hypnogram.edf:annotations"],
    );
    folder.write("wrong.toml", settings("annotations:Stage*"));
    folder.fails_with(
        "fit --config wrong.toml --data pyedflib.edf:E* --out none",
        &["no annotation `Stage*`", "`Sleep stage W`"],
    );
    folder.write(
        "real.toml",
        "[[objective]]\npositives = { kind = 'time-delta', label = 'annotations' }",
    );
    folder.fails_with(
        "fit --config real.toml --data pyedflib.edf:E* --out none",
        &["`annotations` of pyedflib.edf holds text", "discrete"],
    );
}

#[test]
fn a_rate_within_the_rounding_of_a_header_is_accepted() {
    let folder = folder(&["rounded.edf"]);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/band.onnx");
    fs::copy(model, folder.path("band.onnx")).unwrap();
    fs::rename(folder.path("rounded.edf"), folder.path("r.edf")).unwrap();
    let explain =
        "explain --model band.onnx --input r.edf:1..2 --domain rfft --output 0 --out map.npz";
    for rate in ["", "--fs 192", "--fs 192.0001"] {
        let json = folder.json(&format!("{explain} {rate}"));
        let found = json["sampling_rate_hz"].as_f64().unwrap();
        assert!((found - 192.0).abs() < 1e-3, "{rate}: {found}");
    }
    folder.fails_with(
        &format!("{explain} --fs 192.1"),
        &["sampled at 192 Hz", "--fs says 192.1"],
    );
}

/// The same voltages, once in microvolts and once in millivolts: sessions that agree.
#[test]
fn sessions_in_other_units_are_brought_to_the_first() {
    let folder = Folder::new();
    let records = |k: i16| {
        (0..8)
            .map(|r| (0..32).map(|t| (r * 32 + t) * 37 % 900 * k - 400).collect())
            .collect()
    };
    let channel = |label, k, (unit, range): (_, f64)| EdfSignal {
        unit,
        label,
        physical: (-range, range),
        digital: (-1000, 1000),
        records: records(k),
    };
    for (name, unit) in [("micro", ("uV", 500.0)), ("milli", ("mV", 0.5))] {
        let signals = [channel("a", 1, unit), channel("b", -1, unit)];
        folder.write(&format!("{name}.edf"), edf("", 1.0, &signals));
    }
    let settings = "--set train.steps=5 --set train.batch=16 --set encoder.outputs=2";
    folder.succeeds(&format!(
        "fit --data micro.edf --data milli.edf {settings} --out run"
    ));
    folder.succeeds(&format!(
        "fit --data micro.edf --data micro.edf {settings} --out twice"
    ));
    let scales = |run: &str| -> Vec<f64> {
        let json: serde_json::Value =
            serde_json::from_str(&folder.text(&format!("{run}/channels.json"))).unwrap();
        let scale = json["scale"].as_array().unwrap();
        scale.iter().map(|v| v.as_f64().unwrap()).collect()
    };
    for (found, expected) in scales("run").iter().zip(scales("twice")) {
        // ranges of 0.5 and 500 round differently
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    }
    assert!(
        folder
            .text("run/log.txt")
            .contains("converted from mV to µV: `a`")
    );
    // a trained encoder takes recordings in its own units
    let embedded = |name: &str| {
        let json = folder.json(&format!(
            "embed --model run --data {name}.edf --out {name}.npz"
        ));
        let values = folder.array(&format!("{name}.npz"), "embedding");
        (values.matrix::<f64>().unwrap(), json["notes"].to_string())
    };
    let (micro, none) = embedded("micro");
    let (milli, note) = embedded("milli");
    // single precision
    assert!((&micro - &milli).iter().all(|d| d.abs() < 1e-5));
    assert!(note.contains("converted from mV to µV: `a`"), "{note}");
    assert!(!none.contains("converted"), "{none}");
    let percent = [
        channel("a", 1, ("%", 100.0)),
        channel("b", -1, ("%", 100.0)),
    ];
    folder.write("percent.edf", edf("", 1.0, &percent));
    folder.fails_with(
        &format!("fit --data micro.edf --data percent.edf {settings} --out none"),
        &["channel `a` is in \"%\"", "\"µV\"", "same units"],
    );
}
