//! Embeddings of runs and animals, compared.

use crate::common::{Folder, SHORT, assert_self_contained};
use ndarray::{Array2, array};
use serde_json::Value;

/// `a.npz` and `b.npz`: an embedding and a linear image of it; `c.npz`: the image of other samples.
fn embeddings() -> Folder {
    let folder = Folder::new();
    let z = |n: usize| Array2::from_shape_fn((n, 1), |(t, _)| t as f64 / (n - 1) as f64);
    let e = |z: &Array2<f64>| {
        Array2::from_shape_fn((z.nrows(), 2), |(t, k)| (2.0 * z[[t, 0]] + k as f64).cos())
    };
    let (one, other) = (z(400), z(560));
    let image = |e: &Array2<f64>| e.dot(&array![[0.0, -2.0], [3.0, 1.0]]);
    folder.write_npz("a.npz", &[("embedding", e(&one)), ("z", one.clone())]);
    folder.write_npz("b.npz", &[("embedding", image(&e(&one))), ("z", one)]);
    folder.write_npz("c.npz", &[("embedding", image(&e(&other))), ("z", other)]);
    folder
}

#[test]
fn embeddings_of_the_same_samples() {
    let folder = embeddings();
    let value = folder.json("compare a.npz b.npz --out c2.npz --report c.html --figures pictures");
    assert_eq!(
        (&value["between"], value["r2"][0][0].as_f64()),
        (&"samples".into(), Some(1.0))
    );
    assert!(value["least"].as_f64().unwrap() > 1.0 - 1e-12);
    let sentence = value["sentence"].as_str().unwrap();
    assert!(
        sentence.ends_with("the same up to a linear map."),
        "{sentence}"
    );
    // a linear image is no rotation
    let disparity = value["disparity"][0][1].as_f64().unwrap();
    assert!((0.001..0.99).contains(&disparity), "{disparity}");
    let written = folder.array("c2.npz", "r2").matrix::<f64>().unwrap();
    assert_eq!(Some(written[[1, 0]]), value["r2"][1][0].as_f64());
    let page = folder.text("c.html");
    assert_self_contained(&page);
    assert!(page.contains("Procrustes") && folder.path("pictures/consistency.svg").is_file());
    let text = folder.succeeds("compare a.npz b.npz");
    assert!(
        text.contains("R² of the linear map from each (row) to each (column)"),
        "{text}"
    );
}

/// One column of a journal, in all formats; a width that no paper has is refused.
#[test]
fn figures_have_the_size_of_a_paper() {
    let folder = embeddings();
    folder.succeeds("compare a.npz b.npz --figures p --figure-width 88 --figure-font 8");
    assert!(folder.text("p/consistency.svg").contains("width=\"88mm\""));
    let pdf = String::from_utf8_lossy(&folder.bytes("p/consistency.pdf")).into_owned();
    // 88 mm in points
    assert!(pdf.contains("/MediaBox [0 0 249.44"), "{pdf}");
    // and in dots, 300 an inch, bytes 16 to 19 of a PNG (RFC 2083)
    let png = folder.bytes("p/consistency.png");
    let dots = u32::from_be_bytes([png[16], png[17], png[18], png[19]]);
    assert!(dots.abs_diff(1_039) <= 1, "{dots}");
    let wide = "compare a.npz b.npz --figures p --figure-width";
    folder.fails_with(&format!("{wide} 5"), &["5", "20 to 2000"]);
    folder.fails_with("compare a.npz b.npz --figure-width 88", &["--figures"]);
}

#[test]
fn embeddings_of_other_samples_are_compared_by_a_label() {
    let folder = embeddings();
    folder.fails_with("compare a.npz c.npz", &["400 samples", "560", "--label"]);
    let own = folder.json("compare a.npz c.npz --label z --bins 20");
    assert_eq!(
        (&own["between"], &own["bins"]),
        (&"labels".into(), &20.into())
    );
    assert!(own["least"].as_f64().unwrap() > 0.95, "{own}");
    let each = folder.json("compare a.npz c.npz --label z=a.npz:z --label z=c.npz:z --bins 20");
    assert_eq!(own["r2"], each["r2"]);
    let all = "compare a.npz b.npz c.npz --label z --bins 20 --group one --group one --group two";
    let grouped = folder.json(all);
    let pairs = grouped["between_groups"].as_array().unwrap();
    assert_eq!((pairs.len(), &pairs[0]["from"]), (2, &"one".into()));
    let r2 = |i: usize, j: usize| grouped["r2"][i][j].as_f64().unwrap();
    let mean = (r2(0, 2) + r2(1, 2)) / 2.0;
    assert!((pairs[0]["r2"].as_f64().unwrap() - mean).abs() < 1e-15);
}

#[test]
fn runs_and_animals() {
    let folder = Folder::new();
    folder.trained();
    folder.succeeds(&format!(
        "fit --data data.npz --out other --set train.seed=5 {SHORT}"
    ));
    let runs = folder.json("compare --model run --model other");
    assert_eq!(
        runs["names"],
        Value::from(vec!["run of data.npz", "other of data.npz"])
    );
    for run in ["run", "other"] {
        folder.succeeds(&format!(
            "embed --model {run} --data data.npz --out {run}.npz"
        ));
    }
    let files = folder.json("compare run.npz other.npz");
    assert_eq!(runs["r2"], files["r2"]);
    let seen = folder.array("data.npz", "x").matrix::<f64>().unwrap();
    let speed = folder.array("data.npz", "speed").matrix::<f64>().unwrap();
    let few = seen.slice(ndarray::s![.., ..3]).to_owned();
    folder.write_npz("two.npz", &[("x", few), ("speed", speed)]);
    folder.succeeds(&format!(
        "fit --data data.npz --data two.npz --out animals {SHORT}"
    ));
    let animals = folder.json("compare --model animals --label speed --bins 10");
    assert_eq!(animals["names"][1], "animals of two.npz");
    // as many rows, but of two sessions, or of two runs on different recordings
    folder.fails_with(
        "compare --model animals",
        &[
            "data.npz and animals of two.npz",
            "different recordings",
            "--label",
        ],
    );
    folder.succeeds(&format!("fit --data two.npz --out two {SHORT}"));
    folder.fails_with(
        "compare --model run --model two",
        &["run of data.npz and two of two.npz", "different recordings"],
    );
    // its sessions by their files, in another order
    let turned = "compare --model animals --data two.npz --data data.npz --label speed --bins 10";
    assert_eq!(animals["r2"][0][1], folder.json(turned)["r2"][1][0]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = embeddings();
    folder.write_npz(
        "far.npz",
        &[
            ("embedding", Array2::ones((3, 2))),
            ("z", array![[0.0], [0.5], [1.0]]),
        ],
    );
    folder.write_npz("flat.npz", &[("embedding", Array2::ones((400, 2)))]);
    for (arguments, parts) in [
        ("", vec!["required"]),
        ("a.npz", vec!["at least two"]),
        ("a.npz nothing.npz", vec!["nothing.npz"]),
        (
            "a.npz b.npz --label z --label z --label z",
            vec!["2 embeddings and 3 labels"],
        ),
        ("a.npz b.npz --group one", vec!["2 embeddings and 1 groups"]),
        ("a.npz b.npz --group one --group one", vec!["two groups"]),
        ("a.npz b.npz --label z --bins 1", vec!["bins is 1"]),
        (
            "a.npz far.npz --label z",
            vec!["far.npz", "no sample whose label is near bin", "fewer bins"],
        ),
        ("a.npz b.npz --label embedding", vec!["2 columns"]),
        ("a.npz flat.npz", vec!["equal"]),
        ("--model nothing --data a.npz", vec!["nothing"]),
        ("a.npz b.npz --out a.npz", vec!["replaced"]),
    ] {
        folder.fails_with(&format!("compare {arguments}"), &parts);
    }
}
