//! Models of CEBRA, as runs.

use std::fs;
use std::path::Path;

use crate::common::Folder;
use ndarray::s;

/// What cebra 0.6.1 wrote: models, a recording, and its embeddings.
fn cebra() -> Folder {
    let folder = Folder::new();
    for name in [
        "cebra.safetensors",
        "cebra_sessions.safetensors",
        "cebra.npz",
    ] {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        fs::copy(data.join(name), folder.path(name)).unwrap();
    }
    let x = folder.array("cebra.npz", "x").matrix::<f64>().unwrap();
    let first = x.slice(s![..40, ..3]).to_owned();
    folder.write_npz("first.npz", &[("x", first)]);
    folder.write_npz("second.npz", &[("x", x.slice(s![40.., ..]).to_owned())]);
    folder
}

/// Fails unless an embedding is that of CEBRA. Both compute in single precision, on the sphere.
fn assert_same(folder: &Folder, file: &str, name: &str) {
    let found = folder.array(file, "embedding").matrix::<f64>().unwrap();
    let expected = folder.array("cebra.npz", name).matrix::<f64>().unwrap();
    assert_eq!(found.dim(), expected.dim());
    let furthest = (&found - &expected)
        .iter()
        .fold(0.0_f64, |most, d| most.max(d.abs()));
    assert!(furthest < 2e-6, "{name}: {furthest}");
}

#[test]
fn a_model_of_cebra_embeds_as_there_and_is_trained_further() {
    let folder = cebra();
    let value = folder.json("import cebra.safetensors --architecture offset10-model --out run");
    assert_eq!(
        (&value["latents"], &value["channels"][0], &value["window"]),
        (&3.into(), &4.into(), &10.into())
    );
    folder.succeeds("embed --model run --data cebra.npz --out e.npz");
    assert_same(&folder, "e.npz", "embedding");
    folder.succeeds("attribute --model run --data cebra.npz --out map.npz");
    folder.succeeds(
        "fit --from run --data cebra.npz --set train.steps=5 --set train.batch=16 --out longer",
    );
    folder.succeeds("embed --model longer --data cebra.npz --out longer.npz");
    let of = |file: &str| folder.array(file, "embedding").matrix::<f64>().unwrap();
    assert_ne!(of("e.npz"), of("longer.npz"));
    // written over only if asked for
    let again = "import cebra.safetensors --architecture offset10-model --out run";
    folder.fails_with(again, &["run holds a trained encoder", "--force"]);
    folder.succeeds(&format!("{again} --force"));
}

#[test]
fn a_model_of_several_sessions_has_an_encoder_for_each() {
    let folder = cebra();
    let text = folder
        .succeeds("import cebra_sessions.safetensors --architecture offset1-model --out both");
    assert!(
        text.contains("both: offset1-model of 3 and 4 channels and 3 latents"),
        "{text}"
    );
    for (session, file) in ["first.npz", "second.npz"].iter().enumerate() {
        folder.succeeds(&format!(
            "embed --model both --session {session} --data {file} --out e.npz"
        ));
        assert_same(&folder, "e.npz", &format!("session_{session}"));
    }
    folder.fails_with(
        "embed --model both --data first.npz --out e.npz",
        &["2 subjects"],
    );
}

#[test]
fn what_is_not_such_a_model_is_refused() {
    let folder = cebra();
    let cut = folder.bytes("cebra.safetensors");
    folder.write("cut.safetensors", &cut[..cut.len() - 100]);
    folder.write("model.pt", "PK");
    for (arguments, parts) in [
        (
            "cebra.safetensors --architecture offset5-model",
            vec!["offset5-model"],
        ),
        (
            "cebra.safetensors --architecture offset9-model",
            vec!["offset9-model"],
        ),
        (
            "cut.safetensors --architecture offset10-model",
            vec!["cut.safetensors"],
        ),
        (
            "missing.safetensors --architecture offset10-model",
            vec!["missing.safetensors"],
        ),
        (
            "model.pt --architecture offset10-model",
            vec!["model.pt is a file of torch", "from_cebra"],
        ),
        ("cebra.safetensors", vec!["--architecture"]),
    ] {
        folder.fails_with(&format!("import {arguments} --out other"), &parts);
        assert!(!folder.path("other").exists());
    }
}
