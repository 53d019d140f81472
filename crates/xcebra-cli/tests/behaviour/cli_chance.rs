//! Trainings that are compared with trainings on shuffled labels and channels.

use crate::common::{Folder, SHORT, assert_self_contained, interrupt, wait_for};

const LABEL: &str = "--set objective.0.positives={kind=\"time-delta\",label=\"speed\"}";

fn trained() -> Folder {
    let folder = Folder::new();
    folder.recording();
    folder.succeeds(&format!("fit --data data.npz --out run {SHORT} {LABEL}"));
    folder
}

#[test]
fn the_verdict_is_printed_and_kept() {
    let folder = trained();
    let value = folder.json("chance --model run --trainings 3 --out chance");
    assert_eq!(value["shuffled"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&value["unit"], &value["blocks"]),
        (&"bits".into(), &20.into())
    );
    let sentence = value["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("its goodness of fit to speed") && sentence.contains("At least 19"),
        "{sentence}"
    );
    let kept: serde_json::Value = serde_json::from_str(&folder.text("chance/chance.json")).unwrap();
    assert_eq!(kept["shuffled"], value["shuffled"]);
    let page = folder.text("chance/report.html");
    assert_self_contained(&page);
    assert!(page.contains("true order"));

    // from settings and files, to the same numbers, whatever the threads
    let other = folder.json(&format!(
        "chance --data data.npz {SHORT} {LABEL} --trainings 2 --threads 1 --out other"
    ));
    assert_eq!(other["score"], value["score"]);
    assert_eq!(other["shuffled"][1], value["shuffled"][1]);
    // more trainings are added to those that are done
    let more = folder.json(&format!(
        "chance --data data.npz {SHORT} {LABEL} --trainings 3 --out other"
    ));
    assert_eq!(more["shuffled"], value["shuffled"]);
    let channels =
        folder.json("chance --model run --shuffle channels --trainings 2 --out channels");
    assert_eq!(
        (&channels["shuffle"], &channels["score"]),
        (&"channels".into(), &value["score"])
    );
    assert_ne!(channels["shuffled"][0], value["shuffled"][0]);
}

#[test]
fn a_command_that_was_interrupted_goes_on() {
    let folder = trained();
    let command = "chance --model run --set train.steps=400 --trainings 2 --checkpoint-every 0";
    let whole = folder.json(&format!("{command} --out whole"));
    let mut child = folder.spawn_interruptible(&format!("{command} --out broken"));
    wait_for(&folder.path("broken/checkpoint.safetensors"));
    interrupt(&child);
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(!folder.path("broken/chance.json").exists());
    let found = folder.json(&format!("{command} --out broken"));
    assert_eq!(found["shuffled"], whole["shuffled"]);
    assert_eq!(found["score"], whole["score"]);
    assert!(!folder.path("broken/checkpoint.safetensors").exists());
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = trained();
    folder.succeeds(&format!("fit --data data.npz --out time {SHORT}"));
    folder.succeeds("chance --model run --trainings 1 --out done");
    for (arguments, parts) in [
        (
            "--model time --out c",
            vec!["no objective uses a label", "channels"],
        ),
        (
            "--model run --shuffle-blocks 2 --out c",
            vec!["2 blocks of 200 samples"],
        ),
        (
            "--model run --shuffle-blocks 201 --out c",
            vec!["201 blocks"],
        ),
        (
            "--model run --out run",
            vec!["run holds", "choose another --out"],
        ),
        (
            "--model run --shuffle channels --out done",
            vec!["other settings or data"],
        ),
        ("--model run --trainings 0 --out c", vec!["--trainings"]),
        (
            "--model run --config x.toml --out c",
            vec!["cannot be used with"],
        ),
        ("--out c", vec!["--data"]),
    ] {
        folder.fails_with(&format!("chance {arguments}"), &parts);
    }
    assert!(!folder.path("c").exists());
    // without labels each sample moves for itself
    let value = folder.json("chance --model time --shuffle channels --trainings 1 --out c");
    assert_eq!(value["blocks"], 200);
}
