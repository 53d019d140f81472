//! Against numbers computed in Python; see `data/README.md`.

mod common;

use std::fs::File;

use approx::assert_abs_diff_eq;
use common::{Head, Mlp, close};
use ndarray::{Array1, Array2, Array3, Axis};
use ndarray_npy::{NpzReader, ReadableElement};
use xcebra_attr::{
    Methods, Options, Tolerance, attribute, jacobians, pseudo_inverse, pseudo_inverses,
};
use xcebra_model::{Model, check_vjp};

struct Reference(NpzReader<File>);

impl Reference {
    fn open() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mlp_attr.npz");
        Self(NpzReader::new(File::open(path).unwrap()).unwrap())
    }

    fn get<A: ReadableElement, D: ndarray::Dimension>(
        &mut self,
        name: &str,
    ) -> ndarray::Array<A, D> {
        self.0.by_name(name).unwrap()
    }

    fn model(&mut self) -> Mlp<f64> {
        let layers = [("W1", "b1"), ("W2", "b2"), ("W3", "b3")];
        let layers = layers.map(|(w, b)| (self.get(w), self.get(b)));
        let (weights, _): &(Array2<f64>, Array1<f64>) = &layers[0];
        Mlp {
            input_shape: vec![weights.ncols()],
            layers,
            head: Head::Plain,
        }
    }
}

/// Entries are of size 1; numpy's and our arithmetic differ by rounding, some 1e-15, and pinv by
/// the condition number (below 10 here) times that. Leave a factor of 100.
const TOLERANCE: f64 = 1e-13;

#[test]
fn the_model_is_the_reference_model() {
    let mut reference = Reference::open();
    let (model, x) = (reference.model(), reference.get::<f64, _>("x"));
    let y: Array2<f64> = reference.get("y");
    let x: Array2<f64> = x;
    close(&model.forward(x.view().into_dyn()).unwrap(), &y, TOLERANCE);
    assert!(check_vjp(&model, x.view().into_dyn()).unwrap().passed());
}

#[test]
fn jacobians_and_inverses_agree() {
    let mut reference = Reference::open();
    let model = reference.model();
    let x: Array2<f64> = reference.get("x");
    let jacobian: Array3<f64> = reference.get("jacobian");
    let inverse: Array3<f64> = reference.get("pinv_svd");
    let values: Array2<f64> = reference.get("singular_values");

    let ours = jacobians(&model, x.view().into_dyn()).unwrap();
    close(&ours, &jacobian, TOLERANCE);
    let (inverses, inversions) = pseudo_inverses(&ours, Tolerance::Auto).unwrap();
    close(&inverses, &inverse, TOLERANCE);
    for i in 0..x.nrows() {
        let one = pseudo_inverse(&ours.index_axis(Axis(0), i), Tolerance::Auto).unwrap();
        close(&one.matrix, &inverse.index_axis(Axis(0), i), TOLERANCE);
        close(&one.singular_values, &values.row(i), TOLERANCE);
        let condition = values[[i, 0]] / values[[i, 3]];
        assert_abs_diff_eq!(one.condition().unwrap(), condition, epsilon = 1e-12);
        assert_eq!((one.rank, inversions[i].rank), (4, 4));
        // documented to six digits
        assert_abs_diff_eq!(
            inversions[i].condition.unwrap(),
            condition,
            epsilon = 1e-6 * condition
        );
    }
}

#[test]
fn maps_are_the_aggregates_of_the_reference() {
    let mut reference = Reference::open();
    let model = reference.model();
    let x: Array2<f64> = reference.get("x");
    let methods: Methods<f64> = "neuron-gradient,ing".parse().unwrap();
    let options = Options::new().with_batch_size(5).unwrap();
    let maps = attribute(&model, &x, &methods, &options).unwrap();

    let jacobian: Array3<f64> = reference.get("jacobian");
    let inverse: Array3<f64> = reference.get("pinv_svd");
    let per_sample = [jacobian.permuted_axes([0, 2, 1]), inverse];
    for (map, expected) in maps.iter().zip(per_sample) {
        let sizes = expected.mapv(f64::abs);
        let mean = |values: &Array3<f64>| values.mean_axis(Axis(0)).unwrap();
        close(map.values(), &mean(&sizes), TOLERANCE);
        close(map.signed(), &mean(&expected), TOLERANCE);
        let largest = sizes.fold_axis(Axis(0), 0.0_f64, |a, &b| a.max(b));
        close(map.max_abs(), &largest, TOLERANCE);
        assert_eq!(
            (map.samples(), map.outputs(), map.input_shape()),
            (16, 4, &[10][..])
        );
    }
    assert!(maps[0].inverses().is_none());
    let summary = maps[1].inverses().unwrap();
    assert_eq!(summary.rank_counts(), [0, 0, 0, 0, 16]);
    assert_eq!((summary.min_rank(), summary.mean_rank()), (4, 4.0));

    let values: Array2<f64> = reference.get("singular_values");
    let conditions: Vec<f64> = values.outer_iter().map(|s| s[0] / s[3]).collect();
    let condition = summary.condition().unwrap();
    let (min, max) = (
        conditions.iter().copied().fold(f64::MAX, f64::min),
        conditions.iter().copied().fold(0.0, f64::max),
    );
    let mean = (conditions.iter().map(|c| c.ln()).sum::<f64>() / 16.0).exp();
    assert_abs_diff_eq!(condition.min, min, epsilon = 1e-5);
    assert_abs_diff_eq!(condition.max, max, epsilon = 1e-5);
    assert_abs_diff_eq!(condition.geometric_mean, mean, epsilon = 1e-5);
}
