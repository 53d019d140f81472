//! Closed forms of the attribution methods, and what they refuse.

use crate::common::{Mlp, close, linear, per_sample, uniform};
use ndarray::{Array2, Array3, Axis, array};
use xcebra_attr::methods::{
    Baseline, ExactShapley, FeatureAblation, GradientShap, Groups, IntegratedGradients, Noise,
    Occlusion, Rule, ShapleySampling, SmoothGrad,
};
use xcebra_attr::{Methods, Options, attribute};
use xcebra_model::Model;

fn value(model: &dyn Model<f64>, x: &Array2<f64>) -> Array2<f64> {
    model.forward(x.view().into_dyn()).unwrap()
}

/// Rounding of sums of some hundred terms of size 1.
const ROUNDING: f64 = 1e-12;

/// On a linear model, whatever replaces inputs, along whatever path and in whatever order, an input
/// has `W_kj (x_j − b_j)`.
#[test]
fn linear_models_are_attributed_their_terms() {
    let weights = uniform((3, 5), 1);
    let model = linear(&weights);
    let x = uniform((40, 5), 2);
    let given = uniform((1, 5), 3);
    let several = uniform((4, 5), 4);
    for (baseline, mean) in [
        (Baseline::Zero, Array2::zeros((1, 5))),
        (
            Baseline::MeanSample,
            x.mean_axis(Axis(0)).unwrap().insert_axis(Axis(0)),
        ),
        (Baseline::Given(given.row(0).to_owned().into_dyn()), given),
        (
            Baseline::Several(several.clone().into_dyn()),
            several.mean_axis(Axis(0)).unwrap().insert_axis(Axis(0)),
        ),
    ] {
        let b = || baseline.clone();
        let methods = Methods::new()
            .with(IntegratedGradients::new().baseline(b()))
            .with(FeatureAblation::new().baseline(b()))
            .with(Occlusion::new().baseline(b()))
            .with(ExactShapley::new().baseline(b()));
        let expected = Array3::from_shape_fn((40, 5, 3), |(i, j, k)| {
            weights[[k, j]] * (x[[i, j]] - mean[[0, j]])
        });
        for found in per_sample(&model, &x, &methods, &Options::new()) {
            close(&found, &expected, ROUNDING);
        }
        if !matches!(baseline, Baseline::Several(_)) {
            let methods = Methods::new()
                .with(GradientShap::new().baseline(b()))
                .with(ShapleySampling::new().baseline(b()));
            for found in per_sample(&model, &x, &methods, &Options::new()) {
                close(&found, &expected, ROUNDING);
            }
        }
    }
    let methods = Methods::new()
        .with(SmoothGrad::new().noise(Noise::Absolute(2.0)))
        .with(xcebra_attr::methods::InputXGradient);
    let [smooth, product] = per_sample(&model, &x, &methods, &Options::new())
        .try_into()
        .unwrap();
    for (i, (smooth, product)) in smooth.outer_iter().zip(product.outer_iter()).enumerate() {
        close(&smooth, &weights.t(), ROUNDING);
        let expected = &weights.t() * &x.row(i).insert_axis(Axis(1));
        close(&product, &expected, ROUNDING);
    }
}

/// `f = x₀ x₁ + x₂³`: interactions are shared by halves, and curvature is smoothed.
#[test]
fn interactions_and_curvature_by_hand() {
    let model = xcebra_model::FnModel::<f64>::new(
        [3],
        1,
        |x| {
            let rows = x.into_dimensionality::<ndarray::Ix2>().unwrap();
            let f = rows.map_axis(Axis(1), |x| x[0] * x[1] + x[2] * x[2] * x[2]);
            Ok(f.insert_axis(Axis(1)))
        },
        |x, c| {
            let x = x.into_dimensionality::<ndarray::Ix2>().unwrap();
            let slope = |i: usize, j: usize| [x[[i, 1]], x[[i, 0]], 3.0 * x[[i, 2]].powi(2)][j];
            let out = Array2::from_shape_fn(x.dim(), |(i, j)| c[[i, 0]] * slope(i, j));
            Ok(out.into_dyn())
        },
    );
    let x = array![[2.0, 3.0, 2.0]];
    let column = |values: [f64; 3]| array![[[values[0]], [values[1]], [values[2]]]];
    let found = |list: &str| {
        let methods = list.parse().unwrap();
        per_sample(&model, &x, &methods, &Options::new()).remove(0)
    };
    close(
        &found("integrated-gradients"),
        &column([3.0, 3.0, 8.0]),
        ROUNDING,
    );
    close(&found("exact-shapley"), &column([3.0, 3.0, 8.0]), ROUNDING);
    close(
        &found("feature-ablation"),
        &column([6.0, 6.0, 8.0]),
        ROUNDING,
    );
    close(
        &found("input-x-gradient"),
        &column([6.0, 6.0, 24.0]),
        ROUNDING,
    );
    let groups = ExactShapley::new().groups(Groups::Labels(vec![1, 1, 0]));
    let together = per_sample(&model, &x, &Methods::new().with(groups), &Options::new());
    close(&together[0], &column([6.0, 6.0, 8.0]), ROUNDING);

    // E 3 (2 + σ ε)² = 12 + 3 σ²; its standard deviation is near 12 σ
    let smooth = SmoothGrad::new().draws(20_000);
    let smooth = smooth.noise(Noise::Absolute(1.0));
    let map = attribute(&model, &x, &Methods::new().with(smooth), &Options::new()).unwrap();
    let error = map[0].standard_errors().unwrap()[[2, 0]];
    // variance of 3 (2 + ε)²: 9 (16 + 2) = 162
    assert!(
        (error - (162.0_f64 / 20_000.0).sqrt()).abs() < 0.05 * error,
        "{error}"
    );
    assert!((map[0].signed()[[2, 0]] - 15.0).abs() < 5.0 * error);
}

/// Windows that overlap share what they find.
#[test]
fn occlusion_is_the_mean_over_windows() {
    let mut model = Mlp::<f64>::random(&[2, 4], 8, 2, 5);
    let flat = uniform((6, 8), 6);
    let x = flat.clone().into_shape_with_order((6, 2, 4)).unwrap();
    let y = value(
        &{
            model.input_shape = vec![8];
            model.clone()
        },
        &flat,
    );
    let drop = |inputs: &[usize]| {
        let mut x = flat.clone();
        inputs.iter().for_each(|&j| x.column_mut(j).fill(0.0));
        &y - &value(&model, &x)
    };
    let windows = Occlusion::new().window(3).stride(1);
    let mut shaped = model.clone();
    shaped.input_shape = vec![2, 4];
    let map = attribute(&shaped, &x, &Methods::new().with(windows), &Options::new())
        .unwrap()
        .remove(0);
    let (first, second) = (drop(&[4, 5, 6]), drop(&[5, 6, 7]));
    let mean = |a: &Array2<f64>| a.mean_axis(Axis(0)).unwrap();
    let signed = map.signed_per_lag().unwrap();
    close(
        &signed.index_axis(Axis(0), 1).row(0),
        &mean(&first),
        ROUNDING,
    );
    close(
        &signed.index_axis(Axis(0), 1).row(3),
        &mean(&second),
        ROUNDING,
    );
    let both = (first + second) / 2.0;
    close(
        &signed.index_axis(Axis(0), 1).row(2),
        &mean(&both),
        ROUNDING,
    );

    // whole channels: one window, or one group
    let whole = Occlusion::new().window(4);
    let channels = FeatureAblation::new().groups(Groups::Channels);
    let methods = Methods::new().with(whole).with(channels);
    let maps = attribute(&shaped, &x, &methods, &Options::new()).unwrap();
    close(maps[0].values(), maps[1].values(), ROUNDING);
    let expected = drop(&[0, 1, 2, 3]).mapv(f64::abs);
    close(
        &maps[1].over_lags().unwrap().row(0),
        &mean(&expected),
        ROUNDING,
    );
    close(
        &maps[1].max_over_lags().unwrap().row(0),
        &expected.fold_axis(Axis(0), 0.0, |a, &b| b.max(*a)),
        ROUNDING,
    );
}

#[test]
fn shuffled_baselines_are_samples_and_come_with_the_seed() {
    let weights = Array2::eye(3);
    // inputs 1 and 2 always belong together: x₂ = 2 x₁
    let x = Array2::from_shape_fn((50, 3), |(i, j)| (i * 7 % 50) as f64 * [1.0, 3.0, 6.0][j]);
    let groups = Groups::Labels(vec![0, 1, 1]);
    let run = |seed| {
        let shuffled = FeatureAblation::new()
            .groups(groups.clone())
            .baseline(Baseline::Shuffle(1));
        let options = Options::new().seed(seed);
        per_sample(
            &linear(&weights),
            &x,
            &Methods::new().with(shuffled),
            &options,
        )
        .remove(0)
    };
    let found = run(1);
    for (i, found) in found.outer_iter().enumerate() {
        let put = x[[i, 1]] - found[[1, 1]];
        let other = x[[i, 2]] - found[[2, 2]];
        assert_eq!(other, 2.0 * put, "both from one sample");
        assert!(x.column(1).iter().any(|&v| v == put));
    }
    assert_eq!(found, run(1));
    assert_ne!(found, run(2));
}

#[test]
fn senseless_parameters_are_refused() {
    let model = linear(&uniform((2, 20), 1));
    let x = uniform((3, 20), 2);
    let fails = |methods: Methods<f64>, why: &str| {
        let error = attribute(&model, &x, &methods, &Options::new()).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    };
    fails("exact-shapley".parse().unwrap(), "at most 16");
    fails(
        "feature-ablation(groups=lags)".parse().unwrap(),
        "[channels, time]",
    );
    let adaptive = IntegratedGradients::new().rule(Rule::default());
    fails(Methods::new().with(adaptive), "fixed nodes");
    let none = IntegratedGradients::new().rule(Rule::Left(0));
    fails(Methods::new().with(none), "at least one");
    let with = |baseline| Methods::new().with(FeatureAblation::new().baseline(baseline));
    fails(
        with(Baseline::Given(Array2::zeros((1, 20)).into_dyn())),
        "the baseline has shape",
    );
    fails(
        with(Baseline::Several(Array2::zeros((0, 20)).into_dyn())),
        "empty",
    );
    fails(with(Baseline::Shuffle(0)), "empty");
    fails(
        with(Baseline::Several(
            Array2::from_elem((1, 20), f64::NAN).into_dyn(),
        )),
        "finite",
    );
    let labels = Groups::Labels(vec![0; 19]);
    let short = ShapleySampling::new().groups(labels);
    fails(Methods::new().with(short), "19 labels");
}

/// In `f32`, values are off by the rounding of the model: sums of some ten terms of size 1.
#[test]
fn single_precision_gives_the_same_maps() {
    let (double, single) = (
        Mlp::<f64>::random(&[6], 10, 2, 41),
        Mlp::<f32>::random(&[6], 10, 2, 41),
    );
    let x = uniform((30, 6), 42).mapv(|v| v as f32);
    let list = "neuron-gradient,input-x-gradient,smooth-grad,integrated-gradients(baseline=mean),\
                gradient-shap,feature-ablation(baseline=shuffle),occlusion,shapley-sampling,\
                exact-shapley";
    let options = Options::new();
    let a = attribute(&single, &x, &list.parse().unwrap(), &options).unwrap();
    let x = x.mapv(f64::from);
    let b = attribute(&double, &x, &list.parse().unwrap(), &options).unwrap();
    for (a, b) in a.iter().zip(&b) {
        close(a.values(), b.values(), 1e-5);
        close(a.signed(), b.signed(), 1e-5);
    }
}
