//! Objectives as they stand in a configuration file.

use serde_json::{Value, json};
use xcebra_core::{Config, LossConfig, Metric, ObjectiveConfig, PositivesConfig, Similarity};

fn read(value: Value) -> Result<ObjectiveConfig, String> {
    serde_json::from_value(value).map_err(|e| e.to_string())
}

#[test]
fn files_without_a_loss_still_read() {
    let found = read(json!({
        "dims": [0, 3],
        "positives": { "kind": "time-delta", "label": "z" },
        "similarity": { "kind": "cosine", "temperature": 0.5 },
        "weight": 2.0,
    }));
    let expected = ObjectiveConfig {
        dims: Some([0, 3]),
        weight: 2.0,
        ..ObjectiveConfig::new(LossConfig::InfoNce {
            positives: PositivesConfig::TimeDelta {
                label: "z".into(),
                delta: 1,
            },
            similarity: Similarity::new(Metric::Cosine, 0.5),
        })
    };
    assert_eq!(found.unwrap(), expected);
    let short = read(json!({ "positives": { "kind": "time" } })).unwrap();
    assert_eq!(
        short,
        ObjectiveConfig::info_nce(PositivesConfig::Time { offset: 1 })
    );
}

#[test]
fn every_objective_survives_the_round_trip() {
    let label = || "z".to_owned();
    let positives = [
        PositivesConfig::Time { offset: 4 },
        PositivesConfig::TimeDelta {
            label: label(),
            delta: 2,
        },
        PositivesConfig::DeltaNormal {
            label: label(),
            sigma: 0.3,
        },
        PositivesConfig::DeltaVmf {
            label: label(),
            kappa: 2.0,
        },
        PositivesConfig::Discrete { label: label() },
        PositivesConfig::Mixed {
            discrete: label(),
            continuous: label(),
            delta: 2,
        },
        PositivesConfig::Uniform {},
    ];
    let mut objectives: Vec<ObjectiveConfig> = positives
        .into_iter()
        .map(ObjectiveConfig::info_nce)
        .collect();
    objectives.push(ObjectiveConfig::new(LossConfig::Mse { label: label() }));
    objectives.push(ObjectiveConfig {
        weight_start: 100,
        weight_ramp: 50,
        ..ObjectiveConfig::new(LossConfig::CrossEntropy { label: label() })
    });
    objectives.push(ObjectiveConfig::new(LossConfig::InfoNce {
        positives: PositivesConfig::Uniform {},
        similarity: Similarity {
            learn: true,
            minimum: 0.05,
            ..Similarity::new(Metric::Dot, 0.5)
        },
    }));
    for objective in objectives {
        let written = serde_json::to_value(&objective).unwrap();
        assert_eq!(read(written.clone()).unwrap(), objective, "{written}");
    }
}

#[test]
fn supervised_objectives_read_as_they_are_written_about() {
    let found = read(json!({ "loss": "mse", "label": "z", "dims": [0, 3] })).unwrap();
    assert_eq!((found.dims, found.weight), (Some([0, 3]), 1.0));
    assert_eq!(found.loss, LossConfig::Mse { label: "z".into() });
    let labels = found.loss.labels();
    assert_eq!((labels[0].name, labels[0].discrete), ("z", false));
    let found = read(json!({ "loss": "cross-entropy", "label": "c" })).unwrap();
    assert!(found.loss.labels()[0].discrete);
}

#[test]
fn contradictions_are_named() {
    let time = json!({ "kind": "time" });
    for (value, words) in [
        (json!({}), "missing field `positives`"),
        (json!({ "label": "z" }), "label = \"z\""),
        (
            json!({ "label": "z", "positives": time }),
            "belongs to loss",
        ),
        (json!({ "loss": "mse" }), "missing field `label`"),
        (
            json!({ "loss": "mse", "label": "z", "positives": time }),
            "neither",
        ),
        (
            json!({ "loss": "cross-entropy", "label": "z", "similarity": {} }),
            "neither",
        ),
        (json!({ "loss": "mae", "label": "z" }), "mae"),
        (json!({ "positives": time, "wait": 1 }), "wait"),
        (
            json!({ "positives": { "kind": "uniform", "label": "z" } }),
            "label",
        ),
        (
            json!({ "positives": { "kind": "delta-normal", "label": "z" } }),
            "sigma",
        ),
        (
            json!({ "positives": time, "similarity": { "tau": 1 } }),
            "tau",
        ),
    ] {
        let error = read(value).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn settings_outside_their_domain_are_refused() {
    let refused = |objective: ObjectiveConfig, words: &str| {
        let config = Config {
            objective: vec![objective],
            ..Config::default()
        };
        let error = config.check().unwrap_err().to_string();
        assert!(
            error.contains("objective.0") && error.contains(words),
            "{error}"
        );
    };
    let label = || "z".to_owned();
    let positives = |p, words: &str| refused(ObjectiveConfig::info_nce(p), words);
    positives(PositivesConfig::Time { offset: 0 }, "positives.offset");
    positives(
        PositivesConfig::TimeDelta {
            label: label(),
            delta: 0,
        },
        "positives.delta",
    );
    positives(
        PositivesConfig::DeltaNormal {
            label: label(),
            sigma: -1.0,
        },
        "positives.sigma",
    );
    positives(
        PositivesConfig::DeltaVmf {
            label: label(),
            kappa: f64::NAN,
        },
        "positives.kappa",
    );
    let similarity = |similarity, words: &str| {
        let positives = PositivesConfig::Uniform {};
        refused(
            ObjectiveConfig::new(LossConfig::InfoNce {
                positives,
                similarity,
            }),
            words,
        );
    };
    similarity(Similarity::new(Metric::Dot, -1.0), "similarity.temperature");
    let low = Similarity::new(Metric::Dot, 0.001);
    similarity(Similarity { learn: true, ..low }, "minimum, 0.01");
    similarity(
        Similarity {
            minimum: 0.0,
            ..low
        },
        "similarity.minimum",
    );
    let supervised = ObjectiveConfig::new(LossConfig::Mse { label: label() });
    refused(
        ObjectiveConfig {
            dims: Some([2, 9]),
            ..supervised.clone()
        },
        "dims",
    );
    refused(
        ObjectiveConfig {
            weight: -1.0,
            ..supervised
        },
        "weight",
    );
    // a low fixed temperature has no minimum
    let fixed = ObjectiveConfig::new(LossConfig::InfoNce {
        positives: PositivesConfig::Uniform {},
        similarity: low,
    });
    let config = Config {
        objective: vec![fixed],
        ..Config::default()
    };
    config.check().unwrap();
}

#[test]
fn the_weight_can_rise() {
    let objective = ObjectiveConfig {
        weight: 2.0,
        weight_start: 10,
        weight_ramp: 4,
        ..ObjectiveConfig::info_nce(PositivesConfig::Uniform {})
    };
    let weights = [0, 10, 11, 14, 99].map(|step| objective.schedule().at(step));
    assert_eq!(weights, [0.0, 0.0, 0.5, 2.0, 2.0]);
}

#[test]
fn the_hybrid_form_takes_the_label_for_the_second_half() {
    let config = Config::hybrid(5, "z");
    let dims: Vec<_> = config.objective.iter().map(|o| o.dims).collect();
    assert_eq!(dims, [Some([0, 5]), Some([3, 5])]);
    let positives = [
        PositivesConfig::Time { offset: 1 },
        PositivesConfig::TimeDelta {
            label: "z".into(),
            delta: 1,
        },
    ];
    for (objective, positives) in config.objective.iter().zip(positives) {
        let similarity = Similarity::new(Metric::Euclidean, 1.0);
        let expected = LossConfig::InfoNce {
            positives,
            similarity,
        };
        assert_eq!((&objective.loss, objective.weight), (&expected, 1.0));
    }
}
