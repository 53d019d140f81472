//! What `fit` says to settings that cannot be used.

use crate::common::Folder;
use xcebra::FitFile;

#[test]
fn wrong_settings_are_shown_in_their_place() {
    let folder = Folder::new();
    folder.recording();
    for (text, parts) in [
        (
            "[train]\nstepz = 3",
            &["stepz", "fit.toml:2", "`steps`"][..],
        ),
        ("[trian]\nsteps = 3", &["trian", "fit.toml:1", "`train`"]),
        (
            "[train]\nsteps = 'many'",
            &["invalid type", "fit.toml:2", "'many'"],
        ),
        ("[train]\nsteps = -3", &["-3", "fit.toml:2"]),
        ("[train]\nsteps = 1.5", &["1.5", "fit.toml:2"]),
        (
            "[train]\nseed = 18446744073709551616",
            &["18446744073709551616", "fit.toml:2"],
        ),
        ("[train", &["fit.toml:1"]),
        ("steps = 3 = 4", &["fit.toml:1"]),
        (
            "[encoder]\nname = 'offset9'",
            &["offset9", "offset1-mse-clip", "fit.toml:2"],
        ),
        ("[[objective]]\nweight = 1", &["positives", "fit.toml:1"]),
        (
            "[[objective]]\npositives = { kind = 'time', offset = 1, of = 2 }",
            &["`of`"],
        ),
        (
            "[[objective]]\npositives = { kind = 'tim' }",
            &["`tim`", "time-delta"],
        ),
        (
            "[[objective]]\npositives = { kind = 'discrete' }",
            &["label"],
        ),
        ("[[objective]]\npositives = 'time'", &["fit.toml:2"]),
    ] {
        folder.write("fit.toml", text);
        folder.fails_with("fit --data data.npz --config fit.toml --out run", parts);
    }
    // what is no settings file is not printed at length
    for (text, part) in [
        (
            "{\"values\": [".to_owned() + &"1, ".repeat(100_000),
            "cannot read fit.toml",
        ),
        (" ".repeat(2_000_000), "longer than any settings"),
    ] {
        folder.write("fit.toml", text);
        let error = folder.fails("fit --data data.npz --config fit.toml --out run");
        assert!(error.contains(part) && error.len() < 500, "{error:.500}");
    }
    folder.write("fit.toml", b"[train]\xff\xfe");
    folder.fails_with(
        "fit --data data.npz --config fit.toml --out run",
        &["cannot read fit.toml"],
    );
    folder.fails_with(
        "fit --data data.npz --config no.toml --out run",
        &["no.toml", "TOML file"],
    );
    folder.fails_with(
        "fit --data data.npz --config . --out run",
        &["cannot read ."],
    );
}

#[test]
fn settings_outside_their_domain_are_refused() {
    let folder = Folder::new();
    folder.recording();
    folder.write("fit.toml", "[[objective]]\npositives = { kind = 'time' }");
    for (set, parts) in [
        ("train.steps=0", &["train.steps is 0", "at least 1"][..]),
        ("train.batch=1", &["train.batch is 1"]),
        (
            "train.batch=999999999999",
            &["train.batch is 999999999999", "1048576"],
        ),
        (
            "train.learning_rate=0",
            &["train.learning_rate is 0", "positive"],
        ),
        ("train.learning_rate=nan", &["train.learning_rate is NaN"]),
        ("train.learning_rate=-inf", &["train.learning_rate is -inf"]),
        ("train.log_every=0", &["train.log_every is 0"]),
        ("regularizer.weight=-1", &["regularizer.weight is -1"]),
        (
            "regularizer.projections=1001",
            &["regularizer.projections is 1001"],
        ),
        ("encoder.outputs=0", &["encoder.outputs is 0"]),
        (
            "encoder.outputs=9223372036854775807",
            &["at most 2^28 weights a layer"],
        ),
        ("encoder.clip=0", &["encoder.clip is 0"]),
        (
            "objective.0.dims=[1,9]",
            &["objective.0.dims", "[1, 9]", "encoder.outputs = 6"],
        ),
        ("objective.0.dims=[2,2]", &["objective.0.dims"]),
        ("objective.0.weight=-2", &["objective.0.weight is -2"]),
        (
            "objective.0.similarity.temperature=0",
            &["similarity.temperature is 0"],
        ),
        (
            "objective.0.positives.offset=0",
            &["offset is 0", "at least 1"],
        ),
        (
            "objective.0.positives.offset=200",
            &["200 samples", "offset of 200", "smaller offset"],
        ),
        (
            "objective.0.positives.offset=9223372036854775807",
            &["too short"],
        ),
        ("data.x=y", &["no array `y`", "`x`, `speed`, `state`"]),
    ] {
        let arguments = format!("fit --data data.npz --config fit.toml --out run --set {set}");
        folder.fails_with(&arguments, parts);
    }
    for (set, parts) in [
        (
            "steps",
            &["--set steps", "no `=`", "SECTION.FIELD=VALUE"][..],
        ),
        ("steps=3", &["does not name a section"]),
        ("=", &["--set ="]),
        ("train.=3", &["--set train.=3"]),
        ("train.steps=", &["nothing after"]),
        ("train.steps=many", &["invalid type", "many"]),
        ("train.stepz=3", &["stepz", "`steps`"]),
        ("objective.7.weight=1", &["`7`"]),
        ("train.steps.x=1", &["not a section"]),
        ("train=3", &["does not name a section"]),
    ] {
        folder.fails_with(&format!("fit --data data.npz --out run --set {set}"), parts);
    }
    folder.fails_with("fit --data data.npz", &["--out"]);
    folder.fails_with("fit --data data.npz --out run --steps 4", &["--steps"]);
}

#[test]
fn an_error_in_json_names_the_line() {
    let folder = Folder::new();
    folder.recording();
    folder.write("fit.toml", "[train]\nsteps = 3\nstepz = 3");
    let output = folder.run("fit --json --data data.npz --config fit.toml --out run");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&value["file"], &value["line"]),
        (&"fit.toml".into(), &3.into())
    );
}

#[test]
fn the_help_shows_settings_that_are_accepted() {
    let folder = Folder::new();
    let help = folder.succeeds("fit --help");
    let (_, text) = help.split_once("[data]\n").unwrap();
    let (text, positives) = text.split_once("Positives").unwrap();
    let text: Vec<&str> = text.lines().map(str::trim).collect();
    FitFile::parse(&format!("[data]\n{}", text.join("\n")), &[]).unwrap();
    let kinds = positives
        .lines()
        .filter(|line| line.trim().starts_with('{'));
    let mut count = 0;
    for line in kinds {
        let (table, _) = line.split_once('}').unwrap();
        let text = format!("[[objective]]\npositives = {} }}", table.trim());
        FitFile::parse(&text, &[]).unwrap();
        count += 1;
    }
    assert_eq!(count, 7);
}
