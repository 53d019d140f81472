//! What must hold in every domain: its laws, completeness, path independence, closed forms.

use std::f64::consts::PI;

use cdig::domains::{Basis, Dct, Wavelet, WaveletFamily, WaveletPackets, WithRemainder};
use cdig::laws::Laws;
use cdig::{Attribution, Baseline, CdigError, Domain, Explainer, Path, Rule, Time};
use ndarray::{ArrayD, Axis, concatenate, s};
use num_complex::Complex;
use proptest::prelude::*;
use xcebra_model::Advice;

use crate::catalogue::{Layout, every_domain, layouts};
use crate::models::{Activation, Network, random};

/// Rounding, relative to the sum of absolute attributions and values: the models are smooth, so that
/// Gauss–Legendre converges geometrically; 128 nodes suffice for the phases and exponentials of the
/// domains that are not affine.
const TOLERANCE: f64 = 1e-9;
const SMOOTH: Rule = Rule::GaussLegendre(128);

/// A random model, signal and baseline in one domain.
struct Scene<'a> {
    domain: &'a dyn Domain<f64>,
    model: Network,
    ends: ArrayD<f64>,
    coefficients: ArrayD<Complex<f64>>,
    seed: u64,
}

impl<'a> Scene<'a> {
    fn new(domain: &'a dyn Domain<f64>, layout: &Layout, seed: u64) -> Self {
        let ends = match domain.name() {
            // white noise has spectra so close to 0 here and there that the logarithm is wild
            "complex cepstrum" => layout.decaying(2, seed ^ 3),
            _ => random(&[&[2][..], &layout.shape].concat(), seed ^ 3),
        };
        Self {
            coefficients: domain.forward(ends.view()).unwrap(),
            model: Network::random(&layout.shape, 4, 2, Activation::Tanh, seed),
            domain,
            ends,
            seed,
        }
    }

    /// A point off the straight line; where the inverse is not affine, not far off: exponentials of
    /// anything are no test of a quadrature.
    fn detour(&self, which: u64) -> ArrayD<Complex<f64>> {
        let z = &self.coefficients;
        let size = (z.iter().map(Complex::norm_sqr).sum::<f64>() / z.len() as f64).sqrt();
        let reach = match self.domain.has_affine_inverse() {
            true => 1.0,
            false => 0.2,
        };
        let part =
            |i: u64| random(&z.shape()[1..], self.seed ^ (10 + 2 * which + i)) * size * reach;
        let mut detour = part(0).mapv(|a| Complex::new(a, 0.0));
        detour.zip_mut_with(&part(1), |z, &b| z.im = b);
        detour
    }

    fn end(&self, which: usize) -> ArrayD<Complex<f64>> {
        self.coefficients.index_axis(Axis(0), which).to_owned()
    }

    fn polyline(&self) -> Path<f64> {
        let (start, end) = (self.end(0), self.end(1));
        let middle = (&start + &end).mapv(|z| z * 0.5) + self.detour(0);
        let rows = [&start, &middle, &end].map(|p| p.view().insert_axis(Axis(0)));
        Path::Polyline(concatenate(Axis(0), &rows).unwrap())
    }

    /// `γ(α) = z' + α dz + sin(πα) u + α² (1 − α) v` with complex `u`, `v`.
    fn curve(&self) -> Path<f64> {
        let (start, change) = (self.end(0), self.end(1) - self.end(0));
        let (u, v) = (self.detour(1), self.detour(2));
        let (change2, u2, v2) = (change.clone(), u.clone(), v.clone());
        Path::curve(
            move |a| {
                let bend = u.mapv(|z| z * (PI * a).sin()) + v.mapv(|z| z * (a * a * (1.0 - a)));
                &start + &change.mapv(|z| z * a) + bend
            },
            move |a| {
                let slope = 2.0 * a - 3.0 * a * a;
                let bend = u2.mapv(|z| z * (PI * (PI * a).cos())) + v2.mapv(|z| z * slope);
                &change2 + &bend
            },
        )
    }

    fn explain(&self, model: &Network, path: Path<f64>) -> Attribution<f64> {
        Explainer::new(model)
            .baseline(Baseline::Signal(
                self.ends.index_axis(Axis(0), 0).to_owned(),
            ))
            .path(path)
            .rule(SMOOTH)
            .explain(self.domain, self.ends.index_axis(Axis(0), 1))
            .unwrap()
    }
}

fn scale(found: &Attribution<f64>) -> f64 {
    let sizes = [&found.value, &found.baseline_value].map(|v| v.mapv(f64::abs).sum());
    sizes[0] + sizes[1] + found.attribution.mapv(f64::abs).sum()
}

fn assert_complete(found: &Attribution<f64>) -> Result<(), TestCaseError> {
    let bound = TOLERANCE * scale(found);
    prop_assert!(
        found.residual.iter().all(|r| r.abs() <= bound),
        "{}: {:?} > {bound:e}",
        found.domain,
        found.residual
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn laws_hold_in_every_domain(layout in layouts(), seed in any::<u64>()) {
        for domain in every_domain::<f64>(&layout, seed) {
            let mut laws = Laws::new().seed(seed);
            if domain.name() == "complex cepstrum" {
                laws = laws.signals(layout.decaying(3, seed));
            }
            let report = laws.check(&*domain).map_err(|e| TestCaseError::fail(e.to_string()))?;
            // sums over at most 20 samples and 3 channels, far below what the law asks
            prop_assert!(report.round_trip < 1e-12, "{}: {report:?}", domain.name());
        }
        for domain in every_domain::<f32>(&layout, seed) {
            let mut laws = Laws::new().seed(seed);
            if domain.name() == "complex cepstrum" {
                laws = laws.signals(layout.decaying(3, seed).mapv(|x| x as f32));
            }
            laws.check(&*domain).map_err(|e| TestCaseError::fail(e.to_string()))?;
        }
    }

    #[test]
    fn completeness_holds_in_every_domain(layout in layouts(), seed in any::<u64>()) {
        for domain in every_domain::<f64>(&layout, seed) {
            let scene = Scene::new(&*domain, &layout, seed);
            for path in [Path::Straight, scene.polyline(), scene.curve()] {
                assert_complete(&scene.explain(&scene.model, path))?;
            }
        }
    }

    #[test]
    fn path_independence_holds_in_every_domain(layout in layouts(), seed in any::<u64>()) {
        for domain in every_domain::<f64>(&layout, seed) {
            let scene = Scene::new(&*domain, &layout, seed);
            let straight = scene.explain(&scene.model, Path::Straight);
            for path in [scene.polyline(), scene.curve()] {
                let other = scene.explain(&scene.model, path);
                let bound = TOLERANCE * (scale(&straight) + scale(&other));
                for (a, b) in straight.total().iter().zip(&other.total()) {
                    prop_assert!((a - b).abs() <= bound, "{}: {a} and {b}", domain.name());
                }
            }
        }
    }

    /// Two networks that compute the same function differently: hidden units reversed, then each
    /// split in two halves. Rounding of a reordered sum.
    #[test]
    fn implementation_invariance_holds_in_every_domain(layout in layouts(), seed in any::<u64>()) {
        for domain in every_domain::<f64>(&layout, seed) {
            let scene = Scene::new(&*domain, &layout, seed);
            let reversed = scene.model.inner.slice(s![.., ..;-1]);
            let half = scene.model.outer.slice(s![..;-1, ..]).mapv(|w| 0.5 * w);
            let bias = scene.model.bias.slice(s![..;-1]);
            let other = Network {
                inner: concatenate![Axis(1), reversed, reversed],
                bias: concatenate![Axis(0), bias, bias],
                outer: concatenate![Axis(0), half, half],
                ..scene.model.clone()
            };
            let a = scene.explain(&scene.model, Path::Straight);
            let b = scene.explain(&other, Path::Straight);
            let bound = 1e-12 * scale(&a);
            for (a, b) in a.attribution.iter().zip(&b.attribution) {
                prop_assert!((a - b).abs() <= bound, "{}: {a} and {b}", domain.name());
            }
        }
    }

    /// `f(x) = ⟨w, x⟩`: a coefficient gets `⟨w, b⟩ da + ⟨w, b̃⟩ db` with the signals `b`, `b̃` that a
    /// unit of its real and of its imaginary part makes. Only the inverse is used here, entry by entry.
    #[test]
    fn a_linear_model_has_its_closed_form_in_every_affine_domain(
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        for domain in every_domain::<f64>(&layout, seed) {
            if !domain.has_affine_inverse() {
                continue;
            }
            let mut scene = Scene::new(&*domain, &layout, seed);
            scene.model = Network::random(&layout.shape, 1, 1, Activation::Linear, seed);
            let found = scene.explain(&scene.model, Path::Straight);
            let w = scene.model.inner.column(0).to_owned() * scene.model.outer[[0, 0]];
            let zero = ArrayD::from_elem(
                [&[1][..], domain.coefficient_shape()].concat(),
                Complex::new(0.0, 0.0),
            );
            let origin = domain.inverse(zero.view()).unwrap();
            let response = |k: usize, unit: Complex<f64>| -> f64 {
                let mut z = zero.clone();
                z.as_slice_mut().unwrap()[k] = unit;
                let made = domain.inverse(z.view()).unwrap() - &origin;
                made.iter().zip(&w).map(|(x, w)| x * w).sum()
            };
            let change = scene.end(1) - scene.end(0);
            let bound = 1e-12 * scale(&found);
            for (k, (got, dz)) in found.attribution.iter().zip(&change).enumerate() {
                let expected = response(k, Complex::new(1.0, 0.0)) * dz.re
                    + response(k, Complex::new(0.0, 1.0)) * dz.im;
                prop_assert!((got - expected).abs() <= bound, "{} {k}: {got} {expected}", domain.name());
            }
        }
    }

    /// In an orthonormal domain `IG_k = (T w)_k (T dx)_k`, by Parseval's identity.
    #[test]
    fn a_linear_model_splits_by_parseval_in_every_orthonormal_domain(
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        let Layout { shape, time } = &layout;
        let family = WaveletFamily::Daubechies(3);
        let domains: [Box<dyn Domain<f64>>; 3] = [
            Box::new(Dct::new(shape, 1.0).unwrap().along(*time).unwrap()),
            Box::new(Wavelet::on_axis(shape, *time, 1.0, family, 3).unwrap()),
            Box::new(WaveletPackets::on_axis(shape, *time, 1.0, family, 2).unwrap()),
        ];
        for domain in domains {
            let mut scene = Scene::new(&*domain, &layout, seed);
            scene.model = Network::random(shape, 1, 1, Activation::Linear, seed);
            let w = scene.model.inner.column(0).to_owned() * scene.model.outer[[0, 0]];
            let w = w.into_dyn().into_shape_with_order([&[1][..], shape].concat()).unwrap();
            let w = domain.forward(w.view()).unwrap();
            let found = scene.explain(&scene.model, Path::Straight);
            let change = scene.end(1) - scene.end(0);
            let bound = 1e-12 * scale(&found);
            for ((got, w), dz) in found.attribution.iter().zip(&w).zip(&change) {
                prop_assert!((got - w.re * dz.re).abs() <= bound, "{}: {got}", domain.name());
            }
        }
    }
}

/// Batches are transformed signal by signal, whatever their size; empty ones stay empty.
#[test]
fn batches_are_transformed_signal_by_signal_in_every_domain() {
    let layout = Layout {
        shape: vec![2, 12],
        time: 1,
    };
    for domain in every_domain::<f64>(&layout, 5) {
        let signals = layout.decaying(40, 6);
        let together = domain.forward(signals.view()).unwrap();
        let back = domain.inverse(together.view()).unwrap();
        let pulled = domain.inverse_vjp(together.view(), signals.view()).unwrap();
        for i in [0, 17, 39] {
            let one =
                |rows: &ArrayD<f64>| rows.index_axis(Axis(0), i).insert_axis(Axis(0)).to_owned();
            let z = domain.forward(one(&signals).view()).unwrap();
            let row = |rows: &ArrayD<Complex<f64>>| {
                rows.index_axis(Axis(0), i).insert_axis(Axis(0)).to_owned()
            };
            assert_eq!(z, row(&together), "{}", domain.name());
            assert_eq!(domain.inverse(z.view()).unwrap(), one(&back));
            let vjp = domain.inverse_vjp(z.view(), one(&signals).view()).unwrap();
            assert_eq!(vjp, row(&pulled));
        }
        let none = signals.slice_axis(Axis(0), (0..0).into());
        let z = domain.forward(none.view()).unwrap();
        assert_eq!(z.shape()[0], 0);
        assert_eq!(domain.inverse(z.view()).unwrap().shape(), [0, 2, 12]);
        assert_eq!(
            domain.inverse_vjp(z.view(), none).unwrap().shape(),
            z.shape()
        );
    }
}

/// Boxes are domains, so that those chosen at run time can be wrapped; an exact one leaves no remainder
/// but rounding.
#[test]
fn every_domain_can_be_wrapped() {
    let layout = Layout {
        shape: vec![2, 8],
        time: 1,
    };
    for domain in every_domain::<f64>(&layout, 3) {
        let (name, exact) = (domain.name().to_owned(), domain.is_exact());
        let affine = domain.has_affine_inverse();
        let signals = layout.decaying(3, 4);
        let whole = WithRemainder::new(domain);
        let z = whole.forward(signals.view()).unwrap();
        let rest = z.slice_axis(Axis(1), (whole.represented()..).into());
        assert!(exact, "{name}");
        assert!(rest.iter().all(|z| z.norm() < 1e-12), "{name}");
        assert_eq!(whole.has_affine_inverse(), affine);
        Laws::new().signals(signals).check(&whole).unwrap();
    }
}

/// Axes that a domain says it keeps have the length they have in the signal; shapes that do not fit
/// are refused, not trusted.
#[test]
fn shapes_are_kept_and_checked_in_every_domain() {
    let layout = Layout {
        shape: vec![3, 8],
        time: 1,
    };
    for domain in every_domain::<f64>(&layout, 7) {
        for (own, signal) in domain.kept_axes() {
            assert_eq!(domain.coefficient_shape()[own], layout.shape[signal]);
        }
        let name = domain.name();
        for wrong in [vec![1, 3, 7], vec![1, 8, 3], vec![3, 8], vec![1, 24]] {
            let signals = random(&wrong, 1);
            assert!(domain.forward(signals.view()).is_err(), "{name} {wrong:?}");
            let points = signals.mapv(|x| Complex::new(x, 0.0));
            if points.shape().get(1..) != Some(domain.coefficient_shape()) {
                assert!(domain.inverse(points.view()).is_err(), "{name} {wrong:?}");
            }
            assert!(domain.inverse_vjp(points.view(), signals.view()).is_err());
        }
    }
}

/// What a truncated basis cannot represent is an entry of its own, so that completeness adds up; the
/// group `remainder` is what the explanation by the basis alone would miss.
#[test]
fn the_remainder_carries_what_a_truncated_basis_misses() {
    let data = random(&[5, 3, 12], 1);
    let basis = Basis::pca(data.view(), 0, 1).unwrap();
    assert!(!Domain::<f64>::is_exact(&basis));
    let model = Network::random(&[3, 12], 4, 2, Activation::Tanh, 2);
    let signal = data.index_axis(Axis(0), 0);
    let explainer = Explainer::new(&model).rule(SMOOTH);
    let error = explainer.explain(&basis, signal.view()).unwrap_err();
    assert!(matches!(error, CdigError::RoundTrip { .. }), "{error}");
    assert!(error.advice().unwrap().contains("WithRemainder"));

    let whole = WithRemainder::new(basis);
    let time = Time::new(&[3, 12]).unwrap();
    let found = explainer.explain_many(&[&whole, &time], signal).unwrap();
    let groups = found[0].by_group(0).unwrap();
    assert_eq!(groups.names, ["0", "remainder"]);
    for output in 0..2 {
        let sum: f64 = (0..2).map(|g| groups.sums[[output, g]]).sum();
        let total = found[1].total()[output];
        assert!((sum - total).abs() < 1e-12, "{sum} {total}");
        assert!(found[0].residual[output].abs() < 1e-9);
        assert!(groups.sums[[output, 1]].abs() > 1e-3);
    }
    let words = found[0].axes.describe(&[0]).unwrap();
    assert!(words.starts_with("component 0, "), "{words}");
}
