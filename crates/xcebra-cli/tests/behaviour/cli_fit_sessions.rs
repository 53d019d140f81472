//! Trainings on several files, and with samples held out.

use crate::common::{Folder, assert_self_contained, speed, state, x};
use ndarray::{Array2, Axis, concatenate, s};
use xcebra::FitFile;
use xcebra::core::{Labels, Recording, Trainer};
use xcebra::files::NpzOutput;

const SETTINGS: &str = "
[encoder]
outputs = 2
[[objective]]
positives = { kind = 'time', offset = 3 }
[[objective]]
positives = { kind = 'mixed', discrete = 'state', continuous = 'speed' }
[regularizer]
start = 5
ramp = 5
[train]
steps = 30
batch = 32
log_every = 5
";

fn part(array: &Array2<f64>, from: usize, to: usize) -> Array2<f64> {
    array.slice(s![from..to, ..]).to_owned()
}

/// `a.npz` and `b.npz`: the recording in two sessions of which the first has but one state.
fn sessions() -> Folder {
    let folder = Folder::new();
    for (name, from, to) in [("a.npz", 0, 20), ("b.npz", 20, 200)] {
        let arrays = [("x", x()), ("speed", speed()), ("state", state())];
        let cut = arrays.map(|(name, array)| (name, part(&array, from, to)));
        folder.write_npz(name, &cut);
    }
    folder.write("fit.toml", SETTINGS);
    folder
}

#[test]
fn several_files_are_the_sessions_of_one_recording() {
    let folder = sessions();
    let value = folder.json("fit --data a.npz --data b.npz --config fit.toml --out run");
    assert_eq!(
        (&value["samples"], &value["sessions"]),
        (&200.into(), &2.into())
    );
    let log = folder.text("run/log.txt");
    assert!(
        log.contains("a.npz, b.npz") && log.contains("2 sessions of 20, 180"),
        "{log}"
    );

    // the same by hand: one scale for both, an edge between them, labels one after another
    let x = x();
    let mean = x.mean_axis(Axis(0)).unwrap();
    let scaled = ((&x - &mean) / x.std_axis(Axis(0), 0.0)).mapv(|v| v as f32);
    let classes = state().iter().map(|&s| s as i64).collect();
    let recording = Recording::new(scaled.view())
        .unwrap()
        .with_sessions(&[20, 180])
        .unwrap()
        .with_label("speed", Labels::Continuous(speed()))
        .unwrap()
        .with_label("state", Labels::Discrete(classes))
        .unwrap();
    let config = FitFile::parse(SETTINGS, &[]).unwrap().config();
    let mut trainer = Trainer::new(config, recording).unwrap();
    trainer
        .run(|_, _| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let (encoder, _) = trainer.finish().unwrap();
    let expected = encoder.to_safetensors().unwrap();
    assert!(folder.bytes("run/model.safetensors") == expected);
    folder.succeeds("embed --model run --data b.npz --out b-embedded.npz");
    assert_eq!(
        folder.array("b-embedded.npz", "embedding").shape(),
        [180, 2]
    );
}

#[test]
fn a_session_that_does_not_fit_is_named() {
    let folder = sessions();
    let b = |name: &str, arrays: &[(&str, Array2<f64>)]| folder.write_npz(name, arrays);
    let (x, speed, state) = (
        part(&x(), 0, 50),
        part(&speed(), 0, 50),
        part(&state(), 0, 50),
    );
    let mut nan = x.clone();
    nan[[7, 1]] = f64::NAN;
    let all = [("speed", speed.clone()), ("state", state.clone())];
    let with = |array: Array2<f64>| [&[("x", array)][..], &all].concat();
    b("nan.npz", &with(nan));
    b("one.npz", &with(part(&x, 0, 1)));
    b("missing.npz", &[("x", x.clone()), ("speed", speed.clone())]);
    b(
        "short.npz",
        &[
            ("x", x.clone()),
            ("speed", part(&speed, 0, 40)),
            ("state", state.clone()),
        ],
    );
    let wide = concatenate(Axis(1), &[speed.view(), speed.view()]).unwrap();
    b("wide.npz", &[("x", x), ("speed", wide), ("state", state)]);
    for (file, parts) in [
        ("nan.npz", &["`x` of nan.npz", "row 7 ", "NaN"][..]),
        ("one.npz", &["`x` of one.npz", "at least 2 rows"]),
        ("missing.npz", &["missing.npz has no array `state`"]),
        ("short.npz", &["`speed` of short.npz", "[40, 1]", "50 rows"]),
        (
            "wide.npz",
            &[
                "`speed` of wide.npz has 2 columns",
                "`speed` of a.npz has 1",
            ],
        ),
        ("a.npz", &["a.npz holds several sessions", "separate file"]),
        ("no.npz", &["cannot read no.npz"]),
    ] {
        let arguments = format!("fit --data a.npz --data {file} --config fit.toml --out run");
        folder.fails_with(&arguments, parts);
    }
}

#[test]
fn arrays_of_one_file_and_labels_of_another() {
    let folder = sessions();
    let mut output = NpzOutput::create(&folder.path("both.npz")).unwrap();
    output.add("morning", &part(&x(), 0, 20)).unwrap();
    output.add("evening", &part(&x(), 20, 200)).unwrap();
    output.commit().unwrap();
    folder.write_npz("labels.npz", &[("v", speed()), ("s", state())]);
    let labels = "--set data.labels.speed=labels.npz:v --set data.labels.state=labels.npz:s";
    folder.succeeds(&format!(
        "fit --data both.npz:morning --data both.npz:evening --config fit.toml {labels} --out c"
    ));
    folder.succeeds("fit --data a.npz --data b.npz --config fit.toml --out ab");
    let model = |run: &str| folder.bytes(&format!("{run}/model.safetensors"));
    assert!(model("c") == model("ab"));
}

#[test]
fn what_is_held_out_is_shown_everywhere() {
    let folder = sessions();
    let validation = "--set validation.held_out=0.25 --set validation.blocks=4 \
         --set validation.every=10";
    let value = folder.json(&format!(
        "fit --data b.npz --config fit.toml {validation} --out run --figures pictures"
    ));
    let table = folder.text("run/validation.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(rows[0], ["step", "loss", "bits_0", "bits_1"]);
    let steps: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    assert_eq!(steps, ["9", "19", "29"]);
    let last: Vec<f64> = rows[3][1..]
        .iter()
        .map(|cell| cell.parse().unwrap())
        .collect();
    assert_eq!(value["validation_loss"], last[0]);
    assert_eq!(value["bits"], serde_json::json!(&last[1..]));
    assert_eq!(value["stopped_early"], false);
    // both weights are 1: bits = (ln n − loss) / ln 2, summed; to rounding in f64
    let total = (2.0 * 32_f64.ln() - last[0]) / 2_f64.ln();
    assert!((last[1] + last[2] - total).abs() < 1e-9, "{last:?}");
    assert!(folder.text("run/log.txt").contains("held out"));
    let page = folder.text("run/report.html");
    assert_self_contained(&page);
    for part in [
        "held out",
        "Goodness of fit",
        "bits over chance on them, objective 1",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for name in [
        "loss",
        "bits",
        "jacobian",
        "embedding-speed",
        "embedding-state",
    ] {
        assert!(
            folder
                .text(&format!("pictures/{name}.svg"))
                .starts_with("<svg")
        );
        assert!(
            folder
                .bytes(&format!("pictures/{name}.png"))
                .starts_with(b"\x89PNG")
        );
    }

    // without: no table, and nothing in the answer
    let value = folder.json("fit --data b.npz --config fit.toml --out plain");
    assert!(value["validation_loss"].is_null() && value["bits"].is_null());
    assert!(!folder.path("plain/validation.csv").exists());
}

#[test]
fn patience_that_runs_out_is_told() {
    let folder = sessions();
    // steps too small to change a weight: of the validations after step 10, from which on the regulariser
    // is constant, the second is no better than the first
    let arguments = "fit --data b.npz --config fit.toml --out run --set train.learning_rate=1e-30 \
         --set validation.held_out=0.2 --set validation.every=3 --set validation.patience=1";
    let value = folder.json(arguments);
    assert_eq!(
        (&value["stopped_early"], &value["steps"]),
        (&true.into(), &15.into())
    );
    let log = folder.text("run/log.txt");
    assert!(
        log.contains("stopped early, after step 15") && log.contains("after step 12"),
        "{log}"
    );
}

#[test]
fn classes_may_be_text() {
    let folder = Folder::new();
    let names = ["rest", "walk", "fall, forward"];
    let table = |name: &str, from: usize, to: usize| {
        let mut table = "a,b,c,d,state\n".to_owned();
        for t in from..to {
            let row: Vec<String> = x().row(t).iter().map(f64::to_string).collect();
            let class = names[state()[[t, 0]] as usize];
            table += &format!("{},\"{class}\"\n", row.join(","));
        }
        folder.write(name, table);
    };
    table("all.csv", 0, 200);
    table("a.csv", 0, 20);
    table("b.csv", 20, 200);
    folder.write_npz("n.npz", &[("x", x()), ("state", state())]);
    folder.write(
        "fit.toml",
        "[[objective]]\npositives = { kind = 'discrete', label = 'state' }\n\
         [train]\nsteps = 5\nbatch = 16\n[encoder]\noutputs = 2\n",
    );
    let fit = "fit --config fit.toml";
    folder.succeeds(&format!("{fit} --data all.csv:a,b,c,d --out text"));
    folder.succeeds(&format!("{fit} --data n.npz --out numbers"));
    let model = |run: &str| folder.bytes(&format!("{run}/model.safetensors"));
    assert!(model("text") == model("numbers"));
    let classes: serde_json::Value =
        serde_json::from_str(&folder.text("text/classes.json")).unwrap();
    let sorted = ["fall, forward", "rest", "walk"];
    assert_eq!(classes, serde_json::json!({ "state": sorted }));
    let page = folder.text("text/report.html");
    assert!(sorted.iter().all(|name| page.contains(name)));

    // one session has only one of the classes
    folder.succeeds(&format!(
        "{fit} --data a.csv:a,b,c,d --data b.csv --out two"
    ));
    assert_eq!(
        folder.text("two/classes.json"),
        folder.text("text/classes.json")
    );

    folder.write("gap.csv", "a,state\n1,rest\n2,\n3,walk\n");
    folder.fails_with(
        &format!("{fit} --data gap.csv:a --out run"),
        &["column `state` of gap.csv", "row 1 ", "empty"],
    );
    folder.write("mixed.csv", "a,b,c,d,state\n1,2,3,4,0\n2,3,4,1,1\n");
    folder.fails_with(
        &format!("{fit} --data a.csv:a,b,c,d --data mixed.csv --out run"),
        &["`state` of mixed.csv holds numbers", "text"],
    );
    folder.write(
        "real.toml",
        "[[objective]]\npositives = { kind = 'time-delta', label = 'state' }",
    );
    folder.fails_with(
        "fit --config real.toml --data all.csv:a,b,c,d --out run",
        &["column `state` of all.csv holds text", "discrete"],
    );
}
