//! Axioms: completeness, dummies, pseudo-inverses, and honest standard errors.

use crate::common::{Mlp, close, per_sample, uniform};
use ndarray::{Array2, Array3, ArrayView2, Axis};
use proptest::prelude::*;
use xcebra_attr::methods::{Baseline, ExactShapley, IntegratedGradients, Rule, ShapleySampling};
use xcebra_attr::{Methods, Options, attribute};
use xcebra_model::Model;

/// Sums over inputs, `(n, outputs)`.
fn sums(found: &Array3<f64>) -> Array2<f64> {
    found.sum_axis(Axis(1))
}

fn value(model: &dyn Model<f64>, x: &Array2<f64>) -> Array2<f64> {
    model.forward(x.view().into_dyn()).unwrap()
}

/// Rounding of sums of some hundred terms of size 1.
const ROUNDING: f64 = 1e-12;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// `Σ_j = f(x) − f(x')`: by quadrature, exactly, and for any number of permutations.
    #[test]
    fn attributions_are_complete(seed in 0_u64..1_000_000, outputs in 1_usize..4) {
        let model = Mlp::<f64>::random(&[6], 10, outputs, seed);
        let x = uniform((9, 6), seed + 1);
        let base = uniform((1, 6), seed + 2);
        let b = || Baseline::Given(base.row(0).to_owned().into_dyn());
        let methods = Methods::new()
            .with(IntegratedGradients::new().baseline(b()))
            .with(ExactShapley::new().baseline(b()))
            .with(ShapleySampling::new().baseline(b()).permutations(3));
        let expected = value(&model, &x) - &value(&model, &base);
        let [ig, exact, sampled] =
            per_sample(&model, &x, &methods, &Options::new()).try_into().unwrap();
        // 50 nodes on paths of length 5 through smooth GELUs of slope up to 5
        close(&sums(&ig), &expected, 1e-8);
        close(&sums(&exact), &expected, ROUNDING);
        close(&sums(&sampled), &expected, ROUNDING);

        let coarse = IntegratedGradients::new().rule(Rule::GaussLegendre(2)).baseline(b());
        let coarse = Methods::new().with(coarse);
        let left = &expected - &sums(&per_sample(&model, &x, &coarse, &Options::new())[0]);
        let map = attribute(&model, &x, &coarse, &Options::new()).unwrap().remove(0);
        let reported = map.completeness().unwrap();
        close(&reported.mean_abs, &left.mapv(f64::abs).mean_axis(Axis(0)).unwrap(), ROUNDING);
        let largest = left.fold_axis(Axis(0), 0.0, |a: &f64, b| a.max(b.abs()));
        close(&reported.max_abs, &largest, ROUNDING);
    }

    /// An input the model does not look at has nothing, by any method that is no inverse.
    #[test]
    fn dummies_have_nothing(seed in 0_u64..1_000_000) {
        let mut model = Mlp::<f64>::random(&[5], 8, 2, seed);
        model.layers[0].0.column_mut(3).fill(0.0);
        let x = uniform((6, 5), seed + 1);
        for map in attribute(&model, &x, &Methods::all(), &Options::new()).unwrap() {
            // a pseudo-inverse of rank-deficient ablations keeps it too: its column is zero
            let largest = map.max_abs().row(3).iter().fold(0.0, |a: f64, b| a.max(*b));
            prop_assert!(largest < 1e-9, "{} {}", map.method(), largest);
        }
    }

    /// The four conditions of Moore and Penrose between each method and its inverse.
    #[test]
    fn inverses_are_pseudo_inverses(seed in 0_u64..1_000_000) {
        let model = Mlp::<f64>::random(&[7], 12, 3, seed);
        let x = uniform((4, 7), seed + 1);
        let all = Methods::<f64>::all();
        let names = all.names();
        let inverses = names.iter().filter_map(|name| name.strip_suffix("-inverse"));
        for name in inverses {
            let methods: Methods<f64> = format!("{name},{name}-inverse").parse().unwrap();
            let [plain, inverse] =
                per_sample(&model, &x, &methods, &Options::new()).try_into().unwrap();
            for (a, p) in plain.outer_iter().zip(inverse.outer_iter()) {
                moore_penrose(&a.t(), &p);
            }
        }
        let methods: Methods<f64> = "ing,neuron-gradient-inverse".parse().unwrap();
        let maps = attribute(&model, &x, &methods, &Options::new()).unwrap();
        prop_assert_eq!(maps[0].signed(), maps[1].signed());
        prop_assert_eq!(maps[0].inverses(), maps[1].inverses());
    }
}

/// Relative to the sizes of the terms: 1e-15 times the squared condition number of at most 1e3 for
/// normal equations, and rounding above that.
#[track_caller]
fn moore_penrose(a: &ArrayView2<'_, f64>, p: &ArrayView2<'_, f64>) {
    let norm = |m: &Array2<f64>| m.iter().map(|v| v * v).sum::<f64>().sqrt();
    let (a, p) = (a.to_owned(), p.to_owned());
    let (ap, pa) = (a.dot(&p), p.dot(&a));
    let size = (norm(&a) * norm(&p)).max(1.0);
    assert!(norm(&(ap.dot(&a) - &a)) <= 1e-9 * size * norm(&a));
    assert!(norm(&(pa.dot(&p) - &p)) <= 1e-9 * size * norm(&p));
    assert!(norm(&(&ap - &ap.t())) <= 1e-9 * size);
    assert!(norm(&(&pa - &pa.t())) <= 1e-9 * size);
}

/// In expectation over draws and samples, gradient SHAP sums to `f(x) − E f(baseline)`.
#[test]
fn gradient_shap_is_complete_in_expectation() {
    let model = Mlp::<f64>::random(&[6], 10, 2, 21);
    let x = uniform((600, 6), 22);
    let options = Options::new().background(600);
    let methods: Methods<f64> = "gradient-shap(draws=20)".parse().unwrap();
    let y = value(&model, &x);
    let expected = &y - &y.mean_axis(Axis(0)).unwrap();
    let off = sums(&per_sample(&model, &x, &methods, &options)[0]) - &expected;
    let (mean, sd) = (off.mean_axis(Axis(0)).unwrap(), off.std_axis(Axis(0), 1.0));
    for (mean, sd) in mean.iter().zip(&sd) {
        // independent over samples: 600 of them
        assert!(mean.abs() < 4.0 * sd / 600.0_f64.sqrt(), "{mean} {sd}");
        assert!(*sd > 1e-3, "draws do vary");
    }
    // with the same baselines, what is left of single draws falls as one over their root
    let left = |draws: usize| {
        let list = format!("gradient-shap(draws={draws},baseline=zero)");
        let methods: Methods<f64> = list.parse().unwrap();
        let map = attribute(&model, &x, &methods, &options).unwrap().remove(0);
        map.completeness().unwrap().mean_abs.sum()
    };
    let ratio = left(10) / left(160);
    assert!((3.0..5.3).contains(&ratio), "{ratio}, expected 4");
}

/// Standard errors cover the truth as often as they should.
#[test]
fn standard_errors_are_calibrated() {
    let model = Mlp::<f64>::random(&[5], 10, 2, 31);
    let x = uniform((1, 5), 32);
    let exact: Methods<f64> = "exact-shapley".parse().unwrap();
    let truth = attribute(&model, &x, &exact, &Options::new())
        .unwrap()
        .remove(0);
    let methods: Methods<f64> = "shapley-sampling(permutations=30)".parse().unwrap();
    let (mut squares, mut count) = (0.0, 0.0);
    for seed in 0..300 {
        let options = Options::new().seed(seed);
        let map = attribute(&model, &x, &methods, &options).unwrap().remove(0);
        let off = map.signed() - truth.signed();
        for (off, error) in off.iter().zip(map.standard_errors().unwrap()) {
            squares += (off / error).powi(2);
            count += 1.0;
        }
    }
    // Student's t with 29 degrees of freedom has variance 29/27; 300 correlated groups of ten
    let variance: f64 = squares / count;
    assert!((variance - 29.0 / 27.0).abs() < 0.2, "{variance}");
}
