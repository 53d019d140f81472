//! What `fit` notes about settings that are likely a mistake.

use crate::common::{Folder, SHORT, x};
use ndarray::{Array2, s};

/// What is on standard error, and the model's log.
fn notes(folder: &Folder, arguments: &str) -> (String, String) {
    let output = folder.run(&format!("{arguments} --out run --force"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    (error, folder.text("run/log.txt"))
}

#[test]
fn likely_mistakes_are_noted_and_logged() {
    let folder = Folder::new();
    let degrees = Array2::from_shape_fn((200, 1), |(t, _)| (17.0 * t as f64).rem_euclid(360.0));
    folder.write_npz("data.npz", &[("x", x()), ("heading", degrees)]);
    let cut = |from: usize, to: usize| x().slice(s![from..to, ..]).to_owned();
    folder.write_npz("short.npz", &[("x", cut(0, 8))]);
    folder.write_npz("long.npz", &[("x", cut(8, 200))]);
    for (text, data, words) in [
        (
            "[regularizer]\nstart = 20",
            "--data data.npz",
            "the Jacobian regulariser is off in all 20 steps: regularizer.start = 20",
        ),
        (
            "[[objective]]\npositives = { kind = 'time' }\nweight_start = 20",
            "--data data.npz",
            "objective 0 never counts, because its weight is 0 in all 20 steps",
        ),
        (
            "[[objective]]\nloss = 'mse'\nlabel = 'heading'\ndims = [0, 1]",
            "--data data.npz",
            "outputs of the encoder reach at most ±5, and the label `heading` reaches 359",
        ),
        (
            "[[objective]]\npositives = { kind = 'delta-vmf', label = 'heading', kappa = 5 }",
            "--data data.npz",
            "the label `heading` looks like degrees, and delta-vmf takes radians",
        ),
        (
            "[encoder]\nname = 'offset10'",
            "--data short.npz --data long.npz",
            "1 of 2 sessions are shorter than the encoder's window of 10 samples",
        ),
    ] {
        folder.write("fit.toml", text);
        let mut settings = SHORT.to_owned();
        if text.contains("[regularizer]") {
            settings = settings.replace("regularizer.start=5", "regularizer.ramp=5");
        }
        let arguments = format!("fit {data} --config fit.toml {settings}");
        let (error, log) = notes(&folder, &arguments);
        assert_eq!(error.matches("note: ").count(), 1, "{error}");
        assert!(error.contains(words), "no {words:?} in {error}");
        assert!(log.contains(&format!("note: {words}")), "{log}");
        let (error, _) = notes(&folder, &format!("{arguments} --quiet"));
        assert!(error.is_empty(), "{error}");
    }
    // angles that run on are no degrees, and sensible settings deserve no note
    folder.write_npz(
        "data.npz",
        &[
            ("x", x()),
            (
                "heading",
                Array2::from_shape_fn((200, 1), |(t, _)| 1.7 * t as f64),
            ),
        ],
    );
    folder.write(
        "fit.toml",
        "[[objective]]\npositives = { kind = 'delta-vmf', label = 'heading', kappa = 5 }",
    );
    let (error, log) = notes(
        &folder,
        &format!("fit --data data.npz --config fit.toml {SHORT}"),
    );
    assert!(
        !error.contains("note: ") && !log.contains("note: "),
        "{error}{log}"
    );
}
