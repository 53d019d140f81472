//! Attributions that are known in closed form, and symmetries they must have.

use std::f64::consts::TAU;

use approx::assert_abs_diff_eq;
use cdig::domains::Fourier;
use cdig::{Baseline, Domain, Explainer, Path, RealFourier, Rule, Time};
use ndarray::{Array1, Array2, ArrayD, Axis, array, concatenate, s, stack};
use num_complex::Complex;
use proptest::prelude::*;

use crate::models::{Activation, Network, Pointwise, random};

/// Term by term, unnormalised.
fn dft(x: &[f64]) -> Vec<Complex<f64>> {
    let n = x.len();
    (0..n)
        .map(|k| {
            let wave = |t: usize| Complex::from_polar(x[t], -TAU * ((k * t) % n) as f64 / n as f64);
            (0..n).map(wave).sum()
        })
        .collect()
}

fn flat(x: &ArrayD<f64>) -> Vec<f64> {
    x.iter().copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `f(x) = ⟨w, x⟩ + c`: every rule is exact, `IG_k = Re(conj(W_k) dX_k)/N`, and the sum is
    /// `⟨w, dx⟩` by Parseval's identity. Rounding of sums over up to 40 terms of size up to 40.
    #[test]
    fn a_linear_model_in_the_fourier_domain(n in 1_usize..40, seed in any::<u64>()) {
        let mut model = Network::random(&[n], 1, 1, Activation::Linear, seed);
        model.outer.fill(1.0);
        let w = flat(&model.inner.column(0).to_owned().into_dyn());
        let (x, base) = (random(&[n], seed ^ 1), random(&[n], seed ^ 2));
        let change = flat(&(&x - &base));
        let expected: Vec<f64> = dft(&w)
            .iter()
            .zip(dft(&change))
            .map(|(w, dz)| (w.conj() * dz).re / n as f64)
            .collect();

        let explainer = Explainer::new(&model).baseline(Baseline::Signal(base)).rule(Rule::Midpoint(3));
        let two = Fourier::new(&[n], 1.0).unwrap();
        let one = RealFourier::new(&[n], 1.0).unwrap();
        let found = explainer.explain_many(&[&two, &one], x.view()).unwrap();
        for (k, expected) in expected.iter().enumerate() {
            prop_assert!((found[0].attribution[[0, k]] - expected).abs() < 1e-12);
        }
        for k in 0..=n / 2 {
            let alone = k == 0 || 2 * k == n;
            let pair = if alone { expected[k] } else { expected[k] + expected[n - k] };
            prop_assert!((found[1].attribution[[0, k]] - pair).abs() < 1e-12);
        }
        let parseval: f64 = w.iter().zip(&change).map(|(w, dx)| w * dx).sum();
        for result in &found {
            prop_assert!((result.total()[0] - parseval).abs() < 1e-12);
            prop_assert!(result.residual[0].abs() < 1e-12);
        }
    }

    /// Real signals share attribution equally between +f and −f; the one-sided spectrum carries
    /// both together, 0 Hz and Nyquist once. Even and odd lengths, several channels; rounding.
    #[test]
    fn conjugate_symmetry_and_one_sided_sums(n in 1_usize..20, channels in 1_usize..4, seed in any::<u64>()) {
        let shape = [channels, n];
        let model = Network::random(&shape, 6, 2, Activation::Tanh, seed);
        let (x, base) = (random(&shape, seed ^ 1), random(&shape, seed ^ 2));
        let two = Fourier::new(&shape, 1.0).unwrap();
        let one = RealFourier::new(&shape, 1.0).unwrap();
        let found = Explainer::new(&model)
            .baseline(Baseline::Signal(base))
            .rule(Rule::Midpoint(20))
            .explain_many(&[&two, &one], x.view())
            .unwrap();
        let (two, one) = (&found[0].attribution, &found[1].attribution);
        for o in 0..2 {
            for c in 0..channels {
                for k in 0..n {
                    prop_assert!((two[[o, c, k]] - two[[o, c, (n - k) % n]]).abs() < 1e-13);
                }
                for k in 0..=n / 2 {
                    let alone = k == 0 || 2 * k == n;
                    let pair = two[[o, c, k]] + if alone { 0.0 } else { two[[o, c, n - k]] };
                    prop_assert!((one[[o, c, k]] - pair).abs() < 1e-13);
                }
            }
        }
    }

    /// Two networks that compute the same function differently: hidden units reversed, then each
    /// split in two halves. Rounding of a reordered sum.
    #[test]
    fn implementation_invariance(n in 2_usize..16, seed in any::<u64>()) {
        let model = Network::random(&[n], 5, 2, Activation::Gelu, seed);
        let reversed = model.inner.slice(s![.., ..;-1]);
        let half = model.outer.slice(s![..;-1, ..]).mapv(|w| 0.5 * w);
        let bias = model.bias.slice(s![..;-1]);
        let other = Network {
            inner: concatenate![Axis(1), reversed, reversed],
            bias: concatenate![Axis(0), bias, bias],
            outer: concatenate![Axis(0), half, half],
            ..model.clone()
        };
        let x = random(&[n], seed ^ 1);
        let domain = Fourier::new(&[n], 1.0).unwrap();
        let explain = |model: &Network| Explainer::new(model).explain(&domain, x.view()).unwrap();
        let (a, b) = (explain(&model), explain(&other));
        for (a, b) in a.attribution.iter().zip(&b.attribution) {
            prop_assert!((a - b).abs() < 1e-12);
        }
    }

    /// A constant model, and channels a model does not look at, get exactly nothing.
    #[test]
    fn dead_inputs_get_nothing(n in 1_usize..16, seed in any::<u64>()) {
        let mut model = Network::random(&[2, n], 4, 2, Activation::Tanh, seed);
        model.inner.slice_mut(s![n.., ..]).fill(0.0);
        let mut constant = model.clone();
        constant.outer.fill(0.0);
        let x = random(&[2, n], seed ^ 1);
        let domain = RealFourier::new(&[2, n], 1.0).unwrap();
        let found = Explainer::new(&model).explain(&domain, x.view()).unwrap();
        prop_assert!(found.attribution.index_axis(Axis(1), 1).iter().all(|&a| a == 0.0));
        let found = Explainer::new(&constant).explain(&domain, x.view()).unwrap();
        prop_assert!(found.attribution.iter().all(|&a| a == 0.0));
        prop_assert!(found.residual.iter().all(|&r| r == 0.0));
    }

    /// The signal equal to its baseline leaves nothing to explain.
    #[test]
    fn no_change_gets_nothing(n in 1_usize..16, seed in any::<u64>()) {
        let model = Network::random(&[n], 4, 1, Activation::Gelu, seed);
        let x = random(&[n], seed ^ 1);
        let found = Explainer::new(&model)
            .baseline(Baseline::Signal(x.clone()))
            .explain(&Fourier::new(&[n], 1.0).unwrap(), x.view())
            .unwrap();
        prop_assert!(found.attribution.iter().all(|&a| a == 0.0));
        prop_assert_eq!(found.relative_residual()[0], 0.0);
    }
}

/// The energy `Σ x²` of a tone at bin 3 of 16 plus an offset: by Parseval's identity each bin
/// receives its own share `|X_k|²/N` of the energy.
#[test]
fn energy_goes_to_the_bins_that_carry_it() {
    let n = 16;
    let x: Array1<f64> = (0..n)
        .map(|t| 0.5 + 2.0 * (TAU * 3.0 * t as f64 / n as f64 + 0.4).cos())
        .collect();
    let model = Pointwise {
        shape: vec![n],
        value_and_gradient: |x: &[f64]| {
            let energy = x.iter().map(|x| x * x).sum();
            (energy, x.iter().map(|x| 2.0 * x).collect())
        },
    };
    let domain = RealFourier::new(&[n], 16.0).unwrap();
    let found = Explainer::new(&model)
        .rule(Rule::GaussLegendre(1)) // exact: the gradient is linear on the path
        .explain(&domain, x.view())
        .unwrap();
    for (k, &value) in found.attribution.iter().enumerate() {
        let expected = match k {
            0 => 16.0 * 0.25, // N · offset²
            3 => 16.0 * 2.0,  // N · amplitude² / 2
            _ => 0.0,
        };
        assert_abs_diff_eq!(value, expected, epsilon = 1e-12);
    }
    assert_eq!(found.axes.describe(&[3]).as_deref(), Some("frequency 3 Hz"));
}

/// The energy is a sum of functions of single coefficients, so that what each receives,
/// `2 (|z_k|² − |z'_k|²)/N`, does not depend on the path, however complex.
#[test]
fn a_sum_of_functions_of_single_coefficients_does_not_feel_the_path() {
    let n = 9;
    let model = Pointwise {
        shape: vec![n],
        value_and_gradient: |x: &[f64]| {
            let energy = x.iter().map(|x| x * x).sum();
            (energy, x.iter().map(|x| 2.0 * x).collect())
        },
    };
    let domain = RealFourier::new(&[n], 1.0).unwrap();
    let (x, base) = (random(&[n], 1), random(&[n], 2));
    let ends = domain.forward(stack![Axis(0), base, x].view()).unwrap();
    let corner = random(&[1, n / 2 + 1], 3).mapv(|a| Complex::from_polar(3.0, 7.0 * a));
    let (start, end) = (
        ends.slice_axis(Axis(0), (0..1).into()),
        ends.slice_axis(Axis(0), (1..2).into()),
    );
    let found = Explainer::new(&model)
        .baseline(Baseline::Signal(base))
        .path(Path::Polyline(concatenate![Axis(0), start, corner, end]))
        .rule(Rule::GaussLegendre(1)) // exact: the integrand is linear on each piece
        .explain(&domain, x.view())
        .unwrap();
    for k in 0..=n / 2 {
        let share = if k == 0 { 1.0 } else { 2.0 } / n as f64;
        let expected = share * (ends[[1, k]].norm_sqr() - ends[[0, k]].norm_sqr());
        assert_abs_diff_eq!(found.attribution[[0, k]], expected, epsilon = 1e-12);
    }
}

/// Single precision: sums in double leave the rounding of one model evaluation and of the
/// transform, about 1e-7 relative to values of the order of 1.
#[test]
fn single_precision_keeps_completeness_over_many_steps() {
    struct Cubic;
    impl cdig::Model<f32> for Cubic {
        fn input_shape(&self) -> &[usize] {
            &[32]
        }
        fn output_dim(&self) -> usize {
            1
        }
        fn forward(
            &self,
            x: ndarray::ArrayViewD<'_, f32>,
        ) -> Result<Array2<f32>, cdig::ModelError> {
            let sums = x.outer_iter().map(|x| x.iter().map(|x| x * x * x).sum());
            Ok(sums.collect::<Array1<f32>>().insert_axis(Axis(1)))
        }
        fn vjp(
            &self,
            x: ndarray::ArrayViewD<'_, f32>,
            cotangent: ndarray::ArrayView2<'_, f32>,
        ) -> Result<ArrayD<f32>, cdig::ModelError> {
            Ok(x.mapv(|x| 3.0 * x * x) * cotangent.to_owned().into_dyn())
        }
    }
    let x = random(&[32], 7).mapv(|x| x as f32);
    let found = Explainer::new(&Cubic)
        .rule(Rule::Midpoint(20_000))
        .explain(&Fourier::new(&[32], 1.0).unwrap(), x.view())
        .unwrap();
    let size: f64 = found.attribution.iter().map(|a| a.abs()).sum();
    // the midpoint rule itself is off by 1/(4 · 20000²)
    assert!(
        found.residual[0].abs() < 1e-6 * size,
        "{:e} of {size}",
        found.residual[0]
    );
}

/// Time-domain attributions of a product, from Sundararajan et al.: x₀x₁ is shared equally.
#[test]
fn the_time_domain_is_plain_integrated_gradients() {
    let model = crate::models::product();
    let domain: &dyn Domain<f64> = &Time::new(&[2]).unwrap();
    let found = Explainer::new(&model)
        .rule(Rule::Trapezoid(2))
        .explain(domain, array![3.0, -2.0].view())
        .unwrap();
    assert_eq!(found.attribution, array![[-3.0, -3.0]].into_dyn());
}
