//! Names, parameters, and what is refused.

use super::*;
use xcebra_model::Advice;

fn refusal(list: &str) -> AttrError {
    list.parse::<Methods<f64>>().unwrap_err()
}

fn error(list: &str) -> String {
    refusal(list).to_string()
}

#[test]
fn lists_keep_their_order_and_name_what_is_wrong() {
    let methods: Methods<f64> = " neuron-gradient, ing".parse().unwrap();
    assert_eq!(methods.names(), ["neuron-gradient", "ing"]);
    let unknown = refusal("ing,gradient");
    assert_eq!(
        unknown.to_string(),
        "there is no attribution method \"gradient\""
    );
    let advice = unknown.advice().unwrap();
    assert!(
        advice.starts_with("choose among: ing, neuron-gradient, "),
        "{advice}"
    );
    assert!(error("ing,ing").contains("ing twice"));
    assert!("".parse::<Methods<f64>>().is_err());
}

#[test]
fn every_name_is_unique_and_makes_the_method_of_that_name() {
    let all = Methods::<f32>::all();
    let mut names = all.names();
    for name in &names {
        let one: Methods<f32> = name.parse().unwrap();
        assert_eq!(one.names(), [*name]);
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn parameters_are_taken_and_strangers_refused() {
    let list = "integrated-gradients( nodes=20, rule=midpoint,baseline=mean ), ing,\
                feature-ablation-inverse(groups=channels)";
    let methods: Methods<f64> = list.parse().unwrap();
    assert_eq!(
        methods.names(),
        ["integrated-gradients", "ing", "feature-ablation-inverse"]
    );
    assert_eq!(methods[0].evaluations(3, 7), 20 * 3 + 2);
    assert!(methods[0].needs().moments);
    for (list, why) in [
        ("integrated-gradients(nodes=0)", "nodes"),
        ("integrated-gradients(nodes=1,rule=trapezoid)", "at least 2"),
        (
            "integrated-gradients(rule=simpson)",
            "midpoint, trapezoid, left, right",
        ),
        ("integrated-gradients(rule=simpson:3)", "such as"),
        ("integrated-gradients(rule=right:0)", "N at least 1"),
        ("integrated-gradients(nodes=5,rule=right:5)", "either"),
        ("integrated-gradients(nodes=many)", "a number"),
        ("integrated-gradients(steps=5)", "nodes, rule, baseline"),
        ("integrated-gradients(nodes=5,nodes=6)", "twice"),
        ("integrated-gradients(baseline=one)", "zero, mean, shuffle"),
        ("ing(nodes=5)", "no parameters"),
        ("ing(nodes", "closed"),
        ("ing)", "closed"),
        ("ing()ing", "closed"),
        ("smooth-grad(noise)", "key=value"),
    ] {
        assert!(error(list).contains(why), "{list}: {}", error(list));
    }
}
