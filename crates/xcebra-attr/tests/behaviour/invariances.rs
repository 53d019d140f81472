//! What the inverted neuron gradient must satisfy by its definition.

use crate::common::{Mlp, close, linear, uniform};
use ndarray::{Array2, Axis, Slice};
use proptest::prelude::*;
use xcebra_attr::inverse::pseudo_inverses;
use xcebra_attr::jacobian::jacobians;
use xcebra_attr::methods::{Aligned, InvertedNeuronGradient, align};
use xcebra_attr::{AttributionMap, Methods, Options, attribute};
use xcebra_model::{FnModel, Model, then};

fn maps(model: &dyn Model<f64>, x: &Array2<f64>) -> [AttributionMap; 2] {
    let methods: Methods<f64> = "ing,neuron-gradient".parse().unwrap();
    let maps = attribute(model, x, &methods, &Options::new()).unwrap();
    maps.try_into().unwrap()
}

/// Diagonally dominant, so that it is safely invertible: condition number below 10.
fn invertible(size: usize, seed: u64) -> Array2<f64> {
    Array2::eye(size) + uniform((size, size), seed) * (0.7 / size as f64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The pseudo-inverse of a `W` of full row rank is its right inverse with a symmetric `X W`.
    #[test]
    fn a_linear_model_gives_the_inverse_of_its_weights(outputs in 1_usize..5, seed in 0_u64..1_000_000) {
        let weights = uniform((outputs, 9), seed);
        let x = uniform((7, 9), seed + 1);
        let [ing, gradient] = maps(&linear(&weights), &x);
        close(gradient.signed(), &weights.t(), 1e-14);
        close(gradient.values(), &weights.t().mapv(f64::abs), 1e-14);
        // every sample has the same Jacobian: all aggregates agree
        close(ing.values(), &ing.signed().mapv(f64::abs), 1e-14);
        close(ing.values(), ing.max_abs(), 1e-12 * ing.max_abs().iter().fold(1.0, |a: f64, &b| a.max(b)));

        let condition = ing.inverses().unwrap().condition().unwrap().max;
        // normal equations: 1e-16 times the squared condition number
        let tolerance = 1e-14 * condition.powi(2);
        close(&weights.dot(ing.signed()), &Array2::eye(outputs), tolerance);
        let projection = ing.signed().dot(&weights);
        close(&projection, &projection.t(), tolerance);
    }

    /// `(L J)⁺ = J⁺ L⁻¹` where `J` has full row rank.
    #[test]
    fn a_linear_map_of_the_outputs_is_undone(seed in 0_u64..1_000_000) {
        let encoder = Mlp::<f64>::random(&[12], 16, 4, seed);
        let mix = invertible(4, seed + 1);
        let x = uniform((3, 12), seed + 2);
        let mixed = then(&encoder, linear(&mix)).unwrap();
        for i in 0..3 {
            let one = x.slice_axis(Axis(0), Slice::from(i..=i)).to_owned();
            let [plain, _] = maps(&encoder, &one);
            let [mixed, _] = maps(&mixed, &one);
            let condition = plain.inverses().unwrap().condition().unwrap().max;
            let size = plain.max_abs().iter().fold(0.0, |a: f64, &b| a.max(b));
            // condition number below 10 of the mixing, squared like that of the Jacobian
            let tolerance = 1e-14 * (10.0 * condition).powi(2) * size;
            close(&mixed.signed().dot(&mix), plain.signed(), tolerance.max(1e-13));
        }
    }

    /// Differences of a black box are accurate to some 1e-9 here, which the inverse amplifies by
    /// its squared size.
    #[test]
    fn a_black_box_gives_nearly_the_same_map(seed in 0_u64..1_000_000) {
        let encoder = Mlp::<f64>::random(&[6], 12, 2, seed);
        let x = uniform((5, 6), seed + 1);
        let exact = maps(&encoder, &x);
        let hidden = encoder.clone();
        let black_box = FnModel::black_box([6], 2, move |x| hidden.forward(x));
        let approximate = maps(&black_box, &x);
        close(approximate[1].values(), exact[1].values(), 1e-8);
        let size = exact[0].max_abs().iter().fold(1.0, |a: f64, &b| a.max(b));
        close(approximate[0].values(), exact[0].values(), 1e-7 * size * size);
    }
}

/// The map is the mean of what the parts give one by one.
#[test]
fn maps_are_means_over_samples() {
    let encoder = Mlp::<f64>::random(&[8], 12, 3, 1);
    let x = uniform((20, 8), 2);
    let j = jacobians(&encoder, x.view().into_dyn()).unwrap();
    let (inverses, _) = pseudo_inverses(&j, Default::default()).unwrap();
    let [ing, gradient] = maps(&encoder, &x);
    let mean = inverses.mapv(f64::abs).mean_axis(Axis(0)).unwrap();
    close(
        ing.values(),
        &mean,
        1e-14 * ing.max_abs().iter().fold(1.0, |a: f64, &b| a.max(b)),
    );
    let mean = j.mean_axis(Axis(0)).unwrap();
    close(gradient.signed(), &mean.t(), 1e-14);
}

/// Inputs `[channels, time]`: flattening and pooling.
#[test]
fn lags_are_told_apart_and_pooled() {
    let flat = Mlp::<f64>::random(&[12], 10, 3, 3);
    let mut windows = flat.clone();
    windows.input_shape = vec![4, 3];
    let x = uniform((15, 12), 4);
    let [expected, _] = maps(&flat, &x);

    let x = x.into_shape_with_order((15, 4, 3)).unwrap();
    let methods: Methods<f64> = "ing".parse().unwrap();
    let map = attribute(&windows, &x, &methods, &Options::new())
        .unwrap()
        .remove(0);
    assert_eq!(map.values(), expected.values());
    let (per_lag, signed) = (map.per_lag().unwrap(), map.signed_per_lag().unwrap());
    assert_eq!(per_lag.dim(), (4, 3, 3));
    assert_eq!(per_lag[[2, 1, 0]], expected.values()[[7, 0]]);
    assert_eq!(signed[[3, 2, 1]], expected.signed()[[11, 1]]);
    let mean = |values: &Array2<f64>, channel: usize, k: usize| {
        (0..3)
            .map(|lag| values[[3 * channel + lag, k]])
            .sum::<f64>()
            / 3.0
    };
    let expect = |values| Array2::from_shape_fn((4, 3), |(channel, k)| mean(values, channel, k));
    close(&map.over_lags().unwrap(), &expect(map.values()), 1e-15);
    close(
        &map.signed_over_lags().unwrap(),
        &expect(map.signed()),
        1e-15,
    );
    let error = expected.over_lags().unwrap_err().to_string();
    assert!(
        error.contains("[12]") && error.contains("[channels, time]"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// `(L J)⁺ L A = J⁺ A`: whatever invertible mixing a training ends at, the aligned map stays.
    #[test]
    fn the_aligned_map_is_that_of_any_mixing(seed in 0_u64..1_000_000, latents in 1_usize..4) {
        let encoder = Mlp::<f64>::random(&[12], 16, 4, seed);
        let x = uniform((30, 12), seed + 2);
        let z = uniform((30, latents), seed + 3);
        let mix = invertible(4, seed + 1);
        let mixed = then(&encoder, linear(&mix)).unwrap();
        let aligned = |model: &dyn Model<f64>| {
            let embedding = model.forward(x.view().into_dyn()).unwrap();
            let alignment = align(&embedding, &z).unwrap();
            let methods = Methods::new().with(Aligned::new(InvertedNeuronGradient, &alignment));
            (attribute(model, &x, &methods, &Options::new()).unwrap().remove(0), alignment)
        };
        let ((plain, a), (mixed, la)) = (aligned(&encoder), aligned(&mixed));
        prop_assert_eq!(plain.method(), "ing-aligned");
        prop_assert_eq!(plain.values().dim(), (12, latents));
        close(&mix.dot(&a.matrix()), &la.matrix(), 1e-12);
        let condition = plain.inverses().unwrap().condition().unwrap().max;
        let size = plain.max_abs().iter().fold(0.0, |a: f64, &b| a.max(b));
        // as above: the condition number of the mixing is below 10
        let tolerance = (1e-14 * (10.0 * condition).powi(2) * size).max(1e-12);
        close(mixed.values(), plain.values(), tolerance);
        close(mixed.signed(), plain.signed(), tolerance);
    }
}

#[test]
fn alignments_are_regressions() {
    let z = uniform((200, 2), 1);
    let a = uniform((3, 2), 2);
    let noise = uniform((200, 3), 3);
    let f = z.dot(&a.t()) + &noise * 0.1 + 5.0;
    let found = align(&f, &z).unwrap();
    // what is left is orthogonal to latents and constants
    let left = &f - &z.dot(&found.matrix().t()) - found.intercept();
    close(&z.t().dot(&left), &Array2::zeros((2, 3)), 1e-12);
    close(&left.sum_axis(Axis(0)), &ndarray::Array1::zeros(3), 1e-11);
    let centred = &f - &f.mean_axis(Axis(0)).unwrap();
    let power = |a: &Array2<f64>| a.mapv(|v| v * v).sum_axis(Axis(0));
    close(found.r2(), &(1.0 - power(&left) / power(&centred)), 1e-13);

    let twice = ndarray::concatenate![Axis(1), z, z];
    assert!(
        align(&f, &twice)
            .unwrap_err()
            .to_string()
            .contains("rank 2")
    );
    assert!(align(&f, &z.slice_axis(Axis(0), Slice::from(0..9)).to_owned()).is_err());
    assert!(align(&f, &(&z * f64::NAN)).is_err());
    let alignment = align(&uniform((9, 5), 1), &uniform((9, 2), 2)).unwrap();
    let methods = Methods::new().with(Aligned::new(InvertedNeuronGradient, &alignment));
    let wrong = attribute(
        &linear(&uniform((3, 4), 1)),
        &uniform((5, 4), 2),
        &methods,
        &Options::new(),
    );
    assert!(wrong.unwrap_err().to_string().contains("3 rows"));
}
