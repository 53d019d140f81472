//! What is asked for, and what it costs, on models in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdig::Rule;
use ndarray::{ArrayD, array};
use xcebra_model::{FnModel, Watch};

use crate::explain::{
    BaselineSource, Domains, ExplainSettings, GradientSource, GroupBy, Input, Outputs, Subject,
    explain,
};

/// `Σ x²`.
fn energy() -> Subject {
    let model = FnModel::per_sample(
        [2, 16],
        1,
        |x| Ok(array![x.mapv(|v: f64| v * v).sum()]),
        |x, cotangent| Ok(&x * (2.0 * cotangent[0])),
    );
    Subject::of_model("energy", model)
}

/// Classes of some signals: what is wrong with the others does not matter.
#[test]
fn groups_are_of_the_signals_that_are_explained() {
    let signals = ArrayD::from_shape_fn(vec![60, 2, 16], |i| (i[0] + 1) as f64);
    let mut settings = ExplainSettings::new(Input::new(signals, "the signals"));
    settings.sampling_rate = Some(16.0);
    let mut label: Vec<f64> = (0..60).map(f64::from).collect();
    label[7] = f64::NAN;
    settings.group_by = Some(GroupBy::Values(label));
    let explained = |settings: &ExplainSettings| explain(&energy(), settings, &Watch::new());
    let message = |settings: &ExplainSettings| explained(settings).err().unwrap().to_string();
    assert!(message(&settings).contains("NaN for signal 7"));
    settings.signals = Some(vec![5..6, 0..2, 8..9]);
    let found = explained(&settings).unwrap();
    let groups: Vec<_> = found.groups().collect();
    let expected = [
        ("0", vec![1]),
        ("1", vec![2]),
        ("5", vec![0]),
        ("8", vec![3]),
    ];
    assert_eq!(groups, expected);
    // counted among all
    settings.signals = Some(vec![5..6, 7..9]);
    assert!(message(&settings).contains("NaN for signal 7"));
    settings.group_by = Some(GroupBy::Values(vec![0.0; 3]));
    assert!(message(&settings).contains("3 values for 60 signals"));
}

/// Asked twice which output is largest, for itself and for groups, the model answers once.
#[test]
fn the_largest_output_is_looked_for_once() {
    let evaluated = |group_by: Option<GroupBy>| {
        let signals = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&signals);
        let model = FnModel::<f64>::per_sample(
            [16],
            2,
            move |x| {
                seen.fetch_add(1, Ordering::SeqCst);
                Ok(array![x.sum(), -x.sum()])
            },
            |x, cotangent| Ok(x.mapv(|_| cotangent[0] - cotangent[1])),
        );
        let input = ArrayD::from_shape_fn(vec![5, 16], |i| if i[0] < 2 { 1.0 } else { -1.0 });
        let mut settings = ExplainSettings::new(Input::new(input, "the signals"));
        settings.sampling_rate = Some(16.0);
        settings.output = Some(Outputs::Predicted);
        settings.group_by = group_by;
        let subject = Subject::of_model("signs", model);
        let found = explain(&subject, &settings, &Watch::new()).unwrap();
        (found.groups().count(), signals.load(Ordering::SeqCst))
    };
    let (plain, grouped) = (evaluated(None), evaluated(Some(GroupBy::Predicted)));
    assert_eq!((plain.0, grouped.0), (0, 2));
    assert_eq!(plain.1, grouped.1);
}

/// A spectrum and a cepstrum do not share their path points, so both are counted.
#[test]
fn what_differences_cost_is_said_for_all_paths() {
    let signals = ArrayD::from_shape_fn(vec![2, 16], |i| 1.5 + (i[1] as f64 * 0.8).sin());
    let cost = |domains: &[&str], rule: Rule| {
        let mut settings = ExplainSettings::new(Input::new(signals.clone(), "the signal"));
        settings.sampling_rate = Some(16.0);
        settings.domains = Domains::These(domains.iter().map(|d| d.parse().unwrap()).collect());
        settings.baseline = BaselineSource::Signal(Input::new(&signals * 0.5, "half").into());
        settings.gradient = GradientSource::Differences { step: None };
        settings.rule = rule;
        let found = explain(&energy(), &settings, &Watch::new()).unwrap();
        found.notes()[0].clone()
    };
    // 32 samples, two values each; two values at the ends
    for (domains, words) in [
        (
            &["rfft", "time"][..],
            "4 points for each of 1 explanation: 258 evaluations",
        ),
        (
            &["rfft", "cepstrum"],
            "8 points for each of 1 explanation: 514 evaluations",
        ),
    ] {
        let cost = cost(domains, Rule::Midpoint(4));
        assert!(cost.contains(words), "{cost}");
    }
    // and a value at each point, for the rule that looks where the output changes
    let cost = cost(
        &["rfft", "cepstrum"],
        Rule::Adaptive {
            tolerance: 1e-3,
            budget: 60,
        },
    );
    let words = "at most 120 points for each of 1 explanation: at most 7802 evaluations";
    assert!(cost.contains(words), "{cost}");
}

#[test]
fn slow_rates_are_told() {
    let mut settings = ExplainSettings::new(Input::new(ArrayD::ones(vec![2, 16]), "ones"));
    settings.sampling_rate = Some(8e-7);
    let found = explain(&energy(), &settings, &Watch::new()).unwrap();
    let page = found.report().html();
    assert!(page.contains("rate       0.0000008 Hz"), "{page}");
}
