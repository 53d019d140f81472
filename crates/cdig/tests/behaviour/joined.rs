//! Several inputs of a model, each in its own domain.

use cdig::domains::{Dct, Joined, Stft};
use cdig::laws::Laws;
use cdig::{Baseline, CdigError, Domain, Explainer, RealFourier, Rule, Time};
use ndarray::{Array1, ArrayD, Axis, array};
use xcebra_model::FnModel;

use crate::laws::Logarithm;
use crate::models::random;

type Boxed = Box<dyn Domain<f64>>;

fn boxed(domain: impl Domain<f64> + 'static) -> Boxed {
    Box::new(domain)
}

#[test]
fn the_laws_hold_if_they_hold_for_the_parts() {
    let window = cdig::domains::Window::Hann.samples(4);
    let affine = Joined::new([
        ("a", boxed(RealFourier::new(&[2, 8], 8.0).unwrap())),
        ("b", boxed(Time::new(&[3]).unwrap())),
        ("c", boxed(Stft::new(&[16], 8.0, &window, 2).unwrap())),
    ])
    .unwrap();
    Laws::new().check(&affine).unwrap();
    assert!(affine.has_affine_inverse() && !affine.is_real() && affine.is_exact());
    let real = Joined::new([
        ("a", boxed(Dct::new(&[5], 8.0).unwrap())),
        ("b", boxed(Time::new(&[2, 2]).unwrap())),
    ])
    .unwrap();
    Laws::new().check(&real).unwrap();
    assert!(real.is_real());
    let curved = Joined::new([
        ("a", boxed(Logarithm::new(&[3]))),
        ("b", boxed(Time::new(&[2]).unwrap())),
    ])
    .unwrap();
    assert!(!curved.has_affine_inverse());
}

/// F = (Σ x)(Σ c): from zero, the path mean of Σ c is half of it, so that `x_t` has the attribution `x_t Σ c / 2`, and
/// `c_j` has `c_j Σ x / 2`. In the spectrum of x all of its half is at 0 Hz.
#[test]
fn attributions_of_a_product_are_shared_between_its_inputs() {
    let model = FnModel::per_sample(
        [11],
        1,
        |v| {
            let (x, c): (f64, f64) = (v.iter().take(8).sum(), v.iter().skip(8).sum());
            Ok(array![x * c])
        },
        |v, cotangent| {
            let (x, c): (f64, f64) = (v.iter().take(8).sum(), v.iter().skip(8).sum());
            let slope = |i: usize| cotangent[0] * if i < 8 { c } else { x };
            Ok(Array1::from_shape_fn(11, slope).into_dyn())
        },
    );
    let domain = Joined::new([
        ("signal", boxed(RealFourier::new(&[8], 8.0).unwrap())),
        ("covariates", boxed(Time::new(&[3]).unwrap())),
    ])
    .unwrap();
    let signal = random(&[11], 4);
    let found = Explainer::new(&model)
        .rule(Rule::Midpoint(3))
        .explain(&domain, signal.view())
        .unwrap();
    let (x, c): (f64, f64) = (signal.iter().take(8).sum(), signal.iter().skip(8).sum());
    // rounding of eleven numbers of size 1
    assert!(found.residual[0].abs() < 1e-14);
    let spectrum = domain.part(found.attribution.view(), 0).unwrap();
    assert_eq!(spectrum.shape(), [1, 5]);
    for (k, a) in spectrum.iter().enumerate() {
        let expected = if k == 0 { x * c / 2.0 } else { 0.0 };
        assert!((a - expected).abs() < 1e-14, "{k}: {a}");
    }
    let covariates = domain.part(found.attribution.view(), 1).unwrap();
    for (a, j) in covariates.iter().zip(8..) {
        assert!((a - signal[j] * x / 2.0).abs() < 1e-14);
    }
    let grouped = found.by_group(0).unwrap();
    assert_eq!(grouped.names, ["signal", "covariates"]);
    assert!((grouped.sums[[0, 1]] - x * c / 2.0).abs() < 1e-14);
    assert!(
        found
            .top(0, 11)
            .unwrap()
            .iter()
            .any(|one| one.words.contains("0 Hz"))
    );
    // a baseline of each part
    let baseline = signal.mapv(|_| 0.0)
        + &Array1::from_shape_fn(11, |i| if i < 8 { 0.0 } else { signal[i] }).into_dyn();
    let found = Explainer::new(&model)
        .rule(Rule::Midpoint(3))
        .baseline(Baseline::Signal(baseline))
        .explain(&domain, signal.view())
        .unwrap();
    let covariates = domain.part(found.attribution.view(), 1).unwrap();
    assert!(covariates.iter().all(|a| a.abs() < 1e-14));
}

#[test]
fn empty_and_repeated_parts_are_refused() {
    let time = || boxed(Time::new(&[3]).unwrap());
    let none: [(&str, Boxed); 0] = [];
    for parts in [
        none.into_iter().collect::<Vec<_>>(),
        vec![("a", time()), ("a", time())],
    ] {
        assert!(matches!(
            Joined::new(parts),
            Err(CdigError::Parameter { .. })
        ));
    }
    let domain = Joined::new([("a", time())]).unwrap();
    assert!(
        domain
            .part(ArrayD::<f64>::zeros(vec![4]).view(), 0)
            .is_err()
    );
    assert!(
        domain
            .part(ArrayD::<f64>::zeros(vec![3]).view(), 1)
            .is_err()
    );
    let wrong = ArrayD::zeros(vec![2, 2]).insert_axis(Axis(0));
    assert!(domain.forward(wrong.view()).is_err());
}
