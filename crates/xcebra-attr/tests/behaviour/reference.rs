//! Against numbers computed in Python; see `data/README.md`.

use std::fs::File;

use crate::common::{Head, Mlp, close, gelu, per_sample};
use approx::assert_abs_diff_eq;
use ndarray::{Array1, Array2, Array3, Axis, Ix2};
use ndarray_npy::{NpzReader, ReadableElement};
use xcebra_attr::inverse::{Tolerance, pseudo_inverse, pseudo_inverses};
use xcebra_attr::jacobian::jacobians;
use xcebra_attr::{Methods, Options, attribute};
use xcebra_model::{FnModel, Model, check_vjp};

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
    let options = Options::new().batch_size(5);
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

/// The `(n, outputs, inputs)` of the reference, as maps are laid out.
fn transposed(expected: Array3<f64>) -> Array3<f64> {
    expected.permuted_axes([0, 2, 1])
}

#[test]
fn integrated_gradients_and_ablation_agree() {
    let mut reference = Reference::open();
    let model = reference.model();
    let x: Array2<f64> = reference.get("x");
    let methods = "integrated-gradients,feature-ablation".parse().unwrap();
    let [fifty, ablation] = per_sample(&model, &x, &methods, &Options::new())
        .try_into()
        .unwrap();
    close(&fifty, &transposed(reference.get("ig_gl50_f64")), TOLERANCE);
    // captum rounds its weights to float32
    close(&fifty, &transposed(reference.get("neuron_ig_captum")), 2e-9);
    let expected = transposed(reference.get("neuron_ablation_captum"));
    close(&ablation, &expected, TOLERANCE);

    let converged: Array3<f64> = transposed(reference.get("ig_converged"));
    let rule = |list: &str| {
        let methods = format!("integrated-gradients({list})").parse().unwrap();
        per_sample(&model, &x, &methods, &Options::new()).remove(0)
    };
    close(&rule("nodes=400"), &converged, TOLERANCE);
    // smooth and short paths: errors of second order in 1/400 for the symmetric rules, and of first
    // order, 1/400 of the change of a slope along the path, for the others
    close(&rule("nodes=400,rule=midpoint"), &converged, 1e-5);
    close(&rule("nodes=401,rule=trapezoid"), &converged, 1e-5);
    close(&rule("nodes=400,rule=left"), &converged, 1e-2);
    close(&rule("nodes=400,rule=right"), &converged, 1e-2);
    let mean = (rule("nodes=400,rule=left") + rule("nodes=400,rule=right")) / 2.0;
    close(&mean, &rule("nodes=401,rule=trapezoid"), TOLERANCE);
    // two spellings of one rule
    assert_eq!(rule("rule=trapezoid:400"), rule("nodes=401,rule=trapezoid"));
    assert_eq!(rule("rule=right:50"), rule("rule=right"));
}

#[test]
fn shapley_values_agree() {
    let mut reference = Reference::open();
    let [w1, w2] = ["shap_W1", "shap_W2"].map(|name| reference.get::<f64, Ix2>(name));
    let [b1, b2] = ["shap_b1", "shap_b2"].map(|name| reference.get::<f64, ndarray::Ix1>(name));
    let model = FnModel::black_box([w1.ncols()], w2.nrows(), move |x| {
        let x = x.into_dimensionality::<Ix2>().unwrap();
        Ok((x.dot(&w1.t()) + &b1).mapv(gelu).dot(&w2.t()) + &b2)
    });
    let x: Array2<f64> = reference.get("shap_x");
    let y: Array2<f64> = reference.get("shap_y");
    close(&model.forward(x.view().into_dyn()).unwrap(), &y, TOLERANCE);
    let expected = transposed(reference.get("shapley_exact_f64"));

    let list = "exact-shapley,shapley-sampling(permutations=400)";
    let methods: Methods<f64> = list.parse().unwrap();
    let [exact, sampled] = per_sample(&model, &x, &methods, &Options::new())
        .try_into()
        .unwrap();
    close(&exact, &expected, TOLERANCE);
    close(&exact, &transposed(reference.get("shapley_captum")), 1e-5);
    // entries of size 1 whose draws spread less than that: 400 of them are off by 0.05 at most, and
    // five standard errors of the mean cover its 18 entries
    close(&sampled, &expected, 0.25);
    let map = attribute(&model, &x, &methods, &Options::new()).unwrap();
    let (off, errors) = (map[1].signed() - map[0].signed(), map[1].standard_errors());
    for (off, error) in off.iter().zip(errors.unwrap()) {
        assert!(off.abs() <= 5.0 * error && *error < 0.05, "{off} {error}");
    }
}
