//! Equality with scikit-learn (see `data/README.md`).

use std::fs::File;
use std::path::Path;

use approx::assert_abs_diff_eq;
use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use xcebra_eval::{
    Knn, LinearRegression, Metric, R2Average, Weights, auroc, auroc_map, average_precision,
    average_precision_map, linear_r2, r2, r2_per_output,
};

fn reference() -> NpzReader<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics.npz");
    NpzReader::new(File::open(path).unwrap()).unwrap()
}

fn vector(npz: &mut NpzReader<File>, name: &str) -> Array1<f64> {
    npz.by_name(name).unwrap()
}

fn matrix(npz: &mut NpzReader<File>, name: &str) -> Array2<f64> {
    npz.by_name(name).unwrap()
}

/// Sums of at most 500 terms of size 1 on either side: a few hundred roundings at worst.
const RANKING: f64 = 1e-13;
/// Another factorisation of a matrix with a condition number of a few units, 120 rows.
const REGRESSION: f64 = 1e-13;

#[test]
fn auroc_and_average_precision() {
    let npz = &mut reference();
    for set in [
        "noties",
        "ties",
        "heavyties",
        "allties",
        "negated_ties",
        "tiny",
    ] {
        let labels: Array1<u8> = npz.by_name(&format!("{set}_label")).unwrap();
        let labels: Vec<bool> = labels.iter().map(|&label| label == 1).collect();
        let scores = vector(npz, &format!("{set}_score"));
        let auc = vector(npz, &format!("{set}_auc"))[0];
        let ap = vector(npz, &format!("{set}_ap"))[0];

        let flat = scores.as_slice().unwrap();
        assert_abs_diff_eq!(auroc(&labels, flat).unwrap(), auc, epsilon = RANKING);
        assert_abs_diff_eq!(
            average_precision(&labels, flat).unwrap(),
            ap,
            epsilon = RANKING
        );

        // the same numbers as a map
        let shape = (labels.len() / 2, 2);
        let truth = Array2::from_shape_vec(shape, labels).unwrap();
        let map = scores.into_shape_with_order(shape).unwrap();
        let auc_of_map = auroc_map(&truth, &map).unwrap();
        let ap_of_map = average_precision_map(&truth, &map).unwrap();
        assert_abs_diff_eq!(auc_of_map, auc, epsilon = RANKING);
        assert_abs_diff_eq!(ap_of_map, ap, epsilon = RANKING);
    }
}

#[test]
fn linear_regression() {
    let npz = &mut reference();
    let x_train = matrix(npz, "reg_X_train");
    let y_train = matrix(npz, "reg_Y_train");
    let x_test = matrix(npz, "reg_X_test");
    let model = LinearRegression::fit(&x_train, &y_train).unwrap();
    assert_eq!(model.rank(), 8);
    let coefficients = matrix(npz, "linreg_coef");
    let intercept = vector(npz, "linreg_intercept");
    assert_abs_diff_eq!(model.coefficients(), coefficients, epsilon = REGRESSION);
    assert_abs_diff_eq!(model.intercept(), intercept, epsilon = REGRESSION);
    let prediction = model.predict(&x_test).unwrap();
    let expected = matrix(npz, "linreg_pred_test");
    assert_abs_diff_eq!(prediction, expected, epsilon = REGRESSION);
}

#[test]
fn r_squared_in_all_averages() {
    let npz = &mut reference();
    let x_train = matrix(npz, "reg_X_train");
    let y_train = matrix(npz, "reg_Y_train");
    let model = LinearRegression::fit(&x_train, &y_train).unwrap();
    for set in ["train", "test"] {
        let x = matrix(npz, &format!("reg_X_{set}"));
        let y = matrix(npz, &format!("reg_Y_{set}"));
        let prediction = model.predict(&x).unwrap();
        for (name, average) in [
            ("uniform_average", R2Average::Uniform),
            ("variance_weighted", R2Average::VarianceWeighted),
        ] {
            let expected = vector(npz, &format!("linreg_r2_{set}_{name}"))[0];
            let found = r2(&y, &prediction, average).unwrap();
            assert_abs_diff_eq!(found, expected, epsilon = REGRESSION);
        }
        let raw = vector(npz, &format!("linreg_r2_{set}_raw_values"));
        let found = r2_per_output(&y, &prediction).unwrap();
        assert_abs_diff_eq!(found, raw, epsilon = REGRESSION);
    }
    let on_train = vector(npz, "linreg_r2_train_uniform_average")[0];
    let found = linear_r2(&x_train, &y_train).unwrap();
    assert_abs_diff_eq!(found, on_train, epsilon = REGRESSION);
}

#[test]
fn r_squared_of_given_predictions() {
    let npz = &mut reference();
    let y = matrix(npz, "reg_Y_test");
    for set in [
        "knn1_euclidean",
        "knn5_euclidean",
        "knn10_euclidean",
        "knn3_cosine",
    ] {
        let prediction = matrix(npz, &format!("{set}_pred"));
        let uniform = vector(npz, &format!("{set}_r2"))[0];
        let raw = vector(npz, &format!("{set}_r2_raw"));
        let found = r2(&y, &prediction, R2Average::Uniform).unwrap();
        assert_abs_diff_eq!(found, uniform, epsilon = REGRESSION);
        let found = r2_per_output(&y, &prediction).unwrap();
        assert_abs_diff_eq!(found, raw, epsilon = REGRESSION);
    }
}

#[test]
fn one_output() {
    let npz = &mut reference();
    let column = |y: Array2<f64>| y.slice_move(ndarray::s![.., ..1]);
    let x_train = matrix(npz, "reg_X_train");
    let y_train = column(matrix(npz, "reg_Y_train"));
    let x_test = matrix(npz, "reg_X_test");
    let y_test = column(matrix(npz, "reg_Y_test"));
    let model = LinearRegression::fit(&x_train, &y_train).unwrap();
    let prediction = model.predict(&x_test).unwrap();
    let found = r2(&y_test, &prediction, R2Average::Uniform).unwrap();
    let expected = vector(npz, "linreg1d_r2_test")[0];
    assert_abs_diff_eq!(found, expected, epsilon = REGRESSION);
}

#[test]
fn nearest_neighbours() {
    let npz = &mut reference();
    let known = matrix(npz, "reg_X_train");
    let labels = matrix(npz, "reg_Y_train");
    let queries = matrix(npz, "reg_X_test");
    let truth = matrix(npz, "reg_Y_test");
    for (name, knn) in [
        ("knn1_euclidean", Knn::new(1)),
        ("knn5_euclidean", Knn::new(5)),
        ("knn10_euclidean", Knn::new(10)),
        ("knn3_cosine", Knn::new(3).metric(Metric::Cosine)),
    ] {
        let decoded = knn.regress(&known, &labels, &queries).unwrap();
        let expected = matrix(npz, &format!("{name}_pred"));
        // the same neighbours, so the means of at most ten numbers
        assert_abs_diff_eq!(decoded, expected, epsilon = RANKING);
        let score = r2(&truth, &decoded, R2Average::Uniform).unwrap();
        let expected = vector(npz, &format!("{name}_r2"))[0];
        assert_abs_diff_eq!(score, expected, epsilon = REGRESSION);
    }
    let knn = Knn::new(5).weights(Weights::Distance);
    let decoded = knn.regress(&known, &labels, &queries).unwrap();
    let score = r2(&truth, &decoded, R2Average::Uniform).unwrap();
    let expected = vector(npz, "knn5_distweighted_r2")[0];
    assert_abs_diff_eq!(score, expected, epsilon = REGRESSION);
}
