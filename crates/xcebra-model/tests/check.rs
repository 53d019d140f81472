//! The gradient check finds broken models and lets right ones pass.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewD, Axis, Ix2, array};
use xcebra_model::{
    Answer, FnModel, Model, ModelError, Result, Scalar, VjpCheck, VjpReport, check_vjp,
};

/// What is wrong with the model.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Scaled(f64),
    Transposed,
    Sign,
    OneInput,
    NotANumber,
    NanInOneInput,
    MixesSamples,
    Jacobian,
    ValueAndVjp,
}

/// `y = W sin x` with a square, asymmetric `W`, so that a transposed one has the right shape.
struct Broken<A> {
    weights: Array2<A>,
    fault: Fault,
}

impl<A: Scalar> Broken<A> {
    fn new(fault: Fault) -> Self {
        let weights = array![
            [1.0, -0.5, 0.3, 0.0],
            [0.2, 0.8, -1.1, 0.6],
            [0.0, 0.4, 0.9, -0.7],
            [-0.3, 1.2, 0.1, 0.5]
        ];
        Self {
            weights: weights.mapv(A::of),
            fault,
        }
    }
}

impl<A: Scalar> Model<A> for Broken<A> {
    fn input_shape(&self) -> &[usize] {
        &[4]
    }

    fn output_dim(&self) -> usize {
        4
    }

    fn forward(&self, x: ArrayViewD<'_, A>) -> Result<Array2<A>> {
        let sines = x.mapv(A::sin).into_dimensionality::<Ix2>().unwrap();
        Ok(sines.dot(&self.weights.t()))
    }

    fn vjp(&self, x: ArrayViewD<'_, A>, cotangent: ArrayView2<'_, A>) -> Result<ArrayD<A>> {
        let cosines = x.mapv(A::cos).into_dimensionality::<Ix2>().unwrap();
        let mut gradient = match self.fault {
            Fault::Transposed => cotangent.dot(&self.weights.t()) * cosines,
            _ => cotangent.dot(&self.weights) * cosines,
        };
        match self.fault {
            Fault::Scaled(factor) => gradient *= A::of(factor),
            Fault::Sign => gradient.column_mut(3).mapv_inplace(|g| -g),
            Fault::OneInput => gradient.column_mut(2).mapv_inplace(|g| g * A::of(1.05)),
            Fault::NotANumber => gradient.fill(A::nan()),
            Fault::NanInOneInput => gradient[[1, 3]] = A::nan(),
            Fault::MixesSamples => gradient.invert_axis(Axis(0)),
            _ => {}
        }
        Ok(gradient.into_dyn())
    }

    fn value_and_vjp(
        &self,
        x: ArrayViewD<'_, A>,
        cotangent: ArrayView2<'_, A>,
    ) -> Result<(Array2<A>, ArrayD<A>)> {
        let mut gradient = self.vjp(x.view(), cotangent)?;
        if self.fault == Fault::ValueAndVjp {
            gradient.fill(A::zero());
        }
        Ok((self.forward(x)?, gradient))
    }

    fn jacobian(&self, x: ArrayViewD<'_, A>) -> Result<ArrayD<A>> {
        let flip = self.fault == Fault::Jacobian;
        let n = x.shape()[0];
        Ok(ArrayD::from_shape_fn(vec![n, 4, 4], |at| {
            let (i, k, j) = (at[0], at[1], at[2]);
            let (row, column) = if flip { (j, k) } else { (k, j) };
            self.weights[[row, column]] * x[[i, j]].cos()
        }))
    }
}

fn samples<A: Scalar>() -> ArrayD<A> {
    ArrayD::from_shape_fn(vec![3, 4], |at| {
        A::of(0.3 * at[0] as f64 - 0.45 * at[1] as f64)
    })
}

fn report<A: Scalar>(fault: Fault) -> VjpReport {
    check_vjp(&Broken::<A>::new(fault), samples().view()).unwrap()
}

#[test]
fn a_right_gradient_passes_with_room_to_spare() {
    let double = report::<f64>(Fault::None);
    assert!(double.passed() && double.max_error < 1e-8, "{double}");
    // 8 directions, 3 samples, 3 answers
    assert_eq!((double.comparisons, double.unresolved), (72, 0));
    let single = report::<f32>(Fault::None);
    assert!(single.passed() && single.max_error < 2e-3, "{single}");
}

#[test]
fn every_kind_of_wrong_gradient_fails() {
    for fault in [
        Fault::Scaled(1.05),
        Fault::Scaled(-1.0),
        Fault::Scaled(0.0),
        Fault::Transposed,
        Fault::Sign,
        Fault::OneInput,
        Fault::NotANumber,
        Fault::NanInOneInput,
        Fault::MixesSamples,
    ] {
        let double = report::<f64>(fault);
        assert!(!double.passed() && double.max_error > 1e-2, "{double}");
        let single = report::<f32>(fault);
        assert!(!single.passed(), "{single}");
    }
    // what only double precision can see
    assert!(!report::<f64>(Fault::Scaled(1.0 + 1e-5)).passed());
}

#[test]
fn the_report_says_where() {
    let nan = report::<f64>(Fault::NanInOneInput);
    assert_eq!(nan.max_error, f64::INFINITY);
    assert_eq!(nan.worst.unwrap().sample, 1);
    assert!(nan.to_string().contains("DISAGREE"));

    let jacobian = report::<f64>(Fault::Jacobian);
    assert_eq!(jacobian.worst.unwrap().answer, Answer::Jacobian);
    let joint = report::<f64>(Fault::ValueAndVjp);
    assert_eq!(joint.worst.unwrap().answer, Answer::ValueAndVjp);
    assert_eq!(joint.worst.unwrap().claimed, 0.0);
}

#[test]
fn samples_that_influence_each_other_fail() {
    // the value subtracts the mean of the batch, the gradient does not know
    let model = FnModel::new(
        [1],
        1,
        |x| {
            let x = x.into_dimensionality::<Ix2>().unwrap();
            Ok(&x - x.mean().unwrap_or(0.0))
        },
        |_, cotangent| Ok(cotangent.to_owned().into_dyn()),
    );
    let x = array![[0.1_f64], [0.7], [-0.4]].into_dyn();
    assert!(!check_vjp(&model, x.view()).unwrap().passed());
}

#[test]
fn flat_and_saturated_models_pass_but_are_counted() {
    let model = FnModel::new(
        [2],
        1,
        |x: ArrayViewD<'_, f64>| {
            Ok(x.map_axis(Axis(1), |row| 3.0 + (row[0] + 30.0).tanh())
                .insert_axis(Axis(1))
                .into_dimensionality()
                .unwrap())
        },
        |x, cotangent| {
            let mut gradient = ArrayD::zeros(x.shape());
            for (i, mut row) in gradient.axis_iter_mut(Axis(0)).enumerate() {
                row[0] = cotangent[[i, 0]] / (x[[i, 0]] + 30.0_f64).cosh().powi(2);
            }
            Ok(gradient)
        },
    );
    let report = check_vjp(&model, ArrayD::zeros(vec![2, 2]).view()).unwrap();
    assert!(report.passed(), "{report}");
    assert_eq!(report.unresolved, report.comparisons);
    assert!(report.to_string().contains("rounding"));
}

#[test]
fn seeds_repeat_and_differ() {
    let error = |seed| {
        let check = VjpCheck::default().seed(seed).directions(2);
        check
            .run(&Broken::<f64>::new(Fault::Sign), samples().view())
            .unwrap()
            .max_error
    };
    assert_eq!(error(1), error(1));
    assert_ne!(error(1), error(2));
}

#[test]
fn senseless_checks_are_refused() {
    let model = Broken::<f64>::new(Fault::None);
    let x = samples::<f64>();
    let refused = |check: VjpCheck<f64>| {
        matches!(
            check.run(&model, x.view()),
            Err(ModelError::Parameter { .. })
        )
    };
    assert!(refused(VjpCheck::default().directions(0)));
    assert!(refused(VjpCheck::default().step(-1e-3)));
    assert!(refused(VjpCheck::default().tolerance(f64::NAN)));
    let mut nan = x.clone();
    nan[[2, 1]] = f64::NAN;
    let error = check_vjp(&model, nan.view()).unwrap_err().to_string();
    assert!(error.contains("[2, 1]"), "{error}");
    assert!(check_vjp(&model, ArrayD::zeros(vec![0, 4]).view()).is_err());
    let error = check_vjp(&model, ArrayD::zeros(vec![3, 5]).view()).unwrap_err();
    assert!(matches!(error, ModelError::Shape { .. }));
}
