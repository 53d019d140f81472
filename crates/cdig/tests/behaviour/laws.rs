//! The law-checker: it accepts domains that obey, and names the law a broken one breaks.

use cdig::axes::{Axes, AxisLabels, Role};
use cdig::domains::{batch_len, vjp_len};
use cdig::laws::Laws;
use cdig::{CdigError, Domain, Explainer, RealFourier, Result, Rule, Scalar};
use ndarray::{ArrayD, ArrayViewD, array};
use num_complex::Complex;

use crate::models::{Activation, Network};

/// `z = log x`, complex for negative samples, `x = Re exp z`: neither real nor affine.
pub struct Logarithm {
    shape: Vec<usize>,
}

impl Logarithm {
    pub fn new(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
        }
    }
}

impl<A: Scalar> Domain<A> for Logarithm {
    fn name(&self) -> &str {
        "logarithm"
    }

    fn signal_shape(&self) -> &[usize] {
        &self.shape
    }

    fn coefficient_shape(&self) -> &[usize] {
        &self.shape
    }

    fn forward(&self, signals: ArrayViewD<'_, A>) -> Result<ArrayD<Complex<A>>> {
        batch_len("the signals", &self.shape, signals.shape())?;
        let turn = A::of(std::f64::consts::PI);
        Ok(signals.mapv(|x| {
            let angle = if x < A::zero() { turn } else { A::zero() };
            Complex::new(x.abs().ln(), angle)
        }))
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<A>>) -> Result<ArrayD<A>> {
        batch_len("the coefficients", &self.shape, coefficients.shape())?;
        Ok(coefficients.mapv(|z| z.re.exp() * z.im.cos()))
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<A>>,
        cotangent: ArrayViewD<'_, A>,
    ) -> Result<ArrayD<Complex<A>>> {
        vjp_len(
            &self.shape,
            coefficients.shape(),
            &self.shape,
            cotangent.shape(),
        )?;
        let mut pulled = coefficients
            .mapv(|z| Complex::new(z.re.exp() * z.im.cos(), -(z.re.exp() * z.im.sin())));
        pulled.zip_mut_with(&cotangent, |p, &g| *p *= g);
        Ok(pulled)
    }

    fn axes(&self) -> Axes {
        let axes = self.shape.iter();
        Axes::new(
            axes.map(|&len| AxisLabels::indices(Role::Other("sample".into()), len))
                .collect(),
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    RoundTrip,
    NyquistTwice,
    WirtingerForgotten,
    ClaimsReal,
    Axes,
    Shape,
}

/// The real Fourier domain of 2 × 8 samples with one thing wrong.
struct Broken(RealFourier<f64>, Fault);

fn broken(fault: Fault) -> Broken {
    Broken(RealFourier::new(&[2, 8], 8.0).unwrap(), fault)
}

impl Domain<f64> for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn signal_shape(&self) -> &[usize] {
        self.0.signal_shape()
    }

    fn coefficient_shape(&self) -> &[usize] {
        self.0.coefficient_shape()
    }

    fn forward(&self, signals: ArrayViewD<'_, f64>) -> Result<ArrayD<Complex<f64>>> {
        let mut coefficients = self.0.forward(signals)?;
        if self.1 == Fault::RoundTrip {
            coefficients.mapv_inplace(|z| z * 1.01);
        }
        Ok(coefficients)
    }

    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<f64>>) -> Result<ArrayD<f64>> {
        self.0.inverse(coefficients)
    }

    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<f64>>,
        cotangent: ArrayViewD<'_, f64>,
    ) -> Result<ArrayD<Complex<f64>>> {
        let mut pulled = self.0.inverse_vjp(coefficients, cotangent)?;
        match self.1 {
            Fault::NyquistTwice => pulled
                .slice_axis_mut(ndarray::Axis(2), (4..5).into())
                .mapv_inplace(|z| z * 2.0),
            Fault::WirtingerForgotten => pulled.mapv_inplace(|z| z.conj()),
            Fault::Shape => {
                pulled = pulled
                    .slice_axis(ndarray::Axis(2), (0..3).into())
                    .to_owned();
            }
            _ => {}
        }
        Ok(pulled)
    }

    fn is_real(&self) -> bool {
        self.1 == Fault::ClaimsReal
    }

    fn has_affine_inverse(&self) -> bool {
        true
    }

    fn axes(&self) -> Axes {
        let mut axes = self.0.axes().into_vec();
        if self.1 == Fault::Axes {
            axes.pop();
        }
        Axes::new(axes)
    }
}

/// The logarithm, but it says that its inverse is affine.
struct Boastful(Logarithm);

impl Domain<f64> for Boastful {
    fn name(&self) -> &str {
        "boastful"
    }
    fn signal_shape(&self) -> &[usize] {
        Domain::<f64>::signal_shape(&self.0)
    }
    fn coefficient_shape(&self) -> &[usize] {
        Domain::<f64>::coefficient_shape(&self.0)
    }
    fn forward(&self, signals: ArrayViewD<'_, f64>) -> Result<ArrayD<Complex<f64>>> {
        self.0.forward(signals)
    }
    fn inverse(&self, coefficients: ArrayViewD<'_, Complex<f64>>) -> Result<ArrayD<f64>> {
        self.0.inverse(coefficients)
    }
    fn inverse_vjp(
        &self,
        coefficients: ArrayViewD<'_, Complex<f64>>,
        cotangent: ArrayViewD<'_, f64>,
    ) -> Result<ArrayD<Complex<f64>>> {
        self.0.inverse_vjp(coefficients, cotangent)
    }
    fn has_affine_inverse(&self) -> bool {
        true
    }
    fn axes(&self) -> Axes {
        Domain::<f64>::axes(&self.0)
    }
}

fn broken_law(result: Result<cdig::laws::LawReport>) -> &'static str {
    match result {
        Err(CdigError::Law { law, .. }) => law,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_obedient_domain_passes_with_small_errors() {
    let report = Laws::new().check(&broken(Fault::None)).unwrap();
    // sums over 16 samples
    assert!(
        report.round_trip < 1e-14 && report.adjoint < 1e-13,
        "{report:?}"
    );
    assert_eq!(report.realness, 0.0);
}

#[test]
fn a_domain_that_is_not_affine_passes() {
    for seed in 0..5 {
        let domain = Logarithm::new(&[3, 4]);
        Laws::<f64>::new().seed(seed).check(&domain).unwrap();
        Laws::<f32>::new().seed(seed).check(&domain).unwrap();
    }
}

#[test]
fn every_broken_law_is_named() {
    for (fault, law) in [
        (Fault::RoundTrip, "round trip"),
        (Fault::NyquistTwice, "adjoint"),
        (Fault::WirtingerForgotten, "adjoint"),
        (Fault::ClaimsReal, "realness"),
    ] {
        assert_eq!(
            broken_law(Laws::new().check(&broken(fault))),
            law,
            "{fault:?}"
        );
    }
    let boastful = Boastful(Logarithm::new(&[5]));
    assert_eq!(broken_law(Laws::new().check(&boastful)), "affinity");
    for fault in [Fault::Axes, Fault::Shape] {
        let found = Laws::new().check(&broken(fault));
        assert!(matches!(found, Err(CdigError::Shape { .. })), "{found:?}");
    }
}

#[test]
fn same_seed_same_report_and_a_tolerance_of_ones_own() {
    let domain = broken(Fault::RoundTrip);
    let laws = Laws::new().tolerance(0.1);
    let report = laws.check(&domain).unwrap();
    assert_eq!(report, laws.check(&domain).unwrap());
    assert!((report.round_trip - 0.01).abs() < 1e-12);
    assert_ne!(report, laws.seed(1).check(&domain).unwrap());
}

#[test]
fn signals_can_be_given_and_must_fit() {
    let domain = Logarithm::new(&[2]);
    let check =
        |signals: ndarray::Array2<f64>| Laws::new().signals(signals.into_dyn()).check(&domain);
    check(array![[1.0, 2.0], [3.0, 0.5]]).unwrap();
    assert!(matches!(
        check(array![[1.0, 2.0]]),
        Err(CdigError::Shape { .. })
    ));
    assert!(matches!(
        check(array![[1.0], [2.0]]),
        Err(CdigError::Shape { .. })
    ));
}

/// A domain with a singularity at the zero baseline is refused with the place of the trouble.
#[test]
fn a_baseline_the_domain_cannot_represent_is_refused() {
    let model = Network::random(&[2], 3, 1, Activation::Tanh, 0);
    let found = Explainer::new(&model)
        .rule(Rule::Midpoint(4))
        .explain(&Logarithm::new(&[2]), array![1.0, 2.0].view());
    let message = found.unwrap_err().to_string();
    assert!(
        message.contains("'logarithm'") && message.contains("[0, 0]"),
        "{message}"
    );
}

#[test]
fn a_domain_that_loses_part_of_the_signal_is_refused_unless_tolerated() {
    let model = Network::random(&[2, 8], 3, 1, Activation::Tanh, 0);
    let signal = crate::models::random(&[2, 8], 1);
    let domain = broken(Fault::RoundTrip);
    match Explainer::new(&model).explain(&domain, signal.view()) {
        Err(CdigError::RoundTrip { which, error, .. }) => {
            assert_eq!(which, "signal");
            assert!((error - 0.01).abs() < 1e-12);
        }
        other => panic!("{other:?}"),
    }
    let tolerant = Explainer::new(&model).round_trip_tolerance(0.02);
    assert!(tolerant.explain(&domain, signal.view()).is_ok());
}
