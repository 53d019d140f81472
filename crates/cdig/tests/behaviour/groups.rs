//! Groups of coefficients: switches, interactions, models without gradients.

use cdig::axes::Group;
use cdig::interactions::Switched;
use cdig::interactions::{groups_of_axis, integrated_hessians, interactions};
use cdig::{Baseline, Explainer, Gradient, Model, ModelError, RealFourier, Rule, Time};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewD, Axis, array};
use xcebra_model::check_vjp;

use crate::models::{Activation, Network, Pointwise, random};

fn groups(members: &[&[usize]]) -> Vec<Group> {
    let group = |(i, members): (usize, &&[usize])| Group {
        name: format!("group {i}"),
        members: members.to_vec(),
    };
    members.iter().enumerate().map(group).collect()
}

/// Passes values on, and has no gradient.
struct ValuesOnly<'a>(&'a dyn Model<f64>);

impl Model<f64> for ValuesOnly<'_> {
    fn input_shape(&self) -> &[usize] {
        self.0.input_shape()
    }
    fn output_dim(&self) -> usize {
        self.0.output_dim()
    }
    fn forward(&self, x: ArrayViewD<'_, f64>) -> Result<Array2<f64>, ModelError> {
        self.0.forward(x)
    }
    fn vjp(
        &self,
        _: ArrayViewD<'_, f64>,
        _: ArrayView2<'_, f64>,
    ) -> Result<ArrayD<f64>, ModelError> {
        Err(ModelError::evaluation("no gradient"))
    }
}

#[test]
fn switches_lead_from_the_baseline_to_the_signal() {
    let shape = [2, 12];
    let model = Network::random(&shape, 5, 2, Activation::Tanh, 1);
    let domain = RealFourier::new(&shape, 12.0)
        .unwrap()
        .bands([("slow", 0.0..2.5), ("middle", 2.5..4.5)])
        .unwrap();
    let (base, signal) = (random(&shape, 1), random(&shape, 2));
    let axis = groups_of_axis(&domain, 1).unwrap();
    let switched = Switched::between(&model, &domain, base.view(), signal.view(), &axis).unwrap();
    assert_eq!(switched.names(), ["slow", "middle", "other"]);
    let ends = ndarray::stack![Axis(0), ArrayD::zeros(vec![3]), switched.on()];
    let both = ndarray::stack![Axis(0), base, signal];
    let (found, expected) = (
        switched.forward(ends.view()).unwrap(),
        model.forward(both.view()).unwrap(),
    );
    assert!((found - expected).iter().all(|d| d.abs() < 1e-13));
    assert!(
        check_vjp(&switched, random(&[4, 3], 5).view())
            .unwrap()
            .passed()
    );

    // the groups' integrated gradients are the sums of the coefficients', by the same rule
    let rule = Rule::GaussLegendre(20);
    let by_group = Explainer::new(&switched)
        .rule(rule)
        .explain(&Time::new(&[3]).unwrap(), switched.on().view())
        .unwrap();
    let whole = Explainer::new(&model)
        .baseline(Baseline::Signal(base))
        .rule(rule)
        .explain(&domain, signal.view())
        .unwrap();
    let sums = whole.by_group(1).unwrap().sums.sum_axis(Axis(1));
    assert!(
        (&by_group.attribution - &sums)
            .iter()
            .all(|d| d.abs() < 1e-13)
    );
}

/// Three samples of which two act together: `f = x₀ x₁ + 3 x₂ + x₀²`.
fn product_and_sum() -> impl Model<f64> {
    Pointwise {
        shape: vec![3],
        value_and_gradient: |x: &[f64]| {
            let value = x[0] * x[1] + 3.0 * x[2] + x[0] * x[0];
            (value, vec![x[1] + 2.0 * x[0], x[0], 3.0])
        },
    }
}

#[test]
fn interactions_by_inclusion_and_exclusion_in_closed_form() {
    let model = product_and_sum();
    let domain = Time::new(&[3]).unwrap();
    let x = array![2.0, 5.0, -1.0];
    let switched = Switched::new(&model, &domain, x.view(), &groups(&[&[0], &[1], &[2]])).unwrap();
    let found = interactions(&switched).unwrap();
    // small integers: exact
    let expected = array![[[4.0, 10.0, 0.0], [10.0, 0.0, 0.0], [0.0, 0.0, -3.0]]];
    assert_eq!(found.values, expected);
    assert_eq!(found.evaluations, 1 + 3 + 3);
    // the two that act together in one group leave nothing between groups
    let switched = Switched::new(&model, &domain, x.view(), &groups(&[&[0, 1]])).unwrap();
    let found = interactions(&switched).unwrap();
    assert_eq!(found.names, ["group 0", "other"]);
    assert_eq!(found.values, array![[[14.0, 0.0], [0.0, -3.0]]]);
}

/// On the way from 0 to x, `∂²f/∂u₀∂u₁ = x₀x₁` is constant, and `∫ −t ln t dt = ¼`; the diagonal
/// completes each row to the integrated gradient. Integration of s³ ln s and of smoother functions by 20
/// nodes is good to 1e-7 or so, finite differences to 1e-8.
#[test]
fn integrated_hessians_in_closed_form_and_their_rows() {
    let model = product_and_sum();
    let domain = Time::new(&[3]).unwrap();
    let x = array![2.0, 5.0, -1.0];
    let switched = Switched::new(&model, &domain, x.view(), &groups(&[&[0], &[1], &[2]])).unwrap();
    let found = integrated_hessians(&switched, 20, 1e-3).unwrap();
    assert!(
        (found.values[[0, 0, 1]] - 2.5).abs() < 1e-5,
        "{}",
        found.values
    );
    assert!(found.values[[0, 0, 2]].abs() < 1e-8);
    let gradients = Explainer::new(&model)
        .rule(Rule::GaussLegendre(4))
        .explain(&domain, x.view())
        .unwrap();
    for (row, expected) in found
        .values
        .index_axis(Axis(0), 0)
        .outer_iter()
        .zip(&gradients.attribution)
    {
        assert!((row.sum() - expected).abs() < 1e-5);
    }

    let smooth = Network::random(&[6], 5, 2, Activation::Tanh, 2);
    let time = Time::new(&[6]).unwrap();
    let x = random(&[6], 1);
    let switched = Switched::new(
        &smooth,
        &time,
        x.view(),
        &groups(&[&[0, 1], &[2, 3], &[4, 5]]),
    )
    .unwrap();
    let found = integrated_hessians(&switched, 30, 1e-4).unwrap();
    let gradients = Explainer::new(&switched)
        .rule(Rule::GaussLegendre(20))
        .explain(&Time::new(&[3]).unwrap(), switched.on().view())
        .unwrap();
    for o in 0..2 {
        for g in 0..3 {
            let row = found.values.index_axis(Axis(0), o).row(g).sum();
            assert!((row - gradients.attribution[[o, g]]).abs() < 1e-5);
        }
    }
    assert!(integrated_hessians(&switched, 0, 1e-4).is_err());
    assert!(integrated_hessians(&switched, 4, 0.0).is_err());
}

/// Central differences with step 1e-5: their error is below 1e-8 here. The cost is two values an input
/// and point, and the adaptive rule's own values.
#[test]
fn models_without_gradients_by_finite_differences() {
    let model = Network::random(&[7], 5, 2, Activation::Tanh, 1);
    let hidden = ValuesOnly(&model);
    let domain = RealFourier::new(&[7], 1.0).unwrap();
    let signal = random(&[7], 1);
    let exact = Explainer::new(&model)
        .explain(&domain, signal.view())
        .unwrap();
    let found = Explainer::new(&hidden)
        .gradient(Gradient::FiniteDifferences { step: 1e-5 })
        .batch_size(10)
        .explain(&domain, signal.view())
        .unwrap();
    assert!(
        (&found.attribution - &exact.attribution)
            .iter()
            .all(|d| d.abs() < 1e-8)
    );
    let points = found.convergence.as_ref().unwrap().points;
    assert_eq!(found.evaluations.gradients, 0);
    assert_eq!(found.evaluations.values, 2 + points + points * 2 * 7);
    assert!(
        Explainer::new(&hidden)
            .explain(&domain, signal.view())
            .is_err()
    );
}

/// By groups of an affine domain: two values a group instead of two a sample.
#[test]
fn models_without_gradients_by_groups_of_the_domain() {
    let model = Network::random(&[64], 5, 1, Activation::Tanh, 1);
    let hidden = ValuesOnly(&model);
    let domain = RealFourier::new(&[64], 64.0)
        .unwrap()
        .bands([("slow", 0.0..8.0), ("fast", 8.0..33.0)])
        .unwrap();
    let signal = random(&[64], 1);
    let rule = Rule::GaussLegendre(12);
    let exact = Explainer::new(&model)
        .rule(rule)
        .explain(&domain, signal.view())
        .unwrap();
    let switched = Switched::by_axis(&hidden, &domain, signal.view(), 0).unwrap();
    let found = Explainer::new(&switched)
        .rule(rule)
        .gradient(Gradient::FiniteDifferences { step: 1e-4 })
        .explain(&Time::new(&[2]).unwrap(), switched.on().view())
        .unwrap();
    let sums = exact.by_group(0).unwrap().sums;
    assert!((&found.attribution - &sums).iter().all(|d| d.abs() < 1e-7));
    assert_eq!(found.evaluations.values, 2 + 12 * 2 * 2);
}

/// A linear model is its own smoothed self. With 4,000 pairs an entry is off by about
/// |w|/√4000 = 0.04 for |w| = 2.6; the attribution by that times the change of the sample.
#[test]
fn models_without_gradients_by_smoothing() {
    let mut model = Network::random(&[7], 1, 1, Activation::Linear, 1);
    model.outer.fill(1.0);
    let w: Array1<f64> = model.inner.column(0).to_owned();
    let norm = w.dot(&w).sqrt();
    let signal = random(&[7], 1);
    let smoothing = |seed| Gradient::Smoothing {
        sigma: 0.3,
        pairs: 4000,
        seed,
    };
    let explain = |seed| {
        Explainer::new(&ValuesOnly(&model))
            .rule(Rule::Midpoint(1))
            .gradient(smoothing(seed))
            .explain(&Time::new(&[7]).unwrap(), signal.view())
            .unwrap()
    };
    let found = explain(1);
    for (t, value) in found.attribution.iter().enumerate() {
        let off = (value - w[t] * signal[[t]]).abs();
        assert!(
            off < 5.0 * norm / 4000_f64.sqrt() * signal[[t]].abs(),
            "{off}"
        );
    }
    assert_eq!(found.evaluations.values, 2 + 8000);
    assert_eq!(found.attribution, explain(1).attribution);
    assert_ne!(found.attribution, explain(2).attribution);
}

#[test]
fn refuses_groups_that_are_none() {
    let model = product_and_sum();
    let domain = Time::new(&[3]).unwrap();
    let x = array![2.0, 5.0, -1.0];
    for wrong in [groups(&[]), groups(&[&[3]]), groups(&[&[0], &[0, 1]])] {
        assert!(Switched::new(&model, &domain, x.view(), &wrong).is_err());
    }
    assert!(Switched::by_axis(&model, &domain, x.view(), 0).is_err());
    assert!(Switched::by_axis(&model, &domain, x.view(), 1).is_err());
    let long = array![2.0, 5.0, -1.0, 0.0];
    assert!(Switched::new(&model, &domain, long.view(), &groups(&[&[0]])).is_err());
}
