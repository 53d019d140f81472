//! Labels decoded from arrays, embeddings and runs.

use crate::common::{Folder, assert_self_contained};
use ndarray::{Array2, Axis, concatenate, s};

/// `e.npz` with an embedding (300, 3), labels that are linear in it, an angle, classes, and noise that has nothing to
/// do with it.
fn embedding() -> Folder {
    let folder = Folder::new();
    let e = Array2::from_shape_fn((300, 3), |(t, k)| {
        (t as f64 / (7.0 + 3.0 * k as f64) + k as f64).sin()
    });
    let linear = Array2::from_shape_fn((300, 2), |(t, k)| 2.0 * e[[t, k]] - e[[t, 2]] + 5.0);
    let heading = Array2::from_shape_fn((300, 1), |(t, _)| e[[t, 1]].atan2(e[[t, 0]]));
    let on_circle = Array2::from_shape_fn((300, 2), |(t, k)| {
        let angle: f64 = heading[[t, 0]];
        if k == 0 { angle.cos() } else { angle.sin() }
    });
    let state = e
        .column(0)
        .mapv(|v| if v > 0.3 { 2.0 } else { 1.0 })
        .insert_axis(Axis(1));
    let noise = Array2::from_shape_fn((300, 1), |(t, _)| {
        let hash = (t as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> 40) as f64 / (1u64 << 24) as f64
    });
    folder.write_npz(
        "e.npz",
        &[
            ("embedding", e),
            ("linear", linear),
            ("heading", heading),
            ("circle", on_circle),
            ("state", state),
            ("noise", noise),
        ],
    );
    folder
}

#[test]
fn each_decoder_reads_what_it_can() {
    let folder = embedding();
    let score = |arguments: &str, key: &str| {
        let value = folder.json(&format!("decode --data e.npz {arguments}"));
        assert_eq!(value["samples"], 300);
        value["scores"][key].as_f64().unwrap()
    };
    // a linear map is found again; the penalty of the lasso costs its share
    assert!(score("--label linear --method linear", "r2") > 1.0 - 1e-12);
    assert!(score("--label linear --method ridge --alpha 1e-6", "r2") > 1.0 - 1e-9);
    assert!(score("--label linear --method lasso --alpha 1e-6", "r2") > 1.0 - 1e-9);
    assert!(score("--label linear --method lasso --alpha 100", "r2") < 0.01);
    // cross_val_predict(KNeighborsRegressor(3), cv=KFold(5)) of scikit-learn 1.9.1 on the same numbers
    let near = score("--label linear", "r2");
    assert!((near - 0.8639106324190667).abs() < 1e-9, "{near}");
    assert!(score("--label heading --kind angle", "median_error") < 0.2);
    // the points of the circle are linear in themselves, and so is their angle
    let circle = "decode --data e.npz:circle --label heading --kind angle --method linear";
    let angle = folder.json(circle)["scores"]["median_error"]
        .as_f64()
        .unwrap();
    assert!(angle < 1e-12, "{angle}");
    for method in ["knn", "knn --metric cosine", "logistic --c 10"] {
        let found = score(
            &format!("--label state --method {method}"),
            "balanced_accuracy",
        );
        assert!(found > 0.9, "{method}: {found}");
    }
}

#[test]
fn what_was_held_out_is_written_and_shown() {
    let folder = embedding();
    let command = "decode --data e.npz --label linear --method linear --last 0.25 --gap 10";
    let value = folder.json(&format!(
        "{command} --out d.npz --report d.html --figures pictures"
    ));
    assert_eq!(
        (&value["held_out"], &value["kind"]),
        (&75.into(), &"numbers".into())
    );
    let array = |name: &str| folder.array("d.npz", name).matrix::<f64>().unwrap();
    let samples = array("sample");
    assert_eq!((samples[[0, 0]], samples[[74, 0]]), (225.0, 299.0));
    let label = folder.array("e.npz", "linear").matrix::<f64>().unwrap();
    assert_eq!(array("true"), label.slice(s![225.., ..]));
    assert!(
        (&array("true") - &array("decoded"))
            .iter()
            .all(|d| d.abs() < 1e-10)
    );
    let page = folder.text("d.html");
    assert_self_contained(&page);
    assert!(
        page.contains("the last 25 % of the time, 10 samples left out"),
        "{page}"
    );
    assert!(folder.path("pictures/decoded.svg").is_file());
    let text = folder.succeeds("decode --data e.npz --label state --report s.html");
    assert!(text.contains("guessing: 0.5000") && text.contains("5 blocks, each held out once"));
    assert!(folder.text("s.html").contains("True and decoded classes"));
}

#[test]
fn shuffles_tell_a_label_from_noise() {
    let folder = embedding();
    let run = |label: &str, more: &str| {
        folder.json(&format!(
            "decode --data e.npz --label {label} --shuffles 39 {more}"
        ))
    };
    for what in ["labels", "columns"] {
        let real = &run("linear", &format!("--shuffle {what}"))["shuffles"];
        assert_eq!(
            (&real["above_chance"], real["p"].as_f64()),
            (&true.into(), Some(0.025))
        );
    }
    let noise = run("noise", "");
    let sentence = noise["shuffles"]["sentence"].as_str().unwrap();
    assert_eq!(noise["shuffles"]["above_chance"], false, "{sentence}");
    assert!(
        sentence.starts_with("The label is not decoded above chance: R²"),
        "{sentence}"
    );
    let threads = run("noise", "--threads 1");
    assert_eq!(noise["shuffles"], threads["shuffles"]);
    assert_ne!(
        noise["shuffles"]["scores"],
        run("noise", "--seed 1")["shuffles"]["scores"]
    );
    let few = folder.succeeds("decode --data e.npz --label noise --shuffles 3");
    assert!(few.contains("3 shuffles are too few to tell"), "{few}");
}

#[test]
fn the_embedding_of_a_run_is_decoded() {
    let folder = Folder::new();
    folder.trained();
    folder.succeeds("embed --model run --data data.npz --out e.npz");
    let by_run = folder.json("decode --model run --data data.npz --label speed");
    let by_file = folder.json("decode --data e.npz --label speed=data.npz:speed");
    assert_eq!(by_run["scores"], by_file["scores"]);
    assert!(
        by_run["notes"]
            .to_string()
            .contains("may have seen these samples")
    );
    // rows that were left out are left out of the label too
    let e = folder.array("e.npz", "embedding").matrix::<f64>().unwrap();
    let parts = [e.slice(s![..80, ..]), e.slice(s![120.., ..])];
    let rows = (0..80).chain(120..200).map(|row| row as f64).collect();
    folder.write_npz(
        "gap.npz",
        &[
            ("embedding", concatenate(Axis(0), &parts).unwrap()),
            ("sample", Array2::from_shape_vec((160, 1), rows).unwrap()),
        ],
    );
    let command = "decode --data gap.npz --label speed=data.npz:speed --out d.npz";
    assert_eq!(folder.json(command)["samples"], 160);
    let sample = folder.array("d.npz", "sample").vector::<f64>().unwrap();
    assert_eq!((sample[79], sample[80]), (79.0, 120.0));
    let truth = folder.array("d.npz", "true").matrix::<f64>().unwrap();
    let speed = folder.array("data.npz", "speed").matrix::<f64>().unwrap();
    assert_eq!(truth[[80, 0]], speed[[120, 0]]);
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let folder = embedding();
    folder.write_npz("short.npz", &[("y", Array2::zeros((7, 1)))]);
    folder.write_npz("nan.npz", &[("y", Array2::from_elem((300, 1), f64::NAN))]);
    for (arguments, parts) in [
        ("--label nothing", vec!["nothing"]),
        ("--label y=short.npz:y", vec!["7", "300"]),
        ("--label y=nan.npz:y", vec!["NaN"]),
        (
            "--label state --method ridge",
            vec!["ridge decodes numbers", "logistic"],
        ),
        (
            "--label linear --method logistic",
            vec!["decodes classes", "ridge"],
        ),
        ("--label linear --kind angle", vec!["2 columns", "one"]),
        ("--label linear --blocks 1", vec!["blocks is 1", "from 2"]),
        ("--label linear --last 1.5", vec!["share", "1.5"]),
        ("--label linear --gap 400", vec!["gap is 400"]),
        ("--label linear --neighbours 0", vec!["neighbours is 0"]),
        (
            "--label linear --neighbours 241",
            vec!["block 0", "neighbours is 241"],
        ),
        (
            "--label linear --method ridge --alpha -1",
            vec!["alpha is -1"],
        ),
        (
            "--label linear --method lasso --alpha nan",
            vec!["alpha is NaN"],
        ),
        ("--label state --method logistic --c 0", vec!["c is 0"]),
        (
            "--label linear --shuffles 20 --shuffle-blocks 2",
            vec!["2 blocks"],
        ),
        (
            "--label linear --out e.npz",
            vec!["--out e.npz is also --data"],
        ),
        ("--label linear --session 0", vec!["--model"]),
        (
            "--label linear --last 0.5 --blocks 3",
            vec!["cannot be used with"],
        ),
    ] {
        folder.fails_with(&format!("decode --data e.npz {arguments}"), &parts);
    }
}
