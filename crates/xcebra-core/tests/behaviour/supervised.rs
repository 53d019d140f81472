//! Supervised losses: against plain computations, finite differences and PyTorch
//! (`tests/data/README.md`).

use crate::common::losses::{assert_slope, differentiate, normal, term};
use crate::common::reference_files::{TOLERANCE, number, open, rows};
use ndarray::Array2;
use xcebra_core::objective::Targets;
use xcebra_core::ops::{cross_entropy, info_nce, mean_squared_error};
use xcebra_core::{Labels, LossConfig, Recording, Similarity};

#[test]
fn supervised_losses_equal_pytorch() {
    let mut npz = open("objectives.npz");
    let (embedding, targets) = (rows("ref"), rows("pos"));
    let classes: Vec<usize> = (0..64).map(|i| 7 * i % 6).collect();
    let found = [
        differentiate(&embedding, 6, |e| {
            mean_squared_error(e, 0..64, 0..6, &targets)
        }),
        differentiate(&embedding, 6, |e| cross_entropy(e, 0..64, 0..6, &classes)),
    ];
    for ((loss, gradient), name) in found.iter().zip(["mse", "cross_entropy"]) {
        assert!((loss - number(&mut npz, &format!("{name}_loss"))).abs() < TOLERANCE);
        let expected: Array2<f64> = npz.by_name(&format!("{name}_grad")).unwrap();
        for (f, e) in gradient.iter().zip(&expected) {
            assert!((f - e).abs() < TOLERANCE, "{name}: {f} {e}");
        }
    }
}

#[test]
fn cross_entropy_survives_large_logits() {
    let values = vec![1000.0_f32, -1000.0, 0.0, 800.0];
    let (loss, gradient) = differentiate(&values, 2, |e| cross_entropy(e, 0..2, 0..2, &[1, 1]));
    assert_eq!(loss, 1000.0);
    assert_eq!(gradient, [0.5, -0.5, 0.0, 0.0]);
    let (loss, _) = differentiate(&[f32::NAN, 0.0], 2, |e| cross_entropy(e, 0..1, 0..2, &[1]));
    assert!(loss.is_nan());
}

/// Losses of one embedding add up on the tape.
#[test]
fn supervised_and_contrastive_losses_compose() {
    let (n, d) = (20, 4);
    let values = normal::<f64>(3 * n * d, 3);
    let targets = normal::<f64>(n * 2, 4);
    let terms = [term(n, 0..d, Similarity::default())];
    let total = |values: &[f64]| {
        differentiate(values, d, |e| {
            let supervised = mean_squared_error(e.retaped(), 0..n, 2..4, &targets);
            info_nce(e, &terms).0 + supervised * 0.3
        })
    };
    let (_, gradient) = total(&values);
    assert_slope(&values, |v| total(v).0, &gradient, "sum");
}

#[test]
fn targets_follow_the_labels() {
    let x = Array2::from_shape_fn((5, 1), |(t, _)| t as f64);
    let z = Array2::from_shape_fn((5, 2), |(t, k)| (10 * t + k) as f64);
    let recording = Recording::new(x.view())
        .unwrap()
        .with_label("z", Labels::Continuous(z))
        .unwrap()
        .with_label("class", Labels::Discrete(vec![7, -2, 7, 30, -2]))
        .unwrap();
    let mse = |label: &str| LossConfig::Mse {
        label: label.into(),
    };
    let entropy = |label: &str| LossConfig::CrossEntropy {
        label: label.into(),
    };
    let targets = |loss: &LossConfig, dims| loss.targets(&recording, dims);
    let at = |loss: &LossConfig, dims| targets(loss, dims).unwrap().unwrap().at(&[3, 0]);
    let values = |values, columns| Targets::Values { values, columns };
    assert_eq!(at(&mse("z"), 2), values(vec![30.0, 31.0, 0.0, 1.0], 2));
    assert_eq!(at(&mse("class"), 1), values(vec![30.0, 7.0], 1));
    assert_eq!(at(&entropy("class"), 3), Targets::Classes(vec![2, 1]));
    for (loss, dims, words) in [
        (mse("z"), 3, "2: one for each of the columns of label `z`"),
        (entropy("class"), 2, "3: one for each of the classes"),
        (entropy("z"), 2, "real numbers"),
        (mse("y"), 2, "`y`"),
    ] {
        let error = targets(&loss, dims).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
