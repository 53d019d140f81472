//! Ways of computing Jacobians, against each other.

use crate::common::{Mlp, close, linear, uniform};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, Ix2};
use xcebra_attr::jacobian::{
    JacobianBy, jacobians, jacobians_by_differences, jacobians_forward, projected_norms,
};
use xcebra_attr::{Methods, Options, attribute};
use xcebra_model::{FnModel, Model, ModelError};

/// `W x` with a forward mode.
struct TwoWays(Array2<f64>, FnModel<f64>);

impl Model<f64> for TwoWays {
    fn input_shape(&self) -> &[usize] {
        self.1.input_shape()
    }
    fn output_dim(&self) -> usize {
        self.1.output_dim()
    }
    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        self.1.forward(x)
    }
    fn vjp(
        &self,
        x: ArrayViewD<'_, f64>,
        cotangent: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        self.1.vjp(x, cotangent)
    }
    fn jvp(
        &self,
        _: ArrayViewD<'_, f64>,
        tangent: ArrayViewD<'_, f64>,
    ) -> Result<Option<Array2<f64>>, ModelError> {
        let tangent = tangent.into_dimensionality::<Ix2>().unwrap();
        Ok(Some(tangent.dot(&self.0.t())))
    }
}

#[test]
fn forward_mode_agrees_where_a_model_offers_it() {
    let weights = uniform((7, 3), 1);
    let model: Box<dyn Model<f64>> = Box::new(TwoWays(weights.clone(), linear(&weights)));
    let x = uniform((5, 3), 2);
    let reverse = jacobians(&model, x.view().into_dyn()).unwrap();
    let forward = jacobians_forward(&model, x.view().into_dyn()).unwrap();
    close(&forward.unwrap(), &reverse, 1e-15);

    let options = Options::new().jacobians(JacobianBy::Forward);
    let methods: Methods<f64> = "neuron-gradient".parse().unwrap();
    let map = attribute(&model, &x, &methods, &options).unwrap().remove(0);
    close(map.signed(), &weights.t(), 1e-15);

    let only_reverse = linear(&weights);
    let none = jacobians_forward(&only_reverse, x.view().into_dyn()).unwrap();
    assert!(none.is_none());
    let error = attribute(&only_reverse, &x, &methods, &options).unwrap_err();
    assert!(error.to_string().contains("Model::jvp"), "{error}");
}

/// Errors of second order in the step, and of the precision over it, as documented.
#[test]
fn differences_are_as_accurate_as_documented() {
    let model = Mlp::<f64>::random(&[2, 3], 8, 2, 3);
    let x = uniform((30, 6), 4)
        .into_shape_with_order((30, 2, 3))
        .unwrap();
    let exact = jacobians(&model, x.view().into_dyn()).unwrap();
    let by = |step| jacobians_by_differences(&model, x.view().into_dyn(), step).unwrap();
    // slopes and third derivatives of two layers: of size 10
    close(&by(None), &exact, 1e-8);
    let largest = |step| (by(Some(step)) - &exact).fold(0.0, |a: f64, b| a.max(b.abs()));
    let ratio = largest(1e-2) / largest(1e-3);
    assert!((80.0..120.0).contains(&ratio), "{ratio}, expected 100");

    let single = Mlp::<f32>::random(&[2, 3], 8, 2, 3);
    let found = jacobians_by_differences(&single, x.mapv(|v| v as f32).view().into_dyn(), None);
    close(&found.unwrap(), &exact, 1e-2);
    for step in [0.0, -1.0, f64::NAN] {
        assert!(jacobians_by_differences(&model, x.view().into_dyn(), Some(step)).is_err());
    }
    let methods: Methods<f64> = "ing,integrated-gradients".parse().unwrap();
    let options = Options::new().jacobians(JacobianBy::Differences(None));
    let (a, b) = (
        attribute(&model, &x, &methods, &options).unwrap(),
        attribute(&model, &x, &methods, &Options::new()).unwrap(),
    );
    for (a, b) in a.iter().zip(&b) {
        let size = b.max_abs().iter().fold(1.0, |a: f64, &b| a.max(b));
        close(a.values(), b.values(), 1e-7 * size * size);
    }
}

/// Unbiased, with honest standard errors; the norm of a projection of one output is exact.
#[test]
fn projected_norms_are_unbiased() {
    let model = Mlp::<f64>::random(&[6], 10, 4, 5);
    let x = uniform((50, 6), 6);
    let exact = jacobians(&model, x.view().into_dyn()).unwrap();
    let exact = exact.mapv(|v| v * v).sum_axis(Axis(2)).sum_axis(Axis(1));
    let found = projected_norms(&model, x.view().into_dyn(), 200, 7).unwrap();
    let errors = found.standard_errors.unwrap();
    let scores = (&found.squared - &exact) / &errors;
    // 50 independent scores of mean 0 and variance 1: 5 standard errors of either
    assert!(scores.mean().unwrap().abs() < 5.0 / 50.0_f64.sqrt());
    let variance = scores.mapv(|s| s * s).mean().unwrap();
    assert!(
        (variance - 1.0).abs() < 5.0 * (2.0_f64 / 50.0).sqrt(),
        "{variance}"
    );

    // sample i keeps its directions
    let some = x.slice_axis(Axis(0), (0..3).into()).to_owned();
    let again = projected_norms(&model, some.view().into_dyn(), 200, 7).unwrap();
    close(
        &again.squared,
        &found.squared.slice_axis(Axis(0), (0..3).into()),
        1e-12,
    );

    let single = Mlp::<f64>::random(&[6], 10, 1, 5);
    let exact = jacobians(&single, x.view().into_dyn()).unwrap();
    let exact = exact.mapv(|v| v * v).sum_axis(Axis(2)).sum_axis(Axis(1));
    let one = projected_norms(&single, x.view().into_dyn(), 1, 0).unwrap();
    close(&one.squared, &exact, 1e-12);
    assert!(one.standard_errors.is_none());
    assert!(projected_norms(&model, x.view().into_dyn(), 0, 0).is_err());
    assert!(projected_norms(&model, uniform((3, 5), 1).view().into_dyn(), 1, 0).is_err());
}
