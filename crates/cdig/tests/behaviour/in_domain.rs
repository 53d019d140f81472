//! Models as functions of coefficients.

use cdig::{CdigError, Domain, Fourier, InDomain, Model, RealFourier, Time};
use ndarray::{Array1, ArrayD, Axis};
use num_complex::Complex;
use proptest::prelude::*;
use xcebra_model::check_vjp;

use crate::laws::Logarithm;
use crate::models::{Activation, Network, random};

fn network(shape: &[usize], activation: Activation, seed: u64) -> Network {
    Network::random(shape, 5, 3, activation, seed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Pull-backs against finite differences, real and complex, affine and not, and the Jacobian
    /// against the pull-backs; `encode` leads back to the signal.
    #[test]
    fn in_domain_derivatives_agree_with_finite_differences(
        n in 2_usize..9,
        kind in 0_usize..4,
        seed in any::<u64>(),
    ) {
        let shape = [2, n];
        let model = network(&shape, Activation::Tanh, seed);
        let domain: Box<dyn Domain<f64>> = match kind {
            0 => Box::new(Time::new(&shape).unwrap()),
            1 => Box::new(Fourier::new(&shape, 1.0).unwrap()),
            2 => Box::new(RealFourier::new(&shape, 1.0).unwrap()),
            _ => Box::new(Logarithm::new(&shape)),
        };
        let inside = InDomain::new(&model, &*domain).unwrap();
        let signals = random(&[3, 2, n], seed ^ 1) + 2.0;
        let x = inside.encode(signals.view()).unwrap();
        let direct = model.forward(signals.view()).unwrap();
        for (a, b) in inside.forward(x.view()).unwrap().iter().zip(&direct) {
            prop_assert!((a - b).abs() < 1e-12);
        }
        prop_assert!(check_vjp(&inside, x.view()).unwrap().passed());
        let jacobian = inside.jacobian(x.view()).unwrap();
        for k in 0..3 {
            let mut cotangent = ndarray::Array2::zeros((3, 3));
            cotangent.column_mut(k).fill(1.0);
            let row = inside.vjp(x.view(), cotangent.view()).unwrap();
            for (a, b) in jacobian.index_axis(Axis(1), k).iter().zip(&row) {
                prop_assert!((a - b).abs() < 1e-14);
            }
        }
    }
}

/// For `f(x) = ⟨w, x⟩` the derivative with respect to `z_k = a + ib` of the one-sided spectrum is
/// `2 W_k / N` as (re, im), half of it at 0 Hz and Nyquist, with `W` the spectrum of `w`.
#[test]
fn a_linear_model_in_closed_form() {
    let n = 8;
    let mut model = Network::random(&[n], 1, 1, Activation::Linear, 3);
    model.outer.fill(1.0);
    let w: Array1<f64> = model.inner.column(0).to_owned();
    let domain = RealFourier::new(&[n], 8.0)
        .unwrap()
        .bands([("slow", 0.0..1.5), ("fast", 1.5..5.0)])
        .unwrap();
    let inside = InDomain::new(&model, &domain).unwrap();
    assert_eq!(inside.input_shape(), [5, 2]);
    let x = inside.encode(random(&[1, n], 1).view()).unwrap();
    let jacobian = inside.jacobian(x.view()).unwrap();
    let spectrum: Vec<Complex<f64>> = (0..=n / 2)
        .map(|k| {
            let wave = |t: usize| {
                let angle = -std::f64::consts::TAU * (k * t) as f64 / n as f64;
                Complex::from_polar(w[t], angle)
            };
            let share = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
            (0..n).map(wave).sum::<Complex<f64>>() * (share / n as f64)
        })
        .collect();
    let sizes = inside.pool_parts(jacobian.view()).unwrap();
    assert_eq!(sizes.shape(), [1, 1, 5]);
    for (k, expected) in spectrum.iter().enumerate() {
        // rounding of eight terms
        assert!((jacobian[[0, 0, k, 0]] - expected.re).abs() < 1e-14);
        let single = k == 0 || 2 * k == n;
        let imaginary = if single { 0.0 } else { expected.im };
        assert!((jacobian[[0, 0, k, 1]] - imaginary).abs() < 1e-14);
        assert!((sizes[[0, 0, k]] - expected.re.hypot(imaginary)).abs() < 1e-14);
    }
    let (names, bands) = inside.pool_groups(sizes.view(), 0).unwrap();
    assert_eq!(names, ["slow", "fast"]);
    let slow = (sizes[[0, 0, 0]].powi(2) + sizes[[0, 0, 1]].powi(2)).sqrt();
    assert!((bands[[0, 0, 0]] - slow).abs() < 1e-15);
    assert_eq!(inside.labels(), Domain::<f64>::labels(&domain));
}

#[test]
fn real_domains_pool_to_absolute_values() {
    let model = network(&[4], Activation::Tanh, 1);
    let time = Time::new(&[4]).unwrap();
    let inside = InDomain::new(&model, &time).unwrap();
    let map = random(&[2, 3, 4], 1);
    assert_eq!(inside.pool_parts(map.view()).unwrap(), map.mapv(f64::abs));
    assert!(matches!(
        inside.pool_groups(map.view(), 0),
        Err(CdigError::Parameter { .. })
    ));
}

#[test]
fn refuses_what_does_not_fit() {
    let model = network(&[4], Activation::Tanh, 1);
    let other = Fourier::<f64>::new(&[5], 1.0).unwrap();
    assert!(matches!(
        InDomain::new(&model, &other),
        Err(CdigError::Shape { .. })
    ));
    let domain = Fourier::<f64>::new(&[4], 1.0).unwrap();
    let inside = InDomain::new(&model, &domain).unwrap();
    let wrong = ArrayD::<f64>::zeros(vec![2, 4]);
    assert!(inside.pool_parts(wrong.view()).is_err());
    assert!(inside.forward(wrong.view()).is_err());
    assert!(inside.encode(random(&[2, 3], 1).view()).is_err());
    let empty = ArrayD::<f64>::zeros(vec![0, 4, 2]);
    assert_eq!(inside.jacobian(empty.view()).unwrap().shape(), [0, 3, 4, 2]);
}
