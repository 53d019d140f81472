//! `attribute --significance`, `fit --seeds` and the diagnostics as a user meets them.

use crate::common::{Folder, assert_self_contained};
use ndarray::{Array2, Axis, concatenate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use xcebra::Diagnostics;
use xcebra::synth::{Block, Connectivity, DatasetConfig};

/// Seconds on one core: four channels of a latent that is also the label, four of noise.
const FIT: &str = "--set train.steps=300 --set train.batch=128 --set train.learning_rate=3e-3 \
     --set encoder.outputs=2 --set regularizer.start=75 --set regularizer.ramp=75 --config label.toml";

fn recording(folder: &Folder, samples: usize) {
    let block = Block {
        channels: 4,
        inputs: vec![0],
    };
    let connectivity = Connectivity::new(vec![2], vec![block]).unwrap();
    let data = DatasetConfig::new(connectivity).samples(samples).seed(5);
    let data = data.noise(0.1).generate::<f64>().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    // twelve uniform numbers have variance 1
    let normal = || (0..12).map(|_| rng.r#gen::<f64>() - 0.5).sum::<f64>();
    let noise = Array2::from_shape_simple_fn((samples, 4), normal);
    let x = concatenate(Axis(1), &[data.x.view(), noise.view()]).unwrap();
    folder.write_npz("data.npz", &[("x", x), ("z", data.z)]);
    folder.write(
        "label.toml",
        "[[objective]]\npositives = { kind = 'time-delta', label = 'z' }\n",
    );
}

fn trained(folder: &Folder, samples: usize) {
    recording(folder, samples);
    folder.succeeds(&format!("fit --data data.npz --out run {FIT}"));
}

#[test]
fn connected_channels_are_told_from_noise() {
    let folder = Folder::new();
    trained(&folder, 2000);
    let test = "attribute --model run --data data.npz --significance 10";
    let value = folder.json(&format!("{test} --out map.npz --report map.html"));
    let found = &value["maps"]["ing"]["significance"];
    assert_eq!(
        (&found["trainings"], &found["fdr"]),
        (&10.into(), &0.05.into())
    );
    assert_eq!(found["smallest_effect"], 0.4);
    let read = |name: &str| {
        let array = folder.array("map.npz", name);
        assert_eq!(array.shape(), [8, 2], "{name}");
        array.matrix::<f64>().unwrap()
    };
    let [map, low, high] = ["ing", "ing_low", "ing_high"].map(read);
    let [p, q, verdicts] = ["ing_p", "ing_q", "ing_verdict"].map(read);
    assert!(
        (0..8).all(|c| (0..2).all(|k| low[[c, k]] <= map[[c, k]] && map[[c, k]] <= high[[c, k]]))
    );
    assert!((0..8).all(|c| (0..2).all(|k| p[[c, k]] <= q[[c, k]] && q[[c, k]] <= 1.0)));
    for ((c, k), &verdict) in verdicts.indexed_iter() {
        // noise is never a discovery here, and every channel of the latents is one for some latent
        assert!(c < 4 || verdict < 1.0, "{c} {k}");
        assert_eq!(verdict > 0.0, q[[c, k]] <= 0.05);
        assert_eq!(found["verdicts"][c][k], verdict as i64);
    }
    assert!(
        (0..4).all(|c| verdicts.row(c).iter().any(|&v| v == 1.0)),
        "{verdicts}"
    );
    let counts = ["connected", "not_connected", "undecided"].map(|kind| found[kind].as_u64());
    assert_eq!(counts.map(Option::unwrap).iter().sum::<u64>(), 16);
    let page = folder.text("map.html");
    assert_self_contained(&page);
    for part in [
        "Which entries are real?",
        "“connected” in ",
        "95 % intervals",
    ] {
        assert!(page.contains(part), "{part}");
    }

    // an effect so large that nothing but a connection can be that large, and one that nothing is smaller than
    let count = |effect: &str| {
        let value = folder.json(&format!(
            "{test} --smallest-effect {effect} --out other.npz"
        ));
        let found = &value["maps"]["ing"]["significance"];
        assert_eq!(
            folder.array("other.npz", "ing_q").matrix::<f64>().unwrap(),
            q,
            "the test of connections does not depend on it"
        );
        found["undecided"].as_u64().unwrap()
    };
    assert_eq!(count("100"), 0);
    let undecided = counts_of(found, "not_connected") + counts_of(found, "undecided");
    assert_eq!(count("1e-6"), undecided);

    // in words, in the same way whatever the number of threads
    let text = folder.succeeds(&format!("{test} --threads 1 --out again.npz"));
    assert!(
        // effects of the two latents together on eight channels are tested, and hold for both columns
        text.contains("Of 8 entries")
            && text.contains("+ connected")
            && text.contains("size of interest is 0.4 standard deviations of the channel"),
        "{text}"
    );
    for name in ["ing_low", "ing_p", "ing_q"] {
        let again = folder.array("again.npz", name).matrix::<f64>().unwrap();
        assert_eq!(again, read(name), "{name}");
    }
}

fn counts_of(found: &Value, kind: &str) -> u64 {
    found[kind].as_u64().expect("a number")
}

#[test]
fn other_nulls_and_controls() {
    let folder = Folder::new();
    trained(&folder, 600);
    let test = "attribute --model run --data data.npz --method ing,neuron-gradient --out map.npz \
         --blocks 10";
    let value = folder.json(&format!(
        "{test} --significance 19 --null shifted-labels --control by --fdr 0.05"
    ));
    let found = &value["maps"]["neuron-gradient"]["significance"];
    assert_eq!(found["null"], "shifted-labels");
    // maps of shifted labels are not errors, and cannot say that an entry is weak
    for method in ["ing", "neuron-gradient"] {
        let found = &value["maps"][method]["significance"];
        assert_eq!(counts_of(found, "not_connected"), 0, "{method}");
    }
    let p = folder
        .array("map.npz", "neuron-gradient_p")
        .matrix::<f64>()
        .unwrap();
    // ranks among nineteen
    assert!(
        p.iter()
            .all(|p| (20.0 * p - (20.0 * p).round()).abs() < 1e-12 && *p >= 0.05)
    );
}

#[test]
fn what_cannot_be_tested_is_refused_before_work_begins() {
    let folder = Folder::new();
    trained(&folder, 600);
    let test = "attribute --model run --data data.npz --out map.npz --significance";
    for (options, parts) in [
        ("5", &["5 trainings", "at least 10"][..]),
        ("10 --p-values ranks", &["0.091", "at least 19"]),
        ("30 --p-values ranks --fdr 0.01", &["at least 99"]),
        (
            "10 --blocks 400",
            &["600 samples", "400 blocks", "at most 200"],
        ),
        ("10 --blocks 1", &["1 blocks"]),
        ("10 --fdr 1", &["strictly between 0 and 1"]),
        ("10 --smallest-effect 0", &["not a positive number"]),
        ("10 --smallest-effect inf", &["not a positive number"]),
        ("10 --null weather", &["shifted-labels"]),
    ] {
        folder.fails_with(&format!("{test} {options}"), parts);
    }
    let plain = "attribute --model run --data data.npz --out map.npz --fdr 0.1";
    folder.fails_with(plain, &["--significance"]);

    // other data, and data without the labels
    let x = folder.array("data.npz", "x").matrix::<f64>().unwrap();
    folder.write_npz("other.npz", &[("x", &x * 2.0), ("z", x.clone())]);
    folder.write_npz("bare.npz", &[("x", x)]);
    for (data, part) in [
        ("other.npz", "not the recording of the training"),
        ("bare.npz", "z"),
    ] {
        let test = format!("attribute --model run --data {data} --out map.npz --significance 10");
        folder.fails_with(&test, &[part]);
    }

    // no labels to shift
    folder.succeeds("fit --data data.npz --out free --set train.steps=20 --set train.batch=32");
    let test = "attribute --model free --data data.npz --out map.npz --significance 19";
    folder.fails_with(
        &format!("{test} --null shifted-labels"),
        &["without labels"],
    );
}

#[test]
fn a_training_says_whether_it_can_be_trusted() {
    let folder = Folder::new();
    recording(&folder, 600);
    let fit = format!("fit --data data.npz {FIT}");
    let value = folder.json(&format!("{fit} --out run --seeds 3"));
    let found = Diagnostics::load(&folder.path("run")).unwrap();
    let printed: Diagnostics = serde_json::from_value(value["diagnostics"].clone()).unwrap();
    assert_eq!(found, printed);
    assert_eq!(
        (found.outputs, found.bits.len(), found.ranks.len()),
        (2, 1, 3)
    );
    // the label is the latents: half a bit is little for them, and their line is straight enough
    assert!(
        found.bits[0] > 0.5 && found.label_r2["z"].training > 0.5,
        "{found:?}"
    );
    assert!(!found.bits_held_out && (1.0..=2.0).contains(&found.effective_dimension));
    let seeds = found.seeds.as_ref().unwrap();
    assert_eq!(seeds.seeds, [0, 1, 2]);
    let [mean, least] = seeds.maps.unwrap();
    assert!(least <= mean && mean <= 1.0 && seeds.embeddings.unwrap()[0] > 0.5);
    let page = folder.text("run/report.html");
    for sentence in found.sentences() {
        assert!(page.contains(&sentence), "{sentence}");
    }

    // without --seeds the same model; `attribute` says it again
    let text = folder.succeeds(&format!("{fit} --out alone"));
    assert!(
        text.contains("of 2 embedding directions are used"),
        "{text}"
    );
    assert_eq!(
        folder.bytes("run/model.safetensors"),
        folder.bytes("alone/model.safetensors")
    );
    assert!(
        Diagnostics::load(&folder.path("alone"))
            .unwrap()
            .seeds
            .is_none()
    );
    let attribute = "attribute --model run --data data.npz --out map.npz";
    let text = folder.succeeds(&format!("{attribute} --report map.html"));
    assert!(text.contains("maps from 3 seeds agree"), "{text}");
    assert!(folder.text("map.html").contains("maps from 3 seeds agree"));
    let value: Value = folder.json(attribute);
    assert_eq!(value["diagnostics"]["outputs"], 2);
    folder.fails_with(&format!("{fit} --out more --seeds 1"), &["2..=100"]);
}
