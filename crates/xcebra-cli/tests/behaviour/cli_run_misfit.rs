//! What `embed` and `attribute` say to runs that are damaged and recordings that do not fit them.

use std::fs;

use crate::common::{Folder, SHORT, x};
use ndarray::{Array2, s};

#[test]
fn recordings_that_do_not_fit_the_encoder() {
    let folder = Folder::new();
    folder.trained();
    let mut nan = x();
    nan[[3, 1]] = f64::NAN;
    let mut huge = x();
    huge[[5, 2]] = 1e300;
    folder.write_npz(
        "other.npz",
        &[
            ("three", x().slice(s![.., ..3]).to_owned()),
            ("nan", nan),
            ("huge", huge),
            ("vast", x().mapv(|v| v * 1e38)),
            ("none", Array2::zeros((0, 4))),
        ],
    );
    folder.write("old.npz", "old");
    for command in ["embed", "attribute"] {
        for (array, parts) in [
            (
                "three",
                &[
                    "`three` of other.npz has 3 channels",
                    "trained on 4",
                    "same channels",
                ][..],
            ),
            ("nan", &["row 3 ", "column `1` is NaN"]),
            ("huge", &["row 5 ", "column `2` is 1e300", "unit"]),
            ("none", &["[0, 4]"]),
            ("x", &["no array `x`", "`three`"]),
        ] {
            let arguments = format!("{command} --model run --data other.npz:{array} --out old.npz");
            folder.fails_with(&arguments, parts);
        }
        folder.fails_with(
            &format!("{command} --model run --data no.npz --out old.npz"),
            &["cannot read no.npz"],
        );
    }
    // outputs without a limit and large weights leave the range of single precision
    let free = format!(
        "fit --data data.npz --out free {SHORT} \
         --set encoder.name=offset1-mse --set train.learning_rate=0.1"
    );
    folder.succeeds(&free);
    folder.fails_with(
        "embed --model free --data other.npz:vast --out old.npz",
        &["embedding of sample", "not finite", "units"],
    );
}

#[test]
fn other_channels_than_those_of_the_training_are_noticed() {
    let folder = Folder::new();
    let table = |names: &str, order: [usize; 3]| {
        let mut table = format!("{names}\n");
        for row in x().rows() {
            table.push_str(&(order.map(|c| row[c].to_string()).join(",") + "\n"));
        }
        table
    };
    folder.write("a.csv", table("u,v,w", [0, 1, 2]));
    folder.write("b.csv", table("w,u,v", [2, 0, 1]));
    folder.write("c.csv", table("U,V,W", [0, 1, 2]));
    folder.succeeds(&format!("fit --data a.csv --out run {SHORT}"));
    folder.fails_with(
        "embed --model run --data b.csv --out e.npz",
        &["b.csv has the encoder's channels in another order", "u,v,w"],
    );
    folder.succeeds("embed --model run --data a.csv --out a.npz");
    folder.succeeds("embed --model run --data b.csv:u,v,w --out b.npz");
    assert_eq!(folder.bytes("a.npz"), folder.bytes("b.npz"));
    folder.fails_with(
        "embed --model run --data c.csv --out e.npz",
        &[
            "c.csv has the channels U,V,W",
            "trained on u,v,w",
            "choose those",
        ],
    );
    folder.fails_with(
        "attribute --model run --data a.csv:u,v --out e.npz",
        &["the channels u,v,", "trained on u,v,w"],
    );
}

#[test]
fn a_label_among_the_channels_is_refused() {
    let folder = Folder::new();
    let mut table = "u,v,w\n".to_owned();
    for row in x().rows() {
        table.push_str(&format!("{},{},{}\n", row[0], row[1], row[2]));
    }
    folder.write("a.csv", table);
    folder.write(
        "fit.toml",
        "[[objective]]\npositives = { kind = 'time-delta', label = 'w' }\n",
    );
    folder.fails_with(
        &format!("fit --data a.csv --config fit.toml --out run {SHORT}"),
        &["the label `w` is also a channel", "*,!w"],
    );
    folder.succeeds(&format!(
        "fit --data a.csv:*,!w --config fit.toml --out run {SHORT}"
    ));
}

#[test]
fn maps_are_drawn_on_request() {
    let folder = Folder::new();
    folder.trained();
    folder.succeeds("attribute --model run --data data.npz --out map.npz --figures pictures");
    assert!(folder.text("pictures/ing.svg").starts_with("<svg"));
    assert!(folder.bytes("pictures/ing.png").starts_with(b"\x89PNG"));
}

#[test]
fn runs_that_are_incomplete_or_damaged() {
    let folder = Folder::new();
    folder.trained();
    fs::create_dir(folder.path("empty")).unwrap();
    folder.fails_with(
        "embed --model empty --data data.npz --out e.npz",
        &["empty/model.safetensors", "pass a model written by `fit`"],
    );
    folder.fails_with(
        "embed --model no --data data.npz --out e.npz",
        &["no is not the folder of a trained encoder"],
    );
    folder.fails_with(
        "attribute --model data.npz --data data.npz --out e.npz",
        &["data.npz is not the folder of a trained encoder"],
    );
    let model = folder.bytes("run/model.safetensors");
    let mut foreign = model.clone();
    // the last number of the last tensor
    let end = foreign.len();
    foreign[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let vast = [&u64::MAX.to_le_bytes()[..], &model[8..]].concat();
    let config = folder.text("run/config.toml");
    let channels = folder.text("run/channels.json");
    let other = |from: &str, to: &str, text: &str| {
        assert!(text.contains(from), "{from} in {text}");
        text.replacen(from, to, 1).into_bytes()
    };
    for (name, content, parts) in [
        (
            "model.safetensors",
            model[..model.len() / 2].to_vec(),
            &["damaged"][..],
        ),
        ("model.safetensors", Vec::new(), &["damaged"]),
        ("model.safetensors", vast, &["damaged"]),
        ("model.safetensors", foreign, &["NaN"]),
        ("config.toml", b"[train".to_vec(), &["line 1"]),
        (
            "config.toml",
            other("steps", "stepz", &config),
            &["line ", "stepz"],
        ),
        (
            "config.toml",
            other("outputs = 2", "outputs = 3", &config),
            &["does not describe"],
        ),
        ("config.toml", b"\xff".to_vec(), &["UTF-8"]),
        (
            "channels.json",
            channels.as_bytes()[..20].to_vec(),
            &["xcebra fit"],
        ),
        ("channels.json", b"{}".to_vec(), &["names"]),
        (
            "channels.json",
            other("\"0\",", "", &channels),
            &["encoder's 4 channels"],
        ),
        (
            "channels.json",
            br#"{"names":["a","b","c","d"],"mean":[0,0,0,0],"scale":[1,1,0,1]}"#.to_vec(),
            &["encoder's 4 channels"],
        ),
    ] {
        let path = format!("run/{name}");
        let whole = folder.bytes(&path);
        folder.write(&path, content);
        for command in ["embed", "attribute"] {
            let arguments = format!("{command} --model run --data data.npz --out e.npz");
            folder.fails_with(&arguments, &[&[path.as_str()], parts].concat());
        }
        fs::remove_file(folder.path(&path)).unwrap();
        folder.fails_with("embed --model run --data data.npz --out e.npz", &[&path]);
        folder.write(&path, whole);
    }
}
