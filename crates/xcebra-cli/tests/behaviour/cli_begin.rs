//! Trainings that begin with a trained run: adapted to a new animal, or gone on with.

use crate::cli_animals::{FIT, SETTINGS, animals, assert_a_break_changes_nothing, encoder};
use crate::common::Folder;
use xcebra::core::Encoder;

#[test]
fn a_new_animal_joins_and_the_others_keep_their_bytes() {
    let folder = animals();
    for shared in ["none", "trunk"] {
        let run = format!("run-{shared}");
        folder.succeeds(&format!("{FIT} --set encoder.shared={shared} --out {run}"));
        let out = format!("three-{shared}");
        let value = folder.json(&format!(
            "fit --adapt {run} --data c.npz --set train.steps=40 --out {out}"
        ));
        assert!(value["basis"]["z"][1].as_f64().unwrap() <= 1.0, "{value}");
        assert_eq!(value["steps"], 40);
        for file in [
            "model.safetensors",
            "model-1.safetensors",
            "channels.json",
            "channels-1.json",
        ] {
            let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
            assert!(of(&run) == of(&out), "{file}");
        }
        let [old, new] = [
            format!("{run}/model.safetensors"),
            format!("{out}/model-2.safetensors"),
        ]
        .map(|file| encoder(&folder, &file));
        assert_eq!(new.architecture().inputs, 6);
        let trunk = |e: &Encoder<f32>| e.parameters()[e.layout()[2].2..].to_vec();
        assert_eq!(trunk(&old) == trunk(&new), shared == "trunk");
        let report = folder.text(&format!("{out}/report.html"));
        let basis = [0, 1].map(|k| value["basis"]["z"][k].as_f64().unwrap());
        let [mean, least] = basis.map(|r2| format!("{r2:.2}"));
        for part in [
            "The basis ".to_owned(),
            format!("R² = {mean} ({least} at least)"),
        ] {
            assert!(report.contains(&part), "no {part:?} in the report");
        }
        folder.succeeds(&format!(
            "attribute --model {out} --session c.npz --data c.npz --out m.npz"
        ));
        assert_eq!(folder.array("m.npz", "ing").shape(), [6, 2]);
    }
    folder.fails_with(
        "fit --adapt run-none --data c.npz --out run-none --force",
        &["would be replaced"],
    );
    folder.fails_with("fit --adapt nowhere --data c.npz --out o", &["nowhere"]);
    let other = "fit --adapt run-none --data c.npz --set encoder.outputs=3 --out o";
    folder.fails_with(other, &["does not describe the encoders"]);
    let trunk = "fit --adapt run-none --data c.npz --set encoder.shared=trunk --out o";
    folder.fails_with(trunk, &["subject 1 has another trunk than the first"]);
}

#[test]
fn a_training_goes_on_from_a_run() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out run"));
    // a step of nothing leaves the encoders as they are
    folder
        .succeeds("fit --from run --set train.steps=1 --set train.learning_rate=1e-30 --out same");
    folder.succeeds("fit --from run --set train.steps=20 --out more");
    for file in ["model.safetensors", "model-1.safetensors"] {
        let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
        assert!(of("run") == of("same") && of("run") != of("more"), "{file}");
    }
    assert_eq!(
        folder.bytes("run/channels-1.json"),
        folder.bytes("more/channels-1.json")
    );
    folder.succeeds("fit --from run --data a.npz --data b.npz --set train.steps=20 --out given");
    assert!(folder.bytes("more/model.safetensors") == folder.bytes("given/model.safetensors"));
    folder.fails_with(
        "fit --from run --data a.npz --data c.npz --out o",
        &["c.npz has 6 channels", "trained on 8"],
    );
    folder.fails_with(
        "fit --from run --data a.npz --out o",
        &["a.npz has the sessions of 1 subject", "expected: 2"],
    );
}

#[test]
fn a_break_changes_nothing_in_a_training_that_began_with_a_run() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out run"));
    assert_a_break_changes_nothing(&folder, "fit --adapt run --data c.npz --force", 3);
    assert_a_break_changes_nothing(&folder, "fit --from run --force", 2);
}

/// The files of the run keep the array that they were read from.
#[test]
fn a_new_animal_may_be_in_another_array() {
    let folder = animals();
    folder.succeeds(&format!("{FIT} --out run"));
    let of = |name: &str| folder.array("c.npz", name).matrix::<f64>().unwrap();
    folder.write_npz("d.npz", &[("traces", of("x")), ("z", of("z"))]);
    folder.succeeds("fit --adapt run --data c.npz --out same");
    folder.succeeds("fit --adapt run --data d.npz:traces --out three");
    for file in ["model-2.safetensors", "channels-2.json", "config.toml"] {
        let of = |run: &str| folder.bytes(&format!("{run}/{file}"));
        assert!(of("same") == of("three"), "{file}");
    }
    folder.succeeds("embed --model three --session d.npz --data d.npz:traces --out e.npz");
    assert_eq!(folder.array("e.npz", "embedding").shape(), [600, 2]);
}

/// A table whose columns have names.
fn table(folder: &Folder, name: &str, columns: [&str; 2]) {
    let row = |t: usize| format!("{},{},{}\n", t % 7, t % 5, t % 3);
    let rows: String = (0..200).map(row).collect();
    folder.write(name, format!("{},z\n{rows}", columns.join(",")));
}

#[test]
fn a_training_goes_on_only_with_the_channels_of_the_run() {
    let folder = Folder::new();
    folder.write("fit.toml", SETTINGS);
    for (name, columns) in [
        ("one.csv", ["u", "v"]),
        ("again.csv", ["u", "v"]),
        ("turned.csv", ["v", "u"]),
        ("other.csv", ["u", "w"]),
    ] {
        table(&folder, name, columns);
    }
    folder.succeeds("fit --data one.csv --config fit.toml --set data.x=*,!z --out run");
    folder.succeeds("fit --from run --data one.csv --data again.csv --out more");
    for (data, parts) in [
        ("--data turned.csv", ["turned.csv", "in another order"]),
        (
            "--data one.csv --data turned.csv",
            ["turned.csv", "in another order"],
        ),
        ("--data other.csv", ["the channels u,w", "trained on u,v"]),
        (
            "--data one.csv --data other.csv",
            ["the channels u,w", "trained on u,v"],
        ),
    ] {
        folder.fails_with(&format!("fit --from run {data} --out o"), &parts);
    }
}
