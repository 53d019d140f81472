//! A decoder that is fitted to one file and reads another.

use std::fs;
use std::path::Path;

use crate::common::Folder;
use ndarray::Array2;

/// Two animals: `across.npz` as scikit-learn's side wrote it, and `first.npz` and `second.npz` with their embeddings.
fn animals() -> Folder {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/across.npz");
    fs::copy(data, folder.path("across.npz")).unwrap();
    for animal in ["first", "second"] {
        let of = |name: &str| folder.array("across.npz", &format!("{animal}_{name}"));
        let matrix = |name: &str| of(name).matrix::<f64>().unwrap();
        folder.write_npz(
            &format!("{animal}.npz"),
            &[
                ("embedding", matrix("embedding")),
                ("position", matrix("position")),
                ("third", matrix("third")),
            ],
        );
    }
    folder
}

const ACROSS: &str = "decode --fit-data first.npz --data second.npz";

#[test]
fn a_decoder_of_one_animal_reads_another_as_that_of_scikit_learn() {
    let folder = animals();
    for (name, flags) in [
        ("knn", "--label position"),
        ("cosine", "--label position --neighbours 5 --metric cosine"),
        ("linear", "--label position --method linear"),
        ("ridge", "--label position --method ridge --alpha 2"),
        ("lasso", "--label position --method lasso --alpha 0.1"),
        ("knn_classes", "--label third"),
        ("logistic", "--label third --method logistic"),
    ] {
        let value = folder.json(&format!("{ACROSS} {flags} --out d.npz"));
        assert_eq!(
            (&value["fitted_to"], &value["held_out"]),
            (&90.into(), &70.into())
        );
        let known = |what: &str| {
            let array = folder.array("across.npz", &format!("{name}_{what}"));
            array.matrix::<f64>().unwrap()
        };
        let found = folder.array("d.npz", "decoded").matrix::<f64>().unwrap();
        let expected = known("decoded");
        // both sides solve by factorisations in double precision, and stop iterating far below this
        let furthest = (&found - &expected)
            .iter()
            .fold(0.0_f64, |most, d| most.max(d.abs()));
        assert!(
            found.dim() == expected.dim() && furthest < 1e-8,
            "{name}: {furthest}"
        );
        let keys = match name {
            "knn_classes" | "logistic" => vec!["accuracy", "balanced_accuracy"],
            _ => vec!["r2"],
        };
        for (key, expected) in keys.iter().zip(known("score")) {
            let found = value["scores"][key].as_f64().unwrap();
            assert!(
                (found - expected).abs() < 1e-8,
                "{name} {key}: {found} {expected}"
            );
        }
    }
}

#[test]
fn the_answer_says_what_the_decoder_was_fitted_to() {
    let folder = animals();
    let text = folder.succeeds(&format!(
        "{ACROSS} --label position --method ridge --report d.html"
    ));
    assert!(
        text.contains("70 samples by ridge regression (alpha = 1), which was fitted to 90 other"),
        "{text}"
    );
    assert!(folder.text("d.html").contains("new to the decoder"));
    // the label of the other file may have another name, or be in another file
    let plain = folder.json(&format!("{ACROSS} --label position"));
    let named = folder.json(
        "decode --fit-data across.npz:first_embedding --fit-label p=across.npz:first_position --data second.npz --label \
         position",
    );
    assert_eq!(plain["scores"], named["scores"]);
    let real = folder.json(&format!(
        "{ACROSS} --label position --method ridge --shuffles 39"
    ));
    assert_eq!(
        real["shuffles"]["above_chance"], true,
        "{}",
        real["shuffles"]["sentence"]
    );
    let noise = Array2::from_shape_fn((70, 1), |(t, _)| ((t * t * 31) % 17) as f64 + 0.5);
    folder.write_npz("noise.npz", &[("position", noise)]);
    let first = Array2::from_shape_fn((90, 1), |(t, _)| ((t * t * 17) % 13) as f64 + 0.5);
    folder.write_npz("noise1.npz", &[("position", first)]);
    let chance = folder.json(
        "decode --data second.npz --fit-data first.npz --label n=noise.npz:position --fit-label n=noise1.npz:position \
         --method ridge --shuffles 39",
    );
    assert_eq!(
        chance["shuffles"]["above_chance"], false,
        "{}",
        chance["shuffles"]["sentence"]
    );
}

#[test]
fn recordings_of_several_animals_are_embedded_by_their_own_encoders() {
    let folder = Folder::new();
    folder.recording();
    let x = crate::common::x();
    let few = x.slice(ndarray::s![.., ..3]).to_owned();
    folder.write_npz("few.npz", &[("x", few), ("speed", crate::common::speed())]);
    folder.succeeds(&format!(
        "fit --data data.npz --data few.npz --out both {}",
        crate::common::SHORT
    ));
    for (file, session) in [("data", 0), ("few", 1)] {
        folder.succeeds(&format!(
            "embed --model both --session {session} --data {file}.npz --out e{session}.npz"
        ));
    }
    let by_run = folder.json(
        "decode --model both --fit-data data.npz --fit-session 0 --data few.npz --session few.npz --label speed",
    );
    let by_file = folder.json(
        "decode --fit-data e0.npz --fit-label speed=data.npz:speed --data e1.npz --label speed=few.npz:speed",
    );
    assert_eq!(by_run["scores"], by_file["scores"]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let folder = animals();
    let several = |columns| Array2::from_shape_fn((9, columns), |(t, c)| t as f64 + 0.1 * c as f64);
    folder.write_npz(
        "wide.npz",
        &[
            ("embedding", Array2::zeros((9, 7))),
            ("position", several(2)),
        ],
    );
    folder.write_npz(
        "flat.npz",
        &[
            ("embedding", Array2::ones((9, 4))),
            ("position", several(1)),
        ],
    );
    for (arguments, parts) in [
        (
            "--fit-data wide.npz --label position",
            vec!["fitted to 7 columns", "has 4"],
        ),
        (
            "--fit-data flat.npz --label position --kind numbers",
            vec!["numbers in 1 columns", "numbers in 2 columns"],
        ),
        (
            "--fit-data first.npz --fit-label third --label position",
            vec!["is classes", "is numbers"],
        ),
        (
            "--fit-data first.npz --label position=second.npz:position",
            vec!["--fit-label"],
        ),
        (
            "--fit-data first.npz --label position --blocks 3",
            vec!["cannot be used with"],
        ),
        (
            "--fit-data first.npz --label position --last 0.2",
            vec!["cannot be used with"],
        ),
        ("--fit-label position --label position", vec!["--fit-data"]),
        (
            "--fit-data first.npz --fit-session 0 --label position",
            vec!["--model"],
        ),
        (
            "--fit-data first.npz --label position --out first.npz",
            vec!["--out first.npz is also --fit-data"],
        ),
    ] {
        folder.fails_with(&format!("decode --data second.npz {arguments}"), &parts);
    }
}
