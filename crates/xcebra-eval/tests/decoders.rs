//! Equality of decoders with scikit-learn, of disparities with scipy and of consistency between data sets with cebra
//! (see `data/README.md`).

use std::fs::File;
use std::path::Path;

use approx::assert_abs_diff_eq;
use ndarray::{Array1, Array2, Axis};
use ndarray_npy::NpzReader;
use xcebra_eval::{
    LinearRegression, LogisticRegression, accuracy, balanced_accuracy, blocks, by_label,
    consistency, procrustes_disparity,
};

fn reference() -> NpzReader<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/decoders.npz");
    NpzReader::new(File::open(path).unwrap()).unwrap()
}

fn vector(npz: &mut NpzReader<File>, name: &str) -> Array1<f64> {
    npz.by_name(name).unwrap()
}

fn matrix(npz: &mut NpzReader<File>, name: &str) -> Array2<f64> {
    npz.by_name(name).unwrap()
}

fn classes(npz: &mut NpzReader<File>, name: &str) -> Vec<usize> {
    vector(npz, name)
        .iter()
        .map(|&class| class as usize)
        .collect()
}

/// Closed forms of 90 rows, with coefficients of order 1.
const CLOSED: f64 = 1e-12;
/// Both sides iterate until nothing changes; scikit-learn stops its descent at a relative duality gap of 1e-15, whose
/// square root bounds the coefficients.
const ITERATED: f64 = 1e-8;
/// Means and regressions of some hundred samples.
const COMPARED: f64 = 1e-12;

#[test]
fn ridge() {
    let npz = &mut reference();
    let (x, y, held) = (matrix(npz, "x"), matrix(npz, "y"), matrix(npz, "x_held"));
    for alpha in ["0.01", "1.0", "50.0"] {
        let fit = LinearRegression::ridge(&x, &y, alpha.parse().unwrap()).unwrap();
        let coefficients = matrix(npz, &format!("ridge_{alpha}_coef"));
        assert_abs_diff_eq!(fit.coefficients(), coefficients, epsilon = CLOSED);
        let predicted = matrix(npz, &format!("ridge_{alpha}_held"));
        assert_abs_diff_eq!(
            fit.predict(&held).unwrap(),
            predicted,
            epsilon = 20.0 * CLOSED
        );
    }
}

#[test]
fn lasso() {
    let npz = &mut reference();
    let (x, y, held) = (matrix(npz, "x"), matrix(npz, "y"), matrix(npz, "x_held"));
    for alpha in ["0.001", "0.1", "1.0"] {
        let fit = LinearRegression::lasso(&x, &y, alpha.parse().unwrap()).unwrap();
        let coefficients = matrix(npz, &format!("lasso_{alpha}_coef"));
        assert_abs_diff_eq!(fit.coefficients(), coefficients, epsilon = ITERATED);
        let zeros = |m: &Array2<f64>| m.mapv(|v| v == 0.0);
        assert_eq!(
            zeros(&fit.coefficients().to_owned()),
            zeros(&coefficients),
            "{alpha}"
        );
        let predicted = matrix(npz, &format!("lasso_{alpha}_held"));
        assert_abs_diff_eq!(fit.predict(&held).unwrap(), predicted, epsilon = ITERATED);
    }
    let few = |m: &Array2<f64>| m.slice_axis(Axis(0), (..4).into()).to_owned();
    let fit = LinearRegression::lasso(&few(&x), &few(&y), 0.05).unwrap();
    let coefficients = matrix(npz, "lasso_few_coef");
    assert_abs_diff_eq!(fit.coefficients(), coefficients, epsilon = ITERATED);
}

#[test]
fn logistic_regression() {
    let npz = &mut reference();
    let (x, held) = (matrix(npz, "x"), matrix(npz, "x_held"));
    for count in [2, 4] {
        let known = classes(npz, &format!("class_{count}"));
        let truth = classes(npz, &format!("class_{count}_held_true"));
        for c in ["0.05", "1.0", "20.0"] {
            let name = format!("logistic_{count}_{c}");
            let fit = LogisticRegression::fit(&x, &known, c.parse().unwrap()).unwrap();
            let coefficients = matrix(npz, &format!("{name}_coef"));
            assert_abs_diff_eq!(fit.coefficients(), coefficients, epsilon = ITERATED);
            let probabilities = fit.probabilities(&held).unwrap();
            let expected = matrix(npz, &format!("{name}_held"));
            assert_abs_diff_eq!(probabilities, expected, epsilon = ITERATED);
            let decoded = fit.classify(&held).unwrap();
            assert_eq!(decoded, classes(npz, &format!("{name}_class")));
            let scores = [
                accuracy(&truth, &decoded),
                balanced_accuracy(&truth, &decoded),
            ];
            for (score, of) in scores.into_iter().zip(["accuracy", "balanced"]) {
                let expected = vector(npz, &format!("{name}_{of}"))[0];
                assert_abs_diff_eq!(score.unwrap(), expected, epsilon = 1e-15);
            }
        }
    }
}

#[test]
fn blocks_are_those_of_k_fold() {
    let npz = &mut reference();
    for (samples, folds) in [(10, 3), (120, 7)] {
        let expected = classes(npz, &format!("fold_{samples}_{folds}"));
        let found = blocks(samples, folds, 0).unwrap();
        let pairs = expected.windows(2).map(|pair| pair[0]..pair[1]);
        assert!(found.iter().map(|fold| fold.held_out.clone()).eq(pairs));
    }
}

#[test]
fn embeddings_of_animals_and_runs() {
    let npz = &mut reference();
    let embeddings: Vec<Array2<f64>> = (0..3)
        .map(|k| matrix(npz, &format!("embedding_{k}")))
        .collect();
    let labels: Vec<Array1<f64>> = (0..3).map(|k| vector(npz, &format!("label_{k}"))).collect();
    let views: Vec<_> = embeddings.iter().map(|e| e.view()).collect();
    let slices: Vec<&[f64]> = labels.iter().map(|l| l.as_slice().unwrap()).collect();
    for bins in [20, 100] {
        let aligned = by_label(&views, &slices, bins).unwrap();
        let views: Vec<_> = aligned.iter().map(|e| e.view()).collect();
        let found = consistency(&views).unwrap().scores;
        let expected = vector(npz, &format!("datasets_{bins}"));
        let pairs = matrix(npz, &format!("datasets_{bins}_pairs"));
        for (pair, &score) in pairs.rows().into_iter().zip(&expected) {
            let at = [pair[0] as usize, pair[1] as usize];
            assert_abs_diff_eq!(found[at], score, epsilon = COMPARED);
        }
    }
    let runs: Vec<_> = views
        .iter()
        .map(|e| e.slice_axis(Axis(0), (..400).into()))
        .collect();
    let found = consistency(&runs).unwrap().scores;
    let pairs = matrix(npz, "runs_pairs");
    for (pair, &score) in pairs.rows().into_iter().zip(&vector(npz, "runs")) {
        let at = [pair[0] as usize, pair[1] as usize];
        assert_abs_diff_eq!(found[at], score, epsilon = COMPARED);
    }
    let disparity = matrix(npz, "disparity");
    for ((i, j), &expected) in disparity.indexed_iter() {
        let found = procrustes_disparity(&runs[i], &runs[j]).unwrap();
        assert_abs_diff_eq!(found, expected, epsilon = COMPARED);
    }
}
