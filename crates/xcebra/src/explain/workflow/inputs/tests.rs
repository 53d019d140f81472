//! A model of x (2 × 8) and c (4) with the outputs (Σ x)(Σ c) and Σ x + 3 Σ c.

use std::sync::Mutex;

use ndarray::{Array1, array};
use xcebra_model::FnModel;

use super::*;
use crate::explain::Input as Values;
use crate::explain::workflow::groups::GroupBy;
use crate::explain::workflow::output::Outputs;
use crate::explain::workflow::subject::Input;

fn sums(v: ndarray::ArrayViewD<'_, f64>) -> (f64, f64) {
    (v.iter().take(16).sum(), v.iter().skip(16).sum())
}

fn subject() -> Subject {
    let model = FnModel::per_sample(
        [20],
        2,
        |v| {
            let (x, c) = sums(v);
            Ok(array![x * c, x + 3.0 * c])
        },
        |v, w| {
            let (x, c) = sums(v);
            let slope = |i: usize| match i < 16 {
                true => w[0] * c + w[1],
                false => w[0] * x + 3.0 * w[1],
            };
            Ok(Array1::from_shape_fn(20, slope).into_dyn())
        },
    );
    let input = |name: &str, shape: &[usize]| Input {
        name: name.to_owned(),
        shape: shape.to_vec(),
    };
    Subject::of_model("both", model).with_inputs(vec![input("x", &[2, 8]), input("c", &[4])])
}

/// Three signals: x is at the level of each throughout, and c is 1.
fn signals(level: impl Fn(usize) -> f64) -> [InputSettings; 2] {
    let x = ArrayD::from_shape_fn(vec![3, 2, 8], |i| level(i[0]));
    let c = ArrayD::from_elem(vec![3, 4], 1.0);
    let mut x = InputSettings::new("x", Values::new(x, "x"));
    x.domain = "rfft".parse().unwrap();
    x.sampling_rate = Some(8.0);
    [x, InputSettings::new("c", Values::new(c, "c"))]
}

fn settings(outputs: &str) -> ExplainSettings {
    ExplainSettings {
        output: Some(outputs.parse().unwrap()),
        ..ExplainSettings::new(Values::new(ArrayD::zeros(vec![1]), "nothing"))
    }
}

fn explained(settings: &ExplainSettings, inputs: &[InputSettings]) -> Result<InputsExplanation> {
    explain_inputs(&subject(), settings, inputs, &Watch::new())
}

fn problem(settings: &ExplainSettings, inputs: &[InputSettings]) -> String {
    match explained(settings, inputs) {
        Ok(_) => panic!("it was explained"),
        Err(problem) => problem.to_string(),
    }
}

/// Σ x = 16 and Σ c = 4: half of the product each; 16 and 12 of the sum 28.
#[test]
fn every_output_is_told() {
    let found = explained(&settings("0,1"), &signals(|_| 1.0)).unwrap();
    let text = found.answer(None).unwrap().text;
    for words in [
        "input x carries 50 % of the change of output 0, 57 % of the change of output 1",
        "input c carries 50 % of the change of output 0, 43 % of the change of output 1",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let page = found.report().html();
    for words in [
        "each of 2 outputs",
        "The strongest coefficients of x, output 0",
        "The strongest coefficients of c, output 1",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

/// Each output has its row of the one array of all outputs of a signal.
#[test]
fn outputs_do_not_copy_the_arrays_of_all_outputs() {
    let found = explained(&settings("0,1"), &signals(|i| (i + 1) as f64)).unwrap();
    for (input, slopes) in [(0, [2.0, 1.0]), (1, [8.0, 3.0])] {
        let [first, second] = &found.inputs[input].1.rows[..] else {
            panic!("two outputs")
        };
        for (i, (a, b)) in first.found.iter().zip(&second.found).enumerate() {
            let (a, b) = (&a.scored[0], &b.scored[0]);
            assert!(Arc::ptr_eq(&a.all, &b.all));
            // of the product the path mean of the other sum; all of x is at 0 Hz
            let level = (i + 1) as f64;
            let size = if input == 0 {
                [16.0 * level; 2]
            } else {
                [4.0 * level, 4.0]
            };
            for (scored, k) in [(a, 0), (b, 1)] {
                let sum = scored.attribution().sum();
                assert!(
                    (sum - size[k] * slopes[k]).abs() < 1e-9,
                    "{input} {k}: {sum}"
                );
            }
        }
    }
}

/// The product 64 level is larger than 16 level + 12 if the level is above a quarter.
#[test]
fn signals_are_grouped_by_the_output_that_is_largest() {
    let grouped = ExplainSettings {
        group_by: Some(GroupBy::Predicted),
        output: Some(Outputs::Predicted),
        ..settings("0")
    };
    let found = explained(&grouped, &signals(|i| [1.0, 0.1, 2.0][i])).unwrap();
    for (_, explained) in &found.inputs {
        let groups: Vec<_> = explained.groups().collect();
        assert_eq!(groups, [("output 0", vec![0, 2]), ("output 1", vec![1])]);
    }
    let json = found.answer(None).unwrap().json;
    assert_eq!(
        json["inputs"][1]["groups"]["of"],
        serde_json::json!([0, 1, 0])
    );
    assert!(
        found
            .report()
            .html()
            .contains("Groups by the predicted output")
    );
}

#[test]
fn bands_are_used_or_refused() {
    let banded = ExplainSettings {
        bands: vec![("low".to_owned(), 0.0..2.0)],
        ..settings("0")
    };
    let mut inputs = signals(|_| 1.0);
    let found = explained(&banded, &inputs).unwrap();
    let json = found.answer(None).unwrap().json;
    // all of x is at 0 Hz
    let low = json["inputs"][0]["bands"][0]["attribution"]
        .as_f64()
        .unwrap();
    assert!((low - 32.0).abs() < 1e-9, "{low}");
    let notes = found.notes().join("\n");
    assert!(
        notes.contains("--bands cannot be used in the domain time of c"),
        "{notes}"
    );
    let high = ExplainSettings {
        bands: vec![("high".to_owned(), 5.0..6.0)],
        ..settings("0")
    };
    let message = problem(&high, &inputs);
    assert!(
        message.contains("--bands high=5-6 is above 4 Hz"),
        "{message}"
    );
    inputs[0].domain = "time".parse().unwrap();
    let message = problem(&banded, &inputs);
    assert!(
        message.contains("--bands cannot be used in the domain time of x"),
        "{message}"
    );
}

#[test]
fn what_is_said_of_a_baseline_is_told() {
    let mut inputs = signals(|_| 1.0);
    let baseline = array![0.5, -9999.0, 0.25, -9999.0].into_dyn();
    inputs[1].baseline = BaselineSource::Signal(Values::new(baseline, "the other").into());
    let told = Mutex::new(Vec::new());
    let listen = |note: &str| told.lock().unwrap().push(note.to_owned());
    let watch = Watch::new().on_note(&listen);
    let found = explain_inputs(&subject(), &settings("0"), &inputs, &watch).unwrap();
    let expected = "input c: the other holds the number -9999.0 2 times";
    for notes in [found.notes(), &told.into_inner().unwrap()] {
        assert!(
            notes.iter().any(|note| note.starts_with(expected)),
            "{notes:?}"
        );
    }
}
