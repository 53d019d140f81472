//! Dimensions, ranks and agreement, against closed forms.

use crate::common::{Head, Mlp, linear, uniform};
use ndarray::{Array2, Axis, array};
use xcebra_attr::Options;
use xcebra_attr::diagnostics::{agreement, diagnose, effective_dimension};

#[test]
fn the_participation_ratio_by_hand() {
    // columns orthogonal and centred: variances 4 and 1
    let two = array![[2.0, 1.0], [-2.0, 1.0], [2.0, -1.0], [-2.0, -1.0]];
    let found = effective_dimension(&(&two + 100.0)).unwrap();
    assert!((found.participation_ratio - 25.0 / 17.0).abs() < 1e-12);
    assert!(
        (&found.variances - &array![4.0, 1.0])
            .iter()
            .all(|v| v.abs() < 1e-12)
    );
    let line = two
        .column(0)
        .insert_axis(Axis(1))
        .dot(&array![[1.0, -2.0, 0.5]]);
    let found = effective_dimension(&line).unwrap();
    assert!((found.participation_ratio - 1.0).abs() < 1e-12);
    assert!(
        found
            .to_string()
            .contains("1 of 3 embedding directions are used (effective dimension 1.0): fewer")
    );
    let constant = effective_dimension(&Array2::from_elem((5, 2), 3.0)).unwrap();
    assert_eq!(constant.participation_ratio, 0.0);
    assert!(effective_dimension(&Array2::<f64>::zeros((0, 2))).is_err());
    assert!(effective_dimension(&array![[f32::NAN]]).is_err());
}

#[test]
fn a_diagnosis_is_that_of_the_parts() {
    let weights = array![[3.0, 0.0, 0.0], [0.0, 0.5, 0.0]];
    let x = uniform((500, 3), 1);
    let options = Options::new().batch_size(64);
    let found = diagnose(&linear(&weights), &x, &options).unwrap();
    let embedding = effective_dimension(&x.dot(&weights.t())).unwrap();
    let off = found.embedding.participation_ratio - embedding.participation_ratio;
    assert!(off.abs() < 1e-12);
    assert!((found.jacobians.condition().unwrap().max - 6.0).abs() < 1e-5);
    let words = found.to_string();
    assert!(
        words.starts_with("Every Jacobian has full rank 2;"),
        "{words}"
    );
    assert!(words.contains("condition number 6.0 on average"), "{words}");

    let normalised = Mlp::<f32>::random(&[6], 16, 3, 2).with_head(Head::Normalised);
    let x = uniform((50, 6), 3).mapv(|v| v as f32);
    let found = diagnose(&normalised, &x, &options).unwrap();
    let words = found.to_string();
    assert!(
        words.contains("100 % of the Jacobians have rank below 3"),
        "{words}"
    );
    let words = found.jacobians.in_words(2);
    assert!(
        words.starts_with("Every Jacobian has rank 2, the most that normalised outputs allow"),
        "{words}"
    );

    let flat = diagnose(
        &linear(&Array2::<f64>::zeros((2, 3))),
        &uniform((9, 3), 1),
        &options,
    );
    assert!(
        flat.unwrap()
            .to_string()
            .contains("none of them can be inverted")
    );
    let steep = array![[1e3, 0.0], [0.0, 1.0]];
    let words = diagnose(&linear(&steep), &uniform((9, 2), 1), &options).unwrap();
    assert!(words.to_string().contains("1000 on average"), "{words}");
    assert!(diagnose(&linear(&steep), &uniform((9, 3), 1), &options).is_err());
}

#[test]
fn agreement_by_hand() {
    let a = array![[1.0, 2.0], [3.0, 4.0]];
    let same = agreement(&[a.clone(), &a * 3.0 + 1.0]).unwrap();
    assert!((same.pearson.1 - 1.0).abs() < 1e-15 && (same.spearman.1 - 1.0).abs() < 1e-15);
    assert!(
        same.to_string().contains("does not hang on the seed"),
        "{same}"
    );

    // ranks agree, values less: r of (1, 2, 3, 4) and (1, 4, 9, 16) is 25 / √(5 · 129)
    let squares = agreement(&[a.clone(), a.mapv(|v| v * v)]).unwrap();
    assert!((squares.pearson.0 - 25.0 / 645.0_f64.sqrt()).abs() < 1e-15);
    assert!((squares.spearman.0 - 1.0).abs() < 1e-15);

    let three = agreement(&[a.clone(), a.clone(), -&a]).unwrap();
    assert!((three.pearson.0 + 1.0 / 3.0).abs() < 1e-15 && (three.pearson.1 + 1.0).abs() < 1e-15);
    assert!(three.to_string().contains("differ"), "{three}");

    // ties share a rank: (0.5, 0.5, 2.5, 2.5) against (0, 1, 2, 3): 4 / √(4 · 5)
    let tied = agreement(&[array![[1.0, 1.0], [2.0, 2.0]], a.clone()]).unwrap();
    assert!((tied.spearman.0 - 4.0 / 20.0_f64.sqrt()).abs() < 1e-15);
    assert!(tied.to_string().contains("average") && tied.maps == 2);

    assert!(agreement(std::slice::from_ref(&a)).is_err());
    assert!(agreement(&[a.clone(), array![[1.0, 2.0]]]).is_err());
    assert!(agreement(&[a.clone(), Array2::ones((2, 2))]).is_err());
    assert!(agreement(&[a, array![[1.0, f64::NAN], [0.0, 2.0]]]).is_err());
}
