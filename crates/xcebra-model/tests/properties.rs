//! What holds for every model and every combinator, over random smooth models.

mod common;

use approx::assert_abs_diff_eq;
use common::{BothWays, batch, matrix, tanh};
use ndarray::{Array2, ArrayD, Axis, Slice};
use proptest::prelude::*;
use xcebra_model::{
    FnModel, Model, ModelError, check_vjp, log_odds, mean_over_outputs, select_output, softmax,
    then,
};

/// Sums of some ten terms of size 1: rounding stays below 1e-14; leave a factor of 100.
const ROUNDING: f64 = 1e-12;

fn close(a: &ArrayD<f64>, b: &ArrayD<f64>, tolerance: f64) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.iter().zip(b) {
        assert_abs_diff_eq!(a, b, epsilon = tolerance);
    }
}

/// What each model must satisfy: gradients agree with differences (whose error with the default
/// step is some 1e-10 here, the default tolerance 1e-6), also in `value_and_vjp` and `jacobian`;
/// Jacobian rows are pull-backs of unit cotangents; samples do not see each other; empty batches
/// give empty answers.
fn obeys_the_contract(model: &dyn Model<f64>, x: &ArrayD<f64>) {
    let report = check_vjp(model, x.view()).unwrap();
    assert!(report.passed(), "{report}");
    assert_eq!(report.unresolved, 0);

    let (n, outputs) = (x.shape()[0], model.output_dim());
    let jacobian = model.jacobian(x.view()).unwrap();
    for k in 0..outputs {
        let mut unit = Array2::zeros((n, outputs));
        unit.column_mut(k).fill(1.0);
        let row = model.vjp(x.view(), unit.view()).unwrap();
        close(&jacobian.index_axis(Axis(1), k).to_owned(), &row, ROUNDING);
    }

    let value = model.forward(x.view()).unwrap();
    let ones = Array2::ones((n, outputs));
    let (joint, gradient) = model.value_and_vjp(x.view(), ones.view()).unwrap();
    assert_eq!(joint, value);
    for i in 0..n {
        let alone = x.slice_axis(Axis(0), Slice::from(i..=i));
        let one = model.forward(alone.view()).unwrap();
        close(
            &one.into_dyn(),
            &value
                .slice_axis(Axis(0), Slice::from(i..=i))
                .to_owned()
                .into_dyn(),
            ROUNDING,
        );
        let one = model.vjp(alone, Array2::ones((1, outputs)).view()).unwrap();
        close(
            &one,
            &gradient.slice_axis(Axis(0), Slice::from(i..=i)).to_owned(),
            ROUNDING,
        );
    }

    let inputs = model.input_shape()[0];
    let none = ArrayD::zeros(vec![0, inputs]);
    assert_eq!(model.forward(none.view()).unwrap().dim(), (0, outputs));
    assert_eq!(
        model.jacobian(none.view()).unwrap().shape(),
        [0, outputs, inputs]
    );
    let gradient = model.vjp(none.view(), Array2::zeros((0, outputs)).view());
    assert_eq!(gradient.unwrap().shape(), [0, inputs]);

    let wide = ArrayD::zeros(vec![2, inputs + 1]);
    assert!(matches!(
        model.forward(wide.view()),
        Err(ModelError::Shape { .. })
    ));
    let cotangent = Array2::zeros((n, outputs + 1));
    let refused = model.value_and_vjp(x.view(), cotangent.view());
    assert!(matches!(refused, Err(ModelError::Shape { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_pull_back_is_linear_in_its_cotangent(
        net in tanh(4, 3), x in batch(3, 4),
        c in matrix(3, 3), d in matrix(3, 3), a in -2.0_f64..2.0,
    ) {
        let model = net.model();
        let combined = model.vjp(x.view(), (&c * a + &d).view()).unwrap();
        let separate = model.vjp(x.view(), c.view()).unwrap() * a
            + model.vjp(x.view(), d.view()).unwrap();
        close(&combined, &separate, ROUNDING);
    }

    #[test]
    fn closures_obey_the_contract(net in tanh(4, 3), x in batch(3, 4)) {
        obeys_the_contract(&net.model(), &x);
    }

    #[test]
    fn one_output_obeys_the_contract(net in tanh(4, 3), x in batch(3, 4), index in 0_usize..3) {
        let all = net.clone().model();
        let one = select_output(net.model(), index).unwrap();
        obeys_the_contract(&one, &x);
        let value = one.forward(x.view()).unwrap();
        let values = all.forward(x.view()).unwrap();
        prop_assert_eq!(value.column(0), values.column(index));
    }

    #[test]
    fn the_mean_obeys_the_contract(net in tanh(4, 3), x in batch(3, 4)) {
        let all = net.clone().model().forward(x.view()).unwrap();
        let mean = mean_over_outputs(net.model()).unwrap();
        obeys_the_contract(&mean, &x);
        let expected = all.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1));
        close(&mean.forward(x.view()).unwrap().into_dyn(), &expected.into_dyn(), ROUNDING);
    }

    #[test]
    fn softmax_obeys_the_contract(net in tanh(4, 3), x in batch(3, 4)) {
        let p = softmax(net.model()).unwrap();
        obeys_the_contract(&p, &x);
        for sum in p.forward(x.view()).unwrap().sum_axis(Axis(1)) {
            assert_abs_diff_eq!(sum, 1.0, epsilon = ROUNDING);
        }
    }

    #[test]
    fn log_odds_obey_the_contract(net in tanh(4, 3), x in batch(3, 4), class in 0_usize..3) {
        let p = softmax(net.clone().model()).unwrap().forward(x.view()).unwrap();
        let odds = log_odds(net.model(), class).unwrap();
        obeys_the_contract(&odds, &x);
        let expected = p.column(class).mapv(|p| (p / (1.0 - p)).ln()).insert_axis(Axis(1));
        close(&odds.forward(x.view()).unwrap().into_dyn(), &expected.into_dyn(), ROUNDING);
    }

    /// Both branches of the composed Jacobian: fewer and more outputs than in the middle.
    #[test]
    fn compositions_obey_the_chain_rule(
        first in tanh(4, 3), narrow in tanh(3, 2), wide in tanh(3, 5), x in batch(3, 4),
    ) {
        for second in [narrow, wide] {
            let (f, g) = (first.clone().model(), second.model());
            let middle = f.forward(x.view()).unwrap().into_dyn();
            let (inner, outer) = (f.jacobian(x.view()).unwrap(), g.jacobian(middle.view()).unwrap());
            let composed = then(&f, &g).unwrap();
            obeys_the_contract(&composed, &x);
            let jacobian = composed.jacobian(x.view()).unwrap();
            for i in 0..3 {
                let part = |j: &ArrayD<f64>| -> Array2<f64> {
                    j.index_axis(Axis(0), i).to_owned().into_dimensionality().unwrap()
                };
                let expected = part(&outer).dot(&part(&inner));
                close(&part(&jacobian).into_dyn(), &expected.into_dyn(), ROUNDING);
            }
        }
    }

    /// Differences of a black box against its own exact gradient; see `BlackBox` for 1e-9.
    #[test]
    fn a_black_box_approximates_the_gradient(net in tanh(4, 3), x in batch(3, 4), c in matrix(3, 3)) {
        let exact = net.clone().model();
        let hidden = net.model();
        let model = FnModel::black_box([4], 3, move |x| hidden.forward(x));
        close(&model.jacobian(x.view()).unwrap(), &exact.jacobian(x.view()).unwrap(), 1e-9);
        let gradient = model.vjp(x.view(), c.view()).unwrap();
        close(&gradient, &exact.vjp(x.view(), c.view()).unwrap(), 1e-9);
    }
}

#[test]
fn combinators_that_make_no_sense_are_refused() {
    let model = |outputs| {
        FnModel::<f64>::black_box([2], outputs, move |x| {
            Ok(Array2::zeros((x.shape()[0], outputs)))
        })
    };
    let message = |error: ModelError| error.to_string();
    let error = message(select_output(model(2), 2).unwrap_err());
    assert!(error.contains("less than 2"), "{error}");
    let error = message(then(model(3), model(2)).unwrap_err());
    assert!(error.contains("[2]") && error.contains("[3]"), "{error}");
    assert!(mean_over_outputs(model(0)).is_err());
    assert!(softmax(model(0)).is_err());
    assert!(log_odds(model(1), 0).is_err());
    assert!(log_odds(model(3), 3).is_err());
}

/// Models are stored behind pointers and sent to threads.
#[test]
fn models_are_send_sync_and_object_safe() {
    fn thread_safe<T: Send + Sync>() {}
    thread_safe::<Box<dyn Model<f32>>>();
    thread_safe::<FnModel<f64>>();
    thread_safe::<ModelError>();

    let net = common::Tanh {
        w: Array2::eye(2),
        b: ndarray::Array1::zeros(2),
        v: Array2::eye(2),
    };
    let boxed: Box<dyn Model<f64>> = Box::new(net.model());
    let nested = select_output(softmax(&boxed).unwrap(), 1).unwrap();
    let shared: std::sync::Arc<dyn Model<f64> + '_> = std::sync::Arc::new(nested);
    obeys_the_contract(&shared, &ArrayD::from_elem(vec![2, 2], 0.25));
}

/// `⟨J v, w⟩ = ⟨v, Jᵀ w⟩`, and `J v` is a difference quotient: with a step of 1e-5 its error is of the
/// order of its square, 1e-10, and of rounding over it, 1e-11; leave a factor of 100.
fn pushes_forward(model: &dyn Model<f64>, x: &ArrayD<f64>, v: &ArrayD<f64>, w: &Array2<f64>) {
    let pushed = model.jvp(x.view(), v.view()).unwrap().unwrap();
    let w = w.slice_axis(Axis(1), Slice::from(..model.output_dim()));
    let pulled = model.vjp(x.view(), w).unwrap();
    assert_abs_diff_eq!((&pushed * &w).sum(), (v * &pulled).sum(), epsilon = 1e-10);
    let at = |step: f64| model.forward((x + &(v * step)).view()).unwrap();
    let quotient = (at(1e-5) - at(-1e-5)) / 2e-5;
    close(&pushed.into_dyn(), &quotient.into_dyn(), 1e-8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn combinators_push_forward_where_their_models_do(
        inner in tanh(4, 3), outer in tanh(3, 2), x in batch(3, 4), v in batch(3, 4), w in matrix(3, 3)
    ) {
        let first = BothWays::new(inner.clone());
        pushes_forward(&first, &x, &v, &w);
        let models: [Box<dyn Model<f64>>; 5] = [
            Box::new(then(&first, BothWays::new(outer.clone())).unwrap()),
            Box::new(select_output(&first, 2).unwrap()),
            Box::new(mean_over_outputs(&first).unwrap()),
            Box::new(softmax(&first).unwrap()),
            Box::new(log_odds(&first, 1).unwrap()),
        ];
        for model in &models {
            pushes_forward(model, &x, &v, &w);
            let narrow = v.slice_axis(Axis(1), Slice::from(..1));
            prop_assert!(model.jvp(x.view(), narrow).is_err());
        }
        // where one of the models cannot, neither can what is made of it
        let plain = inner.model();
        let none: [Box<dyn Model<f64>>; 6] = [
            Box::new(then(&plain, BothWays::new(outer.clone())).unwrap()),
            Box::new(then(&first, outer.model()).unwrap()),
            Box::new(select_output(&plain, 2).unwrap()),
            Box::new(mean_over_outputs(&plain).unwrap()),
            Box::new(softmax(&plain).unwrap()),
            Box::new(log_odds(&plain, 1).unwrap()),
        ];
        for model in &none {
            prop_assert!(model.jvp(x.view(), v.view()).unwrap().is_none());
        }
    }
}
