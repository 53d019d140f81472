//! The commands `embed` and `attribute` as a user meets them.

use std::fs;

use crate::common::{Folder, SHORT, assert_self_contained, x};
use ndarray::{Array2, Axis, s};
use xcebra::Run;
use xcebra::model::Model;

#[test]
fn embed_writes_the_encoders_outputs() {
    let folder = Folder::new();
    folder.trained();
    let value = folder.json("embed --model run --data data.npz --out e.npz");
    assert_eq!(
        (&value["samples"], &value["dimensions"]),
        (&200.into(), &2.into())
    );
    let embedding = folder.array("e.npz", "embedding");
    assert_eq!(embedding.values.element_type(), "float32");
    assert_eq!(embedding.shape(), [200, 2]);

    // the same by hand
    let run = Run::load(&folder.path("run")).unwrap();
    let x = x();
    let (mean, scale) = (x.mean_axis(Axis(0)).unwrap(), x.std_axis(Axis(0), 0.0));
    let scaled = ((&x - &mean) / &scale).mapv(|v| v as f32);
    let expected = run.encoder.forward(scaled.view().into_dyn()).unwrap();
    let difference = (embedding.matrix::<f32>().unwrap() - expected).mapv(f32::abs);
    // inputs of size 1 that may differ in their last bit
    assert!(difference.iter().all(|&d| d < 1e-5));
}

#[test]
fn embed_takes_every_format_and_any_number_of_threads() {
    let folder = Folder::new();
    folder.trained();
    ndarray_npy::write_npy(folder.path("x.npy"), &x()).unwrap();
    let mut table = String::from("a,b,c,d,note\n");
    for row in x().rows() {
        let cells: Vec<String> = row.iter().map(f64::to_string).collect();
        table.push_str(&format!("{},text\n", cells.join(",")));
    }
    folder.write("x.csv", table);
    folder.succeeds("embed --threads 1 --model run --data data.npz --out a.npz");
    // as numpy.savez names an array without a name, and pandas numbers the rows
    folder.write_npz("only.npz", &[("arr_0", x())]);
    let mut numbered = String::from(";a;b;c;d\n");
    for (index, row) in x().rows().into_iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .map(|v| v.to_string().replace('.', ","))
            .collect();
        numbered.push_str(&format!("{index};{}\n", cells.join(";")));
    }
    folder.write("numbered.csv", numbered);
    for data in [
        "data.npz:x",
        "x.npy",
        "x.csv:0..4",
        "only.npz",
        "numbered.csv",
        "numbered.csv,header=yes,decimal=comma:a,b,c,d",
    ] {
        folder.succeeds(&format!(
            "embed --threads 3 --model run/ --data {data} --out b.npz"
        ));
        assert_eq!(folder.bytes("a.npz"), folder.bytes("b.npz"), "{data}");
    }
    let output = folder.run("embed --quiet --model run --data data.npz --out a.npz");
    assert!(output.status.success() && output.stderr.is_empty());
    // one sample is enough here
    folder.write_npz("one.npz", &[("x", x().slice(s![..1, ..]).to_owned())]);
    folder.succeeds("embed --model run --data one.npz --out one-embedded.npz");
}

#[test]
fn fit_takes_the_only_array_of_a_file() {
    let folder = Folder::new();
    folder.write_npz("only.npz", &[("arr_0", x())]);
    folder.write_npz("named.npz", &[("x", x())]);
    for data in ["only", "named"] {
        folder.succeeds(&format!("fit --data {data}.npz --out {data} {SHORT}"));
    }
    let weights = |run: &str| folder.bytes(&format!("{run}/model.safetensors"));
    assert_eq!(weights("only"), weights("named"));
    folder.fails_with(
        &format!("fit --data only.npz:y --out run {SHORT}"),
        &["no array `y`", "`arr_0`"],
    );
}

#[test]
fn attribute_writes_three_arrays_a_method_and_a_report() {
    let folder = Folder::new();
    folder.trained();
    let command = "attribute --model run --data data.npz --method ing,neuron-gradient";
    let value = folder.json(&format!("{command} --out map.npz --report map.html"));
    assert_eq!(
        (&value["samples"], &value["inputs"]),
        (&200.into(), &4.into())
    );
    assert_eq!(value["maps"]["ing"]["shape"], serde_json::json!([4, 2]));
    assert!(value["maps"]["ing"]["mean_rank"].is_number());
    assert!(value["maps"]["neuron-gradient"]["shape"].is_array());
    for method in ["ing", "neuron-gradient"] {
        let read = |name: &str| {
            let array = folder.array("map.npz", name);
            assert_eq!(array.values.element_type(), "float64", "{name}");
            assert_eq!(array.shape(), [4, 2], "{name}");
            array.finite_matrix::<f64>().unwrap()
        };
        let mean = read(method);
        let (signed, max) = (
            read(&format!("{method}_signed")),
            read(&format!("{method}_max")),
        );
        // sums in two orders
        let below =
            |a: &Array2<f64>, b: &Array2<f64>| a.iter().zip(b).all(|(a, b)| *a <= b + 1e-12);
        assert!(
            below(&signed.mapv(f64::abs), &mean) && below(&mean, &max),
            "{method}"
        );
    }
    let page = folder.text("map.html");
    assert_self_contained(&page);
    for part in [
        "Inverted neuron gradient",
        "Neuron gradient",
        "input channel",
        "rank",
    ] {
        assert!(page.contains(part), "{part}");
    }

    folder.succeeds(&format!("{command} --threads 3 --out again.npz"));
    assert_eq!(folder.bytes("map.npz"), folder.bytes("again.npz"));
    let output = folder.run("attribute --quiet --model run --data data.npz --out one.npz");
    assert!(output.status.success() && output.stderr.is_empty());
    // the default is ing alone, and the same in any company
    let alone = folder.array("one.npz", "ing").values;
    assert_eq!(alone, folder.array("map.npz", "ing").values);
    folder.write("truth.csv", "1,0\n0,1\n1,1\n0,0\n");
    folder.fails_with(
        "eval --map one.npz:neuron-gradient --truth truth.csv",
        &["it has `ing`, `ing_signed`, `ing_max`, `ing_comparable`"],
    );
}

#[test]
fn an_encoder_that_no_longer_changes_is_noted() {
    let folder = Folder::new();
    folder.recording();
    let arguments = format!("fit --data data.npz --out run {SHORT}");
    // all outputs stand at their limits after a few steps of this size
    folder.succeeds(&format!("{arguments} --set train.learning_rate=100"));
    let command = "attribute --model run --data data.npz --out map.npz --report map.html";
    let value = folder.json(command);
    assert_eq!(value["maps"]["ing"]["mean_rank"], 0.0);
    let note = value["notes"][0].as_str().unwrap();
    assert!(note.contains("the map ing is zero"), "{note}");
    let output = folder.run(command);
    assert!(String::from_utf8(output.stderr).unwrap().contains(note));
}

#[test]
fn from_synth_to_eval() {
    let folder = Folder::new();
    folder.succeeds("synth --dims 4 --samples 400 --seed 1 --out data.npz");
    let hybrid = "[[objective]]\ndims = [0, 4]\npositives = { kind = 'time' }
[[objective]]\ndims = [2, 4]\npositives = { kind = 'time-delta', label = 'z2' }";
    folder.write("fit.toml", hybrid);
    let four = SHORT.replace("outputs=2", "outputs=4");
    folder.succeeds(&format!(
        "fit --data data.npz --config fit.toml --out run {four}"
    ));
    folder.succeeds("attribute --model run --data data.npz --out map.npz");
    let value = folder.json("eval --map map.npz:ing --truth data.npz:map");
    let auroc = value["auroc"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&auroc));
    assert_eq!(
        (&value["inputs"], &value["latents"]),
        (&50.into(), &4.into())
    );
    assert_eq!(value["connections"], 150);
    assert!(value["average_precision"].is_number());
    // the first two latents drive every channel, and nothing is to be ranked within them
    let by_latent = value["by_latent"].as_array().unwrap();
    assert!(by_latent[0].is_null() && by_latent[1].is_null());
    let mean = (0.5 * by_latent[2]["auroc"].as_f64().unwrap())
        + 0.5 * by_latent[3]["auroc"].as_f64().unwrap();
    let told = value["auroc_mean_over_latents"].as_f64().unwrap();
    // two numbers between 0 and 1
    assert!((told - mean).abs() < 1e-12);
    assert_eq!(value["difference"].is_string(), (mean - auroc).abs() > 0.02);

    // beside the raw map, one whose columns can be compared: equal within a block, of mean 1
    let value =
        folder.json("attribute --model run --data data.npz --out map.npz --report map.html");
    let told = &value["maps"]["ing"]["comparable"];
    assert_eq!(told["blocks"], serde_json::json!([[0, 2], [2, 4]]));
    assert_eq!(told["on_sphere"], serde_json::json!([false, false]));
    let read = |name: &str| folder.array("map.npz", name).matrix::<f64>().unwrap();
    let (map, effects) = (read("ing_comparable"), read("ing_effect"));
    assert_eq!(map.dim(), (50, 4));
    for k in 0..4 {
        assert_eq!(map.column(k), map.column(k / 2 * 2));
        let background = told["background"][k].as_f64().unwrap();
        // fifty numbers, about 1 each
        assert!((map.column(k).mean().unwrap() - 1.0).abs() < 1e-12);
        assert!((effects.column(k).mean().unwrap() - background).abs() < 1e-12);
    }
    assert!(folder.text("map.html").contains("In comparable units"));
    folder.json("eval --map map.npz:ing_comparable --truth data.npz:map");
}

#[test]
fn methods_that_do_not_exist_and_outputs_that_cannot_be() {
    let folder = Folder::new();
    folder.trained();
    folder.write("file", "");
    folder.write("old.npz", "old");
    fs::create_dir(folder.path("folder.npz")).unwrap();
    let embed = "embed --model run --data data.npz";
    let attribute = "attribute --model run --data data.npz";
    for (method, parts) in [
        ("gradient", &["\"gradient\"", "ing, neuron-gradient"][..]),
        ("ing,ing", &["ing twice"]),
        (
            "ing,",
            &["no attribution method \"\"", "ing, neuron-gradient"],
        ),
    ] {
        folder.fails_with(
            &format!("{attribute} --method {method} --out old.npz"),
            parts,
        );
    }
    for command in [embed, attribute] {
        for (out, parts) in [
            ("m.csv", &["end the name in .npz"][..]),
            ("missing/m.npz", &["the folder missing does not exist"]),
            ("file/m.npz", &["cannot write file/m.npz"]),
            ("folder.npz", &["a folder of that name exists"]),
            ("data.npz", &["is also --data", "another name"]),
            ("./run/../data.npz", &["is also --data"]),
        ] {
            folder.fails_with(&format!("{command} --out {out}"), parts);
        }
    }
    for (report, part) in [
        ("m.npz", "is also --out"),
        ("./data.npz", "is also --data"),
        ("missing/m.html", "the folder missing does not exist"),
        ("/dev/full", "not an ordinary file"),
    ] {
        folder.fails_with(
            &format!("{attribute} --out m.npz --report {report}"),
            &[part],
        );
    }
}
