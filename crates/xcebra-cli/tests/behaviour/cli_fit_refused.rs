//! Recordings and trainings whose numbers cannot be right are refused, with the reason.

use crate::common::{Folder, SHORT, speed, x};
use ndarray::{Array2, Axis, concatenate};

/// `x` with a channel that re-referencing has left with the last bit of a constant.
fn dead_channel() -> Array2<f64> {
    let mut x = x();
    for (t, v) in x.column_mut(2).iter_mut().enumerate() {
        *v = 1e5 + 1.455e-11 * (t % 3 % 2) as f64;
    }
    x
}

#[test]
fn channels_that_are_constant_but_for_rounding_are_constant() {
    let folder = Folder::new();
    folder.write_npz("data.npz", &[("x", dead_channel())]);
    for scaled in ["true", "false"] {
        folder.fails_with(
            &format!("fit --data data.npz --out run {SHORT} --set data.standardize={scaled}"),
            &[
                "1 of 4 channels never change by more than rounding: `2`",
                "leave them out",
            ],
        );
    }
    // a run of an earlier version, which divided by rounding
    folder.trained();
    let channels = folder.text("run/channels.json");
    let mut json: serde_json::Value = serde_json::from_str(&channels).unwrap();
    json["mean"][2] = 1e5.into();
    json["scale"][2] = 1.03e-11.into();
    folder.write("run/channels.json", json.to_string());
    for command in ["embed", "attribute"] {
        folder.fails_with(
            &format!("{command} --model run --data data.npz --out out.npz"),
            &["channels.json"],
        );
    }
}

#[test]
fn a_goodness_of_fit_beyond_what_there_is_stops_the_training() {
    let folder = Folder::new();
    folder.recording();
    // 200 samples give 7.6 bits; without a limit and with few negatives the embedding grows without end
    let arguments = "fit --data data.npz --out run --set encoder.name=offset1-mse \
        --set encoder.outputs=3 --set train.batch=32 --set train.learning_rate=1e-3 \
        --set regularizer.weight=0 --set train.steps=1000";
    folder.fails_with(
        arguments,
        &[
            "diverged at step",
            "above 15.3 bits",
            "7.6 at most",
            "choose an encoder with a limit",
            "train.batch",
        ],
    );
    let error = folder.fails(arguments);
    assert!(!error.contains("learning_rate"), "{error}");
    // with a limit it goes to its end
    folder.succeeds(
        &arguments
            .replace("offset1-mse", "offset1-mse-clip")
            .replace("=1000", "=300"),
    );
}

#[test]
fn too_few_samples_to_train_on() {
    let folder = Folder::new();
    folder.write("two.csv", "a,b\n1,2\n3,5\n");
    folder.fails_with(
        &format!("fit --data two.csv:* --out run {SHORT}"),
        &["two.csv", "2 samples, too few to train on: at least 10"],
    );
    let some = |rows: usize| x().slice_axis(Axis(0), (..rows).into()).to_owned();
    folder.write_npz("some.npz", &[("x", some(18))]);
    let wide = format!("{SHORT} --set encoder.name=offset10");
    folder.fails_with(
        &format!("fit --data some.npz --out run {wide}"),
        &["9 windows of 10 samples, too few"],
    );
    folder.write_npz("some.npz", &[("x", some(19))]);
    folder.succeeds(&format!("fit --data some.npz --out run {wide}"));
}

#[test]
fn a_transposed_recording_is_said_to_be_one() {
    let folder = Folder::new();
    let flat = x().reversed_axes().as_standard_layout().to_owned();
    // constant and empty channels are not to blame, nor is the label
    folder.write_npz("t.npz", &[("x", flat.clone()), ("speed", speed())]);
    let fit = format!(
        "fit --data t.npz --out run {SHORT} --set objective.0.positives={{kind=\"time-delta\",label=\"speed\"}}"
    );
    folder.fails_with(
        &fit,
        &[
            "array `x` of t.npz looks transposed: it is (4, 200)",
            "the label `speed` has 200 values",
            "x.T",
            "data.transpose = true",
        ],
    );
    let mut same = flat.clone();
    same.column_mut(7).fill(0.0);
    folder.write_npz("c.npz", &[("x", same), ("speed", speed())]);
    folder.fails_with(&fit.replace("t.npz", "c.npz"), &["looks transposed"]);
    // as two sessions, and with the label of both in another file
    folder.write_npz("z.npz", &[("z", concatenate![Axis(0), speed(), speed()])]);
    folder.fails_with(
        &fit.replace("--data t.npz", "--data t.npz --data t.npz"),
        &["several sessions"],
    );
    folder.write_npz("u.npz", &[("x", flat), ("speed", speed())]);
    let two = fit.replace("--data t.npz", "--data t.npz --data u.npz");
    folder.fails_with(&two, &["array `x` of t.npz looks transposed"]);
    folder.fails_with(
        &format!("{two} --set data.labels.speed=z.npz:z"),
        &["looks transposed", "`speed` has 400 values"],
    );

    // turned round it is the same training
    folder.recording();
    folder.succeeds(&format!("{fit} --set data.transpose=true"));
    folder.succeeds(
        &fit.replace("t.npz", "data.npz")
            .replace("--out run", "--out upright"),
    );
    assert!(folder.bytes("run/model.safetensors") == folder.bytes("upright/model.safetensors"));
    folder.succeeds("embed --model run --data t.npz --out e.npz");
    assert_eq!(folder.array("e.npz", "embedding").shape(), [200, 2]);
    for (model, data) in [("upright", "t.npz"), ("run", "data.npz")] {
        for command in ["embed", "attribute"] {
            folder.fails_with(
                &format!("{command} --model {model} --data {data} --out o.npz"),
                &["looks transposed: it is (4, 200)", "trained on 4 channels"],
            );
        }
    }
}

#[test]
fn names_in_messages_stay_whole() {
    let folder = Folder::new();
    folder.write_npz("n.npz", &[("rest; eyes closed", x()), ("y", x())]);
    let output = folder.run(&format!("fit --data n.npz --out run {SHORT} --json"));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        json["error"],
        "n.npz has no array `x`; it has `rest; eyes closed`, `y`"
    );
    assert_eq!(json["help"], "name one of these");
}
