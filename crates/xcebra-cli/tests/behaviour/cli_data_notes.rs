//! What commands note about data that look like a mistake: on the terminal, in JSON, in logs and reports.

use crate::common::{Folder, SHORT, speed, state, x};
use ndarray::Array2;

fn notes(json: &serde_json::Value) -> Vec<String> {
    let list = json["notes"].as_array().unwrap();
    list.iter()
        .map(|n| n.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn data_in_other_units_are_noted_by_embed_and_attribute() {
    let folder = Folder::new();
    folder.trained();
    let micro = x().mapv(|v| 1000.0 * v);
    folder.write_npz("micro.npz", &[("x", micro)]);
    for command in ["embed", "attribute"] {
        let json = folder.json(&format!(
            "{command} --model run --data data.npz --out o.npz"
        ));
        assert!(notes(&json).is_empty(), "{json}");
        let arguments = format!("{command} --model run --data micro.npz --out o.npz");
        let json = folder.json(&arguments);
        assert!(
            notes(&json).len() == 1 && notes(&json)[0].contains("check the unit"),
            "{json}"
        );
        let output = folder.run(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            error.contains("note: channels `0`, `1`, `2`, `3`: values are far"),
            "{error}"
        );
    }
    folder.succeeds("attribute --model run --data micro.npz --out o.npz --report r.html");
    assert!(folder.text("r.html").contains("check the unit"));
}

#[test]
fn marks_of_missing_values_and_rare_classes_are_noted_by_fit() {
    let folder = Folder::new();
    let mut gaps = x();
    let mut label = speed();
    let mut classes = state();
    for t in [20, 21, 22, 90] {
        gaps[[t, 1]] = -9999.0;
        label[[t, 0]] = 1e20;
    }
    classes[[7, 0]] = 9.0;
    folder.write_npz(
        "data.npz",
        &[("x", gaps), ("speed", label), ("state", classes)],
    );
    folder.write(
        "fit.toml",
        "[[objective]]\npositives = { kind = 'time-delta', label = 'speed' }\n\
         [[objective]]\npositives = { kind = 'discrete', label = 'state' }",
    );
    let arguments = format!("fit --data data.npz --config fit.toml --out run --force {SHORT}");
    let json = folder.json(&arguments);
    let (log, page) = (folder.text("run/log.txt"), folder.text("run/report.html"));
    for words in [
        "channel `1`: the value -9999 appears 4 times",
        "label `speed`: the value 100000000000000000000 appears 4 times",
        "label `state`: 1 of 4 classes have a single sample, which is its only positive: 9",
    ] {
        let noted = notes(&json);
        assert!(
            noted.iter().any(|note| note.contains(words)),
            "no {words:?} in {noted:?}"
        );
        assert!(log.contains(&format!("note: {words}")), "{log}");
        assert!(page.contains(words), "{words}");
    }
    let error = folder.run(&format!("{arguments} --quiet")).stderr;
    assert!(error.is_empty());
}

#[test]
fn more_channels_than_samples_are_noted_before_the_training() {
    let folder = Folder::new();
    let wide = Array2::from_shape_fn((40, 90), |(t, c)| ((t * (c + 1)) as f64).sin());
    folder.write_npz("data.npz", &[("x", wide)]);
    let json = folder.json(&format!("fit --data data.npz --out run {SHORT}"));
    assert!(
        notes(&json)[0].contains("40 samples of 90 channels")
            && notes(&json)[0].contains("data.transpose"),
        "{json}"
    );
}

#[test]
fn labels_are_judged_on_what_was_held_out_and_classes_are_not_numbers() {
    let folder = Folder::new();
    folder.recording();
    let arguments = format!(
        "fit --data data.npz --out run --force {SHORT} --set data.labels.state=state --set data.labels.speed=speed"
    );
    let text = folder.succeeds(&arguments);
    for words in [
        "The label speed is a linear function of the embedding with R² = ",
        "on the samples of the training (none were held out)",
        "A linear readout reads the class of state",
        "always naming the most frequent class is right in 40 %",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let json = folder.json(&format!("{arguments} --set validation.held_out=0.25"));
    let found = &json["diagnostics"];
    assert!(found["label_r2"].get("state").is_none(), "{json}");
    let [r2, accuracy] = [
        &found["label_r2"]["speed"],
        &found["label_accuracy"]["state"],
    ];
    for part in [
        &r2["training"],
        &r2["held_out"],
        &accuracy["training"],
        &accuracy["held_out"],
    ] {
        assert!(part.is_f64(), "{json}");
    }
    assert!(accuracy["chance"].as_f64().unwrap() < 0.7, "{json}");
    let page = folder.text("run/report.html");
    assert!(page.contains("on samples held out"), "{page}");
    // classes that no objective uses have a legend, and the caption tells what the colour is
    assert!(
        page.contains("the colour is the class of `state`"),
        "{page}"
    );
    assert!(page.contains("state 0") && page.contains("state 2"));
    assert!(page.contains("Dimensions 0 and 1 of the 2 of the embedding"));
    // one validation is a number, not a picture
    assert!(
        page.contains("On held-out samples, which the training does not see, it is"),
        "{page}"
    );
    assert!(!page.contains("Goodness of fit, held out"));
}

#[test]
fn a_sphere_is_called_one_and_its_rank_is_the_most_it_can_be() {
    let folder = Folder::new();
    folder.recording();
    let settings = SHORT.replace("encoder.outputs=2", "encoder.outputs=3");
    let text = folder.succeeds(&format!(
        "fit --data data.npz --out run {settings} --set encoder.name=offset1"
    ));
    let words = "Every Jacobian has rank 2, the most that normalised outputs allow";
    assert!(text.contains(words), "{text}");
    let page = folder.text("run/report.html");
    assert!(page.contains("are on a sphere in 3 dimensions"), "{page}");
    let text = folder.succeeds("attribute --model run --data data.npz --out m.npz --report m.html");
    for text in [text, folder.text("m.html")] {
        assert_eq!(text.matches("Jacobian has").count(), 1, "{text}");
        assert!(text.contains(words), "{text}");
    }
    let gradient = "attribute --model run --data data.npz --out m.npz --method neuron-gradient";
    let text = folder.succeeds(gradient);
    assert_eq!(text.matches("Jacobian has").count(), 1, "{text}");
}
